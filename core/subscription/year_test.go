package subscription_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// brands are what stored methods are agreed under.
var brands = map[subscription.Method]string{subscription.ByVipps: "VIPPS", subscription.ByPayEx: "PAYEX", subscription.ByKlarna: "KLARNA", subscription.ByNexi: "NEXI"}

// agree has a reader agree at a provider's page, and keeps the token.
func (h *house) agree(person ident.ID, p subscription.Product, m subscription.Method) (t subscription.Token, a mandate.Mandate) {
	h.t.Helper()
	actor := h.actor
	out, err := h.Mandates.Agree(context.Background(), actor, mandate.Wish{Idempotency: idempotency.Key{Surface: "media", Key: string(person) + string(m) + h.at.String()},
		Profile: h.profile, Brand: brands[m], Details: mandate.Details{ReturnURL: "https://site.example"}})
	h.must(err)
	h.must(h.payer.Decide(out.Mandate.Account, out.Mandate.ID, "success", h.at))
	a, err = h.Mandates.Look(context.Background(), h.actor.Realm, out.Mandate.ID)
	h.must(err)
	h.must(h.DB.Update(context.Background(), h.actor.Realm, func(tx *store.Tx) (err error) {
		t, err = h.AddToken(tx, p, person, m, a.ID)
		return err
	}))
	return t, a
}

// subscriber is one of the readers of a year.
type subscriber struct {
	h      *house
	name   string
	person ident.ID
	paper  subscription.Product
	// pays says whether the reader pays a bill by hand this morning; nil: as
	// soon as it is there.
	pays      func(n int, inv invoice.Invoice) bool
	agreement mandate.Mandate
	byHand    int64 // minor units
}

func (s *subscriber) held() subscription.Held {
	s.h.t.Helper()
	held, err := s.h.Holding(context.Background(), s.h.actor.Realm, s.person, s.paper.Code)
	s.h.must(err)
	return held
}

func (s *subscriber) bills() []subscription.Bill {
	s.h.t.Helper()
	list, err := s.h.Bills(context.Background(), s.h.actor.Realm, s.held().ID)
	s.h.must(err)
	return list
}

// subscribe starts a subscription that is paid by a method; by the bank from the
// second bill on, as the bank agrees first.
func (h *house) subscribe(name string, p subscription.Product, m subscription.Method, account *bankfile.Account) *subscriber {
	h.t.Helper()
	s := &subscriber{h: h, name: name, paper: p}
	h.must(h.DB.Update(context.Background(), h.actor.Realm, func(tx *store.Tx) error { s.person = tx.NewID(); return nil }))
	w := subscription.Wish{Person: s.person, Number: 700412, Product: p.Code, Details: subscription.Details{Customer: invoice.Customer{GivenName: name, Email: name + "@example.com"}}}
	if m.Stored() {
		var t subscription.Token
		t, s.agreement = h.agree(s.person, p, m)
		w.Method, w.Token = m, t.ID
	}
	_, err := h.Start(context.Background(), h.actor.Realm, by, w)
	h.must(err)
	h.work()
	if m == subscription.ByBank {
		h.must(h.DB.Update(context.Background(), h.actor.Realm, func(tx *store.Tx) error {
			_, _, err := h.Change(tx, by, s.person, p.Code, m, "", account)
			return err
		}))
	}
	return s
}

// morning is what a reader does, once a week, who finds bills that are to be paid by hand.
func (s *subscriber) morning() {
	s.h.t.Helper()
	for n, b := range s.bills() {
		if b.Method != subscription.ByInvoice || b.State != subscription.Open && b.State != subscription.Left {
			continue
		}
		if inv := s.h.invoice(b.Invoice); s.pays == nil || s.pays(n, inv) {
			s.byHand += inv.Left().Minor
			s.h.pay(inv)
		}
	}
}

// settle moves a reader's agreement as the reader does at the provider, which
// tells nobody.
func (s *subscriber) settle(to connector.State) {
	s.h.t.Helper()
	s.h.must(s.h.payer.Settle(s.agreement.Account, s.agreement.ID, to, s.h.at))
}

// reminded says that a bill is paid once there is a reminder.
func reminded(_ int, inv invoice.Invoice) bool { return len(inv.Details.Reminders) > 0 }

