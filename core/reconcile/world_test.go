package reconcile_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var (
	quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
	start = time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC)
)

const day = 24 * time.Hour

// world is a core with one merchant, on a wall clock that stands still.
type world struct {
	*reconcile.Service
	t        *testing.T
	db       *store.DB
	wall     *storetest.Clock
	access   *access.Service
	payments *payment.Service
	jobs     *job.Queue
	provider *fake.Provider
	realm    access.Realm
	profile  merchant.Profile
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) { fn(newWorld(t, engine)) })
	}
}

func newWorld(t testing.TB, engine string) *world {
	t.Helper()
	w := &world{wall: storetest.NewClock(start)}
	w.t, _ = t.(*testing.T)
	w.db = storetest.Open(t, engine, func(o *store.Options) { o.Clock = w.wall.Now })
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	w.provider, err = fake.New(fake.Config{BaseURL: "https://pay.example", Clock: w.wall.Now})
	must(err)
	keys, err := vault.EphemeralKeys()
	must(err)
	events := &event.Log{}
	connectors := map[string]connector.Connector{"fake": w.provider}
	w.access = &access.Service{DB: w.db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: w.wall.Now}
	merchants := &merchant.Service{DB: w.db, Clock: w.wall.Now}
	w.payments = &payment.Service{DB: w.db, Events: events, Vault: &vault.Service{DB: w.db, Keys: keys, Log: events}, Connectors: connectors, Log: quiet,
		Environment: w.access.Environment, ReturnURL: func(_, id ident.ID) string { return "https://pay.example/back/" + string(id) }}
	settle := &settlement.Service{DB: w.db, Events: events, Clock: w.wall.Now, Log: quiet, Environment: w.access.Environment}
	events.Listen(settle.OnEvent)
	w.jobs = &job.Queue{DB: w.db, Clock: w.wall.Now, Log: quiet}
	w.payments.Register(w.jobs, w.wall.Now)
	settle.Register(w.jobs)
	w.Service = &reconcile.Service{DB: w.db, Merchants: merchants, Settlement: settle, Log: quiet, Clock: w.wall.Now, Connectors: connectors, Realms: w.access.Realms,
		Tariffs: map[string]reconcile.Tariff{"fake": {Points: 75, Chargeback: 15}}}
	w.Register(w.jobs)
	w.realm, err = w.access.AddRealm(ctx, "kite", access.Test)
	must(err)
	m, err := merchants.Add(ctx, w.realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: "kite", Name: "Kite Repairs", Country: "AU"})
	must(err)
	w.profile, err = merchants.AddProfile(ctx, w.realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: m.ID, Code: "kite", Name: m.Name})
	must(err)
	return w
}

func (w *world) actor() access.Actor {
	return access.Actor{Realm: w.realm.ID, Environment: access.Test, Kind: "test", May: append([]access.Permission{access.Credit}, access.Everything...)}
}

func (w *world) account() string { return string(w.realm.ID) + "." + w.profile.Code }

func (w *world) pay(minor int64, c money.Currency, reference string) payment.Payment {
	w.t.Helper()
	out, err := w.payments.Pay(w.t.Context(), w.actor(), payment.Order{Idempotency: idempotency.Key{Surface: "test"}, Profile: w.profile, Kind: connector.Debit,
		Method: method.Card, Brand: "VISA", Amount: money.Of(minor, c), Reference: reference, Card: &connector.Card{Number: method.Conceal("4200000000000000"),
			CVV: method.Conceal("123"), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2030, Brand: "VISA"}})
	if err != nil || out.Payment.State != payment.Captured {
		w.t.Fatalf("pay: %s %v", out.Payment.State, err)
	}
	return out.Payment
}

