package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/web/page"
)

// Handler is everything that florin serves to the outside: the contracts, the
// payers' pages, providers' callbacks, health.
func (a *App) Handler() http.Handler { return a.routes(func(chi.Router) {}) }

// routes is Handler with more routes in the same frame.
func (a *App) routes(more func(chi.Router)) chi.Router {
	r := chi.NewRouter()
	r.Use(wire.Identify(a.requestID), a.record, page.Secure, middleware.GetHead)
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	r.Get("/readyz", a.ready)
	r.Post("/connectors/{connector}/{realm}", a.takeNotice)
	r.Post(reports+"{realm}/{id}/{tag}", a.takeReport)
	a.references(r)
	a.pages(r)
	a.sandbox(r)
	r.Route("/capi", a.Media.Routes)
	for _, mount := range []string{"/login", "/user"} {
		r.Route(mount, func(r chi.Router) {
			r.Use(a.paced)
			a.Media.LoginRoutes(r)
			a.SignIn.Mount(func(pattern string, h http.Handler) { r.Handle(pattern, h) })
			a.Pages.Mount(func(pattern string, h http.Handler) { r.Handle(pattern, h) })
		})
	}
	more(r)
	r.Group(a.Spense.Routes)
	r.Get(spense.LinkPath+"{key}", a.payLink)
	r.Group(a.April.Routes)
	r.Route("/april", a.April.Routes)
	r.Group(a.Gateway.Routes)
	r.Route("/gateway", a.Gateway.Routes)
	r.NotFound(a.nowhere(r.NotFoundHandler()))
	return r
}

// Admin is what only the operator's own network may reach.
func (a *App) Admin() http.Handler {
	r := chi.NewRouter()
	r.Handle("/metrics", a.metrics.handler())
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	r.Get("/readyz", a.ready)
	r.HandleFunc("/debug/pprof/*", pprof.Index)
	r.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	r.HandleFunc("/debug/pprof/profile", pprof.Profile)
	r.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	r.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return r
}

func (a *App) requestID() ident.ID { return a.ids.New(a.now()) }

func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.DB.Ready(ctx); err != nil {
		a.Log.Warn("not ready", "err", err)
		say(w, http.StatusServiceUnavailable, "the database does not answer")
		return
	}
	say(w, http.StatusOK, "ready")
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // a prober that hung up needs no answer
}

// record logs and counts every request, and turns a panic into a 500.
func (a *App) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := &seen{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				a.Log.Error("panic", "request", wire.RequestID(r), "panic", p, "stack", string(debug.Stack()))
				if seen.status == 0 {
					say(seen, http.StatusInternalServerError, "internal error, request "+wire.RequestID(r))
				}
			}
			route := chi.RouteContext(r.Context()).RoutePattern()
			took := time.Since(start)
			a.metrics.observe(route, seen.status, took)
			a.Log.Debug("request", "request", wire.RequestID(r), "from", a.from(r), "method", r.Method, "route", route, "status", seen.status, "took", took)
		}()
		next.ServeHTTP(seen, r)
	})
}

// seen remembers the status of an answer.
type seen struct {
	http.ResponseWriter
	status int
}

func (s *seen) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *seen) Write(b []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

func (s *seen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Serve answers on a listener until ctx ends, then lets requests in hand end
// for as long as the configuration allows. What has not ended by then is cut
// off, and is an error.
func (a *App) Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	drain, err := a.Config.Int("drain-seconds", 0)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug)}
	done := make(chan error, 1)
	go func() {
		if cert := a.Config.Get("tls-cert"); cert != "" {
			done <- srv.ServeTLS(l, cert, a.Config.Get("tls-key"))
		} else {
			done <- srv.Serve(l)
		}
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	close(a.leaving)
	a.Log.Info("stopping: requests in hand end first", "seconds", drain)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(drain)*time.Second)
	defer cancel()
	err = srv.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(fmt.Errorf("requests that had not ended after %d seconds were cut off", drain), srv.Close())
	}
	return err
}

// from is the address of whoever sent a request. A forwarded address is
// believed from configured proxies alone.
func (a *App) from(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	peer, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	for _, text := range a.Config.List("trusted-proxies") {
		if p, err := netip.ParsePrefix(text); err == nil && p.Contains(peer) || text == peer.String() {
			forwarded := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
			if last := strings.TrimSpace(forwarded[len(forwarded)-1]); last != "" {
				return last
			}
		}
	}
	return host
}