// swedish gives the house a Swedish bank and a paper in kronor.
func (h *house) swedish() (p subscription.Product) {
	h.t.Helper()
	ctx := context.Background()
	_, err := h.Banks.AddCreditor(ctx, h.actor, by, bankfile.Creditor{Merchant: h.product.Merchant, Bank: "bankgirot", Creditor: connector.Creditor{Customer: "471117", Account: "9912346"}})
	h.must(err)
	p, err = h.AddProduct(ctx, h.actor, by, subscription.Product{Merchant: h.product.Merchant, Profile: h.profile.ID, Code: "SYDNYTT", Name: "Sydnytt", Currency: "SEK", Price: 29900})
	h.must(err)
	_, err = h.AddCoupon(ctx, h.actor, by, subscription.Coupon{Product: p.ID, Code: "SYD", Number: 7, Price: 29900, Length: 1, Unit: subscription.Month})
	h.must(err)
	return p
}

// Twelve months of eight readers, each with another way to pay. One charge fails
// and is repeated, agreements are taken back and run out, a bill is paid after a
// reminder, a reader is shut out and let in; files go to and fro with two banks.
// In the end twelve bills of each are paid, and every krone is in the books.
func TestAYear(t *testing.T) {
	each(t, func(h *house) {
		h.t.Parallel() // the engines side by side: it is a long year
		sydnytt := h.swedish()
		late := h.subscribe("late", h.product, subscription.ByInvoice, nil)
		late.pays = func(n int, inv invoice.Invoice) bool { return n != 3 || reminded(n, inv) }
		gone := h.subscribe("gone", h.product, subscription.ByInvoice, nil)
		gone.pays = func(n int, _ invoice.Invoice) bool {
			return n < 2 || gone.held().State == subscription.Suspended || n > 3
		}
		payex, vipps := h.subscribe("payex", h.product, subscription.ByPayEx, nil), h.subscribe("vipps", h.product, subscription.ByVipps, nil)
		klarna, nexi := h.subscribe("klarna", h.product, subscription.ByKlarna, nil), h.subscribe("nexi", h.product, subscription.ByNexi, nil)
		vipps.pays, nexi.pays = reminded, func(n int, inv invoice.Invoice) bool { return n > 9 || reminded(n, inv) }
		norway := h.subscribe("norway", h.product, subscription.ByBank, nil)
		sweden := h.subscribe("sweden", sydnytt, subscription.ByBank, &bankfile.Account{Number: method.Conceal("3300001212121212"), Person: method.Conceal("191212121212")})
		h.must(h.bank.Expect("nets", "00912345", 1, fake.FatePaid, fake.FateShort))
		h.must(h.bank.Expect("bankgirot", "471117", 2, fake.FatePaid, fake.FatePaid, fake.FateShort))
		readers := []*subscriber{late, gone, payex, vipps, klarna, nexi, norway, sweden}
		days := map[string]func(){
			"2027-03-29": func() { payex.settle(connector.Suspended) }, // the charge of the next morning fails
			"2027-03-30": func() { payex.settle(connector.Approved) },
			"2027-06-01": func() { vipps.settle(connector.Revoked) },
			"2027-08-01": func() { nexi.settle(connector.Lapsed) },
		}
		for end := start.AddDate(0, 0, 363); h.at.Before(end); {
			h.days(1)
			if f := days[h.at.Format(time.DateOnly)]; f != nil {
				f()
			}
			if h.at.Weekday() == time.Monday {
				for _, s := range readers {
					s.morning()
				}
			}
		}
		h.yearOf(late, subscription.ByInvoice, 12, 0, 1)
		h.yearOf(gone, subscription.ByInvoice, 12, 0, 2)
		h.yearOf(payex, subscription.ByPayEx, 0, 1, 0)
		h.yearOf(vipps, subscription.ByInvoice, 5, 0, 5)
		h.yearOf(klarna, subscription.ByKlarna, 0, 0, 0)
		h.yearOf(nexi, subscription.ByInvoice, 3, 0, 1)
		h.yearOf(norway, subscription.ByBank, 1, 1, 0)
		h.yearOf(sweden, subscription.ByBank, 1, 1, 0)
		if !h.said("subscription.suspended", "subscription.resumed", "subscription.charge_failed", "subscription.fell_back", "bank_file.sent", "bank_file.read", "bank_claim.refused", "bank_claim.lapsed") ||
			slices.Contains(h.heard, "bank_file.quarantined") {
			h.t.Errorf("got %q", slices.Compact(slices.Sorted(slices.Values(h.heard))))
		}
		h.accounts(readers)
	})
}

