package invoice_test

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
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// desk is a merchant's invoices over a real core and the test provider.
type desk struct {
	*invoice.Service
	t        *testing.T
	db       *store.DB
	jobs     *job.Queue
	doors    *access.Service
	payments *payment.Service
	provider *fake.Provider
	actor    access.Actor
	profile  merchant.Profile
	heard    []string // of invoices, in order
}

var start = time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC)

func each(t *testing.T, fn func(t *testing.T, d *desk)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) { fn(t, open(t, engine)) })
	}
}

func open(t *testing.T, engine string) *desk {
	t.Helper()
	clock := storetest.NewClock(start)
	d := &desk{t: t}
	d.db = storetest.Open(t, engine, func(o *store.Options) { o.Clock = clock.Now })
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	keys, err := vault.EphemeralKeys()
	d.must(err)
	d.provider, err = fake.New(fake.Config{BaseURL: "https://pay.example", Clock: clock.Now})
	d.must(err)
	d.doors = &access.Service{DB: d.db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: clock.Now}
	events := &event.Log{}
	d.payments = &payment.Service{DB: d.db, Events: events, Vault: &vault.Service{DB: d.db, Keys: keys, Log: events}, Log: log,
		Connectors: map[string]connector.Connector{"fake": d.provider}, Environment: d.doors.Environment,
		ReturnURL: func(_, id ident.ID) string { return "https://pay.example/back/" + string(id) }}
	d.Service = &invoice.Service{DB: d.db, Events: events, Payments: d.payments, Random: rand.Reader, Log: log, Environment: d.doors.Environment}
	d.payments.Gates = []payment.Gate{d.Claim}
	events.Listen(d.OnEvent)
	events.Listen(func(tx *store.Tx, e event.Event) error {
		if c, ok := e.Subject.(invoice.Change); ok {
			tx.Committed(func() {
				if c.Instalment >= 0 {
					e.Type += fmt.Sprint(" ", c.Instalment)
				}
				d.heard = append(d.heard, e.Type)
			})
		}
		return nil
	})
	d.jobs = &job.Queue{DB: d.db, Clock: clock.Now, Log: log}
	d.payments.Register(d.jobs, clock.Now)
	d.Register(d.jobs)
	d.shop()
	return d
}

func (d *desk) shop() {
	d.t.Helper()
	ctx, ms := context.Background(), &merchant.Service{DB: d.db, Clock: func() time.Time { return start }}
	realm, err := d.doors.AddRealm(ctx, "Fjord", access.Test)
	d.must(err)
	m, err := ms.Add(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: "M1", Name: "Fjord Bil AS", Country: "NO", Business: merchant.Business{TimeZone: "Europe/Oslo"}})
	d.must(err)
	d.profile, err = ms.AddProfile(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: m.ID, Code: "workshop", Name: "Fjord Bil"})
	d.must(err)
	d.actor = access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "spense", May: access.Everything, Merchants: []ident.ID{m.ID}}
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) draft() invoice.Draft {
	return invoice.Draft{Idempotency: idempotency.Key{Surface: "spense"}, Profile: d.profile, Reference: "20417", Order: "WO-20417", Scheme: invoice.Mod10,
		Customer: invoice.Customer{Organisation: true, Name: "Nordlys Transport AS", Number: "10452"}, Amount: money.Of(1_249_000, "NOK"), DueOn: "2026-12-05",
		Details: invoice.Details{Net: 999_200, Lines: []invoice.Line{{Kind: invoice.Regular, Description: "Winter tyres", Quantity: invoice.Million, Gross: 1_249_000}}}}
}

func (d *desk) add(dr invoice.Draft) invoice.Invoice {
	d.t.Helper()
	inv, _, err := d.Add(context.Background(), d.actor, dr)
	d.must(err)
	return inv
}

func (d *desk) get(id ident.ID) invoice.Invoice {
	d.t.Helper()
	inv, err := d.Get(context.Background(), d.actor, id)
	d.must(err)
	return inv
}

// order pays an invoice with a card that succeeds.
func (d *desk) order(inv invoice.Invoice, minor int64, card string) payment.Order {
	return payment.Order{Idempotency: idempotency.Key{Surface: "spense"}, Profile: d.profile, Kind: connector.Debit, Method: method.Card, Brand: "VISA",
		Amount: money.Of(minor, inv.Amount.Currency), Keep: len(inv.Details.Instalments) > 0, Details: payment.Details{Invoice: inv.ID},
		Card: &connector.Card{Number: method.Conceal(card), CVV: method.Conceal("123"), Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2030, Brand: "VISA"}}
}

const (
	good     = "4200000000000000"
	declined = "4200000000000091"
)

func (d *desk) pay(inv invoice.Invoice, minor int64, card string) (payment.Outcome, error) {
	o := d.order(inv, minor, card)
	if card == declined {
		o.Simulate = map[string]string{"outcome": "declined.do_not_honour"}
	}
	return d.payments.Pay(context.Background(), d.actor, o)
}

// until moves the realm's clock to a moment and does what fell due by then.
func (d *desk) until(at time.Time) {
	d.t.Helper()
	var now time.Time
	d.must(d.db.View(context.Background(), d.actor.Realm, func(tx *store.Tx) error { now = tx.Now(); return nil }))
	if at.After(now) {
		_, err := d.doors.Advance(context.Background(), d.actor.Realm, at.Sub(now))
		d.must(err)
	}
	for range 20 {
		list, err := d.jobs.Claim(context.Background(), 50)
		d.must(err)
		if len(list) == 0 {
			return
		}
		for _, j := range list {
			d.jobs.Run(context.Background(), j)
		}
	}
}

// stands is what the books say of an account, posted, in NOK.
func (d *desk) stands(a ledger.Account) (minor int64) {
	d.t.Helper()
	d.must(d.db.View(context.Background(), d.actor.Realm, func(tx *store.Tx) error {
		all, err := ledger.Balance(tx, a)
		for _, s := range all {
			minor = s.Posted.Minor
		}
		return err
	}))
	return minor
}
