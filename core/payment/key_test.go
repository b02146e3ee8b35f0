package payment_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func (w *world) keyed(kind connector.Kind, k, fingerprint string) payment.Order {
	o := w.order(kind, 9200)
	o.Idempotency = idempotency.Key{Surface: "gateway", Key: k, Fingerprint: fingerprint}
	return o
}

func TestAKeyUsedForSomethingElse(t *testing.T) {
	each(t, func(w *world) {
		first := w.pay(w.keyed(connector.Debit, "k1", "a"))
		if _, err := w.payments.Pay(context.Background(), w.actor, w.keyed(connector.Debit, "k1", "b")); fault.Code(err) != "conflict.idempotency" {
			w.t.Errorf("another body: got %v", err)
		}
		for _, kind := range []connector.Kind{connector.Capture, connector.Refund, connector.Void} {
			op := payment.Operation{Payment: first.Payment.ID, Amount: eur(100), Idempotency: idempotency.Key{Surface: "gateway", Key: "k1", Fingerprint: "c"}}
			if out, err := operate(w.payments, w.house, kind, op); fault.Code(err) != "conflict.idempotency" {
				w.t.Errorf("%s under a payment's key: got %s", kind, told(out, err))
			}
		}
		if got := len(w.attempts(first.Payment.ID)); got != 1 {
			w.t.Errorf("got %d attempts, want 1", got)
		}
		other := w.keyed(connector.Debit, "k1", "b")
		other.Idempotency.Surface = "april"
		if got := w.pay(other); got.Replayed || got.Payment.ID == first.Payment.ID {
			w.t.Error("another surface's key is not its own")
		}
		w.sound()
	})
}

func TestKeysOfRealmsAreTheirOwn(t *testing.T) {
	each(t, func(w *world) {
		one := w.pay(w.keyed(connector.Debit, "k1", "a"))
		w.house = w.settle("Other Media", w.profile.Settings)
		if two := w.pay(w.keyed(connector.Debit, "k1", "b")); two.Replayed || two.Payment.ID == one.Payment.ID {
			w.t.Error("another realm's key answered")
		}
	})
}

// A refusal is remembered like a success: the repeat hears the same, even when
// the operation could be done by then.
func TestARefusalIsRepeated(t *testing.T) {
	each(t, func(w *world) {
		slow := w.order(connector.Authorise, 10020)
		slow.Card.Number = method.Conceal("4111111111111111")
		p := w.pay(slow)
		op := payment.Operation{Payment: p.Payment.ID, Amount: eur(100), Idempotency: key("too soon")}
		first, err := operate(w.payments, w.house, connector.Capture, op)
		if fault.Code(err) != "conflict.pending" {
			w.t.Fatalf("got %v, want conflict.pending", err)
		}
		w.pass(10*time.Second, nil)
		again, err := operate(w.payments, w.house, connector.Capture, op)
		if err != nil || !again.Replayed || again.Attempt.ID != first.Attempt.ID || again.Attempt.State != payment.Refused || again.Attempt.Code != "conflict.pending" {
			w.t.Errorf("got %s (%s), replayed %v, want the refusal again", told(again, err), again.Attempt.Code, again.Replayed)
		}
		op.Idempotency = key("now")
		if out, err := operate(w.payments, w.house, connector.Capture, op); err != nil || out.Attempt.State != payment.Approved {
			w.t.Errorf("under a new key: got %s", told(out, err))
		}
		declined := w.keyed(connector.Debit, "k2", "a")
		declined.Simulate = map[string]string{"outcome": "declined.stolen_card"}
		no := w.pay(declined)
		declined.Simulate = nil
		if again := w.pay(declined); !again.Replayed || again.Payment.ID != no.Payment.ID || again.Payment.Code != "declined.stolen_card" {
			w.t.Errorf("a decline repeated: got %s (%s)", again.Payment.State, again.Payment.Code)
		}
		broken := w.keyed(connector.Debit, "k3", "a")
		broken.Amount.Minor = 0
		if _, err := w.payments.Pay(context.Background(), w.actor, broken); fault.Code(err) != "invalid.amount" {
			w.t.Errorf("got %v, want invalid.amount", err)
		}
		if out := w.pay(w.keyed(connector.Debit, "k3", "b")); out.Replayed { // what never began took no key
			w.t.Error("an invalid wish used its key up")
		}
		w.sound()
	})
}

