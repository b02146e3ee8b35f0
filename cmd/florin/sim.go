package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/florinpay/florin/sim"
)

type simCommand struct {
	Seeds   int    `help:"How many seeds to run." default:"100"`
	From    uint64 `help:"The first seed." default:"1"`
	Steps   int    `help:"Steps of each seed." default:"1000"`
	Workers int    `help:"Seeds at the same time." default:"1"`
	Only    []int  `help:"Run these steps of the first seed alone, as a shrunk trace names them." placeholder:"STEP"`
	Calm    []int  `help:"Of them, those in which nothing goes wrong." placeholder:"STEP"`
	Trace   bool   `help:"Print the trace of every run."`
	Shrink  int    `help:"How many runs to spend on making a failing trace short; 0 for none." default:"400"`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// simulated is what a whole command came to.
type simulated struct {
	sim.Result
	Seeds      int64    `json:"seeds"`
	Failed     int64    `json:"failed"`
	CPUSeconds float64  `json:"cpuSeconds"`
	PerSecond  float64  `json:"perCpuSecond"`
	Never      []string `json:"never,omitempty"`
	mu         sync.Mutex
}

func (c simCommand) Run(ctx context.Context) error {
	if len(c.Only) > 0 {
		c.Seeds = 1
	}
	sum := &simulated{}
	before := cpu()
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, max(c.Workers, 1))
	meter := newMeter()
	for i := range errs {
		all.Go(func() {
			for n := next.Add(1) - 1; n < int64(c.Seeds) && ctx.Err() == nil && errs[i] == nil; n = next.Add(1) - 1 {
				errs[i] = c.one(ctx, c.From+uint64(n), sum, meter)
			}
		})
	}
	all.Wait()
	meter.clear()
	sum.CPUSeconds = (cpu() - before).Seconds()
	sum.PerSecond = float64(sum.Operations) / sum.CPUSeconds
	if len(c.Only) == 0 {
		sum.Never = sum.Result.Never()
	}
	return errors.Join(append(errs, c.report(sum))...)
}

// one runs a seed, and tells of it when it breaks a rule.
func (c simCommand) one(ctx context.Context, seed uint64, sum *simulated, meter *meter) error {
	p := sim.Plan{Seed: seed, Steps: c.Steps, Only: c.Only, Calm: c.Calm, Trace: c.Trace}
	r, err := sim.Run(ctx, p)
	if err != nil {
		if ctx.Err() != nil { // told to stop: what was done counts
			return nil
		}
		return err
	}
	sum.mu.Lock()
	sum.Add(r)
	sum.Seeds++
	done := sum.Seeds
	meter.show(fmt.Sprintf("%d operations", sum.Operations), done, int64(c.Seeds))
	sum.mu.Unlock()
	trace := r.Trace
	if r.Violation != nil {
		violation := r.Violation
		if c.Shrink > 0 && len(c.Only) == 0 {
			if p, r, err = sim.Shrink(ctx, p, violation, c.Shrink); err != nil {
				return err
			}
			trace = r.Trace
		}
		sum.mu.Lock()
		defer sum.mu.Unlock()
		sum.Failed++
		meter.clear()
		fmt.Fprintf(os.Stderr, "seed %d: %v\n", seed, violation)
		if c.Shrink > 0 && len(c.Only) == 0 {
			fmt.Fprintf(os.Stderr, "  again, in %d steps: florin sim --from %d --only %s%s --trace\n", len(p.Only), seed, list(p.Only), calm(p.Calm))
		}
	}
	for _, line := range trace {
		fmt.Fprintln(os.Stderr, " ", line)
	}
	return nil
}

func list(steps []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(steps), " ", ","), "[]")
}

func calm(steps []int) string {
	if len(steps) == 0 {
		return ""
	}
	return " --calm " + list(steps)
}

func (c simCommand) report(sum *simulated) error {
	if c.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(sum); err != nil {
			return err
		}
	} else {
		fmt.Printf("%d seeds, %d operations, %d faults, %d violations; %.0f CPU seconds, %.0f operations per CPU second\n",
			sum.Seeds, sum.Operations, sum.Faults, sum.Failed, sum.CPUSeconds, sum.PerSecond)
		for _, what := range sum.Never {
			fmt.Println("never happened:", what)
		}
	}
	if sum.Failed > 0 {
		return errFound
	}
	return nil
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // there is such a call on every system we build for
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
