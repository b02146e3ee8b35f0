package errand_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/bankgirot"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/connector/nets"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
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

// house is a publisher with a paper in Norway and one in Sweden, a bank in each,
// and a reader of both who has a bill for each.
type house struct {
	*errand.Service
	t     *testing.T
	doors *access.Service
	payer *fake.Provider
	owner errand.Owner
	bills map[string]errand.Bill // by product
}

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) { fn(open(t, engine)) })
	}
}

func open(t *testing.T, engine string) *house {
	t.Helper()
	h := &house{t: t, bills: map[string]errand.Bill{}}
	clock := storetest.NewClock(start)
	db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = clock.Now })
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	keys, err := vault.EphemeralKeys()
	h.must(err)
	h.payer, err = fake.New(fake.Config{BaseURL: "https://pay.example", Clock: clock.Now})
	h.must(err)
	h.doors = &access.Service{DB: db, Pepper: []byte("pepper"), Random: rand.Reader, Clock: clock.Now}
	ms := &merchant.Service{DB: db, Clock: clock.Now}
	events := &event.Log{}
	vaults := &vault.Service{DB: db, Keys: keys, Log: events}
	connectors := map[string]connector.Connector{"fake": h.payer}
	back := func(_, id ident.ID) string { return "https://pay.example/back/" + string(id) }
	mandates := &mandate.Service{DB: db, Events: events, Connectors: connectors, Log: log, ReturnURL: back}
	payments := &payment.Service{DB: db, Events: events, Vault: vaults, Log: log, Connectors: connectors, Mandates: mandates, Environment: h.doors.Environment, ReturnURL: back}
	invoices := &invoice.Service{DB: db, Events: events, Payments: payments, Random: rand.Reader, Log: log, Environment: h.doors.Environment}
	payments.Gates = []payment.Gate{invoices.Claim}
	banks := &bankfile.Service{DB: db, Events: events, Vault: vaults, Invoices: invoices, Log: log, Environment: h.doors.Environment,
		Formats: map[string]connector.BankFormat{"nets": nets.Bank{}, "bankgirot": bankgirot.Bank{}}}
	subs := &subscription.Service{DB: db, Events: events, Vault: vaults, Payments: payments, Mandates: mandates, Invoices: invoices, Banks: banks, Log: log, Environment: h.doors.Environment}
	checkouts := &checkout.Service{DB: db, Access: h.doors, Payments: payments, Merchants: ms, Random: rand.Reader, Node: "node01"}
	h.Service = &errand.Service{DB: db, Events: events, Payments: payments, Mandates: mandates, Checkouts: checkouts, Invoices: invoices, Subscriptions: subs, Random: rand.Reader,
		Log: log, Environment: h.doors.Environment, PageURL: func(key string) string { return "https://pay.example/c/" + key },
		BackURL: func(string, int64) string { return "https://pay.example/back" }}
	for _, listen := range []event.Listener{checkouts.OnEvent, invoices.OnEvent, subs.OnEvent, h.OnEvent} {
		events.Listen(listen)
	}
	h.shop(ms, banks)
	return h
}

