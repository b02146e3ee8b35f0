package payment_test

import (
	"context"
	"crypto/rand"
	"fmt"
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
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// world is a core put together as the app does it, on a wall clock that stands
// still: time passes in a realm when the test says so. The provider is the
// real test provider, with its books in memory.
type world struct {
	t        *testing.T
	db       *store.DB
	database string
	wall     *storetest.Clock
	access   *access.Service
	payments *payment.Service
	mandates *mandate.Service
	jobs     *job.Queue
	provider *fake.Provider
	waiting  func()     // called when the provider takes its time over an answer
	deaf     bool       // callbacks are lost on the way
	mute     fake.Fault // what is wrong with withdrawals
	house
}

// house is one merchant's realm.
type house struct {
	realm   access.Realm
	actor   access.Actor
	profile merchant.Profile
}

// each runs fn in a new world on each engine.
func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) { fn(newWorld(t, engine)) })
	}
}

func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	w := &world{t: t, wall: storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))}
	w.open(engine, nil)
	return w
}

// open opens the world's database, with mod's say in how, and furnishes it.
func (w *world) open(engine string, mod func(o *store.Options)) {
	w.t.Helper()
	w.db = storetest.Open(w.t, engine, func(o *store.Options) {
		o.Clock, w.database = w.wall.Now, o.Database
		if mod != nil {
			mod(o)
		}
	})
	w.provider = w.bank()
	w.begin()
	w.house = w.settle("Lind Media", merchant.Settings{})
}

