package settlement_test

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/settlement/aba"
)

// A payout that nobody sends waits for a file, is carried by one, and ends as
// the bank's statement says.
func TestDirectEntryFile(t *testing.T) {
	each(t, func(w *world) {
		w.Connectors = nil
		w.plan(w.shop, terms(settlement.Net))
		w.bank(w.shop, "5678")
		payer := aba.Payer{Bank: "CBA", Name: "Florin", UserID: "301500", BSB: "062000", Account: "87654321"}
		file := func() (settlement.FileOut, error) {
			f, err := w.DirectEntry(t.Context(), w.realm, payer, w.wall.Now())
			if err == nil {
				f.Payouts, err = w.Carry(t.Context(), w.realm, staff, f)
			}
			return f, err
		}
		if _, err := file(); fault.Code(err) != "conflict.nothing" {
			t.Errorf("got %v", err)
		}
		w.pay(w.shop, 10000)
		w.pass(day)
		early, err := w.DirectEntry(t.Context(), w.realm, payer, w.wall.Now())
		if err != nil || len(early.Payouts) != 1 {
			t.Fatalf("got %+v, %v", early, err)
		}
		w.pay(w.shop, 5000)
		w.pass(day)
		f, err := file()
		if err != nil || len(f.Payouts) != 2 || strings.Count(string(f.Text), "\r\n") != 4 {
			t.Fatalf("got %d payouts, %v, %q", len(f.Payouts), err, f.Text)
		}
		for _, p := range f.Payouts {
			if !strings.Contains(string(f.Text), p.Reference) || p.State != settlement.InTransit {
				t.Errorf("payout %s, %s, is not in %q", p.Reference, p.State, f.Text)
			}
		}
		if _, err := file(); fault.Code(err) != "conflict.nothing" {
			t.Errorf("a second file: got %v", err)
		}
		if _, err := w.Carry(t.Context(), w.realm, staff, early); fault.Code(err) != "conflict.payout" { // it has a payout of the other one
			t.Errorf("a file of before: got %v", err)
		}
		for text, want := range map[string]int{string(f.Text): 2, string(early.Text): 0} {
			if list, err := w.Carried(t.Context(), w.realm, []byte(text)); err != nil || len(list) != want {
				t.Errorf("got %d payouts (%v), want %d in %q", len(list), err, want, text)
			}
		}
		w.pass(day)
		for i, tt := range []struct {
			n     int
			state settlement.State
			want  string
		}{{0, "pending", "invalid.outcome"}, {0, settlement.Reversed, "conflict.payout"}, {0, settlement.Paid, ""}, {0, settlement.Paid, ""},
			{0, settlement.Failed, "conflict.payout"}, {1, settlement.Failed, ""}} {
			if _, err := w.Conclude(t.Context(), w.realm, staff, f.Payouts[tt.n].ID, tt.state); fault.Code(err) != tt.want {
				t.Errorf("%d: got %v, want %q", i, err, tt.want)
			}
		}
		w.expectPayouts(w.shop, "paid 0 9774 9774 0", "failed 0 4870 4870 0", "collects 0 4870 4870 0")
		if _, err := w.Cancel(t.Context(), w.realm, f.Payouts[1].ID); fault.Code(err) != "conflict.payout" {
			t.Errorf("cancelled after it failed: got %v", err)
		}
		w.pass(day)
		if p, err := w.Cancel(t.Context(), w.realm, w.newest(w.shop).ID); err != nil || p.State != settlement.Canceled {
			t.Errorf("got %s, %v", p.State, err)
		}
		w.owes(ledger.Merchant(w.shop.ID), 4870)
		w.sound()
	})
}
