package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/florinpay/florin/app"
)

type serveCommand struct{ settings }

func (s serveCommand) Run(ctx context.Context) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	log, err := logger(c)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Get("listen"))
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
			stop, err := admin(addr, a.Admin())
			if err != nil {
				return err
			}
			defer stop()
		}
		log.Info("serving", "address", l.Addr().String(), "url", base)
		return a.Serve(ctx, l, a.Handler())
	})
}

func admin(addr string, h http.Handler) (stop func() error, err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("admin-listen: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: http.DefaultClient.Timeout}
	go srv.Serve(l) // ends with Close; nobody waits for its last word
	return srv.Close, nil
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