func (w *world) bank() *fake.Provider {
	w.t.Helper()
	p, err := fake.New(fake.Config{BaseURL: "https://pay.example", Clock: w.wall.Now, Script: func(op fake.Op) fake.Fault {
		if op.Kind == fake.Cancelling {
			return w.mute
		}
		return ""
	}, Wait: func(ctx context.Context, _ time.Duration) error {
		if w.waiting != nil {
			w.waiting()
		}
		return ctx.Err()
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// begin puts the core together on the world's database and provider.
func (w *world) begin() {
	w.t.Helper()
	w.access = &access.Service{DB: w.db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: w.wall.Now}
	w.payments = w.service(w.db, w.provider)
	w.mandates = w.payments.Mandates
	w.jobs = &job.Queue{DB: w.db, Clock: w.wall.Now, Log: quiet}
	w.payments.Register(w.jobs, w.wall.Now)
	w.mandates.Register(w.jobs, w.wall.Now)
}

// service is a payment service on a database of its own choice: two of them on
// one database are two processes.
func (w *world) service(db *store.DB, c connector.Connector) *payment.Service {
	w.t.Helper()
	keys, err := vault.EphemeralKeys()
	if err != nil {
		w.t.Fatal(err)
	}
	events := &event.Log{}
	return &payment.Service{DB: db, Events: events, Vault: &vault.Service{DB: db, Keys: keys, Log: events},
		Connectors: map[string]connector.Connector{"fake": c}, Log: quiet, Environment: w.access.Environment,
		ReturnURL: func(_, payment ident.ID) string { return "https://pay.example/back/" + string(payment) },
		Mandates: &mandate.Service{DB: db, Events: events, Connectors: map[string]connector.Connector{"fake": c}, Log: quiet,
			ReturnURL: func(_, mandate ident.ID) string { return "https://pay.example/back/" + string(mandate) }}}
}

// settle makes a realm with a merchant and its profile.
func (w *world) settle(name string, set merchant.Settings) house {
	w.t.Helper()
	ctx := context.Background()
	merchants := &merchant.Service{DB: w.db, Clock: w.wall.Now}
	realm, err := w.access.AddRealm(ctx, name, access.Test)
	if err != nil {
		w.t.Fatal(err)
	}
	owner, err := merchants.Add(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: "M1", Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	profile, err := merchants.AddProfile(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: owner.ID, Code: "LM000117", Name: name, Settings: set})
	if err != nil {
		w.t.Fatal(err)
	}
	may := append([]access.Permission{access.Credit}, access.Everything...)
	return house{realm: realm, profile: profile, actor: access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "gateway", May: may}}
}

func eur(minor int64) money.Amount { return money.Of(minor, "EUR") }
func nok(minor int64) money.Amount { return money.Of(minor, "NOK") }

// order is a wish for a card payment that succeeds.
func (h house) order(kind connector.Kind, minor int64) payment.Order {
	o := payment.Order{Idempotency: idempotency.Key{Surface: "gateway"}, Profile: h.profile, Kind: kind, Method: method.Card, Brand: "VISA",
		Amount: eur(minor), Card: &connector.Card{Number: method.Conceal("4200000000000000"), CVV: method.Conceal("123"), Holder: "Nora Lind",
			ExpiryMonth: 8, ExpiryYear: 2030, Brand: "VISA"}}
	if kind == connector.Verify || kind == connector.Authenticate {
		o.Amount = money.Amount{}
	}
	return o
}

func (h house) account() string { return string(h.realm.ID) + "." + h.profile.Code }

// pay pays and expects an outcome.
func (w *world) pay(o payment.Order) payment.Outcome {
	w.t.Helper()
	out, err := w.payments.Pay(context.Background(), w.actor, o)
	if err != nil {
		w.t.Fatalf("pay: %v", err)
	}
	return out
}

func (w *world) paid(kind connector.Kind, minor int64) payment.Outcome {
	w.t.Helper()
	return w.pay(w.order(kind, minor))
}

func key(k string) idempotency.Key { return idempotency.Key{Surface: "gateway", Key: k} }

// operate captures, refunds or voids.
func operate(s *payment.Service, h house, kind connector.Kind, op payment.Operation) (payment.Outcome, error) {
	ctx := context.Background()
	if op.Idempotency.Surface == "" {
		op.Idempotency.Surface = "gateway"
	}
	switch kind {
	case connector.Capture:
		return s.Capture(ctx, h.actor, op)
	case connector.Refund:
		return s.Refund(ctx, h.actor, op)
	case connector.Void:
		return s.Void(ctx, h.actor, op)
	}
	panic("no operation: " + kind)
}

// must operates and expects an outcome.
func (w *world) must(kind connector.Kind, op payment.Operation) payment.Outcome {
	w.t.Helper()
	out, err := operate(w.payments, w.house, kind, op)
	if err != nil {
		w.t.Fatalf("%s: %v", kind, err)
	}
	return out
}

// get reads a payment anew.
func (w *world) get(id ident.ID) payment.Payment {
	w.t.Helper()
	out, err := w.payments.Get(context.Background(), w.actor, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Payment
}

func (w *world) attempts(id ident.ID) []payment.Attempt {
	w.t.Helper()
	list, err := w.payments.Attempts(context.Background(), w.realm.ID, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) events(id ident.ID) (list []event.Event) {
	w.t.Helper()
	w.view(func(tx *store.Tx) (err error) {
		list, err = event.Of(tx, id)
		return err
	})
	return list
}

func (w *world) view(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.View(context.Background(), w.realm.ID, fn); err != nil {
		w.t.Fatal(err)
	}
}

// now is the realm's time.
func (w *world) now() (at time.Time) {
	w.view(func(tx *store.Tx) error { at = tx.Now(); return nil })
	return at
}

// pass lets time pass in the realms and does all work that falls due in them:
// jobs, and the provider's callbacks. heard is told what came of each callback.
func (w *world) pass(d time.Duration, heard func(cb fake.Callback, err error), houses ...house) {
	w.t.Helper()
	if len(houses) == 0 {
		houses = []house{w.house}
	}
	for _, h := range houses {
		at, err := w.access.Advance(context.Background(), h.realm.ID, d)
		if err != nil {
			w.t.Fatal(err)
		}
		// A question about nothing tells the provider what time it is for us.
		w.provider.Lookup(context.Background(), connector.Question{Attempt: "ffffffffffffffffffffffff", Account: h.account(), At: at})
	}
	w.work(heard)
}

// work does all that is due now.
func (w *world) work(heard func(cb fake.Callback, err error)) {
	w.t.Helper()
	for range 100 {
		busy := w.letters(heard)
		list, err := w.jobs.Claim(context.Background(), 50)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, j := range list {
			w.jobs.Run(context.Background(), j)
		}
		if !busy && len(list) == 0 {
			return
		}
	}
	w.t.Fatal("the work never ends")
}

// letters takes the provider's callbacks in, as the app's door would.
func (w *world) letters(heard func(cb fake.Callback, err error)) bool {
	w.t.Helper()
	list, err := w.provider.Callbacks(w.wall.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, cb := range list {
		if w.deaf {
			continue
		}
		n, err := w.provider.ParseNotice(func(name string) string { return cb.Headers[name] }, cb.Body, w.wall.Now())
		if err == nil {
			realm := ident.ID(cb.Account[:ident.Length])
			if n.Kind == connector.Agreement {
				_, err = w.mandates.Noticed(context.Background(), realm, "fake", n)
			} else {
				_, err = w.payments.Noticed(context.Background(), realm, "fake", n)
			}
		}
		if heard != nil {
			heard(cb, err)
		}
	}
	return len(list) > 0
}

// recover finds attempts whose passage died, as the job of every ten seconds
// does, without waiting for them to look dead.
func (w *world) recover() {
	w.t.Helper()
	if err := w.payments.Orphans().Recover(context.Background(), w.wall.Now()); err != nil {
		w.t.Fatal(err)
	}
}

// lines are the provider's own lines about a payment: kind, state, amount.
func (w *world) lines(id ident.ID) (out []string) {
	w.t.Helper()
	entries, err := w.provider.Books().Entries()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Attempt == id || e.Original == id {
			out = append(out, fmt.Sprintf("%s %s %s", e.Kind, e.State, e.Amount))
		}
	}
	return out
}

// together releases n goroutines at once and waits for them.
func together(n int, fn func(i int)) {
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			fn(i)
		})
	}
	close(gate)
	all.Wait()
}

// told is what an operation came to: the attempt's state, or the fault.
func told(out payment.Outcome, err error) string {
	if err != nil {
		return fault.Code(err)
	}
	return string(out.Attempt.State)
}

// counted counts words, as "3 a, 1 b".
func counted(words []string) string {
	n := map[string]int{}
	for _, word := range words {
		n[word]++
	}
	var out []string
	for word, times := range n {
		out = append(out, fmt.Sprintf("%d %s", times, word))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (w *world) types(id ident.ID) string {
	var out []string
	for i, e := range w.events(id) {
		if e.Seq != int64(i+1) {
			w.t.Errorf("event %d of %s has number %d", i+1, id, e.Seq)
		}
		out = append(out, strings.TrimPrefix(e.Type, "payment."))
	}
	return strings.Join(out, " ")
}
