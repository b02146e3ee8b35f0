package settlement_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

// A process is stopped between the commit of a payout's intent and its request,
// in the end for so long that another worker is told "never seen" and takes it
// for proof. It sends nothing any more, and the money is owed once.
func TestAPayoutStoppedBeforeItIsSent(t *testing.T) {
	var stopped func() // between the two
	intended := false
	w := newWorld(t, "sqlite", func(o *store.Options) {
		o.Inline = true
		o.Boundary = func(b store.Boundary) error {
			if b == store.After && intended && stopped != nil {
				fn := stopped
				stopped = nil
				fn()
			}
			return nil
		}
	})
	w.events.Listen(func(_ *store.Tx, e event.Event) error {
		intended = e.Type == "payout.pending"
		return nil
	})
	for i, stop := range []struct {
		d    time.Duration
		sent bool
	}{{24 * time.Second, true}, {26 * time.Second, false}, {13 * time.Hour, false}} {
		s := w.seller(fmt.Sprintf("seller%d", i))
		w.plan(s, terms(settlement.Net))
		w.bank(s, "4444")
		w.pay(s, 1005) // less 53 of fee and tax
		before := len(w.paidOut())
		stopped = func() {
			w.wall.Add(stop.d)
			w.work()
		}
		w.pass(day)
		state, owed, lines := settlement.Failed, int64(952), 0
		if stop.sent {
			state, owed, lines = settlement.InTransit, 0, 1
		}
		if o := w.newest(s); stopped != nil || o.State != state {
			t.Errorf("stopped for %v: got %s (%s), want %s", stop.d, o.State, o.Details.Code, state)
		}
		if got := w.paidOut()[before:]; len(got) != lines {
			t.Errorf("stopped for %v: the bank's books have %v, want %d lines", stop.d, got, lines)
		}
		w.owes(ledger.Merchant(s.ID), owed)
		w.merchantStops(s)
	}
	w.sound()
}
