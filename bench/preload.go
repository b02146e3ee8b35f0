package bench

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/florinpay/florin/app"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
)

// Preloaded is what a preload has made.
type Preloaded struct {
	Payments     int64      `json:"payments"`
	Seconds      float64    `json:"seconds"`
	SandboxBytes int64      `json:"sandboxBytes"` // the test provider's own books, which are gone again
	ids          []ident.ID // some, evenly spread
}

const (
	preloaders = 512     // callers at a time: two full batches, so that one forms while one commits
	sampled    = 100_000 // ids that are kept to be read, at most
)

// Preload makes n payments, each as a debit over the gateway contract would
// have left it, rows, chain, events and all: it is the same service that makes
// them, only nobody sends requests. The test provider that approves them keeps
// its books apart and they are removed, since nothing will be asked about them
// again. Payment i has the reference of its number and is of merchant i modulo
// their count.
func (s *Site) Preload(ctx context.Context, n int64, progress func(done, total int64)) (p Preloaded, err error) {
	err = s.open(ctx, "preload", func(a *app.App) error {
		start := time.Now()
		p.ids, err = s.fill(ctx, a, s.Target.Preloaded, n, progress)
		p.Payments, p.Seconds = n, time.Since(start).Seconds()
		return err
	})
	if err != nil {
		return p, err
	}
	s.Target.Preloaded += n
	info, err := os.Stat(s.books("preload"))
	if err != nil {
		return p, err
	}
	p.SandboxBytes = info.Size()
	return p, os.Remove(s.books("preload"))
}

// fill makes n debits, the first of which has the number first.
func (s *Site) fill(ctx context.Context, a *app.App, first, n int64, progress func(done, total int64)) ([]ident.ID, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	every := max(n/sampled, 1)
	ids := make([]ident.ID, (n+every-1)/every)
	var next, done atomic.Int64
	var all sync.WaitGroup
	for range min(preloaders, n) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < n && ctx.Err() == nil; i = next.Add(1) - 1 {
				id, err := s.debit(ctx, a, first+i)
				if err != nil {
					cancel(err)
					return
				}
				if i%every == 0 {
					ids[i/every] = id
				}
				progress(done.Add(1), n)
			}
		})
	}
	all.Wait()
	return ids, context.Cause(ctx)
}

// debit is what POST /v3/payments does once it has read the form that the
// scenarios send.
func (s *Site) debit(ctx context.Context, a *app.App, n int64) (ident.ID, error) {
	const number = "4200000000000000"
	brand := method.BrandOf("", number)
	out, err := a.Payments.Pay(ctx, s.actor(), payment.Order{
		Idempotency: idempotency.Key{Surface: "gateway"}, Profile: s.profiles[n%int64(len(s.profiles))], Kind: connector.Debit,
		Method: method.OfBrand(brand), Brand: brand, Amount: money.Of(9200, "EUR"), Reference: preloadReference(n),
		Card: &connector.Card{Number: method.Conceal(number), CVV: method.Conceal("321"), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2032, Brand: brand},
	})
	if err == nil && out.Payment.State != payment.Captured {
		err = fmt.Errorf("payment %d of the preload is %s %s", n, out.Payment.State, out.Payment.Code)
	}
	return out.Payment.ID, err
}

// preloadReference is the merchant's reference of the payment number n.
func preloadReference(n int64) string { return fmt.Sprintf("preload-%d", n) }
