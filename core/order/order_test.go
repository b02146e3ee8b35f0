package order_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// shop is a merchant's orders over a real core and the test provider.
type shop struct {
	*order.Service
	t        *testing.T
	access   *access.Service
	payments *payment.Service
	jobs     *job.Queue
	provider *fake.Provider
	actor    access.Actor
	profile  merchant.Profile
	told     []string // the events of orders
	mu       sync.Mutex
}

func each(t *testing.T, fn func(s *shop)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) { fn(open(t, engine)) })
	}
}

func open(t *testing.T, engine string) *shop {
	t.Helper()
	s := &shop{t: t}
	clock := storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))
	db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = clock.Now })
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	keys, err := vault.EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	if s.provider, err = fake.New(fake.Config{BaseURL: "https://pay.example", Clock: clock.Now}); err != nil {
		t.Fatal(err)
	}
	s.access = &access.Service{DB: db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: clock.Now}
	events := &event.Log{}
	s.payments = &payment.Service{DB: db, Events: events, Vault: &vault.Service{DB: db, Keys: keys, Log: events}, Log: log,
		Connectors: map[string]connector.Connector{"fake": s.provider}, Environment: s.access.Environment,
		ReturnURL: func(_, id ident.ID) string { return "https://pay.example/back/" + string(id) }}
	s.Service = &order.Service{DB: db, Events: events}
	s.payments.Gates = []payment.Gate{s.Claim}
	events.Listen(s.OnEvent)
	events.Listen(func(tx *store.Tx, e event.Event) error {
		if _, ok := e.Subject.(order.Order); ok {
			tx.Committed(func() { s.mu.Lock(); s.told = append(s.told, e.Type); s.mu.Unlock() })
		}
		return nil
	})
	s.jobs = &job.Queue{DB: db, Clock: clock.Now, Log: log}
	s.payments.Register(s.jobs, clock.Now)
	s.Register(s.jobs)
	s.furnish(db, clock)
	return s
}

func (s *shop) furnish(db *store.DB, clock *storetest.Clock) {
	s.t.Helper()
	ctx := context.Background()
	realm, err := s.access.AddRealm(ctx, "Kite Repairs", access.Test)
	if err != nil {
		s.t.Fatal(err)
	}
	merchants := &merchant.Service{DB: db, Clock: clock.Now}
	owner, err := merchants.Add(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: "M1", Name: "Kite Repairs"})
	if err != nil {
		s.t.Fatal(err)
	}
	if s.profile, err = merchants.Outlet(ctx, realm.ID, owner.ID); err != nil {
		s.t.Fatal(err)
	}
	s.actor = access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "april.secret", May: access.Everything, Merchants: []ident.ID{owner.ID}}
}

