package payment_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// A surcharge goes back to the cent, whatever the refunds that give it back; one
// that failed takes its part out again.
func TestASurchargeGoesBack(t *testing.T) {
	each(t, func(w *world) {
		luck := rand.New(rand.NewPCG(20261121, 1))
		for range 6 {
			o := w.order(connector.Debit, 1+luck.Int64N(20_000))
			o.Amount.Minor++
			o.Surcharge = luck.Int64N(o.Amount.Minor)
			out, err := w.payments.Pay(context.Background(), w.actor, o)
			if err != nil || out.Payment.State != payment.Captured {
				t.Fatalf("got %s (%v)", out.Payment.State, err)
			}
			if luck.IntN(2) == 0 {
				w.must(connector.Refund, payment.Operation{Payment: out.Payment.ID, Amount: money.Of(1, "EUR"), Simulate: map[string]string{"fault": "provider_down"}})
			}
			for left := out.Payment.Amount.Minor; left > 0; {
				n := min(left, 1+luck.Int64N(max(1, left*2/3)))
				w.must(connector.Refund, payment.Operation{Payment: out.Payment.ID, Amount: money.Of(n, "EUR")})
				left -= n
			}
			list, err := w.payments.Attempts(context.Background(), w.actor.Realm, out.Payment.ID)
			if err != nil {
				t.Fatal(err)
			}
			sum := int64(0)
			for _, a := range list {
				if a.Kind == connector.Refund && a.State == payment.Approved {
					sum += a.Surcharge
				}
			}
			if sum != o.Surcharge {
				t.Errorf("of a surcharge of %d on %d, %d went back", o.Surcharge, o.Amount.Minor, sum)
			}
		}
		w.sound()
	})
}

// A hundred refunds at once give back what there is and no more.
func TestAHundredRefundsAtOnce(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Debit, 6000).Payment
		var wait sync.WaitGroup
		var mu sync.Mutex
		done, refused := 0, 0
		for range 100 {
			wait.Go(func() {
				_, err := w.payments.Refund(context.Background(), w.actor, payment.Operation{Payment: p.ID, Amount: money.Of(100, "EUR"), Unwritten: true})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case fault.Is(err, "conflict.refund.exceeds"), fault.Code(err) == fault.Code(store.ErrConflict):
					refused++
				default:
					t.Errorf("got %v", err)
				}
			})
		}
		wait.Wait()
		got := w.get(p.ID)
		if got.Refunded != int64(done)*100 || done+refused != 100 || got.Refunded > 6000 || done == 0 {
			t.Errorf("%d were done and %d refused; %d are refunded", done, refused, got.Refunded)
		}
		found, total, err := w.payments.Refunds(context.Background(), w.actor.Realm, payment.RefundFilter{Payments: []ident.ID{p.ID}, Page: store.Page{Limit: 500}})
		if err != nil || total != int64(done) || len(found) != done {
			t.Errorf("the list has %d refunds (%v), want %d", total, err, done)
		}
		w.sound()
	})
}
