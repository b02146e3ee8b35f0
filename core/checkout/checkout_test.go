package checkout_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// till is a merchant's checkouts over a real core and the test provider.
type till struct {
	*checkout.Service
	t        *testing.T
	clock    *storetest.Clock
	jobs     *job.Queue
	provider *fake.Provider
	actor    access.Actor
	profile  merchant.Profile
}

func each(t *testing.T, fn func(k *till)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) { fn(open(t, engine)) })
	}
}

func open(t *testing.T, engine string) *till {
	t.Helper()
	k := &till{t: t, clock: storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))}
	db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = k.clock.Now })
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	keys, err := vault.EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	if k.provider, err = fake.New(fake.Config{BaseURL: "https://pay.example", Clock: k.clock.Now}); err != nil {
		t.Fatal(err)
	}
	doors := &access.Service{DB: db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: k.clock.Now}
	events := &event.Log{}
	payments := &payment.Service{DB: db, Events: events, Vault: &vault.Service{DB: db, Keys: keys, Log: events}, Log: log,
		Connectors: map[string]connector.Connector{"fake": k.provider}, Environment: doors.Environment,
		ReturnURL: func(_, id ident.ID) string { return "https://pay.example/back/" + string(id) }}
	k.Service = &checkout.Service{DB: db, Access: doors, Payments: payments, Merchants: &merchant.Service{DB: db, Clock: k.clock.Now}, Random: rand.Reader, Node: "node0117"}
	events.Listen(k.OnEvent)
	k.jobs = &job.Queue{DB: db, Clock: k.clock.Now, Log: log}
	payments.Register(k.jobs, k.clock.Now)
	k.actor, k.profile = k.shop("Lind Media")
	return k
}

// shop makes a realm with a merchant and a profile.
func (k *till) shop(name string) (access.Actor, merchant.Profile) {
	k.t.Helper()
	ctx := context.Background()
	realm, err := k.Access.AddRealm(ctx, name, access.Test)
	if err != nil {
		k.t.Fatal(err)
	}
	owner, err := k.Merchants.Add(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: "M1", Name: name})
	if err != nil {
		k.t.Fatal(err)
	}
	p, err := k.Merchants.AddProfile(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: owner.ID, Code: "LM000117", Name: name})
	if err != nil {
		k.t.Fatal(err)
	}
	return access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "gateway", May: access.Everything}, p
}

func (k *till) wish() checkout.Wish {
	return checkout.Wish{Idempotency: idempotency.Key{Surface: "gateway"}, Profile: k.profile, Kind: connector.Debit, Amount: money.Of(9200, "EUR")}
}

func (k *till) create(w checkout.Wish) checkout.Session {
	k.t.Helper()
	s, _, err := k.Create(context.Background(), k.actor, w)
	if err != nil {
		k.t.Fatal(err)
	}
	return s
}

func (k *till) get(id ident.ID) checkout.Session {
	k.t.Helper()
	s, err := k.Get(context.Background(), k.actor.Realm, id)
	if err != nil {
		k.t.Fatal(err)
	}
	return s
}

// choice is a card that pays, for the given try.
func choice(try int64) checkout.Choice {
	return checkout.Choice{Try: try, Method: method.Card, Brand: "VISA", Card: &connector.Card{Number: method.Conceal("4200000000000000"),
		CVV: method.Conceal("123"), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2030, Brand: "VISA"}}
}

func (k *till) pay(s checkout.Session, c checkout.Choice) (payment.Outcome, error) {
	return k.Pay(context.Background(), s.Key, c)
}

func (k *till) advance(d time.Duration) {
	k.t.Helper()
	if _, err := k.Access.Advance(context.Background(), k.actor.Realm, d); err != nil {
		k.t.Fatal(err)
	}
}

// work runs the jobs that are due.
func (k *till) work() {
	k.t.Helper()
	list, err := k.jobs.Claim(context.Background(), 50)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, j := range list {
		k.jobs.Run(context.Background(), j)
	}
}

