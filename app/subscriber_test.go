package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2"

	"github.com/florinpay/florin/store/storetest"
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

	start time.Time // the day of the first bill
	last  int       // how many bills there are besides
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
func (s *subscriber) pass(d time.Duration) {
	s.t.Helper()
	if moved := s.control(s.t, "POST", "/clock", fmt.Sprintf("advanceSeconds=%d", int64(d.Seconds())+1)); moved.status != 200 {
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

// invoices are the reader's, by their numbers.
func (s *subscriber) invoices() map[string]map[string]any {
	s.t.Helper()
	list, _ := s.ask("GET", "/v1/customer/invoice/payment/DAGSN", "")["invoices"].([]any)
	out := map[string]map[string]any{}
	for _, one := range list {
		in, _ := one.(map[string]any)
		out[fmt.Sprint(in["invoiceNumber"])] = in
	}
	return out
}

// newest is the number of the reader's newest invoice.
func (s *subscriber) newest() (number string) {
	s.t.Helper()
	for n := range s.invoices() {
		number = max(number, n)
	}
	return number
}

// paid says whether an invoice is.
func (s *subscriber) paid(number string) bool {
	s.t.Helper()
	return s.invoices()[number]["paymentStatus"] == "2"
}

// subscribe has the reader take the paper: there is a bill.
func (s *subscriber) subscribe() string {
	s.t.Helper()
	if got := s.ask("POST", "/v1/subscription", `{"companyCode":"`+s.Media.CompanyCode+`","product":"DAGSN","couponNumber":31}`); got["status"] != "OK" {
		s.t.Fatalf("got %v", got)
	}
	number := s.newest()
	start, err := time.Parse(time.DateOnly, fmt.Sprint(s.invoices()[number]["invoiceDate"]))
	if err != nil {
		s.t.Fatal(err)
	}
	s.start = start
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

// next moves the clock to noon of the day of the next bill, and waits for it.
func (s *subscriber) next() (number string) {
	s.t.Helper()
	s.last++
	first := time.Date(s.start.Year(), s.start.Month()+time.Month(s.last), 1, 12, 0, 0, 0, time.UTC)
	s.until(first.AddDate(0, 0, min(s.start.Day(), first.AddDate(0, 1, -1).Day())-1))
	eventually(s.t, "the next bill", func() bool { return len(s.invoices()) == s.last+1 })
	return s.newest()
}

// until moves the clock to a moment, in steps that a refresh token outlives.
func (s *subscriber) until(at time.Time) {
	s.t.Helper()
	for {
		now, err := time.Parse(time.RFC3339, s.control(s.t, "GET", "/clock").at("now"))
		if err != nil {
			s.t.Fatal(err)
		}
		if !now.Before(at) {
			return
		}
		s.pass(min(at.Sub(now), 20*24*time.Hour))
	}
}

// The story of a reader, from the first code to the last file of a bank: an
// account by a code, a sign-in through another's OAuth library, an invoice that
// is left and then paid, one by card with the bank's challenge, one whose wallet
// says nothing and is paid after all; then a stored card pays by itself, and
// then the bank. A year passes, and every krone of it is in the books.
func TestSubscribers(t *testing.T) {
	b := browsertest.Start(t)
	b.Resize(t, browsertest.Windows[2])
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			database := storetest.Database(t, engine)
			s := &subscriber{counter: counter{dev(t, "--database", database), openShop(t), b}, t: t}
			before := s.books()
			s.sign("kari@example.com")
			s.byHand()
			s.changesTwice()
			s.year()
			s.adds(before)
			b.Open(t, s.Media.LoginBase+"/logout?"+url.Values{"clientId": {s.Media.ClientID}, "returnUrl": {s.shop.URL + "/done"}, "errorUrl": {s.shop.URL + "/oops"}}.Encode())
			s.stop(t)
			verify := exec.Command(program(t), "verify", "--database", database)
			verify.Dir = s.command.Dir
			out, err := verify.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "the books are right") {
				t.Errorf("verify: %v\n%s", err, out)
			}
		})
	}
}

// byHand pays three bills in the browser.
func (s *subscriber) byHand() {
	s.t.Helper()
	first := s.subscribe()
	id := s.pays(first, "vippsEcommerce")
	s.b.Await(s.t, `document.querySelector("[value=cancel]")`)
	s.b.Run(s.t, chromedp.WaitReady("body", chromedp.ByQuery))
	s.b.Shot(s.t, "subscriber-wallet")
	press(s.t, s.b, `[value="cancel"]`)
	s.back("cancelled", "transactionId", id)
	if s.paid(first) {
		s.t.Error("what was cancelled is paid")
	}
	s.byVipps(first)

	second := s.next()
	id = s.pays(second, "creditcardPayex")
	s.b.Await(s.t, `document.querySelector("#number")`)
	s.b.Inspect(s.t, host(s.t, s.URL))
	s.b.Shot(s.t, "subscriber-card")
	fill(s.t, s.b, challenged)
	press(s.t, s.b, payButton)
	s.b.Await(s.t, `document.title.startsWith("Confirm your payment")`)
	press(s.t, s.b, `[value="success"]`)
	s.back("finished", "transactionId", id)

	third := s.next()
	id = s.pays(third, "swishPayex")
	press(s.t, s.b, `[value="silent"]`) // the wallet says nothing for a minute
	s.back("unknown", "transactionId", id)
	s.pass(24 * time.Hour)
	eventually(s.t, "what was unknown settles", func() bool { return s.paid(third) })
	s.visit(s.signs("/login/payment/invoice/pay", "transactionId", id))
	s.back("finished", "transactionId", id)
}

// byVipps pays an invoice in the browser.
func (s *subscriber) byVipps(number string) {
	s.t.Helper()
	id := s.pays(number, "vippsEcommerce")
	press(s.t, s.b, `[value="success"]`)
	s.back("finished", "transactionId", id)
	if !s.paid(number) {
		s.t.Errorf("invoice %s is not paid", number)
	}
}

// byCard goes over to a stored card.
func (s *subscriber) byCard() {
	s.t.Helper()
	id := s.changes("recurringPayExCardPayment")
	s.b.Await(s.t, `document.querySelector("[value=success]")`)
	s.b.Shot(s.t, "subscriber-agreement")
	press(s.t, s.b, `[value="success"]`)
	s.back("finished", "paymentChangeId", id)
	if got := s.active(); got != "recurringPayExCardPayment" {
		s.t.Errorf("paid by %s", got)
	}
}

// changesTwice goes over to a stored card, which pays the next bill by itself,
// and then to the bank, which pays the one after that.
func (s *subscriber) changesTwice() {
	s.t.Helper()
	s.byCard()
	fourth := s.next()
	eventually(s.t, "the stored card pays by itself", func() bool { return s.paid(fourth) })

	id := s.changes("autoGiro")
	s.back("initiated", "paymentChangeId", id)
	for day := 0; s.active() != "autoGiro"; day++ {
		if day == 10 {
			s.t.Fatal("the bank has not agreed by file in ten days")
		}
		s.pass(24 * time.Hour)
		soon(func() bool { return s.active() == "autoGiro" })
	}
	s.byFile()
}

// soon waits a second for something that may happen.
func soon(done func() bool) bool {
	for deadline := time.Now().Add(time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