func (w *world) refund(p payment.Payment, minor int64, fault string) {
	w.t.Helper()
	op := payment.Operation{Idempotency: idempotency.Key{Surface: "test"}, Payment: p.ID, Amount: money.Of(minor, p.Amount.Currency)}
	if fault != "" {
		op.Simulate = map[string]string{"fault": fault}
	}
	if out, err := w.payments.Refund(w.t.Context(), w.actor(), op); err != nil || out.Attempt.State != payment.Approved {
		w.t.Fatalf("refund: %s %v", out.Attempt.State, err)
	}
}

func (w *world) now() (at time.Time) {
	w.view(func(tx *store.Tx) error { at = tx.Now(); return nil })
	return at
}

func (w *world) view(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.View(context.Background(), w.realm.ID, fn); err != nil {
		w.t.Fatal(err)
	}
}

// pass lets time pass in the realm, and does the work that falls due in it.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	now, err := w.access.Advance(w.t.Context(), w.realm.ID, d)
	if err != nil {
		w.t.Fatal(err)
	}
	w.provider.Moved(string(w.realm.ID), now.Sub(w.wall.Now()))
	w.work()
}

func (w *world) work() {
	w.t.Helper()
	for range 200 {
		letters, err := w.provider.Callbacks(w.wall.Now())
		if err != nil {
			w.t.Fatal(err)
		}
		for _, cb := range letters {
			n, err := w.provider.ParseNotice(func(name string) string { return cb.Headers[name] }, cb.Body, w.wall.Now())
			if err == nil {
				_, err = w.payments.Noticed(w.t.Context(), w.realm.ID, "fake", n)
			}
			if err != nil {
				w.t.Fatalf("a callback: %v", err)
			}
		}
		list, err := w.jobs.Claim(w.t.Context(), 50)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, j := range list {
			w.jobs.Run(w.t.Context(), j)
		}
		if len(letters)+len(list) == 0 {
			return
		}
	}
	w.t.Fatal("the work never ends")
}

// trade is some days of a merchant: payments in two currencies, refunds, one
// that comes back, a dispute that is lost and one that is won.
func (w *world) trade() {
	w.t.Helper()
	for n := range 4 {
		a := w.pay(12500+int64(n), "AUD", fmt.Sprint("A-", n))
		b := w.pay(9900, "NOK", fmt.Sprint("N-", n))
		w.refund(a, 2500, "")
		switch n {
		case 1:
			w.refund(b, 100, "refund_fails_later")
			w.dispute(a, 3000)
		case 2:
			w.dispute(b, 900)
			if err := w.provider.Represent(w.account(), b.ID, money.Of(900, "NOK"), w.now()); err != nil {
				w.t.Fatal(err)
			}
			w.work()
		}
		w.pass(day)
	}
}

func (w *world) dispute(p payment.Payment, minor int64) {
	w.t.Helper()
	if err := w.provider.Dispute(w.account(), p.ID, money.Of(minor, p.Amount.Currency), "000.100.230", w.now()); err != nil {
		w.t.Fatal(err)
	}
	w.work()
}

// files are what the provider has made by now.
func (w *world) files() []connector.SettlementFile {
	w.t.Helper()
	list, err := w.provider.Settlements(w.t.Context(), connector.SettlementQuestion{Account: w.account(), At: w.now()})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) fetch() []reconcile.File {
	w.t.Helper()
	list, err := w.Fetch(w.t.Context(), w.realm)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// report reconciles all that has happened up to today.
func (w *world) report() reconcile.Report {
	w.t.Helper()
	r, err := w.Reconcile(w.t.Context(), w.realm.ID, start.Truncate(day), w.now().Truncate(day))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// labels are the names of the differences, in order.
func labels(r reconcile.Report) string {
	var words []string
	for _, d := range r.Differences {
		words = append(words, string(d.Label))
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func (w *world) posted(a ledger.Account, c money.Currency) (n int64) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		list, err := ledger.Balance(tx, a)
		for _, s := range list {
			if s.Posted.Currency == c {
				n = s.Posted.Minor
			}
		}
		return err
	})
	return n
}
