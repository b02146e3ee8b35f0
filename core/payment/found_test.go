package payment_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// What the simulator has found, each as the short story that it came to.

// An answer to another operation does not take a payment out of review.
func TestReviewIsLeftByHandAlone(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Authorise, 10000).Payment
		// The answer to this capture is lost; meanwhile another one goes wrong.
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(3000), Simulate: map[string]string{"fault": "lost_answer"}})
		bad := w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(2000), Simulate: map[string]string{"fault": "other_amount"}})
		said := func(amount int64) connector.Notice {
			n := w.said(bad, connector.Approved)
			n.Result.Amount = eur(amount)
			return n
		}
		if _, err := w.notice(said(1999)); err != nil {
			t.Fatal(err)
		}
		if got := w.get(p.ID).State; got != payment.Review {
			t.Fatalf("got %s, want review", got)
		}
		w.pass(time.Minute, nil)
		if got := w.get(p.ID); got.State != payment.Review || got.Captured != 3000 || got.Capturing != 2000 {
			t.Errorf("got %s, want it under review, and what was captured counted", standing(got))
		}
		w.sound()
	})
}

// A payment is not voided as long as a capture of it is not answered.
func TestAVoidBesideAnOpenCapture(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Authorise, 10000).Payment
		w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(4000), Simulate: map[string]string{"fault": "lost_answer"}})
		w.must(connector.Void, payment.Operation{Payment: p.ID})
		if got := w.get(p.ID); got.State != payment.Authorised || got.Voided != 6000 {
			t.Errorf("got %s, want the rest let go and the payment still authorised", standing(got))
		}
		w.pass(time.Minute, nil)
		if got := standing(w.get(p.ID)); got != "captured, captured 40.00, voided 60.00" {
			t.Errorf("got %s", got)
		}
		w.sound()
	})
}

// Taking back a capture is a refund to the provider, and may come back too.
func TestACaptureThatCannotBeTakenBack(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Authorise, 10000).Payment
		c := w.must(connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(10000)})
		w.must(connector.Void, payment.Operation{Payment: c.Attempt.ID, Simulate: map[string]string{"fault": "refund_fails_later"}})
		if got := w.get(p.ID); got.State != payment.Voided || got.Refunded != 10000 {
			t.Fatalf("got %s, want voided", standing(got))
		}
		w.pass(25*time.Hour, nil)
		if got := w.get(p.ID); got.State != payment.Captured || got.Refunded != 0 {
			t.Errorf("got %s, want it captured after all, with nothing given back", standing(got))
		}
		w.sound()
	})
}

// slip makes a voucher that its payer has paid twice, and returns the two
// callbacks about it, the second one first.
func (w *world) slip(amount int64, fault string) (payment.Outcome, []fake.Callback) {
	w.t.Helper()
	o := w.order(connector.Debit, amount)
	o.Method, o.Brand, o.Card, o.Details.ReturnURL = method.Voucher, "BOLETO", nil, "https://shop.example/back"
	if fault != "" {
		o.Simulate = map[string]string{"fault": fault}
	}
	out := w.pay(o)
	e, found, err := w.provider.Books().Entry(w.account(), out.Payment.ID)
	if !found || err != nil {
		w.t.Fatal(found, err)
	}
	for range 2 {
		if err := w.provider.Pay(e.Reference, eur(amount), w.now()); err != nil {
			w.t.Fatal(err)
		}
	}
	list, err := w.provider.Callbacks(w.wall.Now())
	if err != nil || len(list) != 2 {
		w.t.Fatalf("%d callbacks (%v), want 2", len(list), err)
	}
	return out, []fake.Callback{list[1], list[0]}
}

func (w *world) takes(cb fake.Callback) error {
	n, err := w.provider.ParseNotice(func(name string) string { return cb.Headers[name] }, cb.Body, w.wall.Now())
	if err == nil {
		_, err = w.payments.Noticed(context.Background(), w.realm.ID, "fake", n)
	}
	return err
}

