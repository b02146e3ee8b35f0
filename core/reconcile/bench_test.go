package reconcile_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store/storetest"
)

// BenchmarkReconcile imports a provider's file of 100,000 lines and matches it
// with as many payments; docs/measurements.md has the figures. Run it with
// -benchtime 1x.
func BenchmarkReconcile(b *testing.B) {
	const lines = 100_000
	for _, engine := range storetest.Engines {
		b.Run(engine, func(b *testing.B) {
			w := newWorld(b, engine)
			w.many(b, lines)
			if _, err := w.access.Advance(b.Context(), w.realm.ID, 3*day); err != nil {
				b.Fatal(err)
			}
			files, err := w.provider.Settlements(b.Context(), connector.SettlementQuestion{Account: w.account(), At: w.wall.Now().Add(3 * day)})
			if err != nil || len(files) != 1 {
				b.Fatalf("%d files, %v", len(files), err)
			}
			for b.Loop() {
				measured(b, "import", func() {
					if _, err := w.Import(b.Context(), w.realm.ID, "fake", files[0]); err != nil {
						b.Fatal(err)
					}
				})
				measured(b, "match", func() {
					r, err := w.Reconcile(b.Context(), w.realm.ID, start.Truncate(day), start.Truncate(day).Add(2*day))
					if err != nil || r.Matched != lines || len(r.Differences) != 0 {
						b.Fatalf("%d of %d lines matched, %d differences, %v", r.Matched, r.Lines, len(r.Differences), err)
					}
				})
			}
			b.ReportMetric(float64(len(files[0].Text))/(1<<20), "file-MiB")
		})
	}
}

// many takes payments side by side, so that the store can merge them.
func (w *world) many(b *testing.B, n int) {
	var all sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for range 64 {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				out, err := w.payments.Pay(context.Background(), w.actor(), payment.Order{Idempotency: idempotency.Key{Surface: "test"}, Profile: w.profile,
					Kind: connector.Debit, Method: method.Card, Brand: "VISA", Amount: money.Of(12500, "AUD"), Reference: "A-1",
					Card: &connector.Card{Number: method.Conceal("4200000000000000"), CVV: method.Conceal("123"), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2030, Brand: "VISA"}})
				if err != nil || out.Payment.State != payment.Captured {
					b.Errorf("pay: %s %v", out.Payment.State, err)
					return
				}
			}
		})
	}
	all.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

// measured reports how long fn took and how much more was on the heap at most.
func measured(b *testing.B, name string, fn func()) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, peak := m.HeapAlloc, m.HeapAlloc
	done, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
	}()
	began := time.Now()
	fn()
	took := time.Since(began)
	close(done)
	<-sampled
	b.ReportMetric(took.Seconds(), name+"-s")
	b.ReportMetric(float64(peak-before)/(1<<20), name+"-MiB")
}
