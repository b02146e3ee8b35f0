package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2"

	"github.com/florinpay/florin/web/browsertest"
)

// subscriber is a reader in a browser and the site's own server behind it, which
// speaks to florin by OAuth with a library that is none of ours.
type subscriber struct {
	counter
	t    *testing.T
	conf oauth2.Config
	had  *oauth2.Token
	who  string
}

// sign signs the reader in through the site: the browser goes to the login
// server and comes back with a code, which the site's server exchanges.
func (s *subscriber) sign(who string) {
	s.t.Helper()
	m := s.Media
	s.who = who
	s.conf = oauth2.Config{ClientID: m.ClientID, ClientSecret: m.ClientSecret, RedirectURL: m.RedirectURI, Scopes: []string{"read", "write"},
		Endpoint: oauth2.Endpoint{AuthURL: m.LoginBase + "/oauth/authorize", TokenURL: m.LoginBase + "/oauth/token"}}
	verifier := oauth2.GenerateVerifier()
	s.b.Open(s.t, s.conf.AuthCodeURL("x1", oauth2.S256ChallengeOption(verifier)))
	s.enter()
	s.b.Await(s.t, `document.querySelector("[value=skip]")`)
	press(s.t, s.b, `[value="skip"]`)
	s.b.Await(s.t, `location.pathname === "/try/signed-in"`)
	back := query(s.t, s.b)
	if back.Get("state") != "x1" {
		s.t.Fatalf("back with %v", back)
	}
	tokens, err := s.conf.Exchange(s.t.Context(), back.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		s.t.Fatal(err)
	}
	s.had = tokens
}

// enter signs in on the page that stands before another one, with a code.
func (s *subscriber) enter() {
	s.t.Helper()
	fill(s.t, s.b, [][2]string{{"credential", s.who}})
	press(s.t, s.b, `[value="send"]`)
	s.b.Await(s.t, `document.querySelector("#code")`)
	fill(s.t, s.b, [][2]string{{"code", s.code(s.t, s.who)}})
	press(s.t, s.b, `[value="code"]`)
}

// visit opens a page of the login server; who is no longer signed in does so
// first.
func (s *subscriber) visit(address string) {
	s.t.Helper()
	s.b.Open(s.t, address)
	s.b.Await(s.t, `document.readyState === "complete"`)
	if browsertest.Eval[bool](s.t, s.b, `Boolean(document.querySelector("#credential"))`) {
		s.enter()
	}
}

// pass moves the realm's clock; the site's server then has to refresh its token.
func (s *subscriber) pass(days int) {
	s.t.Helper()
	if moved := s.control(s.t, "POST", "/clock", fmt.Sprintf("advanceSeconds=%d", days*86400)); moved.status != 200 {
		s.t.Fatalf("the clock: %s", moved.raw)
	}
	old := *s.had
	old.Expiry = time.Now().Add(-time.Minute)
	fresh, err := s.conf.TokenSource(s.t.Context(), &old).Token()
	if err != nil {
		s.t.Fatal(err)
	}
	s.had = fresh
}

// ask is a question of the site's server.
func (s *subscriber) ask(method, path, body string) (out map[string]any) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.Media.APIBase+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	s.had.SetAuthHeader(req)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil {
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.UseNumber()
		err = d.Decode(&out)
	}
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: got %d %s (%v)", method, path, res.StatusCode, text, err)
	}
	return out
}

// invoice is the reader's newest invoice: its number, and whether it is paid.
func (s *subscriber) invoice() (number string, paid bool) {
	s.t.Helper()
	list, _ := s.ask("GET", "/v1/customer/invoice/payment/DAGSN", "")["invoices"].([]any)
	for _, one := range list {
		in, _ := one.(map[string]any)
		if n, _ := in["invoiceNumber"].(string); n > number {
			number = n
			_, paid = in["paymentDate"]
		}
	}
	return number, paid
}

// paid says whether an invoice is.
func (s *subscriber) paid(number string) bool {
	s.t.Helper()
	open, _ := s.ask("GET", "/v1/customer/invoice/payment/DAGSN?unpaid=true", "")["invoices"].([]any)
	for _, one := range open {
		if in, _ := one.(map[string]any); in["invoiceNumber"] == number {
			return false
		}
	}
	return true
}

// subscribe has the reader take the paper: there is a bill.
func (s *subscriber) subscribe() string {
	s.t.Helper()
	if got := s.ask("POST", "/v1/subscription", `{"companyCode":"`+s.Media.CompanyCode+`","product":"DAGSN","couponNumber":31}`); got["status"] != "OK" {
		s.t.Fatalf("got %v", got)
	}
	number, _ := s.invoice()
	return number
}

// pays begins to pay an invoice in the browser.
func (s *subscriber) pays(number, how string) (id string) {
	s.t.Helper()
	got := s.ask("POST", "/v1/api/payment/invoice", fmt.Sprintf(`{"invoiceNumber":%q,"productCode":"DAGSN","companyCode":%q,"paymentMethod":%q}`, number, s.Media.CompanyCode, how))
	id = fmt.Sprint(got["transactionId"])
	s.visit(s.signs("/login/payment/invoice/pay", "transactionId", id))
	return id
}

