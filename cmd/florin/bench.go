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

	"github.com/florinpay/florin/bench"
)

type benchCommand struct {
	Run     loadCommand    `cmd:"" default:"withargs" help:"Put a florin under load (the default)."`
	Compare compareCommand `cmd:"" help:"Measure florin beside pgbench, SQL by hand, an empty HTTP server and the disk, in turn."`
	Growth  growthCommand  `cmd:"" help:"Measure what work costs as stored payments pile up."`
	Echo    echoCommand    `cmd:"" hidden:"" help:"Serve as the empty HTTP server that compare needs."`
}

type loadCommand struct {
	Database    string        `help:"Measure on this database (a file or a postgres:// URL, furnished anew); without it, a temporary SQLite file." placeholder:"DB"`
	URL         string        `name:"url" help:"Measure a florin that runs already, host:port; needs --token and --entity." placeholder:"HOST:PORT"`
	Token       string        `help:"Access token for --url." placeholder:"TOKEN"`
	Entity      []string      `help:"Entities for --url." placeholder:"CODE"`
	Scenario    []string      `arg:"" optional:"" help:"debit, authorise+capture, refund, inquiry, reference, mixed, orders (an order, a token and its payment through the April contract)." default:"debit"`
	Connections []int         `help:"How many at the same time; several values are measured in turn." default:"64"`
	Rate        float64       `help:"Requests a second (open loop); 0 sends as fast as answers come." default:"0"`
	Duration    time.Duration `help:"How long to measure." default:"10s"`
	WarmUp      time.Duration `help:"How long to run before measuring." default:"2s"`
	Merchants   int           `help:"Over how many merchants to spread; 1 is one hot account." default:"1"`
	Preload     int64         `help:"Make this many payments first; inquiry and reference then read them." default:"0" placeholder:"N"`
	JSON        bool          `name:"json" help:"Print JSON."`
}

// benched is one line of the command's answer.
type benched struct {
	bench.Result
	CPU float64 `json:"serverCpuSeconds,omitempty"`
	RSS float64 `json:"serverRssMb,omitempty"`
}

// closing is the last line: the books after all of it, and what they take up.
type closing struct {
	Preload         *bench.Preloaded `json:"preload,omitempty"`
	Verify          bench.Verdict    `json:"verify"`
	Added           bench.Size       `json:"added"`
	BytesPerPayment float64          `json:"bytesPerPayment"`
}

func (b loadCommand) Run(ctx context.Context) (err error) {
	if b.URL != "" {
		if b.Preload > 0 {
			return errors.New("--preload needs a database of our own: it cannot be used with --url")
		}
		return b.measure(ctx, bench.Target{Addr: b.URL, Token: b.Token, Entities: b.Entity}, nil)
	}
	dir, err := os.MkdirTemp("", "florin-bench-")
	if err != nil {
		return err
	}
	defer atLast(func() error { return os.RemoveAll(dir) }, &err)()
	if b.Database == "" {
		b.Database = filepath.Join(dir, "bench.db")
	}
	site, err := bench.Furnish(ctx, b.Database, dir, b.Merchants)
	if err != nil {
		return err
	}
	before, err := site.Verify(ctx, quiet) // the database may have payments of its own
	if err != nil {
		return err
	}
	was, err := site.Size(ctx)
	if err != nil {
		return err
	}
	var end closing
	if b.Preload > 0 {
		meter := newMeter()
		made, err := site.Preload(ctx, b.Preload, func(done, total int64) { meter.show("preload", done, total) })
		meter.clear()
		if err != nil {
			return err
		}
		end.Preload = &made
	}
	server, err := site.Serve(ctx)
	if err != nil {
		return err
	}
	if err = errors.Join(b.measure(ctx, site.At(server), server), server.Stop()); err != nil {
		return err
	}
	return b.close(ctx, site, before, was, end)
}

func quiet(string, int64, int64) {}

func (b loadCommand) measure(ctx context.Context, t bench.Target, s *bench.Server) error {
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

func (b loadCommand) one(ctx context.Context, t bench.Target, s *bench.Server, l bench.Load) (benched, error) {
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

// close checks the books and says what the payments take up on disk.
func (b loadCommand) close(ctx context.Context, site *bench.Site, before bench.Verdict, was bench.Size, end closing) error {
	meter := newMeter()
	var err error
	end.Verify, err = site.Verify(ctx, meter.show)
	meter.clear()
	if err != nil {
		return err
	}
	size, err := site.Size(ctx)
	if err != nil {
		return err
	}
	made := end.Verify.Payments - before.Payments
	end.Added = size.Less(was)
	end.BytesPerPayment = end.Added.PerPayment(made)
	if b.JSON {
		err = json.NewEncoder(os.Stdout).Encode(end)
	} else {
		err = end.print(made)
	}
	if err == nil && len(end.Verify.Findings) > 0 {
		err = errFound
	}
	return err
}

func (c closing) print(made int64) error {
	for _, f := range c.Verify.Findings {
		fmt.Fprintln(os.Stderr, f)
	}
	if p := c.Preload; p != nil {
		fmt.Printf("preload: %d payments in %.1f s, %.0f per second; the sandbox's own books took %d bytes\n", p.Payments, p.Seconds, float64(p.Payments)/p.Seconds, p.SandboxBytes)
	}
	fmt.Printf("disk: %.0f bytes per payment (%d payments, %d bytes of database); beside it the log grew by %d and the sandbox's books by %d\n",
		c.BytesPerPayment, made, c.Added.Database, c.Added.Log, c.Added.Sandbox)
	_, err := fmt.Printf("verify: %d payments, %d transfers in %.1f s, %d findings\n", c.Verify.Payments, c.Verify.Transfers, c.Verify.Seconds, len(c.Verify.Findings))
	return err
}
