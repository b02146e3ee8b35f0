package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/florinpay/florin/app"
)

type serveCommand struct{ settings }

func (s serveCommand) Run(ctx context.Context) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	log := logger(c)
	l, err := listen(c.Get("listen"), "listen, from "+c["listen"].Origin)
	if err != nil {
		return err
	}
	base := c.Get("url")
	if base == "" {
		scheme := "http"
		if c.Get("tls-cert") != "" {
			scheme = "https"
		}
		base = scheme + "://" + l.Addr().String()
	}
	a, err := app.Open(ctx, c, base, log, app.Parts{})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return run(ctx, a, func(ctx context.Context) error {
		if addr := c.Get("admin-listen"); addr != "" {
			admin, err := listen(addr, "admin-listen, from "+c["admin-listen"].Origin)
			if err != nil {
				return errors.Join(err, l.Close())
			}
			log.Info("serving metrics and pprof", "address", admin.Addr().String())
			defer serveAdmin(admin, a.Admin(), log)()
		}
		log.Info("serving", "address", l.Addr().String(), "url", base)
		return a.Serve(ctx, l, a.Handler())
	})
}

// listen opens a port; setting is what the operator would change.
func listen(addr, setting string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		var sys *os.SyscallError
		if errors.As(err, &sys) {
			err = sys.Err
		}
		return nil, fmt.Errorf("cannot listen on %s (%s): %w", addr, setting, err)
	}
	return l, nil
}

// serveAdmin answers beside the contracts, without limits on how long: a
// profile takes its time.
func serveAdmin(l net.Listener, h http.Handler, log *slog.Logger) (stop func()) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics and pprof are no longer served", "err", err)
		}
	}()
	return func() {
		if err := srv.Close(); err != nil {
			log.Error("the admin port did not close", "err", err)
		}
	}
}

// errStorage ends the process: once a write has failed in a way that leaves
// the disk's state unknown, no further payment may be acknowledged.
var errStorage = errors.New("the database can no longer be trusted; start again to recover")

// run serves with the workers beside it, until ctx ends or the store fails.
func run(ctx context.Context, a *app.App, serve func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-a.DB.Failed():
			cancel(errStorage)
		case <-ctx.Done():
		}
	}()
	wait := a.Work(ctx)
	err := serve(ctx)
	cancel(nil)
	wait()
	err = errors.Join(err, a.Close())
	if errors.Is(context.Cause(ctx), errStorage) {
		return errStorage
	}
	return err
}
