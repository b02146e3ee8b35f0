package bankfile_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
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
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var start = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

// house is a publisher with creditors in Norway and Sweden, and the test bank.
type house struct {
	*bankfile.Service
	t       *testing.T
	bank    *fake.Bank
	jobs    *job.Queue
	doors   *access.Service
	actor   access.Actor
	profile merchant.Profile
	no, se  bankfile.Creditor
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
	h.doors = &access.Service{DB: db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: clock.Now}
	events := &event.Log{}
	invoices := &invoice.Service{DB: db, Events: events, Random: rand.Reader, Log: log, Environment: h.doors.Environment}
	h.Service = &bankfile.Service{DB: db, Events: events, Vault: &vault.Service{DB: db, Keys: keys, Log: events}, Invoices: invoices, Log: log,
		Formats: map[string]connector.BankFormat{"nets": nets.Bank{}, "bankgirot": bankgirot.Bank{}}, Environment: h.doors.Environment,
		Couriers: map[access.Environment]connector.Courier{access.Test: h.bank}}
	events.Listen(func(tx *store.Tx, e event.Event) error {
		tx.Committed(func() { h.heard = append(h.heard, e.Type) })
		return nil
	})
	h.jobs = &job.Queue{DB: db, Clock: clock.Now, Log: log}
	h.Register(h.jobs)
	ctx, ms := context.Background(), &merchant.Service{DB: db, Clock: clock.Now}
	realm, err := h.doors.AddRealm(ctx, "Lind", access.Test)
	h.must(err)
	m, err := ms.Add(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: "90417722", Name: "Lind Media", Country: "NO"})
	h.must(err)
	h.profile, err = ms.AddProfile(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: m.ID, Code: "LM000117", Name: "Lind Media"})
	h.must(err)
	h.actor = access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "media", May: access.Everything}
	h.no, err = h.AddCreditor(ctx, h.actor, audit.By{Actor: "test"}, bankfile.Creditor{Merchant: m.ID, Bank: "nets",
		Creditor: connector.Creditor{Customer: "00912345", Account: "15039123451", Agreement: "000000000"}})
	h.must(err)
	h.se, err = h.AddCreditor(ctx, h.actor, audit.By{Actor: "test"}, bankfile.Creditor{Merchant: m.ID, Bank: "bankgirot",
		Creditor: connector.Creditor{Customer: "471117", Account: "9912346"}})
	h.must(err)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) update(f func(tx *store.Tx) error) {
	h.t.Helper()
	h.must(h.DB.Update(context.Background(), h.actor.Realm, f))
}

// until moves the realm's clock ahead day by day, to six in the morning and a
// little later, and does what falls due.
func (h *house) until(month time.Month, day int) {
	h.t.Helper()
	for end := time.Date(2026, month, day, 6, 30, 0, 0, time.UTC); h.at.Before(end); {
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

func (h *house) creditor(c bankfile.Creditor) (now bankfile.Creditor) {
	h.t.Helper()
	list, err := h.Creditors(context.Background(), h.actor, c.Merchant)
	h.must(err)
	for _, x := range list {
		if x.ID == c.ID {
			now = x
		}
	}
	return now
}

// want asks for a mandate of an owner.
func (h *house) want(c bankfile.Creditor, owner ident.ID, a *bankfile.Account) (m bankfile.Mandate) {
	h.t.Helper()
	c = h.creditor(c)
	h.update(func(tx *store.Tx) (err error) {
		m, err = h.Want(tx, c, owner, a)
		return err
	})
	return m
}

func (h *house) mandate(c bankfile.Creditor, owner ident.ID) (m bankfile.Mandate) {
	h.t.Helper()
	h.update(func(tx *store.Tx) (err error) {
		m, _, err = bankfile.MandateOf(tx, c.ID, owner)
		return err
	})
	return m
}

// bill makes an invoice under a mandate and claims it.
func (h *house) bill(c bankfile.Creditor, owner ident.ID, minor int64, due invoice.Date) (inv invoice.Invoice) {
	h.t.Helper()
	currency := h.Formats[c.Bank].Currency()
	h.update(func(tx *store.Tx) error {
		m, _, err := bankfile.MandateOf(tx, c.ID, owner)
		if err != nil {
			return err
		}
		ref, err := h.NextReference(tx, c, &m)
		if err != nil {
			return err
		}
		inv, _, err = h.Invoices.AddIn(tx, h.actor, invoice.Draft{Idempotency: idempotency.Key{Surface: "media"}, Profile: h.profile, Owner: owner, Scheme: invoice.Mod10,
			Payable: ref, Amount: money.Of(minor, currency), DueOn: due, Customer: invoice.Customer{GivenName: "Nora", Surname: "Lind"}})
		if err != nil {
			return err
		}
		_, err = h.Claim(tx, c, m, inv, due, bankfile.ClaimDetails{Name: "Nora Lind", Text: "Dagsnytt", Bill: []string{"Dagsnytt, desember"}})
		return err
	})
	return inv
}

func (h *house) invoice(id ident.ID) invoice.Invoice {
	h.t.Helper()
	inv, err := h.Invoices.Get(context.Background(), h.actor, id)
	h.must(err)
	return inv
}

func (h *house) claim(inv ident.ID) (c bankfile.Claim) {
	h.t.Helper()
	h.update(func(tx *store.Tx) error {
		list, err := bankfile.ClaimsOf(tx, inv)
		if err == nil && len(list) > 0 {
			c = list[len(list)-1]
		}
		return err
	})
	return c
}

// stands is what the books say of an account, posted.
func (h *house) stands(a ledger.Account, c money.Currency) (minor int64) {
	h.t.Helper()
	h.must(h.DB.View(context.Background(), h.actor.Realm, func(tx *store.Tx) error {
		all, err := ledger.Balance(tx, a)
		for _, s := range all {
			if s.Posted.Currency == c {
				minor = s.Posted.Minor
			}
		}
		return err
	}))
	return minor
}

func (h *house) owner() (id ident.ID) {
	h.update(func(tx *store.Tx) error {
		id = tx.NewID()
		return nil
	})
	return id
}