func TestASessionIsPaid(t *testing.T) {
	each(t, func(k *till) {
		s := k.create(k.wish())
		if s.State != checkout.Open || s.Try != 1 || len(s.Key) != 32+len(".node0117") || !strings.HasSuffix(s.Key, ".node0117") {
			k.t.Fatalf("got %+v", s)
		}
		out, err := k.pay(s, choice(1))
		if err != nil || out.Payment.State != payment.Captured || out.Payment.Session != s.ID || out.Payment.Amount != s.Amount {
			k.t.Fatalf("got %+v (%v)", out.Payment, err)
		}
		if got := k.get(s.ID); got.State != checkout.Paid || got.Payment != out.Payment.ID || got.DoneAt.IsZero() {
			k.t.Errorf("got %+v", got)
		}
		for _, try := range []int64{1, 2, 0} { // whatever is posted now leads to the same payment
			again, err := k.pay(s, choice(try))
			if err != nil || again.Payment.ID != out.Payment.ID {
				k.t.Errorf("posted again as try %d: got %s (%v)", try, again.Payment.ID, err)
			}
		}
		k.advance(24 * time.Hour)
		if got, now, err := k.ByKey(context.Background(), s.Key); err != nil || got.Expired(now) {
			k.t.Errorf("a paid session expired (%v)", err)
		}
		if _, _, err := k.Update(context.Background(), k.actor, s.Key, k.wish()); fault.Code(err) != "conflict.session" {
			k.t.Errorf("an update of what is paid: got %v", err)
		}
	})
}

