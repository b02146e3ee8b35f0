package settlement_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
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
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var (
	quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
	staff = audit.By{Actor: "staff", Origin: "test"}
)

// world is a core put together as the app does it, on a wall clock that stands
// still: time passes in the realm when the test says so.
type world struct {
	*settlement.Service
	t         *testing.T
	db        *store.DB
	wall      *storetest.Clock
	access    *access.Service
	merchants *merchant.Service
	payments  *payment.Service
	jobs      *job.Queue
	provider  *fake.Provider
	events    *event.Log
	realm     ident.ID
	market    ident.ID
	shop      seller // settles net
	other     seller // of the same marketplace
}

// seller is a merchant that takes payments.
type seller struct {
	merchant.Merchant
	profile merchant.Profile
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) { fn(newWorld(t, engine)) })
	}
}

func newWorld(t *testing.T, engine string, mods ...func(o *store.Options)) *world {
	t.Helper()
	w := &world{t: t, wall: storetest.NewClock(time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC)), events: &event.Log{}} // a Friday
	w.db = storetest.Open(t, engine, func(o *store.Options) {
		o.Clock = w.wall.Now
		for _, mod := range mods {
			mod(o)
		}
	})
	var err error
	if w.provider, err = fake.New(fake.Config{BaseURL: "https://pay.example", Clock: w.wall.Now}); err != nil {
		t.Fatal(err)
	}
	keys, err := vault.EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	w.access = &access.Service{DB: w.db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: w.wall.Now}
	w.merchants = &merchant.Service{DB: w.db, Clock: w.wall.Now}
	w.payments = &payment.Service{DB: w.db, Events: w.events, Vault: &vault.Service{DB: w.db, Keys: keys, Log: w.events},
		Connectors: map[string]connector.Connector{"fake": w.provider}, Log: quiet, Environment: w.access.Environment,
		ReturnURL: func(_, payment ident.ID) string { return "https://pay.example/back/" + string(payment) }}
	w.jobs = &job.Queue{DB: w.db, Clock: w.wall.Now, Log: quiet}
	w.payments.Register(w.jobs, w.wall.Now)
	w.Service = &settlement.Service{DB: w.db, Events: w.events, Clock: w.wall.Now, Log: quiet, Connectors: w.payments.Connectors, Environment: w.access.Environment}
	w.Register(w.jobs)
	w.events.Listen(w.OnEvent)
	realm, err := w.access.AddRealm(t.Context(), "kite", access.Test)
	if err != nil {
		t.Fatal(err)
	}
	w.realm = realm.ID
	market, err := w.merchants.AddMarketplace(t.Context(), w.realm, audit.By{Actor: "test"}, "Fair")
	if err != nil {
		t.Fatal(err)
	}
	w.market = market.ID
	w.shop, w.other = w.seller("shop"), w.seller("other")
	return w
}

// seller makes a merchant of the marketplace in Sydney, without a plan.
func (w *world) seller(code string) seller {
	w.t.Helper()
	m, err := w.merchants.Add(w.t.Context(), w.realm, audit.By{Actor: "test"}, merchant.Merchant{Code: code, Name: "Kite " + code, Country: "AU", Marketplace: w.market,
		Business: merchant.Business{TimeZone: "Australia/Sydney", TaxID: "12345678901"}})
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := w.merchants.AddProfile(w.t.Context(), w.realm, audit.By{Actor: "test"}, merchant.Profile{Merchant: m.ID, Code: code, Name: m.Name})
	if err != nil {
		w.t.Fatal(err)
	}
	return seller{m, p}
}

// fair is the merchant that the marketplace is itself, once it has parts.
func (w *world) fair() seller {
	w.t.Helper()
	m, err := w.merchants.Marketplace(w.t.Context(), w.realm, w.market)
	if err != nil {
		w.t.Fatal(err)
	}
	return seller{Merchant: merchant.Merchant{ID: m.Merchant, Name: m.Name}}
}

// terms are 1.75 % and 30 cents of a card payment in AUD, 10 % tax on it.
func terms(mode settlement.Mode) settlement.Terms {
	return settlement.Terms{Mode: mode, DisputeFee: 2500, RefundFee: 20, PayoutFee: 50, HandPayouts: true,
		Rules: []settlement.Rule{{Method: method.Card, Currency: "AUD", BasisPoints: 175, Fixed: 30}}}
}

func (w *world) plan(s seller, t settlement.Terms) settlement.Plan {
	w.t.Helper()
	p, err := w.SavePlan(w.t.Context(), w.realm, staff, settlement.Plan{Merchant: s.ID, Currency: "AUD", Terms: t})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) actor() access.Actor {
	return access.Actor{Realm: w.realm, Environment: access.Test, Kind: "test", May: append([]access.Permission{access.Credit}, access.Everything...)}
}

