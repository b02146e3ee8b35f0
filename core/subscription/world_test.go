package subscription_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/bankgirot"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/connector/nets"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var (
	start = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	by    = audit.By{Actor: "nora", Origin: "test"}
)

// house is a publisher in Norway with a paper by the month, its bank, and a
// reader.
type house struct {
	*subscription.Service
	t       *testing.T
	bank    *fake.Bank
	payer   *fake.Provider
	jobs    *job.Queue
	doors   *access.Service
	actor   access.Actor
	profile merchant.Profile
	product subscription.Product
	reader  ident.ID
	heard   []string
	at      time.Time
}

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) { fn(open(t, engine)) })
	}
}

func open(t *testing.T, engine string) *house {
	t.Helper()
	h := &house{t: t, at: start}
	clock := storetest.NewClock(start)
	db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = clock.Now })
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	keys, err := vault.EphemeralKeys()
	h.must(err)
	h.bank, err = fake.OpenBank("")
	h.must(err)
	provider, err := fake.New(fake.Config{BaseURL: "https://pay.example", Clock: clock.Now})
	h.must(err)
	h.payer = provider
	h.doors = &access.Service{DB: db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: clock.Now}
	events := &event.Log{}
	vaults := &vault.Service{DB: db, Keys: keys, Log: events}
	connectors := map[string]connector.Connector{"fake": provider}
	back := func(_, id ident.ID) string { return "https://pay.example/back/" + string(id) }
	mandates := &mandate.Service{DB: db, Events: events, Connectors: connectors, Log: log, ReturnURL: back}
	payments := &payment.Service{DB: db, Events: events, Vault: vaults, Log: log, Connectors: connectors, Mandates: mandates, Environment: h.doors.Environment, ReturnURL: back}
	invoices := &invoice.Service{DB: db, Events: events, Payments: payments, Random: rand.Reader, Log: log, Environment: h.doors.Environment}
	payments.Gates = []payment.Gate{invoices.Claim}
	banks := &bankfile.Service{DB: db, Events: events, Vault: vaults, Invoices: invoices, Log: log, Environment: h.doors.Environment,
		Formats:  map[string]connector.BankFormat{"nets": nets.Bank{}, "bankgirot": bankgirot.Bank{}},
		Couriers: map[access.Environment]connector.Courier{access.Test: h.bank}}
	invoices.Claimed = banks.Asked
	h.Service = &subscription.Service{DB: db, Events: events, Vault: vaults, Payments: payments, Mandates: mandates, Invoices: invoices, Banks: banks, Log: log,
		Environment: h.doors.Environment}
	events.Listen(invoices.OnEvent)
	events.Listen(h.OnEvent)
	events.Listen(func(tx *store.Tx, e event.Event) error {
		tx.Committed(func() { h.heard = append(h.heard, e.Type) })
		return nil
	})
	h.jobs = &job.Queue{DB: db, Clock: clock.Now, Log: log}
	payments.Register(h.jobs, clock.Now)
	mandates.Register(h.jobs, clock.Now)
	invoices.Register(h.jobs)
	banks.Register(h.jobs)
	h.Register(h.jobs)
	h.shop(&merchant.Service{DB: db, Clock: clock.Now})
	return h
}

