package app

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/web/browsertest"
)

// swede is a reader of a Swedish paper, who pays by invoice.
type swede struct {
	*reader
	owner errand.Owner
	sub   subscription.Subscription
	bank  bankfile.Creditor
}

func openSwede(t *testing.T) *swede {
	t.Helper()
	s := &swede{reader: openReader(t)}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	realm, err := s.devRealm(ctx)
	must(err)
	profile, _, err := s.Merchants.ByCode(ctx, realm.ID, devEntity)
	must(err)
	actor := access.Actor{Realm: realm.ID, Environment: access.Test, Kind: "test", May: access.Everything}
	s.bank, err = s.Banks.AddCreditor(ctx, actor, devBy, bankfile.Creditor{Merchant: profile.Merchant, Bank: "bankgirot", Creditor: connector.Creditor{Customer: "471117", Account: "9912346"}})
	must(err)
	p, err := s.Subscriptions.AddProduct(ctx, actor, devBy, subscription.Product{Merchant: profile.Merchant, Profile: profile.ID, Code: "SYDNYTT", Name: "Sydnytt", Currency: "SEK", Price: 29900})
	must(err)
	_, err = s.Subscriptions.AddCoupon(ctx, actor, devBy, subscription.Coupon{Product: p.ID, Code: "SYD", Number: 7, Price: 29900, Length: 1, Unit: subscription.Month})
	must(err)
	client, err := s.Login.Client(ctx, devClient)
	must(err)
	person, err := s.Login.ByCredential(ctx, realm.ID, login.Credential{Kind: login.Email, Value: devReader})
	must(err)
	s.sub, err = s.Subscriptions.Start(ctx, realm.ID, devBy, subscription.Wish{Person: person.ID, Number: person.Number, Product: p.Code})
	must(err)
	s.owner = errand.Owner{Realm: realm.ID, Client: client.ID, Code: client.Code, Person: person.ID}
	return s
}

// change is the page on which a change to Autogiro goes on.
func (s *swede) change() (page string, number int64) {
	s.t.Helper()
	e, err := s.Errands.ChangeMethod(s.t.Context(), s.owner, "SYDNYTT", subscription.ByBank)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.visit("/login/paymentChange", "paymentChangeId", fmt.Sprint(e.Number)), e.Number
}

func (s *swede) mandate() (m bankfile.Mandate, found bool) {
	s.t.Helper()
	if err := s.DB.View(s.t.Context(), s.owner.Realm, func(tx *store.Tx) (err error) {
		m, found, err = bankfile.MandateOf(tx, s.bank.ID, s.sub.ID)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return m, found
}

// Autogiro asks for the account first. What is mistyped is said beside its field
// and kept, but for the holder's number; whoever goes back has cancelled; and
// nobody but the owner gives an account.
func TestAutogiroAsksForTheAccount(t *testing.T) {
	s := openSwede(t)
	s.post(s.visit("/login/login"), "credential", devReader, "password", devPassword, "step", "password")
	page, number := s.change()
	if got := s.get(page); got.status != 200 || !strings.Contains(got.body, `name="clearing"`) || strings.Contains(got.body, "<script") {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	for at, typed := range map[string][3]string{"clearing": {"330", "1212121212", "191212121212"}, "number": {"3300", "12x", "191212121212"}, "person": {"3300", "1212121212", "191212121213"}} {
		got := s.post(page, "clearing", typed[0], "number", typed[1], "person", typed[2], "step", "account")
		if got.status != 422 || strings.Count(got.body, `aria-invalid="true"`) != 1 || !strings.Contains(got.body, `id="`+at+`-problem">`) || strings.Contains(got.body, typed[2]) {
			t.Errorf("%s: got %d %s", at, got.status, got.body)
		}
	}
	if _, found := s.mandate(); found {
		t.Error("a mistyped account was kept")
	}
	if got := s.post(page, "clearing", "3300", "number", "1212121212", "person", "191212121212", "step", "account", "", "Origin", "https://evil.example"); got.status != 403 {
		t.Errorf("a foreign form: got %d", got.status)
	}
	stranger := s.owner
	stranger.Person = ident.ID(strings.Repeat("0", 24))
	if _, err := s.Errands.GiveAccount(t.Context(), stranger, number, nil); err == nil {
		t.Error("a stranger gives an account")
	}
	if got, want := s.post(page, "step", "leave"), mine+"&status=cancelled&paymentChangeId="+fmt.Sprint(number); got.to != want {
		t.Errorf("left: got %s, want %s", got.to, want)
	}
	if got := s.post(page, "clearing", "3300", "number", "1212121212", "person", "191212121212", "step", "account"); !strings.Contains(got.to, "status=cancelled") {
		t.Errorf("after leaving: got %s", got.to)
	}
	page, number = s.change()
	s.get(page)
	for range 2 { // a second click finds it done
		if got, want := s.post(page, "clearing", "3300", "number", "12 1212-1212", "person", "19121212-1212", "step", "account"), mine+"&status=initiated&paymentChangeId="+fmt.Sprint(number); got.to != want {
			t.Errorf("given: got %s, want %s", got.to, want)
		}
	}
	if m, found := s.mandate(); !found || m.State != bankfile.Wanted {
		t.Errorf("got %+v, %v", m, found)
	}
	if got := s.get(page); !strings.Contains(got.to, "status=initiated") {
		t.Errorf("opened again: got %s", got.to)
	}
}

// The account's page in each window.
func TestAccountPage(t *testing.T) {
	s := openSwede(t)
	b := browsertest.Start(t)
	page, _ := s.change()
	u, err := url.Parse(s.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	b.Open(t, page)
	b.Run(t, chromedp.SendKeys("#credential", devReader, chromedp.ByQuery), chromedp.SendKeys("#password", devPassword, chromedp.ByQuery), chromedp.Click(`[value="password"]`, chromedp.ByQuery))
	b.Await(t, `document.querySelector("#clearing")`)
	for i, w := range browsertest.Windows {
		w.Language = []string{"en", "sv", "nb", "fi"}[i]
		b.Resize(t, w)
		b.Open(t, page)
		b.Inspect(t, u.Host)
		b.Shot(t, "account."+w.Name)
		b.Run(t, chromedp.SendKeys("#clearing", "8327", chromedp.ByQuery), chromedp.SendKeys("#number", "12345678", chromedp.ByQuery), chromedp.SendKeys("#person", "191212121213", chromedp.ByQuery),
			chromedp.Click(`[value="account"]`, chromedp.ByQuery))
		b.Await(t, `document.querySelector("[aria-invalid]")?.id === "person"`)
		b.Forget() // browsers log the status of a refusal
		b.Inspect(t, u.Host)
		b.Shot(t, "account-wrong."+w.Name)
	}
}
