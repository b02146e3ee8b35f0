package settlement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// bank gives a seller an Australian account whose number ends as the test bank
// tells accounts apart.
func (w *world) bank(s seller, last4 string) ident.ID {
	w.t.Helper()
	f, err := w.merchants.AddAccount(w.t.Context(), w.realm, audit.By{Actor: "test"}, s.ID, merchant.BankAccount{Holder: "Kite Pty Ltd", Region: merchant.Australia,
		BankCode: "062000", Number: "1234" + last4, Currency: "AUD"}, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return f.Accounts[len(f.Accounts)-1].ID
}

// payouts are a seller's payouts, the oldest first: state, opening, credited,
// amount, closing.
func (w *world) payouts(s seller) (out []string) {
	w.t.Helper()
	list, _, err := w.Payouts(w.t.Context(), w.realm, settlement.Filter{Merchants: []ident.ID{s.ID}, Page: store.Page{Limit: 100, Sort: []string{"id"}}})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range list {
		o, err := w.Payout(w.t.Context(), w.realm, p.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		sum := int64(0)
		for _, l := range o.Lines {
			sum += l.Amount
		}
		if !p.Collects && sum != p.Amount+p.Closing || p.Opening+p.Credited != p.Amount+p.Closing {
			w.t.Errorf("payout %d: %d and %d are not %d and %d; its lines come to %d", p.Number, p.Opening, p.Credited, p.Amount, p.Closing, sum)
		}
		word := string(p.State)
		if p.Collects {
			word = "collects"
		}
		out = append(out, fmt.Sprintf("%s %d %d %d %d", word, p.Opening, p.Credited, p.Amount, p.Closing))
	}
	return out
}

func (w *world) expectPayouts(s seller, want ...string) {
	w.t.Helper()
	if got := w.payouts(s); !slices.Equal(got, want) {
		w.t.Errorf("payouts (state, opening, credited, amount, closing): got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestMarketplaceIsPaid: a marketplace's parts, less what went back of them, come
// to its bank account, and nothing of them stays in the books.
func TestMarketplaceIsPaid(t *testing.T) {
	each(t, func(w *world) {
		set := terms(settlement.Net)
		set.RefundFee, set.Shares = 0, []settlement.Part{{Marketplace: true, BasisPoints: 1000}}
		w.plan(w.shop, set)
		w.plan(w.other, set) // one marketplace, one merchant of its own
		fair := w.fair()
		if got, err := w.Plan(t.Context(), w.realm, fair.ID); err != nil || got.Currency != "AUD" || got.Terms.Mode != settlement.Net || len(got.Terms.Rules) > 0 || fair.Name != "Fair" {
			t.Fatalf("got %+v of %s, %v", got, fair.Name, err)
		}
		self := settlement.Plan{Merchant: fair.ID, Version: 1, Currency: "AUD", Terms: set}
		if _, err := w.SavePlan(t.Context(), w.realm, staff, self); fault.Code(err) != "invalid.split" {
			t.Errorf("a marketplace that shares with itself: got %v", err)
		}
		w.bank(fair, "5678")
		first := w.pay(w.shop, 10000)
		w.pay(w.other, 3300)
		w.refund(first, 2500, "")
		w.expectPayouts(fair, "collects 0 1080 1080 0")
		w.pass(24 * time.Hour)
		w.pass(24 * time.Hour)
		w.expectPayouts(fair, "paid 0 1080 1080 0", "collects 0 0 0 0")
		w.owes(ledger.Merchant(fair.ID), 0)
		w.refund(first, 2500, "") // after the payout: it owes that back
		w.expectPayouts(fair, "paid 0 1080 1080 0", "collects 0 -250 0 -250")
		w.owes(ledger.Merchant(fair.ID), -250)
		w.sound()
	})
}

// newest is a seller's newest payout that collects no longer.
func (w *world) newest(s seller) settlement.Opened {
	w.t.Helper()
	list, _, err := w.Payouts(w.t.Context(), w.realm, settlement.Filter{Merchants: []ident.ID{s.ID}, Page: store.Page{Limit: 100}})
	if err != nil || len(list) < 2 {
		w.t.Fatalf("got %v, %v", list, err)
	}
	o, err := w.Payout(w.t.Context(), w.realm, list[1].ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) happened(id ident.ID) string {
	w.t.Helper()
	var words []string
	w.view(func(tx *store.Tx) error {
		list, err := event.Of(tx, id)
		for i, e := range list {
			if e.Seq != int64(i+1) {
				w.t.Errorf("event %d has number %d", i+1, e.Seq)
			}
			words = append(words, strings.TrimPrefix(e.Type, "payout."))
		}
		return err
	})
	return strings.Join(words, " ")
}

// paidOut is what the bank's own books say.
func (w *world) paidOut() (out []string) {
	w.t.Helper()
	list, err := w.provider.Books().Payouts()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s %s %d", p.Channel, p.State, p.Amount.Minor))
	}
	return out
}

const day = 24 * time.Hour

// Each day the schedule closes the payout and the bank pays it; a debt is
// brought forward until payments make up for it.
func TestPayoutsByTheDay(t *testing.T) {
	each(t, func(w *world) {
		w.plan(w.shop, terms(settlement.Net))
		w.bank(w.shop, "5678")
		p := w.pay(w.shop, 12500)
		w.refund(p, 2500, "")
		w.expectPayouts(w.shop, "collects 0 9704 9704 0")
		w.pass(day)
		w.expectPayouts(w.shop, "in_transit 0 9704 9704 0", "collects 0 0 0 0")
		w.owes(ledger.Merchant(w.shop.ID), 0) // reserved
		o := w.newest(w.shop)
		if got, want := fmt.Sprint(o.Lines), "[{payment 1 12500} {refund 1 -2500} {platform_fee 2 -296}]"; got != want {
			t.Errorf("lines: got %s, want %s", got, want)
		}
		w.refund(p, 10000, "")
		w.pass(day)
		w.expectPayouts(w.shop, "paid 0 9704 9704 0", "paid 0 -10022 0 -10022", "collects -10022 0 0 -10022")
		w.pass(3 * day) // nothing new: it goes on collecting
		w.pay(w.shop, 20000)
		w.pass(day)
		w.pass(2 * day)
		w.expectPayouts(w.shop, "paid 0 9704 9704 0", "paid 0 -10022 0 -10022", "paid -10022 19582 9560 0", "collects 0 0 0 0")
		if got, want := w.happened(o.ID), "created pending in_transit paid"; got != want {
			t.Errorf("events: got %s, want %s", got, want)
		}
		if got, want := fmt.Sprint(w.paidOut()), "[direct_entry approved 9704 direct_entry approved 9560]"; got != want {
			t.Errorf("the bank's books: got %s, want %s", got, want)
		}
		w.owes(ledger.Merchant(w.shop.ID), 0)
		w.owes(ledger.Bank, 9704+9560)
		paid, err := w.PaidOn(t.Context(), w.realm, p.ID)
		if err != nil || paid[p.ID].Payout != o.ID || paid[p.ID].PaidAt.IsZero() {
			t.Errorf("paid on: got %v, %v", paid, err)
		}
		w.sound()
	})
}

// What the bank says no to, sends back, or does not answer.
func TestPayoutsThatFail(t *testing.T) {
	each(t, func(w *world) {
		tests := []struct {
			last4  string
			states string // of its payouts, in the end
			events string // of the first
			want   []string
		}{
			{"0000", "failed", "created pending failed", []string{"direct_entry refused 952"}},
			{"2222", "reversed", "created pending in_transit paid reversed", []string{"direct_entry refused 952"}},
			{"3333", "paid", "created pending paid", []string{"direct_entry approved 952"}},
		}
		for i, tt := range tests {
			s := w.seller(fmt.Sprintf("seller%d", i))
			w.plan(s, terms(settlement.Net))
			w.bank(s, tt.last4)
			w.pay(s, 1005) // less 53 of fee and tax
			before := len(w.paidOut())
			w.pass(day)
			o := w.newest(s)
			w.merchantStops(s) // no further payout, so that one is watched
			for range 4 {
				w.pass(day)
			}
			o, err := w.Payout(t.Context(), w.realm, o.ID)
			if err != nil || string(o.State) != tt.states {
				t.Errorf("%s: got %s %v, want %s", tt.last4, o.State, err, tt.states)
			}
			if got := w.happened(o.ID); got != tt.events {
				t.Errorf("%s: got %s, want %s", tt.last4, got, tt.events)
			}
			if got := w.paidOut()[before:]; !slices.Equal(got, tt.want) {
				t.Errorf("%s: the bank's books: got %v, want %v", tt.last4, got, tt.want)
			}
			owed := int64(952)
			if o.State == settlement.Paid {
				owed = 0
			}
			w.owes(ledger.Merchant(s.ID), owed)
			b, err := w.Balance(t.Context(), w.realm, s.ID, "AUD")
			if err != nil || b.Available != owed {
				t.Errorf("%s: got %v %v, want %d", tt.last4, b, err, owed)
			}
		}
		w.sound()
	})
}

// merchantStops switches automatic payouts off.
func (w *world) merchantStops(s seller) {
	w.t.Helper()
	if _, err := w.merchants.Change(w.t.Context(), w.realm, audit.By{Actor: "test"}, s.ID, func(m *merchant.Merchant) error { m.Payouts.Manual = true; return nil }); err != nil {
		w.t.Fatal(err)
	}
}

// A merchant without an account has its payouts suspended until it has one.
func TestSuspendedPayouts(t *testing.T) {
	each(t, func(w *world) {
		w.plan(w.shop, terms(settlement.Net))
		w.pay(w.shop, 10000)
		w.pass(day)
		w.expectPayouts(w.shop, "suspended 0 9774 9774 0", "collects 0 0 0 0")
		w.bank(w.shop, "5678")
		w.pass(day)
		w.pass(2 * day)
		w.expectPayouts(w.shop, "paid 0 9774 9774 0", "collects 0 0 0 0")
		w.sound()
	})
}

// Payouts by hand: the channels are tried in order, the fee is taken with it,
// what is left is brought forward.
func TestPayoutsByHand(t *testing.T) {
	each(t, func(w *world) {
		w.plan(w.shop, terms(settlement.Net))
		w.merchantStops(w.shop)
		ask := func(r settlement.Request) (settlement.Payout, error) {
			if r.Merchant == "" {
				r.Merchant = w.shop.ID
			}
			if r.Descriptor == "" {
				r.Descriptor = "Kite payout"
			}
			return w.PayOut(t.Context(), w.actor(), r)
		}
		w.pay(w.shop, 10000)
		if _, err := ask(settlement.Request{Amount: aud(100)}); fault.Code(err) != "conflict.account" {
			t.Errorf("without an account: got %v", err)
		}
		w.bank(w.shop, "1111") // does not take npp
		for _, tt := range []struct {
			r    settlement.Request
			want string
		}{
			{settlement.Request{Merchant: "65a000000000000000000001", Amount: aud(1)}, "not_found.merchant"},
			{settlement.Request{Merchant: w.other.ID, Amount: aud(1)}, "conflict.no_plan"},
			{settlement.Request{Amount: eur(1)}, "invalid.currency"},
			{settlement.Request{Amount: aud(0)}, "invalid.amount"},
			{settlement.Request{Amount: aud(1), Descriptor: "a line\nand another"}, "invalid.descriptor"},
			{settlement.Request{Amount: aud(1), Channels: []string{"pigeon"}}, "invalid.channels"},
			{settlement.Request{Amount: aud(1), Channels: []string{"npp", "npp"}}, "invalid.channels"},
			{settlement.Request{Amount: aud(1), Account: "65a000000000000000000001"}, "not_found.account"},
			{settlement.Request{Amount: aud(1), FeePayer: w.other.ID}, "not_found.merchant"}, // it has no plan
			{settlement.Request{Amount: aud(9774 - 55 + 1)}, "conflict.balance"},
		} {
			if _, err := ask(tt.r); fault.Code(err) != tt.want {
				t.Errorf("%+v: got %v, want %s", tt.r, err, tt.want)
			}
		}
		if _, err := w.PayOut(t.Context(), access.Actor{Realm: w.realm}, settlement.Request{}); fault.Code(err) != "forbidden.permission" {
			t.Errorf("got %v", err)
		}
		w.expectPayouts(w.shop, "collects 0 9774 9774 0") // nothing has changed
		p, err := ask(settlement.Request{Amount: aud(5000)})
		if err != nil || p.State != settlement.Created || p.Amount != 5000 {
			t.Fatalf("got %+v, %v", p, err)
		}
		w.work()
		w.pass(2 * day)
		w.expectPayouts(w.shop, "paid 0 9719 5000 4719", "collects 4719 0 4719 0")
		if got, want := fmt.Sprint(w.paidOut()), "[npp refused 5000 direct_entry approved 5000]"; got != want {
			t.Errorf("the bank's books: got %s, want %s", got, want)
		}
		if got, want := fmt.Sprint(w.newest(w.shop).Lines), "[{payment 1 10000} {payout_fee 1 -55} {platform_fee 1 -226}]"; got != want {
			t.Errorf("lines: got %s, want %s", got, want)
		}
		w.plan(w.other, terms(settlement.Net)) // now it can pay the fee
		if _, err := ask(settlement.Request{Amount: aud(4719), FeePayer: w.other.ID, Channels: []string{"direct_entry"}}); err != nil {
			t.Fatal(err)
		}
		w.work()
		w.owes(ledger.Merchant(w.other.ID), -55)
		w.owes(ledger.Merchant(w.shop.ID), 0)
		w.sound()
	})
}

// The simulation gives payouts their ends at once.
func TestSimulatedPayouts(t *testing.T) {
	each(t, func(w *world) {
		w.plan(w.shop, terms(settlement.Net))
		w.bank(w.shop, "5678")
		if _, err := w.Simulate(t.Context(), w.realm, w.shop.ID, "paid"); fault.Code(err) != "conflict.nothing" {
			t.Errorf("nothing to pay: got %v", err)
		}
		w.pay(w.shop, 10000)
		for i, tt := range []struct{ outcome, want string }{{"failed", "failed"}, {"paid", "paid"}, {"reversed", "reversed"}, {"paid", "paid"}} {
			p, err := w.Simulate(t.Context(), w.realm, w.shop.ID, tt.outcome)
			if err != nil || string(p.State) != tt.want || p.Amount != 9774 {
				t.Errorf("%d %s: got %s %d, %v", i, tt.outcome, p.State, p.Amount, err)
			}
		}
		w.work() // what the queue still holds finds nothing to do
		w.expectPayouts(w.shop, "failed 0 9774 9774 0", "reversed 0 9774 9774 0", "paid 0 9774 9774 0", "collects 0 0 0 0")
		if got := w.paidOut(); len(got) != 0 {
			t.Errorf("the bank was asked: %v", got)
		}
		for _, tt := range []struct{ outcome, want string }{{"lost", "invalid.outcome"}, {"failed", "conflict.nothing"}} {
			if _, err := w.Simulate(t.Context(), w.realm, w.shop.ID, tt.outcome); fault.Code(err) != tt.want {
				t.Errorf("%s: got %v, want %s", tt.outcome, err, tt.want)
			}
		}
		w.sound()
	})
}

// Whatever happens in whichever order, payouts are the sum of their lines, what
// one leaves is what the next begins with, and entries, payouts and books agree.
func TestPayoutsAddUp(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.plan(w.shop, terms(settlement.Net))
	w.bank(w.shop, "5678")
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				p := w.pay(w.shop, rapid.Int64Range(1, 50_000).Draw(t, "amount"))
				w.refund(p, rapid.Int64Range(1, p.Captured).Draw(t, "back"), "")
			case 1:
				w.pass(day)
			case 2:
				outcome := rapid.SampledFrom([]string{"paid", "failed", "reversed"}).Draw(t, "outcome")
				if _, err := w.Simulate(w.t.Context(), w.realm, w.shop.ID, outcome); err != nil && fault.Code(err) != "conflict.nothing" {
					t.Fatal(err)
				}
			case 3:
				amount := aud(rapid.Int64Range(1, 20_000).Draw(t, "by hand"))
				_, err := w.PayOut(w.t.Context(), w.actor(), settlement.Request{Merchant: w.shop.ID, Amount: amount, Descriptor: "x"})
				if err != nil && fault.Code(err) != "conflict.balance" {
					t.Fatal(err)
				}
			}
		}
		b, err := w.Balance(w.t.Context(), w.realm, w.shop.ID, "AUD")
		if err != nil {
			t.Fatal(err)
		}
		w.owes(ledger.Merchant(w.shop.ID), b.Available+b.Waiting)
		if w.t.Failed() {
			t.FailNow()
		}
	})
	w.payouts(w.shop) // each the sum of its lines
	w.sound()
}

// Two who close the open payout at once: one of them does.
func TestPayoutsRace(t *testing.T) {
	w := newWorld(t, "postgres")
	w.plan(w.shop, terms(settlement.Net))
	w.bank(w.shop, "5678")
	w.pay(w.shop, 10000)
	codes := make(chan string, 8)
	for range cap(codes) {
		go func() {
			_, err := w.PayOut(t.Context(), w.actor(), settlement.Request{Merchant: w.shop.ID, Amount: aud(9000), Descriptor: "x"})
			codes <- fault.Code(err)
		}()
	}
	counts := map[string]int{}
	for range cap(codes) {
		counts[<-codes]++
	}
	if counts[""] != 1 || counts["conflict.balance"] != cap(codes)-1 {
		t.Errorf("got %v, want one success", counts)
	}
	w.sound()
}

// Who cannot pay out is not asked: a live realm reaches no test bank.
func TestLivePayoutsReachNoTestBank(t *testing.T) {
	w := newWorld(t, storetest.Engines[0])
	realm, err := w.access.AddRealm(t.Context(), "live", access.Live)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Simulate(t.Context(), realm.ID, w.shop.ID, "paid"); fault.Code(err) != "forbidden.live" {
		t.Errorf("got %v", err)
	}
	var _ connector.Payer = (*fake.Provider)(nil)
}