// Whoever repeats a wish while the first telling is on its way hears that it
// is not answered yet, and the provider is asked once.
func TestARepeatInFlight(t *testing.T) {
	each(t, func(w *world) {
		s := w.stumbling()
		o := w.keyed(connector.Debit, "k1", "a")
		s.set(func() {
			out, err := w.payments.Pay(context.Background(), w.actor, o)
			if err != nil || !out.Replayed || out.Payment.State != payment.Processing || out.Attempt.State != payment.Sent {
				w.t.Errorf("got %s (%s, %v)", out.Payment.State, out.Attempt.State, err)
			}
		}, nil)
		out := w.pay(o)
		s.set(nil, nil)
		if out.Replayed || out.Payment.State != payment.Captured {
			w.t.Errorf("the first: got %s", out.Payment.State)
		}
		w.one(out.Payment.ID, "debit approved 9200")
	})
}

// A key is good for thirty days; then it may be used again.
func TestKeysAreForgotten(t *testing.T) {
	each(t, func(w *world) {
		first := w.pay(w.keyed(connector.Debit, "k1", "a"))
		forget := func() {
			if err := w.db.Update(context.Background(), store.System, func(tx *store.Tx) error {
				_, err := idempotency.Forget(tx, w.wall.Now())
				return err
			}); err != nil {
				w.t.Fatal(err)
			}
		}
		w.wall.Add(idempotency.Life - time.Minute)
		forget()
		if again := w.pay(w.keyed(connector.Debit, "k1", "a")); again.Payment.ID != first.Payment.ID {
			w.t.Error("the key was forgotten before its time")
		}
		w.wall.Add(2 * time.Minute)
		forget()
		if again := w.pay(w.keyed(connector.Debit, "k1", "b")); again.Replayed || again.Payment.ID == first.Payment.ID {
			w.t.Error("the key was not forgotten")
		}
	})
}

// What Pay refuses before anything is written: no payment, no line at the provider.
func TestOrdersThatAreRefused(t *testing.T) {
	each(t, func(w *world) {
		live := w.actor
		live.Environment = "live"
		weak := w.actor
		weak.May = nil
		noCredit := w.actor
		noCredit.May = noCredit.May[1:]
		strange := w.actor
		strange.Merchants = append(strange.Merchants, "ffffffffffffffffffffffff")
		for _, tt := range []struct {
			name string
			bend func(o *payment.Order)
			want string
		}{
			{"nothing to pay", func(o *payment.Order) { o.Amount.Minor = 0 }, "invalid.amount"},
			{"less than nothing", func(o *payment.Order) { o.Amount.Minor = -1 }, "invalid.amount"},
			{"beyond all money", func(o *payment.Order) { o.Amount.Minor = 1 << 62 }, "invalid.amount"},
			{"no currency", func(o *payment.Order) { o.Amount.Currency = "ZZZ" }, "invalid.currency"},
			{"no card number", func(o *payment.Order) { o.Card.Number = method.Conceal("4200000000000001") }, "invalid.card.number"},
			{"an old card", func(o *payment.Order) { o.Card.ExpiryYear = 2020 }, "invalid.card.expired"},
			{"no security code", func(o *payment.Order) { o.Card.CVV = method.Conceal("") }, "invalid.card.cvv_missing"},
			{"another brand's number", func(o *payment.Order) { o.Brand = "MASTER" }, "invalid.card.brand"},
			{"no such source", func(o *payment.Order) { o.Card, o.Source = nil, "ffffffffffffffffffffffff" }, "not_found.source"},
			{"a wallet without a way back", func(o *payment.Order) { o.Card, o.Method, o.Brand = nil, "wallet", "PAYPAL" }, "invalid.return_url.missing"},
			{"no way to pay", func(o *payment.Order) { o.Card, o.Method = nil, "" }, "invalid.method.not_set_up"},
		} {
			o := w.order(connector.Debit, 9200)
			tt.bend(&o)
			if out, err := w.payments.Pay(context.Background(), w.actor, o); fault.Code(err) != tt.want {
				w.t.Errorf("%s: got %s, want %s", tt.name, told(out, err), tt.want)
			}
		}
		if _, err := w.payments.Pay(context.Background(), live, w.order(connector.Debit, 9200)); fault.Code(err) != "invalid.method.not_set_up" {
			w.t.Errorf("a live realm reached the test provider: %v", err)
		}
		if _, err := w.payments.Pay(context.Background(), weak, w.order(connector.Debit, 9200)); fault.Code(err) != "forbidden.permission" {
			w.t.Errorf("without permission: %v", err)
		}
		if _, err := w.payments.Pay(context.Background(), noCredit, w.order(connector.Credit, 9200)); fault.Code(err) != "forbidden.permission" {
			w.t.Errorf("a credit without its permission: %v", err)
		}
		if _, err := w.payments.Pay(context.Background(), strange, w.order(connector.Debit, 9200)); fault.Code(err) != "not_found.merchant" {
			w.t.Errorf("another merchant's key: %v", err)
		}
		entries, err := w.provider.Books().Entries()
		list, listErr := w.payments.List(context.Background(), w.actor, "", 100)
		if len(entries)+len(list) != 0 || err != nil || listErr != nil {
			w.t.Errorf("got %d lines at the provider and %d payments (%v, %v), want none", len(entries), len(list), err, listErr)
		}
	})
}

