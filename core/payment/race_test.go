package payment_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// crowds are how many ask at the same moment.
var crowds = []int{8, 100}

// race lets a crowd loose on a new world, then checks that nothing contradicts.
func race(t *testing.T, fn func(w *world, n int)) {
	for _, n := range crowds {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			each(t, func(w *world) {
				fn(w, n)
				w.pass(time.Minute, nil)
				w.sound()
			})
		})
	}
}

func TestRacingCapturesTakeNoMoreThanIsHeld(t *testing.T) {
	race(t, func(w *world, n int) {
		p := w.paid(connector.Authorise, 10000).Payment
		words := make([]string, n)
		together(n, func(i int) {
			words[i] = told(operate(w.payments, w.house, connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(1500), Idempotency: key(fmt.Sprint("c", i))}))
		})
		if got, want := counted(words), counted(filled(n, 6, "approved", "conflict.capture.exceeds")); got != want {
			w.t.Errorf("got %s, want %s", got, want)
		}
		if got := w.get(p.ID); got.Captured != 9000 || got.Capturing != 0 {
			w.t.Errorf("got captured %d, capturing %d, want 9000, 0", got.Captured, got.Capturing)
		}
	})
}

func TestRacingRefundsGiveBackNoMoreThanWasCaptured(t *testing.T) {
	race(t, func(w *world, n int) {
		p := w.paid(connector.Debit, 10000).Payment
		words := make([]string, n)
		together(n, func(i int) {
			words[i] = told(operate(w.payments, w.house, connector.Refund, payment.Operation{Payment: p.ID, Amount: eur(3000), Idempotency: key(fmt.Sprint("r", i))}))
		})
		if got, want := counted(words), counted(filled(n, 3, "approved", "conflict.refund.exceeds")); got != want {
			w.t.Errorf("got %s, want %s", got, want)
		}
		if got := w.get(p.ID); got.Refunded != 9000 || got.Refunding != 0 {
			w.t.Errorf("got refunded %d, refunding %d, want 9000, 0", got.Refunded, got.Refunding)
		}
	})
}

// filled is n words of which the first are one and the rest another.
func filled(n, first int, one, other string) []string {
	words := make([]string, n)
	for i := range words {
		words[i] = other
		if i < first {
			words[i] = one
		}
	}
	return words
}

func TestAVoidAndACaptureOfAllNeverBothHappen(t *testing.T) {
	race(t, func(w *world, n int) {
		p := w.paid(connector.Authorise, 10000).Payment
		words := make([]string, n)
		together(n, func(i int) {
			if i%2 == 0 {
				words[i] = told(operate(w.payments, w.house, connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(10000)}))
			} else {
				words[i] = told(operate(w.payments, w.house, connector.Void, payment.Operation{Payment: p.ID}))
			}
		})
		if got := strings.Count(counted(words), "1 approved"); got != 1 {
			w.t.Errorf("got %s, want one that is approved", counted(words))
		}
		if got := w.get(p.ID); got.Captured+got.Voided != 10000 || got.Captured != 0 && got.Voided != 0 {
			w.t.Errorf("got captured %d and voided %d of 10000", got.Captured, got.Voided)
		}
	})
}

func TestVoidsAmongPartialCapturesTakeTheRest(t *testing.T) {
	race(t, func(w *world, n int) {
		p := w.paid(connector.Authorise, 10000).Payment
		together(n, func(i int) {
			switch {
			case i%4 == 3:
				_, _ = operate(w.payments, w.house, connector.Void, payment.Operation{Payment: p.ID}) // either may win
			default:
				_, _ = operate(w.payments, w.house, connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(700)})
			}
		})
		got := w.get(p.ID)
		if got.Captured+got.Voided > 10000 || got.Voided == 0 && got.Open() >= 700 && n >= 100 {
			w.t.Errorf("got captured %d and voided %d of 10000", got.Captured, got.Voided)
		}
		if got.Capturing+got.Voiding != 0 {
			w.t.Errorf("got capturing %d, voiding %d when all is answered", got.Capturing, got.Voiding)
		}
	})
}

func TestOneKeyMakesOnePayment(t *testing.T) {
	race(t, func(w *world, n int) {
		outs := make([]payment.Outcome, n)
		together(n, func(i int) {
			o := w.order(connector.Debit, 9200)
			o.Idempotency = key("once")
			var err error
			if outs[i], err = w.payments.Pay(context.Background(), w.actor, o); err != nil {
				w.t.Errorf("pay: %v", err)
			}
		})
		first := 0
		for _, out := range outs {
			if out.Payment.ID != outs[0].Payment.ID {
				w.t.Errorf("got payments %s and %s for one key", outs[0].Payment.ID, out.Payment.ID)
			}
			if !out.Replayed {
				first++
			}
		}
		if first != 1 {
			w.t.Errorf("got %d answers that say they are the first, want 1", first)
		}
		w.one(outs[0].Payment.ID, "debit approved 9200")
	})
}

