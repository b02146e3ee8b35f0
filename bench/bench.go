// Package bench measures a florin over HTTP, as its merchants would meet it:
// whole contract requests on kept-alive connections, with everything durable.
// The server is a process of its own, so that its memory and processor time
// are not the generator's.
package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Load is what to send.
type Load struct {
	Scenario    string // one of Scenarios
	Connections int
	Rate        float64 // requests a second; 0 sends the next when the last is answered
	Duration    time.Duration
	WarmUp      time.Duration
}

// Scenarios are the kinds of load there are.
var Scenarios = []string{"debit", "authorise+capture", "refund", "inquiry", "reference", "mixed", "orders"}

// Target is whom to send to.
type Target struct {
	Addr     string // host:port
	Token    string
	Entities []string // each a merchant of its own
	Secrets  []string // the merchants' keys of the April contract, which orders needs

	// Preloaded is how many payments there are to read: number n has the
	// reference preload-n and is of entity n modulo their count.
	Preloaded int64
}

// Result is what came of a load.
type Result struct {
	Scenario    string  `json:"scenario"`
	Connections int     `json:"connections"`
	Merchants   int     `json:"merchants"`
	Rate        float64 `json:"rate,omitempty"`
	Requests    int64   `json:"requests"`
	Errors      int64   `json:"errors"`
	PerSecond   float64 `json:"perSecond"`
	P50         float64 `json:"p50Ms"`
	P99         float64 `json:"p99Ms"`
	P999        float64 `json:"p999Ms"`
	Max         float64 `json:"maxMs"`
	FirstError  string  `json:"firstError,omitempty"`
}

// Run sends the load and measures it. Latencies are counted from the moment at
// which a request was due, not from when a slow server let it leave, so that
// what waited shows. progress is told once a second how much is done.
func Run(ctx context.Context, t Target, l Load, progress func(done time.Duration, requests int64)) (Result, error) {
	script, err := scriptOf(l.Scenario)
	if err != nil {
		return Result{}, err
	}
	if len(t.Entities) == 0 && l.Scenario != echoing {
		return Result{}, errors.New("nobody to pay: no entity is named")
	}
	if len(t.Secrets) == 0 && l.Scenario == "orders" {
		return Result{}, errors.New("orders are made on a database of our own alone: it needs the merchants' secret keys")
	}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	r := &recorder{}
	workers := make([]*worker, l.Connections)
	for i := range workers {
		w := &worker{target: t, script: script, n: i, recorder: r, entity: i, run: run}
		if err := w.dial(); err != nil {
			return Result{}, err
		}
		defer func() { w.conn.close() }()
		workers[i] = w
	}
	if slices.Contains(reading, l.Scenario) {
		if err := each(workers, (*worker).prepare); err != nil {
			return Result{}, fmt.Errorf("something to read: %w", err)
		}
	}
	start := time.Now()
	end := start.Add(l.WarmUp + l.Duration)
	measureFrom := start.Add(l.WarmUp)
	pace := &pacer{start: start, rate: l.Rate}
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() { w.work(ctx, pace, measureFrom, end) })
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-tick.C:
			progress(min(time.Since(start), l.WarmUp+l.Duration), r.count.Load())
		}
	}
	res := Result{Scenario: l.Scenario, Connections: l.Connections, Merchants: len(t.Entities), Rate: l.Rate}
	r.sum(&res, workers, l.Duration)
	return res, ctx.Err()
}

// each has all workers do something at the same time.
func each(workers []*worker, f func(*worker) error) error {
	var all sync.WaitGroup
	errs := make([]error, len(workers))
	for i, w := range workers {
		all.Go(func() { errs[i] = f(w) })
	}
	all.Wait()
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

// pacer tells when the next request is due in an open loop.
type pacer struct {
	start time.Time
	rate  float64
	next  atomic.Int64
}

func (p *pacer) due() time.Time {
	if p.rate == 0 {
		return time.Now()
	}
	n := p.next.Add(1) - 1
	return p.start.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))
}

// worker is one connection and what is sent over it.
type worker struct {
	target   Target
	script   script
	n        int
	entity   int
	turns    int
	conn     *wire
	recorder *recorder
	latency  []int64  // microseconds
	run      string   // tells this run's references from another's
	last     string   // the reference of the last payment
	asked    string   // whose payment was asked for
	memory   []string // payments: id and entity
	known    []string // queries by reference
}

func (w *worker) dial() (err error) {
	w.conn, err = dial(w.target.Addr)
	return err
}

func (w *worker) work(ctx context.Context, p *pacer, from, end time.Time) {
	for ctx.Err() == nil {
		due := p.due()
		if due.After(end) {
			return
		}
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		ok, problem := w.script(w)
		now := time.Now()
		if now.After(end) {
			return
		}
		if now.Before(from) {
			continue
		}
		w.recorder.count.Add(1)
		w.latency = append(w.latency, now.Sub(due).Microseconds())
		if !ok {
			w.recorder.fail(problem)
			if w.conn.broken {
				w.conn.close()
				if w.dial() != nil {
					time.Sleep(10 * time.Millisecond)
				}
			}
		}
	}
}

// nextEntity spreads requests over the merchants.
func (w *worker) nextEntity() string {
	w.entity++
	return w.target.Entities[w.entity%len(w.target.Entities)]
}

func (w *worker) ask(method, path, body string) (int, []byte, error) {
	return w.conn.ask(method, path, w.target.Token, body)
}

// number makes each request's own reference.
func (w *worker) number() string {
	w.turns++
	w.last = fmt.Sprintf("b%s-%d-%d", w.run, w.n, w.turns)
	return w.last
}
