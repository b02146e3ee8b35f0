package payment_test

import (
	"context"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

func (w *world) disputes(payments ...ident.ID) []payment.Disputed {
	w.t.Helper()
	list, _, err := w.payments.Disputes(context.Background(), w.actor.Realm, payment.DisputeFilter{Payments: payments, Page: store.Page{Limit: 50, Sort: []string{"id"}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) end(id ident.ID, how payment.DisputeState) error {
	_, err := w.payments.EndDispute(context.Background(), w.actor.Realm, audit.By{Actor: "test"}, id, how)
	return err
}

// bank has the payer's bank take money back, or give it back.
func (w *world) outside(act func() error) {
	w.t.Helper()
	if err := act(); err != nil {
		w.t.Fatal(err)
	}
	w.pass(time.Second, nil)
}

func TestDisputes(t *testing.T) {
	each(t, func(w *world) {
		p := w.paid(connector.Debit, 10000).Payment
		take := func(minor int64) {
			w.outside(func() error { return w.provider.Dispute(w.account(), p.ID, eur(minor), "000.100.220", w.now()) })
		}
		give := func(minor int64) {
			w.outside(func() error { return w.provider.Represent(w.account(), p.ID, eur(minor), w.now()) })
		}
		stands := func(what string, disputed, lost int64, stage payment.Stage, states ...payment.DisputeState) []payment.Disputed {
			t.Helper()
			got, list := w.get(p.ID), w.disputes(p.ID)
			if got.Disputed != disputed || got.Lost != lost || got.Stage() != stage || len(list) != len(states) {
				t.Fatalf("%s: got disputed %d, lost %d, %s, %d disputes", what, got.Disputed, got.Lost, got.Stage(), len(list))
			}
			for i, want := range states {
				if list[i].Dispute.State != want {
					t.Errorf("%s: dispute %d is %s, want %s", what, i, list[i].Dispute.State, want)
				}
			}
			return list
		}
		take(4000)
		list := stands("opened", 4000, 0, payment.StageDisputed, payment.NeedsResponse)
		if d := list[0].Dispute; d.Reason == "" || !d.DueAt.After(d.OpenedAt) || !d.ClosedAt.IsZero() || d.Amount != eur(4000) {
			t.Errorf("got %+v", d)
		}
		give(1500)
		stands("a part came home", 2500, 0, payment.StageDisputed, payment.NeedsResponse)
		give(2500)
		stands("won", 0, 0, payment.StageTaken, payment.DisputeWon)
		if err := w.end(list[0].Dispute.ID, payment.DisputeLost); fault.Code(err) != "conflict.dispute" {
			t.Errorf("lost after it was won: got %v", err)
		}
		take(3000)
		list = stands("opened again", 3000, 0, payment.StageDisputed, payment.DisputeWon, payment.NeedsResponse)
		for range 2 {
			if err := w.end(list[1].Dispute.ID, payment.DisputeLost); err != nil {
				t.Fatal(err)
			}
		}
		stands("lost", 0, 3000, payment.StagePartlyRefunded, payment.DisputeWon, payment.DisputeLost)
		if _, err := w.payments.Refund(context.Background(), w.actor, payment.Operation{Payment: p.ID, Amount: eur(7001)}); fault.Code(err) != "conflict.refund.exceeds" {
			t.Errorf("a refund of what was lost: got %v", err)
		}
		take(7000)
		list = stands("the rest", 7000, 3000, payment.StageDisputed, payment.DisputeWon, payment.DisputeLost, payment.NeedsResponse)
		if err := w.end(list[2].Dispute.ID, payment.DisputeGiven); err != nil {
			t.Fatal(err)
		}
		stands("accepted", 0, 10000, payment.StageRefunded, payment.DisputeWon, payment.DisputeLost, payment.DisputeGiven)
		give(3000)
		stands("it gives in after all", 0, 7000, payment.StagePartlyRefunded, payment.DisputeWon, payment.DisputeWon, payment.DisputeGiven)
		if err := w.end(list[2].Dispute.ID, payment.DisputeWon); fault.Code(err) != "invalid.outcome" {
			t.Errorf("won by hand: got %v", err)
		}
		if err := w.end(p.ID, payment.DisputeLost); fault.Code(err) != "not_found.dispute" {
			t.Errorf("no dispute: got %v", err)
		}
		w.sound()
	})
}
