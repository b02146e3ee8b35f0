package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/bench"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/merchant"
)

type benchCommand struct {
	Database    string        `help:"Measure on this database (a file or a postgres:// URL, furnished anew); without it, a temporary SQLite file." placeholder:"DB"`
	URL         string        `name:"url" help:"Measure a florin that runs already, host:port; needs --token and --entity." placeholder:"HOST:PORT"`
	Token       string        `help:"Access token for --url." placeholder:"TOKEN"`
	Entity      []string      `help:"Entities for --url." placeholder:"CODE"`
	Scenario    []string      `arg:"" optional:"" help:"debit, authorise+capture, refund, inquiry, mixed." default:"debit"`
	Connections []int         `help:"How many at the same time; several values are measured in turn." default:"64"`
	Rate        float64       `help:"Requests a second (open loop); 0 sends as fast as answers come." default:"0"`
	Duration    time.Duration `help:"How long to measure." default:"10s"`
	WarmUp      time.Duration `help:"How long to run before measuring." default:"2s"`
	Merchants   int           `help:"Over how many merchants to spread; 1 is one hot account." default:"1"`
	JSON        bool          `name:"json" help:"Print JSON."`
}

// benched is one line of the command's answer.
type benched struct {
	bench.Result
	CPU             float64 `json:"serverCpuSeconds,omitempty"`
	RSS             float64 `json:"serverRssMb,omitempty"`
	BytesPerPayment float64 `json:"bytesPerPayment,omitempty"`
}

func (b benchCommand) Run(ctx context.Context) (err error) {
	if b.URL != "" {
		return b.measure(ctx, bench.Target{Addr: b.URL, Token: b.Token, Entities: b.Entity}, nil)
	}
	dir, err := os.MkdirTemp("", "florin-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if b.Database == "" {
		b.Database = filepath.Join(dir, "bench.db")
	}
	target, err := b.furnish(ctx, dir)
	if err != nil {
		return err
	}
	server, err := bench.StartServer(ctx, b.Database, dir)
	if err != nil {
		return err
	}
	target.Addr = server.Addr
	err = b.measure(ctx, target, server)
	if err = errors.Join(err, server.Stop()); err != nil {
		return err
	}
	return b.verify(ctx, dir)
}

func (b benchCommand) settings(dir string) settings {
	return settings{Database: b.Database, KeyFile: dir + "/bench.key", SandboxFile: dir + "/bench.journal"}
}

// furnish makes the merchants to measure with.
func (b benchCommand) furnish(ctx context.Context, dir string) (t bench.Target, err error) {
	err = offline(ctx, b.settings(dir), func(a *app.App) error {
		realm, err := a.Access.AddRealm(ctx, fmt.Sprintf("bench %d", time.Now().UnixNano()), access.Test)
		if err != nil {
			return err
		}
		for n := range max(b.Merchants, 1) {
			m, err := a.Merchants.Add(ctx, realm.ID, merchant.Merchant{Code: fmt.Sprintf("M%07d", n), Name: "Bench"})
			if err != nil {
				return err
			}
			p, err := a.Merchants.AddProfile(ctx, realm.ID, merchant.Profile{Merchant: m.ID, Code: fmt.Sprintf("BN%06d", n), Name: "Bench"})
			if err != nil {
				return err
			}
			t.Entities = append(t.Entities, p.Code)
		}
		_, token, err := a.Access.MakeKey(ctx, realm, access.Key{Kind: "gateway", May: access.Everything})
		t.Token = token.Reveal()
		return err
	})
	return t, err
}

func (b benchCommand) measure(ctx context.Context, t bench.Target, s *bench.Server) error {
	if !b.JSON {
		fmt.Printf("%-18s %5s %9s %10s %8s %8s %8s %8s %7s %8s\n", "SCENARIO", "CONN", "MERCHANTS", "PER SECOND", "P50 MS", "P99 MS", "P99.9", "ERRORS", "CPU S", "RSS MB")
	}
	for _, scenario := range b.Scenario {
		for _, n := range b.Connections {
			line, err := b.one(ctx, t, s, bench.Load{Scenario: scenario, Connections: n, Rate: b.Rate, Duration: b.Duration, WarmUp: b.WarmUp})
			if err != nil {
				return err
			}
			if b.JSON {
				if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
					return err
				}
				continue
			}
			fmt.Printf("%-18s %5d %9d %10.0f %8.2f %8.2f %8.2f %8d %7.1f %8.0f\n", line.Scenario, n, line.Merchants, line.PerSecond, line.P50, line.P99, line.P999,
				line.Errors, line.CPU, line.RSS)
			if line.FirstError != "" {
				fmt.Println("  first error:", strings.TrimSpace(line.FirstError))
			}
		}
	}
	return nil
}

func (b benchCommand) one(ctx context.Context, t bench.Target, s *bench.Server, l bench.Load) (benched, error) {
	meter := newMeter()
	var before time.Duration
	if s != nil {
		var err error
		if before, _, err = s.Usage(); err != nil {
			return benched{}, err
		}
	}
	res, err := bench.Run(ctx, t, l, func(done time.Duration, _ int64) {
		meter.show(l.Scenario, done.Milliseconds(), (l.WarmUp + l.Duration).Milliseconds())
	})
	meter.clear()
	line := benched{Result: res}
	if err != nil || s == nil {
		return line, err
	}
	cpu, rss, err := s.Usage()
	line.CPU, line.RSS = (cpu - before).Seconds(), float64(rss)/(1<<20)
	return line, err
}

// verify ends every measurement: speed that the books do not bear out is none.
func (b benchCommand) verify(ctx context.Context, dir string) error {
	return offline(ctx, b.settings(dir), func(a *app.App) error {
		start := time.Now()
		report, err := a.Verify(ctx, func(string, int64, int64) {})
		if err != nil {
			return err
		}
		for _, f := range report.Findings {
			fmt.Fprintln(os.Stderr, f)
		}
		fmt.Fprintf(os.Stderr, "verify: %d payments, %d transfers in %v, %d findings\n", report.Payments, report.Transfers,
			time.Since(start).Round(time.Millisecond), len(report.Findings))
		if len(report.Findings) > 0 {
			return errFound
		}
		return nil
	})
}
