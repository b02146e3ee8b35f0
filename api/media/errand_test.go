package media_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store/storetest"
)

// reader is somebody at a browser, signed in at the sandbox's site.
type reader struct {
	*house
	t      *testing.T
	client login.Client
	person login.Person
	token  string // of the API
	cookie string
}

func (h *house) reader(t *testing.T) *reader {
	t.Helper()
	c, err := h.app.Login.Client(t.Context(), h.sandbox.Media.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.app.Login.ByCredential(t.Context(), c.Realm, login.Credential{Kind: login.Email, Value: h.sandbox.Media.Username})
	if err != nil {
		t.Fatal(err)
	}
	return h.at(t, c, p)
}

// at signs a person in at a site, in a browser and for the API.
func (h *house) at(t *testing.T, c login.Client, p login.Person) *reader {
	t.Helper()
	list, err := h.app.Login.Credentials(t.Context(), c.Realm, p.ID)
	if err != nil || len(list) == 0 {
		t.Fatalf("no credentials: %v", err)
	}
	token, _, err := h.app.Login.Begin(t.Context(), c, p, list[0])
	if err != nil {
		t.Fatal(err)
	}
	return &reader{house: h, t: t, client: c, person: p, token: h.token(t, c, p), cookie: "florin-" + string(c.Realm) + "=" + token.Reveal()}
}

const (
	mine = "https://site.example/mine?tab=2"
	oops = "https://site.example/oops"
)

// post asks the API and reads a number out of the answer.
func (r *reader) post(path, body, member string) int64 {
	r.t.Helper()
	a := r.ask(r.t, http.MethodPost, "/capi"+path, r.token, body, "Content-Type", "application/json")
	var out map[string]any
	d := json.NewDecoder(strings.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&out); err != nil || a.status != http.StatusOK {
		r.t.Fatalf("%s: got %d %s (%v)", path, a.status, a.body, err)
	}
	n, _ := out[member].(json.Number)
	id, _ := n.Int64()
	return id
}

func (r *reader) payInvoice(number, how string) int64 {
	r.t.Helper()
	return r.post("/v1/api/payment/invoice", fmt.Sprintf(`{"invoiceNumber":%q,"productCode":"DAGSN","companyCode":%q,"paymentMethod":%q}`, number, r.sandbox.Media.CompanyCode, how), "transactionId")
}

// go to an address with the browser: where it leads.
func (r *reader) visit(address string) (status int, to *url.URL) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Cookie", r.cookie)
	res, err := (&http.Transport{}).RoundTrip(req) // follows nothing
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	to, _ = url.Parse(res.Header.Get("Location"))
	return res.StatusCode, to
}

func (r *reader) page(path, name string, id int64) string {
	return r.sandbox.URL + "/login" + path + "?" + url.Values{"clientId": {r.client.Code}, "returnUrl": {mine}, "errorUrl": {oops}, name: {fmt.Sprint(id)}}.Encode()
}

// open opens the page of an invoice's payment.
func (r *reader) open(id int64) *url.URL {
	r.t.Helper()
	status, to := r.visit(r.page("/payment/invoice/pay", "transactionId", id))
	if status != http.StatusFound {
		r.t.Fatalf("got %d", status)
	}
	return to
}

// back comes back from a provider, with a lie in the address.
func (r *reader) back(id int64) *url.URL {
	r.t.Helper()
	_, to := r.visit(r.sandbox.URL + "/login/payment/back?" + url.Values{"clientId": {r.client.Code}, "errand": {fmt.Sprint(id)}, "status": {"finished"}}.Encode())
	return to
}

// ended holds an address to the contract's form of a result.
func (r *reader) ended(to *url.URL, word string, id int64) {
	r.t.Helper()
	if want := fmt.Sprintf("%s&status=%s&transactionId=%d", mine, word, id); to.String() != want {
		r.t.Errorf("got %s, want %s", to, want)
	}
}

