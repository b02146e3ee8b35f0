package apitest

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store/storetest"
)

// House is a whole florin that a test talks to over HTTP.
type House struct {
	App     *app.App
	Sandbox app.Sandbox
}

// Plan is how a house departs from the usual.
type Plan struct {
	Settings []string                        // names and values in turn, beside the usual ones or in their place
	Hooks    string                          // the only server that webhooks may go to; anywhere when empty
	Ready    func(a *app.App, s app.Sandbox) // furnishes more, before anything is served
	Work     bool                            // its workers run; otherwise a test runs what falls due
}

// start is the morning on which every house opens.
var start = time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC)

// Morning is a clock that starts on a certain morning: scripts do not grow old
// with their dates and test cards, and no day ends in the middle of one.
func Morning() clock.Clock {
	began := time.Now()
	return func() time.Time { return start.Add(time.Since(began)) }
}

// Open puts a florin together on a fresh database of the engine, with its
// sandbox furnished, and serves it until the test ends.
func Open(t *testing.T, engine string, p Plan) House {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	base := "http://" + srv.Listener.Addr().String()
	keys, err := vault.EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{"database": storetest.Database(t, engine), "sandbox-file": filepath.Join(t.TempDir(), "journal"), "webhook-local": "true", "webhook-ports": "*",
		"april-limit": "0"}
	if p.Hooks != "" {
		settings["webhook-ports"] = port(t, base) + "," + port(t, p.Hooks)
	}
	for i := 0; i+1 < len(p.Settings); i += 2 {
		settings[p.Settings[i]] = p.Settings[i+1]
	}
	c, err := app.Load("", func(string) (string, bool) { return "", false }, settings)
	if err != nil {
		t.Fatal(err)
	}
	var h House
	if h.App, err = app.Open(t.Context(), c, base, slog.New(slog.NewTextHandler(io.Discard, nil)), app.Parts{Keys: keys, Clock: Morning()}); err != nil {
		t.Fatal(err)
	}
	if h.Sandbox, err = h.App.Furnish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.Ready != nil {
		p.Ready(h.App, h.Sandbox)
	}
	wait := func() {}
	ctx, stop := context.WithCancel(context.Background())
	if p.Work {
		wait = h.App.Work(ctx)
	}
	srv.Config.Handler = h.App.DevHandler(h.Sandbox)
	srv.Start()
	t.Cleanup(func() {
		srv.Close()
		stop()
		wait()
		if err := h.App.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// Work does the jobs that are due, and those that come of them.
func Work(t *testing.T, a *app.App) {
	t.Helper()
	for range 20 {
		list, err := a.Jobs.Claim(t.Context(), 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range list {
			a.Jobs.Run(t.Context(), j)
		}
		if len(list) == 0 {
			return
		}
	}
}

func port(t *testing.T, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}