// We may hear of a slip's second payment before the first one's.
func TestASlipsSecondPaymentHeardFirst(t *testing.T) {
	each(t, func(w *world) {
		out, letters := w.slip(10000, "")
		for _, cb := range letters {
			if err := w.takes(cb); err != nil {
				t.Errorf("%v", err)
			}
		}
		if got := w.get(out.Payment.ID); got.State != payment.Review || got.Captured != 10000 {
			t.Errorf("got %s, want what was asked for captured, and the rest for a person to see", standing(got))
		}
		w.sound()
	})
}

// A slip whose number never reached us is asked about before a callback is
// believed: it might be about the second payment.
func TestASlipWithoutANumber(t *testing.T) {
	each(t, func(w *world) {
		out, letters := w.slip(10000, "lost_answer")
		for _, cb := range letters {
			if err := w.takes(cb); fault.Code(err) != "unavailable.early" {
				t.Errorf("got %v, want to be told again", err)
			}
		}
		w.pass(10*time.Second, nil)
		if got := standing(w.get(out.Payment.ID)); got != "captured, captured 100.00" {
			t.Errorf("got %s", got)
		}
		for _, cb := range letters {
			if err := w.takes(cb); err != nil {
				t.Errorf("%v", err)
			}
		}
		if got := w.get(out.Payment.ID); got.State != payment.Review || got.Captured != 10000 {
			t.Errorf("got %s", standing(got))
		}
		w.sound()
	})
}

// A process is stopped between the commit of an intent and its request, for so
// long that somebody else is told "never seen" and takes it for proof. It sends
// nothing when it goes on. (seed 372)
func TestAProcessStoppedBeforeItSends(t *testing.T) {
	w := &world{t: t, wall: storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))}
	var stopped func()
	w.open("sqlite", func(o *store.Options) {
		o.Inline = true
		o.Boundary = func(b store.Boundary) error {
			if b == store.After && stopped != nil {
				fn := stopped
				stopped = nil
				fn()
			}
			return nil
		}
	})
	for _, tt := range passages {
		for _, stop := range []struct {
			d    time.Duration
			sent bool
		}{{24 * time.Second, true}, {26 * time.Second, false}, {13 * time.Hour, false}} {
			on := w.ground(tt.kind)
			stopped = func() {
				w.wall.Add(stop.d)
				if err := w.payments.Orphans().Recover(context.Background(), w.wall.Now().Add(-30*time.Second)); err != nil {
					t.Fatal(err)
				}
				w.work(nil)
			}
			out, err := w.ask(tt.kind, on, fmt.Sprint(tt.kind, stop.d))
			want, lines := tt.undone, 0
			if stop.sent {
				want, lines = tt.done, 1
			}
			if got := standing(w.get(out.Payment.ID)); err != nil || got != want {
				t.Errorf("%s, stopped for %v: got %s (%v), want %s", tt.kind, stop.d, got, err, want)
			}
			if n := w.asked(out.Attempt.ID); n != lines {
				t.Errorf("%s, stopped for %v: the provider was asked %d times, want %d", tt.kind, stop.d, n, lines)
			}
		}
	}
	w.sound()
}

// asked is how often the provider's books name an attempt.
func (w *world) asked(attempt ident.ID) (n int) {
	w.t.Helper()
	entries, err := w.provider.Books().Entries()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Attempt == attempt {
			n++
		}
	}
	return n
}

// The same on both engines, by the realm's own clock: it may be moved while a
// request is being put together.
func TestTheClockMovesBeforeItSends(t *testing.T) {
	each(t, func(w *world) {
		o := w.order(connector.Debit, 10000)
		o.Method, o.Brand, o.Card, o.Details.ReturnURL = method.Wallet, "PAYPAL", nil, "https://shop.example/back"
		w.payments.ReturnURL = func(_, payment ident.ID) string {
			w.pass(time.Hour, nil)
			return "https://pay.example/back/" + string(payment)
		}
		out := w.pay(o)
		if out.Payment.State != payment.Failed || out.Payment.Code != "unavailable.provider" || w.asked(out.Attempt.ID) != 0 {
			w.t.Errorf("got %s (%s), the provider was asked %d times; want failed, and nothing sent", out.Payment.State, out.Payment.Code, w.asked(out.Attempt.ID))
		}
		w.sound()
	})
}
