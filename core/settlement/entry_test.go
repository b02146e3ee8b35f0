package settlement_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
)

func (w *world) expect(p payment.Payment, want ...string) {
	w.t.Helper()
	if got := w.lines(p); !slices.Equal(got, want) {
		w.t.Errorf("entries: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// owes compares an account with what the entries of its owner come to.
func (w *world) owes(a ledger.Account, want int64) {
	w.t.Helper()
	posted, pending := w.posted(a)
	if got := -(posted + pending); got != want {
		w.t.Errorf("%s: got %d, want %d", a, got, want)
	}
}

// A merchant that settles net: every movement of its money has an entry, and
// the entries come to what the books say.
func TestNetEntries(t *testing.T) {
	each(t, func(w *world) {
		w.merchantStops(w.shop)
		before := w.pay(w.shop, 5000) // no plan yet
		w.plan(w.shop, terms(settlement.Net))
		w.expect(before)
		p := w.pay(w.shop, 12500)
		w.refund(p, 2500, "")
		w.refund(p, 1000, "refund_fails_later")
		w.pass(25 * time.Hour)
		w.dispute(w.shop, p, 3000)
		w.dispute(w.shop, p, 1000)
		w.represent(w.shop, p, 3000)
		w.represent(w.shop, p, 1000)
		w.expect(p,
			"shop payment 12226 gross 12500 fee 274 tax 25",
			"shop refund -2522 gross -2500 fee 22 tax 2",
			"shop refund -1022 gross -1000 fee 22 tax 2",
			"shop refund_return 1000 gross 1000 fee 0 tax 0",
			"shop dispute -3000 gross -3000 fee 0 tax 0",
			"shop dispute_fee -2750 gross 0 fee 2750 tax 250",
			"shop dispute -1000 gross -1000 fee 0 tax 0",
			"shop dispute_fee -2750 gross 0 fee 2750 tax 250",
			"shop dispute_reversal 3000 gross 3000 fee 0 tax 0",
			"shop dispute_reversal 6500 gross 1000 fee -5500 tax -500")
		w.owes(ledger.Merchant(w.shop.ID), 5000+12226-2522-1022+1000-3000-2750-1000-2750+3000+6500)
		w.owes(ledger.Fees, 249+20+20)
		w.owes(ledger.Tax("AU"), 25+2+2)
		w.sound()
	})
}

// A merchant that settles gross has its payments whole and owes the fees.
func TestGrossEntries(t *testing.T) {
	each(t, func(w *world) {
		w.plan(w.shop, terms(settlement.Gross))
		p := w.pay(w.shop, 12500)
		w.refund(p, 12500, "")
		w.expect(p, "shop payment 12500 gross 12500 fee 274 tax 25", "shop refund -12500 gross -12500 fee 22 tax 2")
		w.owes(ledger.Merchant(w.shop.ID), 0)
		w.owes(ledger.Receivable(w.shop.ID), -(274 + 22))
		w.sound()
	})
}

// Money that was captured is available days later; what goes back of it in the
// meantime waits with it.
func TestAvailability(t *testing.T) {
	each(t, func(w *world) {
		set := terms(settlement.Net)
		set.DelayDays, set.BusinessDays = 2, true
		w.plan(w.shop, set)
		p := w.pay(w.shop, 12500) // Friday evening in Sydney
		w.refund(p, 500, "")
		w.pass(10 * 24 * time.Hour)
		w.refund(p, 500, "")
		list, err := w.Entries(t.Context(), w.realm, p.ID)
		if err != nil || len(list) != 3 {
			t.Fatalf("got %v, %v", list, err)
		}
		tuesday := time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC) // midnight in Sydney
		for i, want := range []time.Time{tuesday, tuesday, list[2].At} {
			if got := list[i].AvailableAt; !got.Equal(want) {
				t.Errorf("entry %d: available at %v, want %v", i, got, want)
			}
		}
	})
}

// Parts of a payment go to the marketplace and to another merchant, and come
// back to the cent when the payment goes back in pieces.
func TestParts(t *testing.T) {
	each(t, func(w *world) {
		set := terms(settlement.Net)
		set.RefundFee, set.DisputeFee = 0, 0
		set.Shares = []settlement.Part{{Payee: w.market, Marketplace: true, BasisPoints: 1000}, {Payee: w.other.ID, Fixed: 333}}
		w.plan(w.shop, set)
		w.merchantStops(w.shop)
		w.merchantStops(w.fair())
		p := w.pay(w.shop, 1001)
		shop, other, fair := ledger.Merchant(w.shop.ID), ledger.Merchant(w.other.ID), ledger.Merchant(w.fair().ID)
		fee := int64(18 + 30 + 5)
		w.owes(fair, 100)
		w.owes(other, 333)
		w.owes(shop, 1001-433-fee)
		w.refund(p, 100, "refund_fails_later")
		w.owes(fair, 90)
		w.owes(other, 300)
		w.pass(25 * time.Hour) // it comes back, and so does each part
		w.owes(fair, 100)
		w.owes(other, 333)
		w.dispute(w.shop, p, 501)
		w.represent(w.shop, p, 501)
		w.owes(fair, 100)
		w.owes(other, 333)
		for _, n := range []int64{7, 1, 500, 293, 200} {
			w.refund(p, n, "")
		}
		w.owes(fair, 0)
		w.owes(other, 0)
		w.owes(shop, -fee)
		w.expect(w.pay(w.other, 100)) // a payee without a plan has its parts, and no entries of its own payments
		w.sound()
	})
}

// A payment may have parts of its own, said once and before it is captured.
func TestSplitOfOnePayment(t *testing.T) {
	each(t, func(w *world) {
		w.plan(w.shop, terms(settlement.Net))
		alone := w.seller("alone")
		if _, err := w.merchants.Change(t.Context(), w.realm, audit.By{Actor: "test"}, alone.ID, func(m *merchant.Merchant) error { m.Marketplace = ""; return nil }); err != nil {
			t.Fatal(err)
		}
		split := func(owner ident.ID, of ident.ID, parts ...settlement.Part) error {
			return w.db.Update(t.Context(), w.realm, func(tx *store.Tx) error { return w.Split(tx, owner, of, parts) })
		}
		of := ident.ID("65a000000000000000000001")
		for _, tt := range []struct {
			owner ident.ID
			part  settlement.Part
			want  string
		}{
			{w.shop.ID, settlement.Part{Payee: w.shop.ID, Fixed: 1}, "invalid.split"},
			{w.shop.ID, settlement.Part{Payee: alone.ID, Fixed: 1}, "invalid.split"},
			{w.shop.ID, settlement.Part{Payee: w.other.ID, Marketplace: true, Fixed: 1}, "invalid.split"},
			{w.shop.ID, settlement.Part{Payee: w.other.ID}, "invalid.split"},
			{w.other.ID, settlement.Part{Payee: w.shop.ID, Fixed: 1}, "conflict.no_plan"},
			{of, settlement.Part{Payee: w.shop.ID, Fixed: 1}, "not_found.merchant"},
			{w.shop.ID, settlement.Part{Payee: w.other.ID, BasisPoints: 5000}, ""},
			{w.shop.ID, settlement.Part{Payee: w.other.ID, BasisPoints: 5000}, "conflict.split"},
		} {
			if got := fault.Code(split(tt.owner, of, tt.part)); got != tt.want {
				t.Errorf("%+v: got %s, want %s", tt.part, got, tt.want)
			}
		}
		parts, err := w.Parts(t.Context(), w.realm, of)
		if err != nil || len(parts) != 1 || parts[0].BasisPoints != 5000 || parts[0].Amount != 0 {
			t.Errorf("got %+v, %v", parts, err)
		}
	})
}

// A plan is changed over the version it was made from, and is in force at once
// on the node that changed it.
func TestPlansChange(t *testing.T) {
	each(t, func(w *world) {
		p := w.plan(w.shop, terms(settlement.Net))
		w.pay(w.shop, 1000)
		again := p
		again.Version = 0
		if _, err := w.SavePlan(t.Context(), w.realm, staff, again); fault.Code(err) != "conflict.plan" {
			t.Errorf("a second first plan: got %v", err)
		}
		p.Terms.Rules = nil
		if _, err := w.SavePlan(t.Context(), w.realm, staff, p); err != nil {
			t.Fatal(err)
		}
		w.expect(w.pay(w.shop, 1000), "shop payment 1000 gross 1000 fee 0 tax 0")
		if _, err := w.SavePlan(t.Context(), w.realm, staff, p); fault.Code(err) != "conflict.plan" {
			t.Errorf("an old version: got %v", err)
		}
		got, err := w.Plan(t.Context(), w.realm, w.shop.ID)
		if err != nil || got.Version != 2 || got.Terms.TaxCountry != "AU" || got.Currency != "AUD" {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := w.Plan(t.Context(), w.realm, w.other.ID); fault.Code(err) != "not_found.plan" {
			t.Errorf("got %v", err)
		}
	})
}