// A card that was to be kept is usable once its payment has succeeded, wiped
// when it failed; a payment with it is known by its own number to nobody.
func TestAKeptCardFollowsItsPayment(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		o := w.order(connector.Debit, 9200)
		o.Keep = true
		kept := w.pay(o).Payment
		later := w.order(connector.Debit, 4600)
		later.Card, later.Source, later.CVV = nil, kept.Source, method.Conceal("123")
		if got := w.pay(later).Payment; got.State != payment.Captured || got.Details.Card.Last4 != "0000" || got.Brand != "VISA" {
			w.t.Errorf("got %s with card %+v", got.State, got.Details.Card)
		}
		if series := w.get(kept.ID).Details.Series; series == nil || !strings.HasPrefix(series.SchemeRef, "TB") {
			w.t.Errorf("the scheme's reference is not kept: %+v", series)
		}
		o.Simulate = map[string]string{"outcome": "declined.stolen_card"}
		lost := w.pay(o).Payment
		later.Source = lost.Source
		if _, err := w.payments.Pay(ctx, w.actor, later); fault.Code(err) != "conflict.source" {
			w.t.Errorf("a card whose payment failed: got %v", err)
		}
		waits := w.order(connector.Debit, 9200)
		waits.Keep, waits.Simulate = true, map[string]string{"outcome": "pending"}
		later.Source = w.pay(waits).Payment.Source
		if _, err := w.payments.Pay(ctx, w.actor, later); fault.Code(err) != "conflict.source" {
			w.t.Errorf("a card whose payment waits: got %v", err)
		}
		w.sound()
	})
}

// A rejected risk gives the money back, once.
func TestARejectedRiskGivesBack(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		for kind, want := range map[connector.Kind]string{connector.Authorise: "voided, voided 100.00", connector.Debit: "captured, captured 100.00, refunded 100.00"} {
			o := w.order(kind, 10000)
			o.Simulate = map[string]string{"outcome": "review"}
			p := w.pay(o).Payment
			if p.Risk != payment.RiskReview {
				w.t.Fatalf("got risk %q", p.Risk)
			}
			if _, err := w.payments.DecideRisk(ctx, w.realm.ID, p.ID, false); err != nil {
				w.t.Fatal(err)
			}
			if _, err := w.payments.DecideRisk(ctx, w.realm.ID, p.ID, true); fault.Code(err) != "conflict.not_in_review" {
				w.t.Errorf("a second verdict: %v", err)
			}
			w.pass(time.Second, nil)
			if got := standing(w.get(p.ID)); got != want {
				w.t.Errorf("%s: got %s, want %s", kind, got, want)
			}
		}
		w.sound()
	})
}

// One run of the job drops all keys whose time is up, however many there are.
func TestOldKeysAreDroppedAsFastAsTheyCome(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		err := w.db.Update(ctx, w.realm.ID, func(tx *store.Tx) error {
			for n := range 3*idempotency.Batch + 7 {
				idempotency.Remember(tx, key(fmt.Sprint("old-", n)), "65a000000000000000000001")
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
		w.wall.Add(idempotency.Life + time.Hour)
		fresh := w.order(connector.Debit, 100)
		fresh.Idempotency = key("young")
		w.pay(fresh)
		if err := w.jobs.Every(ctx, "payment.recover"); err != nil {
			w.t.Fatal(err)
		}
		w.work(nil)
		if got := storetest.Rows(w.t, w.db, "idempotency")["idempotency"]; got != 1 {
			w.t.Errorf("got %d keys left, want the young one", got)
		}
	})
}