// one checks that the provider's books hold exactly these lines about a payment,
// and that it is the realm's only one.
func (w *world) one(id ident.ID, lines ...string) {
	w.t.Helper()
	if got, want := strings.Join(w.lines(id), ", "), strings.Join(lines, ", "); got != want {
		w.t.Errorf("the provider's books: got %s, want %s", got, want)
	}
	list, err := w.payments.List(context.Background(), w.actor, "", 100)
	if err != nil || len(list) != 1 {
		w.t.Errorf("got %d payments (%v), want 1", len(list), err)
	}
}

func TestOneKeyMakesOneCapture(t *testing.T) {
	race(t, func(w *world, n int) {
		p := w.paid(connector.Authorise, 10000).Payment
		together(n, func(i int) {
			out, err := operate(w.payments, w.house, connector.Capture, payment.Operation{Payment: p.ID, Amount: eur(6000), Idempotency: key("once")})
			if err != nil || out.Attempt.Amount != eur(6000) {
				w.t.Errorf("capture: got %v (%v)", out.Attempt, err)
			}
		})
		w.one(p.ID, "authorise approved 10000", "capture approved 6000")
	})
}

func TestAUniqueReferenceMakesOnePayment(t *testing.T) {
	race(t, func(w *world, n int) {
		w.house = w.house.with(w, merchant.Settings{UniqueReference: true})
		words := make([]string, n)
		together(n, func(i int) {
			o := w.order(connector.Debit, 9200)
			o.Reference, o.Idempotency = "invoice-117", key(fmt.Sprint("k", i))
			words[i] = told(w.payments.Pay(context.Background(), w.actor, o))
		})
		if got, want := counted(words), counted(filled(n, 1, "approved", "conflict.reference")); got != want {
			w.t.Errorf("got %s, want %s", got, want)
		}
	})
}

// with is the house with other settings.
func (h house) with(w *world, set merchant.Settings) house {
	w.t.Helper()
	h.profile.Settings = set
	p, err := (&merchant.Service{DB: w.db, Clock: w.wall.Now}).SaveProfile(context.Background(), h.realm.ID, audit.By{Actor: "test"}, h.profile)
	if err != nil {
		w.t.Fatal(err)
	}
	h.profile = p
	return h
}

// second opens the world's database once more, as another process would.
func (w *world) second() *payment.Service {
	w.t.Helper()
	db, err := store.Open(context.Background(), store.Options{Database: w.database, Clock: w.wall.Now, Log: quiet})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return w.service(db, w.provider)
}

// Two processes on one PostgreSQL do not see each other's batches: versions
// alone keep them apart.
func TestTwoProcessesTakeNoMoreThanIsHeld(t *testing.T) {
	for _, n := range crowds {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := newWorld(t, "postgres")
			nodes := []*payment.Service{w.payments, w.second()}
			p := w.paid(connector.Authorise, 10000).Payment
			together(n, func(i int) {
				op := payment.Operation{Payment: p.ID, Amount: eur(1500), Idempotency: key(fmt.Sprint("k", i%10))}
				_, err := operate(nodes[i%2], w.house, connector.Capture, op)
				if err != nil && !fault.Is(err, "conflict.capture.exceeds") && !errors.Is(err, store.ErrConflict) {
					t.Errorf("capture: %v", err)
				}
			})
			w.recover()
			w.pass(time.Minute, nil)
			w.sound()
			if got := w.get(p.ID); got.Captured > 9000 || got.Capturing != 0 {
				t.Errorf("got captured %d, capturing %d of 10000", got.Captured, got.Capturing)
			}
		})
	}
}

func TestTwoProcessesAnswerOneKeyAlike(t *testing.T) {
	w := newWorld(t, "postgres")
	nodes := []*payment.Service{w.payments, w.second()}
	for round := range 20 {
		p := w.paid(connector.Authorise, 10000).Payment
		outs := make([]payment.Outcome, 8)
		together(len(outs), func(i int) {
			op := payment.Operation{Payment: p.ID, Amount: eur(10000), Idempotency: key(fmt.Sprint("k", round))}
			var err error
			outs[i], err = operate(nodes[i%2], w.house, connector.Capture, op)
			if err != nil && !errors.Is(err, store.ErrConflict) {
				t.Errorf("round %d: capture: %v", round, err)
			}
		})
		if got := strings.Join(w.lines(p.ID), ", "); got != "authorise approved 10000, capture approved 10000" {
			t.Errorf("round %d: the provider's books: %s", round, got)
		}
	}
	w.recover()
	w.pass(time.Minute, nil)
	w.sound()
}