// A form that is posted twice, or by an impatient crowd, pays once.
func TestADoubleSubmitPaysOnce(t *testing.T) {
	each(t, func(k *till) {
		s := k.create(k.wish())
		outs := make([]payment.Outcome, 40)
		var all sync.WaitGroup
		for i := range outs {
			all.Go(func() {
				var err error
				if outs[i], err = k.pay(s, choice(1)); err != nil {
					k.t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		for _, out := range outs {
			if out.Payment.ID != outs[0].Payment.ID {
				k.t.Errorf("got payments %s and %s", outs[0].Payment.ID, out.Payment.ID)
			}
		}
		entries, err := k.provider.Books().Entries()
		if err != nil || len(entries) != 1 {
			k.t.Errorf("the provider's books hold %d lines (%v), want 1", len(entries), err)
		}
	})
}

func TestADeclineLetsThePayerTryAgain(t *testing.T) {
	each(t, func(k *till) {
		s := k.create(k.wish())
		bad := choice(1)
		bad.Card.Number = method.Conceal("4111111111111111")
		w := k.wish()
		w.Amount.Minor = 9255 // not enough money, for a card that is in no table
		if _, _, err := k.Update(context.Background(), k.actor, s.Key, w); err != nil {
			k.t.Fatal(err)
		}
		no, err := k.pay(s, bad)
		if err != nil || no.Payment.State != payment.Failed {
			k.t.Fatalf("got %s (%v)", no.Payment.State, err)
		}
		if got := k.get(s.ID); got.State != checkout.Open || got.Try != 2 || got.Payment != no.Payment.ID {
			k.t.Errorf("got %+v", got)
		}
		if again, err := k.pay(s, choice(1)); err != nil || again.Payment.ID != no.Payment.ID {
			k.t.Errorf("the old form once more: got %s (%v), want the decline", again.Payment.ID, err)
		}
		yes, err := k.pay(s, choice(2))
		if err != nil || yes.Payment.State != payment.Captured || yes.Payment.ID == no.Payment.ID {
			k.t.Errorf("the second try: got %s (%v)", yes.Payment.State, err)
		}
		list, err := k.Payments.OfSession(context.Background(), k.actor.Realm, s.ID)
		if err != nil || len(list) != 2 {
			k.t.Errorf("got %d payments (%v), want 2", len(list), err)
		}
	})
}

// While a payment is on its way nothing else can be started; what it comes to
// later decides the session.
func TestAPaymentThatIsNotKnownYet(t *testing.T) {
	each(t, func(k *till) {
		for wish, want := range map[string]checkout.State{"lost_answer": checkout.Paid, "lost_request": checkout.Open} {
			w := k.wish()
			w.Details.Simulate = map[string]string{"fault": wish}
			s := k.create(w)
			out, err := k.pay(s, choice(1))
			if err != nil || out.Payment.State != payment.Unknown {
				k.t.Fatalf("%s: got %s (%v)", wish, out.Payment.State, err)
			}
			if got := k.get(s.ID); got.State != checkout.Paying {
				k.t.Errorf("%s: got %s, want paying", wish, got.State)
			}
			for _, try := range []int64{1, 2} {
				if again, err := k.pay(s, choice(try)); err != nil || again.Payment.ID != out.Payment.ID {
					k.t.Errorf("%s: another try began while one is unknown: %s (%v)", wish, again.Payment.ID, err)
				}
			}
			if _, _, err := k.Update(context.Background(), k.actor, s.Key, k.wish()); fault.Code(err) != "conflict.session" {
				k.t.Errorf("%s: an update meanwhile: got %v", wish, err)
			}
			for range 3 {
				k.advance(time.Minute)
				k.work()
			}
			if got := k.get(s.ID); got.State != want {
				k.t.Errorf("%s: in the end got %s, want %s", wish, got.State, want)
			}
		}
	})
}

func TestASessionExpires(t *testing.T) {
	each(t, func(k *till) {
		ctx, s := context.Background(), k.create(k.wish())
		k.advance(30*time.Minute - time.Second)
		if got, now, err := k.Find(ctx, k.actor, k.profile.ID, s.Key); err != nil || got.Expired(now) {
			k.t.Errorf("a second before: expired (%v)", err)
		}
		k.advance(time.Second)
		if _, err := k.pay(s, choice(1)); fault.Code(err) != "conflict.session.expired" {
			k.t.Errorf("to pay: got %v", err)
		}
		if _, _, err := k.Update(ctx, k.actor, s.Key, k.wish()); fault.Code(err) != "conflict.session" {
			k.t.Errorf("to change: got %v", err)
		}
	})
}

func TestAnAliasNamesASession(t *testing.T) {
	each(t, func(k *till) {
		ctx := context.Background()
		w := k.wish()
		w.Alias, w.Details.Payment.Echo = "cart-117", []connector.Parameter{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}
		first := k.create(w)
		w.Amount.Minor, w.Details.Payment.Echo = 4600, []connector.Parameter{{Name: "b", Value: "3"}}
		again, how, err := k.Create(ctx, k.actor, w)
		if err != nil || how != checkout.Renewed || again.ID != first.ID || again.Amount.Minor != 4600 ||
			!slices.Equal(again.Details.Payment.Echo, []connector.Parameter{{Name: "a", Value: "1"}, {Name: "b", Value: "3"}}) {
			k.t.Errorf("got %+v, %s (%v)", again, how, err)
		}
		if got, _, err := k.Find(ctx, k.actor, k.profile.ID, "cart-117"); err != nil || got.ID != first.ID || got.Alias != "cart-117" || got.Key == "cart-117" {
			k.t.Errorf("by its alias: got %+v (%v)", got, err)
		}
		if _, _, err := k.ByKey(ctx, "cart-117"); fault.Code(err) != "not_found.session" {
			k.t.Errorf("an alias, which can be guessed, opened the page: %v", err)
		}
		if _, err := k.pay(first, choice(1)); err != nil {
			k.t.Fatal(err)
		}
		if _, _, err := k.Create(ctx, k.actor, w); fault.Code(err) != "conflict.session" {
			k.t.Errorf("once it is paid: got %v", err)
		}
	})
}

// A merchant's servers that open one alias at the same moment open one session.
func TestRacingAliases(t *testing.T) {
	each(t, func(k *till) {
		ids := make([]ident.ID, 20)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				w := k.wish()
				w.Alias = "cart-117"
				s, _, err := k.Create(context.Background(), k.actor, w)
				if err != nil {
					k.t.Errorf("%v", err)
				}
				ids[i] = s.ID
			})
		}
		all.Wait()
		slices.Sort(ids)
		if got := slices.Compact(ids); len(got) != 1 {
			k.t.Errorf("got %d sessions, want 1", len(got))
		}
	})
}

func TestAWishToldTwiceOpensOneSession(t *testing.T) {
	each(t, func(k *till) {
		w := k.wish()
		w.Idempotency.Key, w.Idempotency.Fingerprint = "k1", "a"
		keys := make([]string, 30)
		var all sync.WaitGroup
		for i := range keys {
			all.Go(func() {
				s, _, err := k.Create(context.Background(), k.actor, w)
				if err != nil {
					k.t.Errorf("%v", err)
				}
				keys[i] = s.Key
			})
		}
		all.Wait()
		slices.Sort(keys)
		if got := slices.Compact(keys); len(got) != 1 {
			k.t.Errorf("got %d sessions, want 1", len(got))
		}
		w.Idempotency.Fingerprint = "b"
		if _, _, err := k.Create(context.Background(), k.actor, w); fault.Code(err) != "conflict.idempotency" {
			k.t.Errorf("another wish under the key: got %v", err)
		}
	})
}

// Whoever holds a session's key may pay it and nothing else; whoever does not,
// finds nothing.
func TestWhatAPayerMayDo(t *testing.T) {
	each(t, func(k *till) {
		ctx, s := context.Background(), k.create(k.wish())
		for _, name := range []string{"", string(s.ID), strings.ToLower(s.Key), s.Key[:len(s.Key)-1], "%", "0"} {
			if _, _, err := k.ByKey(ctx, name); fault.Code(err) != "not_found.session" {
				k.t.Errorf("the key %q: got %v", name, err)
			}
		}
		stolen := choice(1)
		stolen.Card, stolen.Source = nil, "65a000000000000000000001"
		if _, err := k.pay(s, stolen); fault.Code(err) != "not_found.source" {
			k.t.Errorf("a stored card that was not offered: got %v", err)
		}
		bad := choice(1)
		bad.Card.Number = method.Conceal("4200000000000001")
		if _, err := k.pay(s, bad); fault.Code(err) != "invalid.card.number" {
			k.t.Errorf("a wrong number: got %v", err)
		}
		if got := k.get(s.ID); got.State != checkout.Open || got.Try != 1 {
			k.t.Errorf("what was refused changed the session: %+v", got)
		}
	})
}

func TestForeignSessionsDoNotExist(t *testing.T) {
	each(t, func(k *till) {
		ctx, s := context.Background(), k.create(k.wish())
		stranger, theirs := k.shop("Other Media")
		narrow := k.actor
		narrow.Merchants = []ident.ID{"ffffffffffffffffffffffff"}
		blind := k.actor
		blind.May = nil
		for _, tt := range []struct {
			name    string
			actor   access.Actor
			profile merchant.Profile
			want    [3]string // create, update, find
		}{
			{"another realm", stranger, theirs, [3]string{"", "not_found.session", "not_found.session"}},
			{"another merchant", narrow, k.profile, [3]string{"not_found.merchant", "not_found.merchant", "not_found.session"}},
			{"no permission", blind, k.profile, [3]string{"forbidden.permission", "forbidden.permission", "forbidden.permission"}},
		} {
			w := k.wish()
			w.Profile = tt.profile
			_, _, made := k.Create(ctx, tt.actor, w)
			_, _, changed := k.Update(ctx, tt.actor, s.Key, w)
			_, _, found := k.Find(ctx, tt.actor, tt.profile.ID, s.Key)
			if got := [3]string{fault.Code(made), fault.Code(changed), fault.Code(found)}; got != tt.want {
				k.t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
			}
		}
		if got := k.get(s.ID); got.Version != 1 {
			k.t.Errorf("a stranger changed it: %+v", got)
		}
	})
}

// A session that keeps a card offers it to the next one, and only there.
func TestAKeptCardIsOffered(t *testing.T) {
	each(t, func(k *till) {
		w := k.wish()
		w.Details.Keep = true
		out, err := k.pay(k.create(w), choice(1))
		if err != nil || out.Payment.Source == "" {
			k.t.Fatalf("got no source (%v)", err)
		}
		stored := checkout.Choice{Try: 1, Method: method.Card, Source: out.Payment.Source, CVV: method.Conceal("123")}
		if _, err := k.pay(k.create(k.wish()), stored); fault.Code(err) != "not_found.source" {
			k.t.Errorf("where it is not offered: got %v", err)
		}
		w = k.wish()
		w.Details.Sources = []ident.ID{out.Payment.Source}
		if again, err := k.pay(k.create(w), stored); err != nil || again.Payment.State != payment.Captured || again.Payment.Source != out.Payment.Source {
			k.t.Errorf("where it is: got %s (%v)", again.Payment.State, err)
		}
	})
}

// The machine's clock is set back between two tries, so the second payment has
// the smaller id. It is the newer one all the same. (Found by the simulator.)
func TestTheNewestPaymentCounts(t *testing.T) {
	each(t, func(k *till) {
		s := k.create(k.wish())
		w := k.wish()
		w.Details.Simulate = map[string]string{"outcome": "declined.insufficient_funds"}
		if _, _, err := k.Update(context.Background(), k.actor, s.Key, w); err != nil {
			k.t.Fatal(err)
		}
		no, err := k.pay(s, choice(1))
		if err != nil || no.Payment.State != payment.Failed {
			k.t.Fatalf("got %s (%v)", no.Payment.State, err)
		}
		w.Details.Simulate = map[string]string{"outcome": "approved"}
		if _, _, err := k.Update(context.Background(), k.actor, s.Key, w); err != nil {
			k.t.Fatal(err)
		}
		k.clock.Add(-10 * time.Minute)
		yes, err := k.pay(s, choice(2))
		if err != nil || yes.Payment.State != payment.Captured || yes.Payment.ID >= no.Payment.ID {
			k.t.Fatalf("got %s %s after %s (%v)", yes.Payment.State, yes.Payment.ID, no.Payment.ID, err)
		}
		if got := k.get(s.ID); got.State != checkout.Paid || got.Payment != yes.Payment.ID {
			k.t.Errorf("got %s with payment %s, want it paid by %s", got.State, got.Payment, yes.Payment.ID)
		}
	})
}
