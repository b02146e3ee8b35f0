package bench

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

type recorder struct {
	count  atomic.Int64
	errors atomic.Int64
	once   sync.Once
	first  string
}

func (r *recorder) fail(problem string) {
	r.errors.Add(1)
	r.once.Do(func() { r.first = problem })
}

// sum gathers what the workers have measured.
func (r *recorder) sum(res *Result, workers []*worker, over time.Duration) {
	var all []int64
	for _, w := range workers {
		all = append(all, w.latency...)
	}
	slices.Sort(all)
	at := func(q float64) float64 {
		if len(all) == 0 {
			return 0
		}
		return float64(all[min(int(q*float64(len(all))), len(all)-1)]) / 1000
	}
	res.Requests, res.Errors, res.FirstError = int64(len(all)), r.errors.Load(), r.first
	res.PerSecond = float64(len(all)) / over.Seconds()
	res.P50, res.P99, res.P999, res.Max = at(.5), at(.99), at(.999), at(1)
}