func (h *house) shop(ms *merchant.Service) {
	h.t.Helper()
	ctx := context.Background()
	realm, err := h.doors.AddRealm(ctx, "Lind", access.Test)
	h.must(err)
	m, err := ms.Add(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: "90417722", Name: "Lind Media", Country: "NO", Business: merchant.Business{TimeZone: "Europe/Oslo"}})
	h.must(err)
	h.profile, err = ms.AddProfile(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: m.ID, Code: "LM000117", Name: "Lind Media"})
	h.must(err)
	h.actor = access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "media", May: access.Everything}
	_, err = h.Banks.AddCreditor(ctx, h.actor, by, bankfile.Creditor{Merchant: m.ID, Bank: "nets",
		Creditor: connector.Creditor{Customer: "00912345", Account: "15039123451", Agreement: "000000000"}})
	h.must(err)
	h.product, err = h.AddProduct(ctx, h.actor, by, subscription.Product{Merchant: m.ID, Profile: h.profile.ID, Code: "DAGSN", Name: "Dagsnytt komplett", Currency: "NOK",
		Price: 34900, TaxRate: 0, Digital: true})
	h.must(err)
	_, err = h.AddCoupon(ctx, h.actor, by, subscription.Coupon{Product: h.product.ID, Code: "DIGI", Number: 31, Description: "Digital, by the month", Price: 34900, Length: 1, Unit: subscription.Month})
	h.must(err)
	h.must(h.DB.Update(ctx, realm.ID, func(tx *store.Tx) error { h.reader = tx.NewID(); return nil }))
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// begin starts the reader's subscription and makes its first bill.
func (h *house) begin() subscription.Subscription {
	h.t.Helper()
	sub, err := h.Start(context.Background(), h.actor.Realm, by, subscription.Wish{Person: h.reader, Number: 700412, Product: "DAGSN",
		Details: subscription.Details{Customer: invoice.Customer{GivenName: "Nora", Surname: "Lind", Email: "nora@example.com"}}})
	h.must(err)
	h.work()
	return sub
}

func (h *house) now() subscription.Held {
	h.t.Helper()
	held, err := h.Holding(context.Background(), h.actor.Realm, h.reader, "DAGSN")
	h.must(err)
	return held
}

func (h *house) bills() []subscription.Bill {
	h.t.Helper()
	list, err := h.Bills(context.Background(), h.actor.Realm, h.now().ID)
	h.must(err)
	return list
}

func (h *house) invoice(id ident.ID) invoice.Invoice {
	h.t.Helper()
	inv, err := h.Invoices.Get(context.Background(), h.actor, id)
	h.must(err)
	return inv
}

// pay pays an invoice as a bank transfer would.
func (h *house) pay(inv invoice.Invoice) {
	h.t.Helper()
	_, err := h.Invoices.Receive(context.Background(), h.actor.Realm, invoice.Transfer{ID: "t" + inv.Number, Reference: inv.Payable, Amount: inv.Left()})
	h.must(err)
	h.work()
}

func (h *house) change(m subscription.Method) (waits bool, err error) {
	h.t.Helper()
	err = h.DB.Update(context.Background(), h.actor.Realm, func(tx *store.Tx) (err error) {
		_, waits, err = h.Change(tx, by, h.reader, "DAGSN", m, "", nil)
		return err
	})
	h.work()
	return waits, err
}

// days moves the realm's clock ahead, to half past six each morning, and does
// what falls due.
func (h *house) days(n int) {
	h.t.Helper()
	for range n {
		next := time.Date(h.at.Year(), h.at.Month(), h.at.Day()+1, 6, 30, 0, 0, time.UTC)
		_, err := h.doors.Advance(context.Background(), h.actor.Realm, next.Sub(h.at))
		h.must(err)
		h.at = next
		h.work()
	}
}

func (h *house) work() {
	h.t.Helper()
	for range 20 {
		list, err := h.jobs.Claim(context.Background(), 50)
		h.must(err)
		if len(list) == 0 {
			return
		}
		for _, j := range list {
			h.jobs.Run(context.Background(), j)
		}
	}
}

func (h *house) said(types ...string) bool {
	return !slices.ContainsFunc(types, func(typ string) bool { return !slices.Contains(h.heard, typ) })
}

// stands is what the books say of an account, posted, in NOK.
func (h *house) stands(a ledger.Account) (minor int64) {
	h.t.Helper()
	h.must(h.DB.View(context.Background(), h.actor.Realm, func(tx *store.Tx) error {
		all, err := ledger.Balance(tx, a)
		for _, s := range all {
			minor = s.Posted.Minor
		}
		return err
	}))
	return minor
}