func (h *house) shop(ms *merchant.Service, banks *bankfile.Service) {
	h.t.Helper()
	ctx := context.Background()
	realm, err := h.doors.AddRealm(ctx, "Lind", access.Test)
	h.must(err)
	m, err := ms.Add(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: "90417722", Name: "Lind Media", Country: "NO"})
	h.must(err)
	profile, err := ms.AddProfile(ctx, realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: m.ID, Code: "LM000117", Name: "Lind Media"})
	h.must(err)
	actor := access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "media", May: access.Everything}
	for bank, c := range map[string]connector.Creditor{"nets": {Customer: "00912345", Account: "15039123451", Agreement: "000000000"}, "bankgirot": {Customer: "471117", Account: "9912346"}} {
		_, err = banks.AddCreditor(ctx, actor, by, bankfile.Creditor{Merchant: m.ID, Bank: bank, Creditor: c})
		h.must(err)
	}
	h.must(h.DB.Update(ctx, realm.ID, func(tx *store.Tx) error {
		h.owner = errand.Owner{Realm: realm.ID, Client: tx.NewID(), Code: "no.site", Person: tx.NewID()}
		return nil
	}))
	for _, p := range []subscription.Product{{Code: "DAGSN", Currency: "NOK", Price: 34900}, {Code: "SYDNYTT", Currency: "SEK", Price: 29900}} {
		p.Merchant, p.Profile, p.Name = m.ID, profile.ID, p.Code
		made, err := h.Subscriptions.AddProduct(ctx, actor, by, p)
		h.must(err)
		_, err = h.Subscriptions.AddCoupon(ctx, actor, by, subscription.Coupon{Product: made.ID, Code: "C", Number: 1, Price: p.Price, Length: 1, Unit: subscription.Month})
		h.must(err)
		_, err = h.Subscriptions.Start(ctx, realm.ID, by, subscription.Wish{Person: h.owner.Person, Product: p.Code})
		h.must(err)
		billed, err := h.Subscriptions.Billed(ctx, realm.ID, h.owner.Person, p.Code)
		h.must(err)
		h.bills[p.Code] = errand.Bill{Number: billed[0].Invoice.Number, Product: p.Code, Company: m.Code, Means: errand.Vipps}
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) pay(product string, means errand.Means) errand.Errand {
	h.t.Helper()
	b := h.bills[product]
	b.Means = means
	e, ok, err := h.PayInvoice(context.Background(), h.owner, b)
	if err != nil || !ok {
		h.t.Fatalf("got %v, %v", ok, err)
	}
	return e
}

func (h *house) open(number int64, kinds ...errand.Kind) (errand.Step, error) {
	return h.Open(context.Background(), h.owner, kinds, number, "https://site.example/done", "https://site.example/oops")
}

// choose does on the wallet's page what a payer does.
func (h *house) choose(e errand.Errand, what string) {
	h.t.Helper()
	out, err := h.Payments.Look(context.Background(), h.owner.Realm, e.Payment)
	h.must(err)
	h.must(h.payer.Choose(out.Payment.Details.Account, out.Payment.ID, what, start))
}

// stands is how an errand is when its owner comes back.
func (h *house) stands(number int64, want errand.State) {
	h.t.Helper()
	step, err := h.Back(context.Background(), h.owner, number)
	if err != nil || step.Errand.State != want || step.URL != "" {
		h.t.Errorf("got %s, to %q (%v), want %s", step.Errand.State, step.URL, err, want)
	}
}

// An errand goes on from where it was left, ends once, and belongs to its owner
// at its client.
func TestPaying(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		e := h.pay("DAGSN", errand.Vipps)
		if again := h.pay("DAGSN", errand.Vipps); again.Number != e.Number || e.State != errand.Created {
			h.t.Errorf("asked twice: got %d and %d", e.Number, again.Number)
		}
		for name, c := range map[string]struct {
			owner  func(o *errand.Owner)
			number int64
			kind   errand.Kind
			want   string
		}{
			"another person": {func(o *errand.Owner) { o.Person = o.Client }, e.Number, errand.Pay, "forbidden.errand"},
			"another client": {func(o *errand.Owner) { o.Client = o.Person }, e.Number, errand.Pay, "not_found.errand"},
			"another number": {func(*errand.Owner) {}, e.Number + 1, errand.Pay, "not_found.errand"},
			"another page":   {func(*errand.Owner) {}, e.Number, errand.Change, "not_found.errand"},
		} {
			o := h.owner
			c.owner(&o)
			if _, err := h.Open(ctx, o, []errand.Kind{c.kind}, c.number, "", ""); fault.Code(err) != c.want {
				h.t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
		}
		first, err := h.open(e.Number, errand.Pay)
		if err != nil || first.URL == "" || first.Errand.State != errand.Initiated {
			h.t.Fatalf("got %+v (%v)", first, err)
		}
		if second, err := h.open(e.Number, errand.Pay); err != nil || second.URL != first.URL {
			h.t.Errorf("opened again: to %q, want %q (%v)", second.URL, first.URL, err)
		}
		h.stands(e.Number, errand.Unknown) // nothing was chosen, whatever an address says
		h.choose(first.Errand, "success")
		h.stands(e.Number, errand.Finished)
		h.stands(e.Number, errand.Finished)
		if _, ok, err := h.PayInvoice(ctx, h.owner, h.bills["DAGSN"]); ok || err != nil {
			h.t.Errorf("paid already: got %v, %v", ok, err)
		}
		other := h.bills["DAGSN"]
		other.Company = "11111111"
		if _, _, err := h.PayInvoice(ctx, h.owner, other); fault.Code(err) != "not_found.invoice" {
			h.t.Errorf("another company: got %v", err)
		}
	})
}

