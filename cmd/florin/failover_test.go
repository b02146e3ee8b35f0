package main

import (
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/store/storetest"
)

// TestFailover kills a PostgreSQL primary under load and promotes its
// synchronous standby. florin, whose address names both, finds the new one by
// itself; what was acknowledged is there, and nothing was done twice.
// FLORIN_FAILOVERS says how often; once without it.
func TestFailover(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for attempts that were cut off")
	}
	t.Parallel() // most of the time is waiting
	times := 1
	if text := os.Getenv("FLORIN_FAILOVERS"); text != "" {
		var err error
		if times, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	pair := storetest.StartPair(t)
	h := furnish(t, pair.Address, "test")
	s := &storm{t: t, house: h, chance: rand.New(rand.NewPCG(seed, 1))}
	s.listen = unused(t)
	h.base = "http://" + s.listen
	h.client = &http.Client{Timeout: 50 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	p, _ := s.up()
	var clients sync.WaitGroup
	for n := range 6 {
		clients.Go(func() { s.shop(n, rand.New(rand.NewPCG(seed, uint64(n)+2))) })
	}
	silence := s.silences()
	var longest time.Duration
	for n := range times {
		if n > 0 {
			pair.Rejoin()
		}
		s.more(20)
		time.Sleep(time.Duration(s.chance.IntN(500)) * time.Millisecond)
		silence()
		began := time.Now()
		pair.Kill()
		pair.Promote()
		promoted := time.Since(began)
		s.more(20)
		gap := silence()
		longest = max(longest, gap)
		t.Logf("failover %d: promoted after %v, longest time without an answer %v", n+1, promoted.Round(time.Millisecond), gap.Round(time.Millisecond))
	}
	s.closing.Store(true)
	clients.Wait()
	s.settle()
	t.Logf("%d failovers, %d wishes, %d acknowledged after asking again; answers that broke off: %d; longest gap %v",
		times, len(s.wishes), s.repeated.Load(), s.broken.Load(), longest.Round(time.Millisecond))
	s.judge()
	p.stop()
	s.reconcile()
	if r := h.run(t, "verify"); r.code != 0 {
		t.Errorf("verify: %+v", r)
	} else {
		t.Log(strings.TrimSpace(r.out))
	}
}

// more waits for n further answers.
func (s *storm) more(n int64) {
	s.t.Helper()
	before := s.acknowledged.Load()
	until(s.t, "answers", func() bool { return s.acknowledged.Load() >= before+n })
}

// silences watches for answers until the test ends. Each call returns the
// longest time without one since the call before.
func (s *storm) silences() func() time.Duration {
	var mu sync.Mutex
	var longest time.Duration
	last, seen := time.Now(), int64(0)
	look := func() {
		if n := s.acknowledged.Load(); n != seen {
			seen, last = n, time.Now()
		}
		longest = max(longest, time.Since(last))
	}
	go func() {
		for s.t.Context().Err() == nil {
			mu.Lock()
			look()
			mu.Unlock()
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		look()
		was := longest
		longest = 0
		return was
	}
}