func (s *subscriber) changes(method string) (id string) {
	s.t.Helper()
	id = fmt.Sprint(s.ask("POST", "/v1/product/payment/DAGSN", `{"paymentMethod":"`+method+`"}`)["paymentChangeId"])
	s.visit(s.signs("/login/paymentChange", "paymentChangeId", id))
	return id
}

// back waits until the reader is back at the site with a word.
func (s *subscriber) back(word, name, id string) {
	s.t.Helper()
	s.b.Await(s.t, fmt.Sprintf(`location.pathname === "/done" && location.search === "?tab=2&status=%s&%s=%s"`, word, name, id))
}

// active is the method that the product is paid by.
func (s *subscriber) active() string {
	s.t.Helper()
	list, _ := s.ask("GET", "/v1/product/payment/DAGSN", "")["paymentMethodResponseItems"].([]any)
	for _, one := range list {
		if in, _ := one.(map[string]any); in["isActive"] == "Y" {
			return fmt.Sprint(in["paymentMethod"])
		}
	}
	return ""
}

// month lets the realm's clock pass to the next bill, and waits for it.
func (s *subscriber) month(before string) (number string) {
	s.t.Helper()
	for range 2 { // a token that is not refreshed for a month is good no more
		s.pass(16)
	}
	eventually(s.t, "the next bill", func() bool { number, _ = s.invoice(); return number != before })
	return number
}

// The story of a reader, from the first code to the bank's file: an account by a
// code, a sign-in through another's OAuth library, an invoice left unpaid, one
// whose wallet says nothing and is paid after all, one by card with the bank's
// challenge; then a stored card pays by itself, and then the bank.
func TestSubscribers(t *testing.T) {
	database := filepath.Join(t.TempDir(), "readers.db")
	s := &subscriber{counter: counter{dev(t, "--database", database), openShop(t), browsertest.Start(t)}, t: t}
	s.b.Resize(t, browsertest.Windows[2])
	s.sign("kari@example.com")
	first := s.subscribe()

	id := s.pays(first, "vippsEcommerce")
	s.b.Await(t, `document.querySelector("[value=cancel]")`)
	s.b.Run(t, chromedp.WaitReady("body", chromedp.ByQuery))
	s.b.Shot(t, "subscriber-wallet")
	press(t, s.b, `[value="cancel"]`)
	s.back("cancelled", "transactionId", id)
	if _, paid := s.invoice(); paid {
		t.Error("what was cancelled is paid")
	}
	id = s.pays(first, "vippsEcommerce")
	press(t, s.b, `[value="success"]`)
	s.back("finished", "transactionId", id)
	if _, paid := s.invoice(); !paid {
		t.Error("the invoice is not paid")
	}

	second := s.month(first)
	id = s.pays(second, "creditcardPayex")
	s.b.Await(t, `document.querySelector("#number")`)
	s.b.Inspect(t, host(t, s.URL))
	s.b.Shot(t, "subscriber-card")
	fill(t, s.b, challenged)
	press(t, s.b, payButton)
	s.b.Await(t, `document.title.startsWith("Confirm your payment")`)
	press(t, s.b, `[value="success"]`)
	s.back("finished", "transactionId", id)

	third := s.month(second)
	id = s.pays(third, "swishPayex")
	press(t, s.b, `[value="silent"]`) // the wallet says nothing for a minute
	s.back("unknown", "transactionId", id)
	s.pass(1)
	eventually(t, "what was unknown settles", func() bool { _, paid := s.invoice(); return paid })
	s.visit(s.signs("/login/payment/invoice/pay", "transactionId", id))
	s.back("finished", "transactionId", id)

	s.changesTwice(third)
	s.b.Open(t, s.Media.LoginBase+"/logout?"+url.Values{"clientId": {s.Media.ClientID}, "returnUrl": {s.shop.URL + "/done"}, "errorUrl": {s.shop.URL + "/oops"}}.Encode())
	s.stop(t)
	out, err := exec.Command(program(t), "verify", "--database", database, "--key-file", database+".key").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "the books are right") {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

// changesTwice goes over to a stored card, which pays the next bill by itself,
// and then to the bank, which pays the one after that.
func (s *subscriber) changesTwice(last string) {
	s.t.Helper()
	id := s.changes("recurringPayExCardPayment")
	s.b.Await(s.t, `document.querySelector("[value=success]")`)
	s.b.Shot(s.t, "subscriber-agreement")
	press(s.t, s.b, `[value="success"]`)
	s.back("finished", "paymentChangeId", id)
	if got := s.active(); got != "recurringPayExCardPayment" {
		s.t.Errorf("paid by %s", got)
	}
	fourth := s.month(last)
	eventually(s.t, "the stored card pays by itself", func() bool { _, paid := s.invoice(); return paid })

	id = s.changes("autoGiro")
	s.back("initiated", "paymentChangeId", id)
	eventually(s.t, "the bank agrees by file", func() bool {
		if s.active() == "autoGiro" {
			return true
		}
		s.pass(1)
		return false
	})
	fifth := s.month(fourth)
	eventually(s.t, "the bank pays by file", func() bool {
		s.pass(1)
		return s.paid(fifth)
	})
}