// yearOf holds a reader's year to what is wanted: twelve bills, all paid, so many
// of them by hand, so many tries that failed, so many reminders.
func (h *house) yearOf(s *subscriber, m subscription.Method, byHand, tries, reminders int64) {
	h.t.Helper()
	var failed, told int64
	list := s.bills()
	for _, b := range list {
		inv := h.invoice(b.Invoice)
		failed, told = failed+b.Tries, told+int64(len(inv.Details.Reminders))
		if b.State != subscription.Paid || inv.State != invoice.Paid || inv.Paid != s.paper.Price {
			h.t.Errorf("%s: the bill from %s: %s, %d paid", s.name, b.FromOn, b.State, inv.Paid)
		}
	}
	now := s.held()
	if len(list) != 12 || now.State != subscription.Active || now.Unpaid || now.PaidUntil != "2027-11-29" || now.Method != m {
		h.t.Errorf("%s: got %d bills, %s, paid until %s, by %s", s.name, len(list), now.State, now.PaidUntil, now.Method)
	}
	if s.byHand != byHand*s.paper.Price || failed != tries || told != reminders {
		h.t.Errorf("%s: got %d by hand, %d failed, %d reminders, want %d, %d, %d", s.name, s.byHand, failed, told, byHand*s.paper.Price, tries, reminders)
	}
}

// accounts compares the books with those of the provider and of the banks, and
// has them proved.
func (h *house) accounts(readers []*subscriber) {
	h.t.Helper()
	ctx := context.Background()
	sums := map[money.Currency]int64{}
	atBank := map[money.Currency]int64{}
	for _, s := range readers {
		sums[s.paper.Currency] += 12 * s.paper.Price
		atBank[s.paper.Currency] += s.byHand
	}
	entries, unreadable, err := h.bank.Entries()
	h.must(err)
	for _, e := range entries {
		atBank[map[string]money.Currency{"nets": "NOK", "bankgirot": "SEK"}[e.Bank]] += e.Minor
	}
	charged := int64(0)
	book, err := h.payer.Books().Entries()
	h.must(err)
	for _, e := range book {
		if e.State == connector.Approved && e.Kind == connector.Debit {
			charged += e.Money.Minor
		}
	}
	if len(unreadable) > 0 || charged != 40*34900 {
		h.t.Errorf("the provider took %d; files the bank could not read: %q", charged, unreadable)
	}
	for currency, want := range sums {
		provider := h.balance(ledger.Provider("fake"), currency)
		if bank, owed := h.balance(ledger.Bank, currency), h.balance(ledger.Merchant(h.product.Merchant), currency); bank != atBank[currency] || bank+provider != want || owed != -want {
			h.t.Errorf("%s: got bank %d (it says %d), provider %d, merchant %d, want %d in all", currency, bank, atBank[currency], provider, owed, want)
		}
	}
	if got := h.balance(ledger.Provider("fake"), "NOK"); got != charged {
		h.t.Errorf("the provider owes %d, and says %d", got, charged)
	}
	books, err := ledger.Verify(ctx, h.DB, h.actor.Realm, func(int64, int64) {})
	h.must(err)
	payments, err := payment.Verify(ctx, h.DB, h.actor.Realm, func(int64) {})
	h.must(err)
	wrong, err := audit.Verify(ctx, h.DB, h.actor.Realm)
	h.must(err)
	if len(books) > 0 || len(payments) > 0 || wrong != "" {
		h.t.Errorf("not clean: %v, %v, %q", books, payments, wrong)
	}
	h.filed()
}

// filed checks that both banks were sent files, sent theirs, and that nothing in
// them was left unmatched.
func (h *house) filed() {
	h.t.Helper()
	ctx := context.Background()
	banks, err := h.Banks.Creditors(ctx, h.actor, h.product.Merchant)
	h.must(err)
	for _, c := range banks {
		files, err := h.Banks.Files(ctx, h.actor, c.ID, "", 500)
		h.must(err)
		ways := map[bankfile.Way]int{}
		for _, f := range files {
			ways[f.Way]++
			if f.State != bankfile.Delivered && f.State != bankfile.Read {
				h.t.Errorf("%s: file %s is %s", c.Bank, f.Name, f.State)
			}
			strays, err := h.Banks.UnmatchedIn(ctx, h.actor, f.ID)
			if err != nil || len(strays) > 0 {
				h.t.Errorf("%s: strays in %s: %+v (%v)", c.Bank, f.Name, strays, err)
			}
		}
		if ways[bankfile.Out] < 12 || ways[bankfile.In] < 12 {
			h.t.Errorf("%s: got files %v", c.Bank, ways)
		}
	}
}

// balance is what the books say of an account in a currency, posted.
func (h *house) balance(a ledger.Account, c money.Currency) (minor int64) {
	h.t.Helper()
	h.must(h.DB.View(context.Background(), h.actor.Realm, func(tx *store.Tx) error {
		minor = 0
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
