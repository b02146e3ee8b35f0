package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/florinpay/florin/bench"
)

type echoCommand struct {
	Listen string `required:"" placeholder:"HOST:PORT"`
}

func (e echoCommand) Run(ctx context.Context) error { return bench.Echo(ctx, e.Listen) }

type compareCommand struct {
	Postgres string        `help:"A cluster to make databases in; its superuser's postgres:// URL." env:"FLORIN_TEST_POSTGRES" required:"" placeholder:"URL"`
	Rounds   int           `help:"How often to measure each, in turn." default:"3"`
	Duration time.Duration `help:"How long each measurement takes." default:"4s"`
	WarmUp   time.Duration `help:"How long to run before each." default:"1s"`
	Scale    int           `help:"pgbench's scale." default:"64"`
	Write    string        `help:"Write the report into this file, between the lines of bench:begin and bench:end." type:"path" placeholder:"FILE"`
}

func (c compareCommand) Run(ctx context.Context) error {
	meter := newMeter()
	b := bench.Comparison{Postgres: c.Postgres, Rounds: c.Rounds, Duration: c.Duration, WarmUp: c.WarmUp, Scale: c.Scale, Progress: meter.show}
	report, err := b.Run(ctx)
	meter.clear()
	if err != nil {
		return err
	}
	return publish(report.Markdown(), "bench", c.Write)
}

type growthCommand struct {
	Postgres      string        `help:"A cluster to make databases in; its superuser's postgres:// URL. Without it, SQLite alone." env:"FLORIN_TEST_POSTGRES" placeholder:"URL"`
	PostgresSizes []int64       `help:"How many payments to store on PostgreSQL, ascending." default:"100000,1000000"`
	SQLiteSizes   []int64       `name:"sqlite-sizes" help:"How many payments to store on SQLite, ascending; 10000000 take some 20 GB and half an hour." default:"100000,1000000"`
	Rounds        int           `help:"How often to measure each, in turn." default:"3"`
	Duration      time.Duration `help:"How long each measurement takes." default:"2s"`
	Keep          string        `help:"Keep the databases in this folder, and find them there again." type:"path" placeholder:"DIR"`
	Write         string        `help:"Write the report into this file, between the lines of growth:begin and growth:end." type:"path" placeholder:"FILE"`
}

func (c growthCommand) Run(ctx context.Context) error {
	meter := newMeter()
	g := bench.Growth{Postgres: c.Postgres, Sizes: map[string][]int64{"PostgreSQL": c.PostgresSizes, "SQLite": c.SQLiteSizes}, Rounds: c.Rounds,
		Keep: c.Keep, Duration: c.Duration, Progress: meter.show}
	report, err := g.Run(ctx)
	meter.clear()
	if err != nil {
		return err
	}
	return publish(report.Markdown(), "growth", c.Write)
}

// publish prints a report, and writes it into a document if one is named.
func publish(text, name, file string) error {
	if _, err := fmt.Fprint(os.Stdout, text); err != nil || file == "" {
		return err
	}
	return bench.Rewrite(file, name, text)
}
