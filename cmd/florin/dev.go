package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/vault"
)

type devCommand struct {
	Database  string  `help:"Keep the sandbox in this file or postgres:// URL. Without it, it is temporary." placeholder:"DB"`
	Ephemeral bool    `help:"Temporary, even if a database is configured; gone when the command ends."`
	Seed      *uint64 `help:"The same seed gives the same gateway credentials each time." placeholder:"N"`
	Host      string  `help:"Host to listen on." default:"127.0.0.1"`
	Port      int     `help:"Port to listen on; 0 takes a free one." default:"8080"`
	ReadyFile string  `help:"Write the address and the credentials here as JSON, once listening." placeholder:"FILE" type:"path"`
	Advance   string  `help:"Move the test realm's clock ahead at the start, as in 36h or 7d." placeholder:"TIME"`
	LogLevel  string  `help:"debug, info, warn or error." default:"info"`
}

func (d devCommand) Run(ctx context.Context) (err error) {
	c, err := app.Load("", func(string) (string, bool) { return "", false }, d.settings())
	if err != nil {
		return err
	}
	if err := errors.Join(c.Check()...); err != nil {
		return err
	}
	var parts app.Parts
	if d.Seed != nil {
		parts.Random, parts.SandboxKey = seeded(*d.Seed, "parts"), seededKey(*d.Seed)
	}
	l, err := listen(net.JoinHostPort(d.Host, fmt.Sprint(d.Port)), "--host and --port")
	if err != nil {
		return err
	}
	if d.temporary() {
		dir, e := os.MkdirTemp("", "florin-dev-")
		if e != nil {
			return errors.Join(e, l.Close())
		}
		defer atLast(func() error { return os.RemoveAll(dir) }, &err)()
		c = c.With("database", filepath.Join(dir, "florin.db"))
		if parts.Keys, err = vault.EphemeralKeys(); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	a, err := app.Open(ctx, c, "http://"+net.JoinHostPort(d.reachable(), port), logger(c), parts)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return run(ctx, a, func(ctx context.Context) error { return d.serve(ctx, a, l) })
}

// serve furnishes the sandbox and answers. Requests that come meanwhile wait
// in the listener's queue.
func (d devCommand) serve(ctx context.Context, a *app.App, l net.Listener) error {
	sandbox, err := a.Furnish(ctx)
	if err == nil && d.Advance != "" {
		err = a.AdvanceSandbox(ctx, d.Advance)
	}
	if err == nil && d.ReadyFile != "" {
		err = sandbox.WriteReady(d.ReadyFile)
	}
	if err != nil {
		return errors.Join(err, l.Close())
	}
	greet(sandbox)
	return a.Serve(ctx, l, a.DevHandler(sandbox))
}

func (d devCommand) temporary() bool {
	return d.Ephemeral || d.Database == "" || d.Database == ":memory:"
}

// settings are those of a sandbox. A file that lasts has its keys beside it.
func (d devCommand) settings() map[string]string {
	// Six seconds: net/http waits five for connections on which nothing has come yet.
	s := map[string]string{"log-level": d.LogLevel, "webhook-local": "true", "webhook-ports": "*", "drain-seconds": "6"}
	if d.temporary() {
		return s
	}
	s["database"] = d.Database
	if !strings.Contains(d.Database, "://") {
		s["key-file"] = d.Database + ".key"
	}
	return s
}

// reachable is the host that others on this machine reach us by.
func (d devCommand) reachable() string {
	if ip := net.ParseIP(d.Host); d.Host == "" || ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return d.Host
}

// seededKey is the id of a seeded sandbox's key. An id begins with a moment,
// and so does not repeat by itself.
func seededKey(n uint64) ident.ID {
	var b [8]byte
	_, _ = io.ReadFull(seeded(n, "key"), b[:]) // this reader neither fails nor ends
	return ident.NewSource([5]byte(b[:5]), uint32(b[5])<<16|uint32(b[6])<<8|uint32(b[7])).New(time.Unix(0x66000000, 0))
}

// seeded is randomness that repeats. It is for sandboxes alone.
func seeded(n uint64, what string) io.Reader {
	return &oneByOne{from: rand.NewChaCha8(sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(what), n)))}
}

// oneByOne is a reader for many goroutines.
type oneByOne struct {
	mu   sync.Mutex
	from io.Reader
}

func (o *oneByOne) Read(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.from.Read(b)
}

func greet(s app.Sandbox) {
	g := s.Gateway
	fmt.Printf(`florin is ready at %s

  A payment, authorised and captured at once:

    curl %s/v3/payments -H "Authorization: Bearer %s" \
      -d entityId=%s -d amount=92.00 -d currency=EUR -d paymentType=DB \
      -d card.number=4200000000000000 -d card.holder="Nora Lind" -d card.expiryMonth=08 -d card.expiryYear=2032 -d card.cvv=321

  More of them, the inbox for webhooks, the clock and the docs: open %s
  Press Ctrl+C to stop.
`, s.URL, g.Base, g.Token, g.EntityID, s.URL)
}