// choose does on the wallet's page what a payer does.
func (r *reader) choose(id int64, what string) {
	r.t.Helper()
	invoices, err := r.app.Subscriptions.Billed(r.t.Context(), r.realm.ID, r.person.ID, "DAGSN")
	if err != nil || len(invoices) == 0 || invoices[0].Invoice.Paying == "" {
		r.t.Fatalf("nothing is being paid (%v)", err)
	}
	out, err := r.app.Payments.Look(r.t.Context(), r.realm.ID, invoices[0].Invoice.Paying)
	if err == nil {
		err = r.app.Provider.Choose(out.Payment.Details.Account, out.Payment.ID, what, time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC))
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// agreeAt opens a page, does on the provider's what a payer does, and comes back.
func (r *reader) agreeAt(page, name string, id int64, choice string) *url.URL {
	r.t.Helper()
	_, to := r.visit(r.page(page, name, id))
	return r.agree(to, choice)
}

func (r *reader) invoice() invoice.Invoice {
	r.t.Helper()
	list, err := r.app.Subscriptions.Billed(r.t.Context(), r.realm.ID, r.person.ID, "DAGSN")
	if err != nil || len(list) == 0 {
		r.t.Fatal(err)
	}
	return list[0].Invoice
}

func eachEngine(t *testing.T, f func(t *testing.T, h *house)) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) { f(t, open(t, engine)) })
	}
}

// A reader fails, cancels, and then pays an invoice by Vipps; whoever edits the
// result, comes back twice or is somebody else changes nothing.
func TestAnInvoiceIsPaid(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t)
		number := h.sandbox.Media.InvoiceNumber
		for what, word := range map[string]string{"decline": "failed", "cancel": "cancelled"} {
			id := r.payInvoice(number, "vippsEcommerce")
			if to := r.open(id); !strings.HasPrefix(to.String(), h.sandbox.URL) || to.Path == "/login/payment/invoice/pay" {
				t.Fatalf("to the wallet: got %s", to)
			}
			r.choose(id, what)
			r.ended(r.back(id), word, id)
			r.ended(r.open(id), word, id) // opened again: the same word
		}
		id := r.payInvoice(number, "vippsEcommerce")
		if again := r.payInvoice(number, "vippsEcommerce"); again != id {
			t.Errorf("asked twice: got %d and %d", id, again)
		}
		r.open(id)
		if to := r.back(id); !strings.Contains(to.RawQuery, "status=unknown") { // nothing was chosen: the lie is not believed
			t.Errorf("got %s", to)
		}
		if r.invoice().State == invoice.Paid {
			t.Error("paid by an address")
		}
		r.choose(id, "success")
		r.ended(r.back(id), "finished", id)
		r.ended(r.back(id), "finished", id)
		if inv := r.invoice(); inv.State != invoice.Paid || inv.Paid != 34900 {
			t.Errorf("got %s, %d", inv.State, inv.Paid)
		}
		a := h.ask(t, http.MethodPost, "/capi/v1/api/payment/invoice", r.token,
			fmt.Sprintf(`{"invoiceNumber":%q,"productCode":"DAGSN","companyCode":%q,"paymentMethod":"nexi"}`, number, h.sandbox.Media.CompanyCode), "Content-Type", "application/json")
		if strings.TrimSpace(a.body) != `{"success":false}` {
			t.Errorf("paid already: got %d %s", a.status, a.body)
		}
	})
}

// Who comes back from one payment with another one's number hears of that other
// one, and it is not paid by it.
func TestMixedUpReturns(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	first := r.payInvoice(h.sandbox.Media.InvoiceNumber, "vippsEcommerce")
	r.open(first)
	r.choose(first, "success")
	number := r.renew()
	second := r.payInvoice(number, "vippsEcommerce")
	r.open(second)
	for range 2 {
		if to := r.back(second); !strings.Contains(to.RawQuery, "status=unknown") {
			t.Errorf("got %s", to)
		}
	}
	if !r.unpaid(number) {
		t.Error("paid by another invoice's payer")
	}
	r.ended(r.back(first), "finished", first)
	if to := r.back(first + 1); to.String() != "" {
		t.Errorf("a number of nobody's: got %s", to)
	}
}

// By card the reader goes to our own page.
func TestAnInvoiceIsPaidByCard(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	id := r.payInvoice(h.sandbox.Media.InvoiceNumber, "creditcardPayex")
	to := r.open(id)
	if !strings.Contains(to.Path, "/v3/checkouts/") {
		t.Fatalf("got %s", to)
	}
	if again := r.open(id); again.Path != to.Path {
		t.Errorf("opened twice: got %s, want %s", again, to)
	}
	r.ended(r.back(id), "cancelled", id)
}