func aud(minor int64) money.Amount { return money.Of(minor, "AUD") }
func eur(minor int64) money.Amount { return money.Of(minor, "EUR") }

// pay takes a card payment.
func (w *world) pay(s seller, minor int64) payment.Payment {
	w.t.Helper()
	out, err := w.payments.Pay(w.t.Context(), w.actor(), payment.Order{Idempotency: idempotency.Key{Surface: "test"}, Profile: s.profile,
		Kind: connector.Debit, Method: method.Card, Brand: "VISA", Amount: aud(minor), Reference: "A-1",
		Card: &connector.Card{Number: method.Conceal("4200000000000000"), CVV: method.Conceal("123"), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2030, Brand: "VISA"}})
	if err != nil || out.Payment.State != payment.Captured {
		w.t.Fatalf("pay: %s %v", out.Payment.State, err)
	}
	return out.Payment
}

func (w *world) refund(p payment.Payment, minor int64, fault string) payment.Outcome {
	w.t.Helper()
	op := payment.Operation{Idempotency: idempotency.Key{Surface: "test"}, Payment: p.ID, Amount: aud(minor)}
	if fault != "" {
		op.Simulate = map[string]string{"fault": fault}
	}
	out, err := w.payments.Refund(w.t.Context(), w.actor(), op)
	if err != nil || out.Attempt.State != payment.Approved {
		w.t.Fatalf("refund: %s %v", out.Attempt.State, err)
	}
	return out
}

// account is a seller's at the provider.
func (w *world) account(s seller) string { return string(w.realm) + "." + s.profile.Code }

func (w *world) dispute(s seller, p payment.Payment, minor int64) {
	w.t.Helper()
	if err := w.provider.Dispute(w.account(s), p.ID, aud(minor), "000.100.230", w.now()); err != nil {
		w.t.Fatal(err)
	}
	w.work()
}

func (w *world) represent(s seller, p payment.Payment, minor int64) {
	w.t.Helper()
	if err := w.provider.Represent(w.account(s), p.ID, aud(minor), w.now()); err != nil {
		w.t.Fatal(err)
	}
	w.work()
}

func (w *world) now() (at time.Time) {
	w.view(func(tx *store.Tx) error { at = tx.Now(); return nil })
	return at
}

func (w *world) view(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.View(context.Background(), w.realm, fn); err != nil {
		w.t.Fatal(err)
	}
}

// pass lets time pass in the realm and does the work that falls due in it.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	now, err := w.access.Advance(w.t.Context(), w.realm, d)
	if err != nil {
		w.t.Fatal(err)
	}
	w.provider.Moved(string(w.realm), now.Sub(w.wall.Now()))
	w.work()
}

// work does all that is due now: callbacks of the provider, and jobs.
func (w *world) work() {
	w.t.Helper()
	for range 500 {
		letters, err := w.provider.Callbacks(w.wall.Now())
		if err != nil {
			w.t.Fatal(err)
		}
		for _, cb := range letters {
			n, err := w.provider.ParseNotice(func(name string) string { return cb.Headers[name] }, cb.Body, w.wall.Now())
			if err == nil {
				_, err = w.payments.Noticed(w.t.Context(), w.realm, "fake", n)
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

// lines are the entries of a payment: whose, what, how it changes the balance.
func (w *world) lines(p payment.Payment) (out []string) {
	w.t.Helper()
	list, err := w.Entries(w.t.Context(), w.realm, p.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	names := map[ident.ID]string{w.shop.ID: "shop", w.other.ID: "other", w.fair().ID: "fair"}
	for _, e := range list {
		out = append(out, fmt.Sprintf("%s %s %d gross %d fee %d tax %d", names[e.Merchant], e.Kind, e.Amount, e.Gross, e.Fee, e.Tax))
	}
	return out
}

// posted is what is posted on an account in AUD, both columns.
func (w *world) posted(a ledger.Account) (posted, pending int64) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		list, err := ledger.Balance(tx, a)
		for _, s := range list {
			if s.Posted.Currency == "AUD" {
				posted, pending = s.Posted.Minor, s.Pending.Minor
			}
		}
		return err
	})
	return posted, pending
}

// sound holds the books to their own rules.
func (w *world) sound() {
	w.t.Helper()
	found, err := ledger.Verify(w.t.Context(), w.db, w.realm, nil)
	if err != nil || len(found) > 0 {
		w.t.Errorf("books: got %v, %v", found, err)
	}
	wrong, err := payment.Verify(w.t.Context(), w.db, w.realm, func(int64) {})
	if err != nil || len(wrong) > 0 {
		w.t.Errorf("payments: got %v, %v", wrong, err)
	}
}