func (s *shop) order(change func(o *order.Order)) order.Order {
	s.t.Helper()
	o := order.Order{Merchant: s.profile.Merchant, Reference: "10045", Amount: money.Of(12500, "AUD")}
	if change != nil {
		change(&o)
	}
	o, err := s.Create(context.Background(), s.actor, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// wish is a card payment of an order that succeeds.
func (s *shop) wish(o order.Order, kind connector.Kind) payment.Order {
	return payment.Order{Idempotency: idempotency.Key{Surface: "april"}, Profile: s.profile, Kind: kind, Method: method.Card, Brand: "VISA", Amount: o.Amount, Order: o.ID,
		Card: &connector.Card{Number: method.Conceal("4200000000000000"), CVV: method.Conceal("123"), Holder: "Noa Berg", ExpiryMonth: 8, ExpiryYear: 2030, Brand: "VISA"}}
}

func (s *shop) pay(w payment.Order) (payment.Outcome, error) {
	return s.payments.Pay(context.Background(), s.actor, w)
}

func (s *shop) stands(id ident.ID, want order.State) order.Order {
	s.t.Helper()
	o, err := s.Find(context.Background(), s.actor.Realm, id)
	if err != nil || o.State != want {
		s.t.Errorf("got %s (%v), want %s", o.State, err, want)
	}
	return o
}

// pass lets the realm's clock go on and does what falls due.
func (s *shop) pass(d time.Duration) {
	s.t.Helper()
	ctx := context.Background()
	if _, err := s.access.Advance(ctx, s.actor.Realm, d); err != nil {
		s.t.Fatal(err)
	}
	for range 3 {
		list, err := s.jobs.Claim(ctx, 50)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, j := range list {
			s.jobs.Run(ctx, j)
		}
	}
}

func TestAnOrderIsPaid(t *testing.T) {
	each(t, func(s *shop) {
		o := s.order(nil)
		w := s.wish(o, connector.Debit)
		w.Amount.Minor, w.Surcharge = 12668, 168
		out, err := s.pay(w)
		if err != nil || out.Payment.State != payment.Captured || out.Payment.Order != o.ID {
			t.Fatalf("got %+v (%v)", out.Payment, err)
		}
		if got := s.stands(o.ID, order.Paid); got.Payment != out.Payment.ID || got.Surcharge != 168 || got.PaidAt.IsZero() {
			t.Errorf("got %+v", got)
		}
		if _, err := s.pay(s.wish(o, connector.Debit)); fault.Code(err) != "conflict.order.paid" {
			t.Errorf("paid again: got %v", err)
		}
		if _, err := s.Cancel(context.Background(), s.actor, o.ID); fault.Code(err) != "conflict.order.paid" {
			t.Errorf("cancelled: got %v", err)
		}
		if want := []string{"order.created", "order.pending", "order.paid"}; len(s.told) != 3 || s.told[0] != want[0] || s.told[2] != want[2] {
			t.Errorf("got %v, want %v", s.told, want)
		}
		if _, err := s.payments.Refund(context.Background(), s.actor, payment.Operation{Payment: out.Payment.ID, Amount: w.Amount}); err != nil {
			t.Fatal(err)
		}
		s.stands(o.ID, order.Paid)
	})
}

// Many who pay at the same moment: one payment is made and money moves once.
func TestRacingPayments(t *testing.T) {
	each(t, func(s *shop) {
		o := s.order(nil)
		var wait sync.WaitGroup
		faults := make([]error, 16)
		for i := range faults {
			wait.Go(func() { _, faults[i] = s.pay(s.wish(o, connector.Debit)) })
		}
		wait.Wait()
		paid := 0
		for _, err := range faults {
			switch {
			case err == nil:
				paid++
			case !fault.Is(err, "conflict.order.busy") && !fault.Is(err, "conflict.order.paid") && !errors.Is(err, store.ErrConflict):
				t.Errorf("got %v", err)
			}
		}
		entries, err := s.provider.Books().Entries()
		if err != nil || paid != 1 || len(entries) != 1 {
			t.Errorf("%d were paid, the provider has %d lines (%v), want 1 and 1", paid, len(entries), err)
		}
		s.stands(o.ID, order.Paid)
	})
}

// What does not become a payment that took money leaves the order payable.
func TestAnOrderStaysPayable(t *testing.T) {
	each(t, func(s *shop) {
		o := s.order(nil)
		for name, outcome := range map[string]string{"declined": "declined.insufficient_funds", "not reached": "unavailable.provider"} {
			w := s.wish(o, connector.Debit)
			w.Simulate = map[string]string{"outcome": outcome}
			if out, err := s.pay(w); err != nil || out.Payment.State != payment.Failed {
				t.Fatalf("%s: got %s (%v)", name, out.Payment.State, err)
			}
			s.stands(o.ID, order.Created)
		}
		held, err := s.pay(s.wish(o, connector.Authorise))
		if err != nil {
			t.Fatal(err)
		}
		s.stands(o.ID, order.Pending)
		if _, err := s.pay(s.wish(o, connector.Debit)); fault.Code(err) != "conflict.order.busy" {
			t.Errorf("while the money is held: got %v", err)
		}
		if _, err := s.Cancel(context.Background(), s.actor, o.ID); fault.Code(err) != "conflict.order.busy" {
			t.Errorf("cancelled while the money is held: got %v", err)
		}
		if _, err := s.payments.Void(context.Background(), s.actor, payment.Operation{Payment: held.Payment.ID}); err != nil {
			t.Fatal(err)
		}
		s.stands(o.ID, order.Created)
		if held, err = s.pay(s.wish(o, connector.Authorise)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.payments.Capture(context.Background(), s.actor, payment.Operation{Payment: held.Payment.ID, Amount: money.Of(500, "AUD"), Final: true}); err != nil {
			t.Fatal(err)
		}
		s.stands(o.ID, order.Paid)
	})
}

// An answer that got lost: nobody pays again until it is known what happened.
func TestAnUnknownPaymentHoldsTheOrder(t *testing.T) {
	each(t, func(s *shop) {
		for wish, want := range map[string]order.State{"lost_answer": order.Paid, "lost_request": order.Created} {
			o := s.order(nil)
			w := s.wish(o, connector.Debit)
			w.Simulate = map[string]string{"fault": wish}
			if out, err := s.pay(w); err != nil || out.Payment.State != payment.Unknown {
				t.Fatalf("%s: got %s (%v)", wish, out.Payment.State, err)
			}
			s.stands(o.ID, order.Pending)
			if _, err := s.pay(s.wish(o, connector.Debit)); fault.Code(err) != "conflict.order.busy" {
				t.Errorf("%s: a second payment: got %v", wish, err)
			}
			for range 3 {
				s.pass(time.Minute)
			}
			s.stands(o.ID, want)
		}
	})
}

func TestAnOrderEnds(t *testing.T) {
	each(t, func(s *shop) {
		ctx := context.Background()
		soon := func(o *order.Order) { o.ExpiresAt = time.Date(2026, 11, 21, 10, 14, 0, 0, time.UTC) }
		o, pending, cancelled := s.order(soon), s.order(soon), s.order(soon)
		if _, err := s.pay(s.wish(pending, connector.Authorise)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := s.Cancel(ctx, s.actor, cancelled.ID); err != nil || got.State != order.Cancelled {
				t.Errorf("got %s (%v)", got.State, err)
			}
		}
		s.pass(time.Hour - time.Second)
		s.stands(o.ID, order.Created)
		s.pass(time.Second)
		s.stands(o.ID, order.Expired)
		s.stands(pending.ID, order.Pending)
		s.stands(cancelled.ID, order.Cancelled)
		for id, want := range map[ident.ID]string{o.ID: "conflict.order.expired", cancelled.ID: "conflict.order.cancelled"} {
			w := s.wish(o, connector.Debit)
			w.Order = id
			if _, err := s.pay(w); fault.Code(err) != want {
				t.Errorf("to pay: got %v, want %s", err, want)
			}
		}
		if _, err := s.Cancel(ctx, s.actor, o.ID); fault.Code(err) != "conflict.order.expired" {
			t.Errorf("to cancel: got %v", err)
		}
		s.pass(8 * 24 * time.Hour) // the hold is let go, and the order's time is over
		s.pass(pause)
		s.stands(pending.ID, order.Expired)
	})
}

const pause = 10 * time.Minute

func TestWhatDoesNotFit(t *testing.T) {
	each(t, func(s *shop) {
		ctx := context.Background()
		o := s.order(func(o *order.Order) { o.Customer = "aaaaaaaaaaaaaaaaaaaaaaaa" })
		for want, change := range map[string]func(w *payment.Order){
			"invalid.order.amount":   func(w *payment.Order) { w.Amount.Minor++ },
			"invalid.order.customer": func(w *payment.Order) { w.Customer = "bbbbbbbbbbbbbbbbbbbbbbbb" },
			"not_found.order":        func(w *payment.Order) { w.Order = "cccccccccccccccccccccccc" },
		} {
			w := s.wish(o, connector.Debit)
			change(&w)
			if _, err := s.pay(w); fault.Code(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		stranger := s.actor
		stranger.Merchants = []ident.ID{"dddddddddddddddddddddddd"}
		if _, err := s.Cancel(ctx, stranger, o.ID); fault.Code(err) != "not_found.order" {
			t.Errorf("a stranger: got %v", err)
		}
		if _, err := s.Rename(ctx, stranger, o.ID, "x"); fault.Code(err) != "not_found.order" {
			t.Errorf("a stranger: got %v", err)
		}
		if got := s.stands(o.ID, order.Created); got.Version != 1 {
			t.Errorf("something changed it: %+v", got)
		}
		for want, change := range map[string]func(o *order.Order){
			"invalid.amount":     func(o *order.Order) { o.Amount.Minor = 0 },
			"invalid.currency":   func(o *order.Order) { o.Amount.Currency = "XXZ" },
			"invalid.order":      func(o *order.Order) { o.Reference = "" },
			"invalid.expiry":     func(o *order.Order) { o.ExpiresAt = time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC) },
			"not_found.merchant": func(o *order.Order) { o.Merchant = "dddddddddddddddddddddddd" },
		} {
			bad := order.Order{Merchant: s.profile.Merchant, Reference: "1", Amount: money.Of(1, "AUD")}
			change(&bad)
			if _, err := s.Create(ctx, s.actor, bad); fault.Code(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}
