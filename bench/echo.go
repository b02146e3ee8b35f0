package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// echoing is the scenario that Echo answers.
const echoing = "echo"

// Echo serves the least that an HTTP server in Go can do, until ctx ends: it
// reads a body and gives it back as JSON. What florin reaches of its rate is
// what is left after authentication, rules and rows.
func Echo(ctx context.Context, addr string) error {
	return serveEcho(ctx, addr, func(string) {})
}

// serveEcho tells where it listens.
func serveEcho(ctx context.Context, addr string, listening func(addr string)) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	listening(l.Addr().String())
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body) // whoever asked hears of it
	})}
	go func() {
		<-ctx.Done()
		_ = s.Close() // nothing is lost with it
	}()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// StartEcho runs this very program as the server that echoes.
func StartEcho(ctx context.Context) (*Server, error) { return start(ctx, "/", "bench", "echo") }

func echo(w *worker) (bool, string) {
	status, body, err := w.ask("POST", "/", `{"paymentType":"DB"}`)
	return judge(status, body, err)
}