// Whose errand it is not finds nothing out.
func TestErrandsOfOthers(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	id := r.payInvoice(h.sandbox.Media.InvoiceNumber, "vippsEcommerce")
	stranger := h.at(t, r.client, h.person(t, h.realm, "per@example.com"))
	elsewhere := h.at(t, h.site(t, h.realm, "no.other.site", "read", "write"), r.person)
	for name, c := range map[string]struct {
		who  *reader
		id   string
		want string
	}{
		"somebody else":  {stranger, fmt.Sprint(id), "notAllowed"},
		"another client": {elsewhere, fmt.Sprint(id), "invalidTransaction"},
		"the next one":   {r, fmt.Sprint(id + 1), "invalidTransaction"},
		"no number":      {r, "12x", "invalidTransaction"},
		"a sign":         {r, "+" + fmt.Sprint(id), "invalidTransaction"},
		"nothing":        {r, "", "invalidTransaction"},
	} {
		_, to := c.who.visit(c.who.sandbox.URL + "/login/payment/invoice/pay?" + url.Values{"clientId": {c.who.client.Code}, "returnUrl": {mine}, "errorUrl": {oops}, "transactionId": {c.id}}.Encode())
		if !strings.HasPrefix(to.String(), oops+"?error="+c.want+"&") {
			t.Errorf("%s: got %s, want %s", name, to, c.want)
		}
	}
	if _, to := r.visit(r.page("/paymentChange", "paymentChangeId", id)); to.Query().Get("error") != "invalidTransaction" {
		t.Errorf("another page: got %s", to)
	}
	found := 0
	for i := range int64(1000) { // guesses
		if _, to := r.visit(r.page("/payment/invoice/pay", "transactionId", id+7919*(i+1))); to.Query().Get("error") != "invalidTransaction" {
			found++
		}
	}
	if found > 0 {
		t.Errorf("%d guesses were right", found)
	}
	if status, to := (&reader{house: h, t: t, client: r.client, cookie: "x=y"}).visit(r.page("/payment/invoice/pay", "transactionId", id)); status != http.StatusOK || to.String() != "" {
		t.Errorf("nobody is signed in: got %d %s, want the sign-in page", status, to)
	}
	if _, err := h.app.Access.Advance(t.Context(), h.realm.ID, 31*time.Minute); err != nil {
		t.Fatal(err)
	}
	if to := r.open(id); to.Query().Get("error") != "expired" {
		t.Errorf("half an hour later: got %s", to)
	}
}