// One with other means takes the place of one that was begun; a card's goes to a
// checkout of its own, and whoever leaves that has cancelled.
func TestOtherMeans(t *testing.T) {
	each(t, func(h *house) {
		e := h.pay("SYDNYTT", errand.Swish)
		_, err := h.open(e.Number, errand.Pay)
		h.must(err)
		card := h.pay("SYDNYTT", errand.PayEx)
		if card.Number == e.Number {
			h.t.Fatal("the same errand with other means")
		}
		h.stands(e.Number, errand.Cancelled)
		step, err := h.open(card.Number, errand.Pay)
		if err != nil || step.Errand.Session == "" || step.URL == "" {
			h.t.Fatalf("got %+v (%v)", step, err)
		}
		h.stands(card.Number, errand.Cancelled)
	})
}

// What is not begun within half an hour is over.
func TestTimeIsUp(t *testing.T) {
	each(t, func(h *house) {
		e := h.pay("DAGSN", errand.Vipps)
		change, err := h.ChangeMethod(context.Background(), h.owner, "SYDNYTT", subscription.ByBank)
		h.must(err)
		if step, err := h.open(change.Number, errand.Change); err != nil || !step.Account {
			h.t.Errorf("got %+v (%v)", step, err)
		}
		_, err = h.doors.Advance(context.Background(), h.owner.Realm, errand.Life)
		h.must(err)
		if _, err := h.open(e.Number, errand.Pay); fault.Code(err) != "conflict.errand.expired" {
			h.t.Errorf("got %v", err)
		}
		account, err := bankfile.SwedishAccount("3300", "1212121212", "191212121212")
		h.must(err)
		if _, err := h.GiveAccount(context.Background(), h.owner, change.Number, account); fault.Code(err) != "conflict.errand.expired" {
			h.t.Errorf("an account, too late: got %v", err)
		}
		h.stands(e.Number, errand.Expired)
	})
}

// Changes that need no page are done once, however often the page is opened at
// the same moment; those that need an account wait for it.
func TestChanging(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		if _, err := h.ChangeMethod(ctx, h.owner, "DAGSN", subscription.ByInvoice); fault.Code(err) != "conflict.method" {
			h.t.Errorf("to the present one: got %v", err)
		}
		norway, err := h.ChangeMethod(ctx, h.owner, "DAGSN", subscription.ByBank)
		h.must(err)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if step, err := h.open(norway.Number, errand.Change); err != nil || step.Account || step.Errand.Result() != "initiated" {
					h.t.Errorf("got %+v (%v)", step, err)
				}
			})
		}
		all.Wait()
		sweden, err := h.ChangeMethod(ctx, h.owner, "SYDNYTT", subscription.ByBank)
		h.must(err)
		account, err := bankfile.SwedishAccount("8327-9", "123 456", "19121212-1212")
		h.must(err)
		if _, err := h.GiveAccount(ctx, h.owner, sweden.Number, account); fault.Code(err) != "not_found.errand" {
			h.t.Errorf("before the page was opened: got %v", err)
		}
		if step, err := h.open(sweden.Number, errand.Change); err != nil || !step.Account {
			h.t.Errorf("got %+v (%v)", step, err)
		}
		for range 2 {
			step, err := h.GiveAccount(ctx, h.owner, sweden.Number, account)
			if err != nil || step.Account || step.Errand.Result() != "initiated" {
				h.t.Errorf("got %+v (%v)", step, err)
			}
		}
		if step, err := h.Leave(ctx, h.owner, sweden.Number); err != nil || step.Errand.Result() != "initiated" {
			h.t.Errorf("left after the account was given: got %+v (%v)", step, err)
		}
		held, err := h.Subscriptions.Holding(ctx, h.owner.Realm, h.owner.Person, "SYDNYTT")
		if err != nil || held.Pending != subscription.ByBank {
			h.t.Errorf("got %s (%v)", held.Pending, err)
		}
	})
}
