package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/vault"
)

type devCommand struct {
	Database  string  `help:"Keep the sandbox in this file or postgres:// URL. Without it, it is temporary." placeholder:"DB"`
	Ephemeral bool    `help:"Temporary, even if a database is configured; gone when the command ends."`
	Seed      *uint64 `help:"Make ids, tokens and keys repeat: the same seed, the same credentials." placeholder:"N"`
	Host      string  `help:"Host to listen on." default:"127.0.0.1"`
	Port      int     `help:"Port to listen on; 0 takes a free one." default:"8080"`
	ReadyFile string  `help:"Write the address and the credentials here as JSON, once listening." placeholder:"FILE" type:"path"`
	Advance   string  `help:"Move the test realm's clock ahead at the start, as in 36h or 7d." placeholder:"TIME"`
	LogLevel  string  `help:"debug, info, warn or error." default:"info"`
}

func (d devCommand) Run(ctx context.Context) (err error) {
	c, err := app.Load("", func(string) (string, bool) { return "", false }, map[string]string{
		"log-level": d.LogLevel, "webhook-local": "true", "webhook-ports": "*", "drain-seconds": "2"})
	if err != nil {
		return err
	}
	log, err := logger(c)
	if err != nil {
		return err
	}
	parts, c, clean, err := d.home(c)
	if err != nil {
		return err
	}
	defer func() {
		if e := clean(); err == nil {
			err = e
		}
	}()
	l, err := net.Listen("tcp", net.JoinHostPort(d.Host, fmt.Sprint(d.Port)))
	if err != nil {
		return err
	}
	port := l.Addr().(*net.TCPAddr).Port
	base := "http://" + net.JoinHostPort(d.Host, fmt.Sprint(port))
	a, err := app.Open(ctx, c, base, log, parts)
	if err != nil {
		return err
	}
	sandbox, err := a.Furnish(ctx)
	if err != nil {
		return err
	}
	if d.Advance != "" {
		if err := a.AdvanceSandbox(ctx, d.Advance); err != nil {
			return err
		}
	}
	return run(ctx, a, func(ctx context.Context) error {
		if d.ReadyFile != "" {
			if err := sandbox.WriteReady(d.ReadyFile); err != nil {
				return err
			}
		}
		greet(sandbox)
		return a.Serve(ctx, l, a.DevHandler(sandbox))
	})
}

// home decides where the sandbox lives. A named database keeps its key file
// beside it; a temporary one has its keys in memory and leaves nothing behind.
func (d devCommand) home(c app.Config) (app.Parts, app.Config, func() error, error) {
	var parts app.Parts
	if d.Seed != nil {
		parts.Random = seeded(*d.Seed)
	}
	if d.Database != "" && !d.Ephemeral {
		c = c.With("database", d.Database)
		if filepath.Ext(d.Database) != "" {
			c = c.With("key-file", d.Database+".key")
		}
		return parts, c, func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp("", "florin-dev-")
	if err != nil {
		return parts, c, nil, err
	}
	if parts.Keys, err = vault.EphemeralKeys(); err != nil {
		return parts, c, nil, err
	}
	return parts, c.With("database", filepath.Join(dir, "florin.db")), func() error { return os.RemoveAll(dir) }, nil
}

// seeded is randomness that repeats. It is for sandboxes alone.
func seeded(n uint64) io.Reader {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	return rand.NewChaCha8(sha256.Sum256(b[:]))
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