// hostile are addresses that nobody is ever redirected to (reliability, C5).
var hostile = []string{"//evil.example/", `\\evil.example\`, "https:evil.example", "https:/evil.example", "javascript:alert(1)", "data:text/html,x", "https://site.example@evil.example/",
	"https://evil.example/?https://site.example", "https://site.example.evil.example/", "https://evil.example#site.example", "https://site\u3002example/", "https://site.example%0d%0aLocation:x/",
	"https://site.example:80443/", "http://site.example/", "https://site.example\t/", "/login", "", "https://" + strings.Repeat("a", 2049) + ".site.example/"}

func TestOpenRedirects(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	id := r.payInvoice(h.sandbox.Media.InvoiceNumber, "vippsEcommerce")
	for _, bad := range hostile {
		for _, q := range []url.Values{{"returnUrl": {bad}, "errorUrl": {oops}}, {"returnUrl": {mine}, "errorUrl": {bad}}, {"returnUrl": {mine, bad}, "errorUrl": {oops}}} {
			q.Set("clientId", r.client.Code)
			q.Set("transactionId", fmt.Sprint(id))
			if status, to := r.visit(h.sandbox.URL + "/login/payment/invoice/pay?" + q.Encode()); status < 400 || to.String() != "" {
				t.Errorf("%v: got %d to %s", q, status, to)
			}
		}
	}
}

// Many who pay one invoice at the same moment pay it once.
func TestParallelPayments(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t)
		var all sync.WaitGroup
		ids := make([]int64, 12)
		for i := range ids {
			all.Go(func() {
				ids[i] = r.payInvoice(h.sandbox.Media.InvoiceNumber, []string{"vippsEcommerce", "swishPayex"}[i%2])
				r.open(ids[i])
			})
		}
		all.Wait()
		r.choose(0, "success")
		for _, id := range ids {
			r.back(id)
		}
		if inv := r.invoice(); inv.State != invoice.Paid || inv.Paid != 34900 || inv.Surplus() != 0 {
			t.Errorf("got %s, %d", inv.State, inv.Paid)
		}
		entries, err := h.app.Provider.Books().Entries()
		taken := 0
		for _, e := range entries {
			if e.State == "approved" {
				taken++
			}
		}
		if err != nil || taken != 1 {
			t.Errorf("the provider's books: %d taken of %+v (%v)", taken, entries, err)
		}
	})
}

// Changes that need nobody else are done at once, or wait for the bank.
func TestChangingTheMethod(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	id := r.post("/v1/product/payment/DAGSN", `{"paymentMethod":"autoGiro"}`, "paymentChangeId")
	for range 2 {
		if _, to := r.visit(r.page("/paymentChange", "paymentChangeId", id) + "&ticket=9kq2m0tz71"); to.Query().Get("status") != "initiated" || to.Query().Get("paymentChangeId") != fmt.Sprint(id) {
			t.Errorf("got %s", to)
		}
	}
	h2, err := h.app.Subscriptions.Holding(t.Context(), h.realm.ID, r.person.ID, "DAGSN")
	if err != nil || h2.Pending != subscription.ByBank || h2.Method != subscription.ByInvoice {
		t.Errorf("got %s, %s (%v)", h2.Method, h2.Pending, err)
	}
	if a := h.ask(t, http.MethodPost, "/capi/v1/product/payment/DAGSN", r.token, `{"paymentMethod":"invoice"}`, "Content-Type", "application/json"); a.word() != "InvalidStateException" {
		t.Errorf("to the present one: got %d %s", a.status, a.body)
	}
}

// agree chooses at a provider's page, and goes where that leads.
func (r *reader) agree(to *url.URL, choice string) *url.URL {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, to.String(), strings.NewReader("choice="+choice))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", r.sandbox.URL)
	res, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = res.Body.Close()
	for range 2 { // the provider's way back, then ours
		_, to = r.visit(res.Header.Get("Location"))
		res.Header.Set("Location", to.String())
	}
	return to
}

// A reader stores a way to pay, has a product paid by another, and removes the
// first: each stands only when the provider says so.
func TestTokens(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	list := func(path string) string {
		t.Helper()
		return strings.Join(strings.Fields(h.ask(t, http.MethodGet, "/capi"+path, r.token, "").body), "")
	}
	for choice, word := range map[string]string{"cancel": "cancelled", "decline": "failed"} {
		id := r.post("/v1/customer/payment/vipps/agreement", `{"productCode":"DAGSN"}`, "transactionId")
		r.ended(r.agreeAt("/payment/vipps/agreement/add", "transactionId", id, choice), word, id)
	}
	if got := list("/v1/customer/payment/vipps/agreement"); got != `{"recurringAgreements":[]}` {
		t.Errorf("got %s", got)
	}
	id := r.post("/v1/api/payment/payex/token", `{"tokenType":"card","productCode":"DAGSN"}`, "transactionId")
	r.ended(r.agreeAt("/payment/payex/token/add", "transactionId", id, "success"), "finished", id)
	if got := list("/v1/api/payment/payex/token"); !strings.Contains(got, `"maskedCardNumber":"xxxx-xxxxxx-x`) || !strings.Contains(got, `"productCode":"DAGSN"`) {
		t.Errorf("got %s", got)
	}
	change := r.post("/v1/product/payment/DAGSN", `{"paymentMethod":"recurringVippsPayment"}`, "paymentChangeId")
	if to := r.agreeAt("/paymentChange", "paymentChangeId", change, "success"); to.String() != fmt.Sprintf("%s&status=finished&paymentChangeId=%d", mine, change) {
		t.Errorf("got %s", to)
	}
	if got := list("/v1/product/payment/DAGSN"); !strings.Contains(got, `{"paymentMethod":"recurringVippsPayment","isActive":"Y"}`) || strings.Count(got, `"Y"`) != 1 {
		t.Errorf("got %s", got)
	}
	var tokens struct {
		List []struct {
			Name   string `json:"recurrenceToken"`
			Number int64  `json:"paymentProviderId"`
		} `json:"paymentRecurrenceTokens"`
	}
	if err := json.Unmarshal([]byte(list("/v1/api/payment/payex/token")), &tokens); err != nil || len(tokens.List) != 1 {
		t.Fatalf("got %+v (%v)", tokens, err)
	}
	stranger := h.at(t, r.client, h.person(t, h.realm, "per@example.com"))
	body := fmt.Sprintf(`{"recurrenceToken":%q,"paymentProviderId":"%d"}`, tokens.List[0].Name, tokens.List[0].Number)
	if a := h.ask(t, http.MethodDelete, "/capi/v1/api/payment/payex/token", stranger.token, body, "Content-Type", "application/json"); a.word() != "NotFoundException" {
		t.Errorf("a stranger: got %d %s", a.status, a.body)
	}
	if a := h.ask(t, http.MethodDelete, "/capi/v1/api/payment/payex/token", r.token, body, "Content-Type", "application/json"); a.status != 200 {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if got := list("/v1/api/payment/payex/token"); got != `{"paymentRecurrenceTokens":[]}` {
		t.Errorf("removed: got %s", got)
	}
}
