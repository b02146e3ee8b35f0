package bench

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// TestGrowth fills and measures databases of a few payments on both engines.
// Run itself compares what verify counts with what was made.
func TestGrowth(t *testing.T) {
	g := Growth{Postgres: storetest.Database(t, "postgres"), Sizes: map[string][]int64{"PostgreSQL": {400, 800}, "SQLite": {400}}, Rounds: 2,
		Duration: 20 * time.Millisecond, Progress: func(string, int64, int64) {}}
	r, err := g.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.stages) != 3 {
		t.Fatalf("%d stages, want 3", len(r.stages))
	}
	for _, s := range r.stages {
		if got, want := s.verify.Payments, s.stored+2*(s.stored/20); got != want || s.created.Load() != want-s.stored {
			t.Errorf("%s: %d payments, %d of them created, want %d", s.engine, got, s.created.Load(), want)
		}
		if s.size.Database <= 0 || s.made.SandboxBytes <= 0 || s.verify.Postings != 2*s.verify.Transfers {
			t.Errorf("%s: %+v, %+v, %+v", s.engine, s.size, s.made, s.verify)
		}
		for _, o := range operations {
			if len(s.samples[o.name]) != 2 || s.rate(o) <= 0 {
				t.Errorf("%s, %s: %v", s.engine, o.name, s.samples[o.name])
			}
		}
	}
	if _, err := os.Stat(g.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left behind: %v", g.dir, err)
	}
	text := r.Markdown()
	for _, want := range []string{"| PostgreSQL, payments stored | 400 | 800 |", "| SQLite, payments stored | 400 |", "| create, per second |", "| balance, per second |",
		"| deep page of 50, per second |", "| verify |", "\n```text\ncreate"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	again := Growth{Keep: filepath.Join(t.TempDir(), "kept"), Sizes: map[string][]int64{"SQLite": {400}}, Rounds: 1, Duration: g.Duration, Progress: g.Progress}
	for _, stored := range []int64{400, 420} { // the first run's creations stay
		r, err := again.Run(t.Context())
		if err != nil || r.stages[len(r.stages)-1].stored != stored {
			t.Fatalf("%v, want %d payments kept", err, stored)
		}
		again.stages = nil
	}
	g.Sizes = map[string][]int64{"SQLite": {1}}
	if _, err := g.Run(t.Context()); err == nil {
		t.Error("one payment was measured")
	}
}

// TestTable: ten times and a hundred times the payments are judged, by the
// ratio of the medians; the bars are drawn to the first.
func TestTable(t *testing.T) {
	of := func(stored int64, rates ...float64) *stage {
		s := &stage{stored: stored, samples: map[string][]float64{}, verify: Verdict{Postings: 2 * stored, Seconds: 4}, made: Preloaded{Payments: stored, Seconds: 2}}
		for _, o := range operations {
			s.samples[o.name] = rates
		}
		return s
	}
	var b strings.Builder
	stages := []*stage{of(1000, 100, 300, 200), of(10_000, 160), of(30_000, 1), of(100_000, 160)}
	table(&b, "SQLite", stages)
	plot(&b, stages)
	for _, want := range []string{"| create, per second | 200 | 160 | 1.00 | 160 |\n", "| verify, for 10^6 postings | 2,000 s | 200 s | 66.7 s | 20.0 s |\n",
		"S7: creations a second at 10,000 payments to 1,000: 0.80, wanted at least 0.85: missed.\n", "at 100,000 payments to 1,000: 0.80, wanted at least 0.75: met.\n",
		"balance                   1,000 " + strings.Repeat("#", 40) + strings.Repeat(" ", 9) + "100 %\n", " 10,000 " + strings.Repeat("#", 32) + " "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "at 30,000") {
		t.Errorf("a size without a goal is judged:\n%s", b.String())
	}
}

// TestPreload: payments made beforehand are numbered on from those before.
func TestPreload(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			s, err := Furnish(t.Context(), storetest.Database(t, engine), t.TempDir(), 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int64{1, 600} {
				p, err := s.Preload(t.Context(), n, func(int64, int64) {})
				if err != nil || p.Payments != n || int64(len(p.ids)) != n {
					t.Fatalf("%+v, %v, want %d", p, err, n)
				}
			}
			v, err := s.Verify(t.Context(), func(string, int64, int64) {})
			if err != nil || v.Payments != 601 || v.Transfers != 601 || len(v.Findings) > 0 || s.Target.Preloaded != 601 {
				t.Errorf("%+v, %v, %d", v, err, s.Target.Preloaded)
			}
			ctx, cancel := context.WithCancel(t.Context())
			_, err = s.Preload(ctx, 1_000_000, func(int64, int64) { cancel() })
			if err == nil {
				t.Error("a preload that was given up has made a million payments")
			}
		})
	}
}

// TestRun: an open loop sends what is due and no more.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- serveEcho(ctx, "127.0.0.1:0", func(addr string) { listening <- addr }) }()
	target := Target{Addr: <-listening}
	res, err := Run(ctx, target, Load{Scenario: echoing, Connections: 3, Rate: 100, Duration: time.Second}, func(time.Duration, int64) {})
	if err != nil || res.Errors != 0 || res.Requests == 0 || res.Requests > 101 {
		t.Errorf("%+v, %v, want at most 101 requests", res, err)
	}
	res, err = Run(ctx, target, Load{Scenario: "debit", Connections: 1, Duration: 100 * time.Millisecond}, func(time.Duration, int64) {})
	if err == nil {
		t.Errorf("debits without a merchant: %+v", res)
	}
	if _, err := Run(ctx, target, Load{Scenario: "theft"}, nil); err == nil {
		t.Error("there is a scenario theft")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
