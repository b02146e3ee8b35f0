package fake

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// submit posts a form to the page of a result, as a browser on it does.
func submit(p *Provider, r connector.Result, form string) *httptest.ResponseRecorder {
	req := httptest.NewRequest("POST", r.Redirect.URL, strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	p.Pages().ServeHTTP(w, req)
	return w
}

func fetch(p *Provider, url string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.Pages().ServeHTTP(w, httptest.NewRequest("GET", url, nil))
	return w
}

func challenged(kind connector.Kind, amount money.Amount) connector.Request {
	req := cardRequest("4200000000000042", kind, amount)
	req.Use3DS = true
	return req
}

// TestChoices makes every choice on every page, twice.
func TestChoices(t *testing.T) {
	forcedNo := challenged(connector.Debit, money.Of(1050, "EUR"))
	forcedNo.Challenge, forcedNo.Simulate = true, map[string]string{"outcome": "declined.insufficient_funds"}
	byCents := cardRequest(odd16, connector.Debit, money.Of(1055, "EUR"))
	byCents.Use3DS, byCents.Challenge = true, true
	review := byCents
	review.Amount.Minor = 1040
	soft := cardRequest(special(2, 1), connector.Debit, money.Of(1050, "EUR"))
	soft.Use3DS, soft.Challenge = true, true
	for _, tt := range []struct {
		name   string
		req    connector.Request
		choice string
		state  connector.State
		code   string
		auth   string // status and ECI, or - for none
		risk   string
	}{
		{"confirm", challenged(connector.Debit, money.Of(1050, "EUR")), "success", approved, "", "Y05", ""},
		{"decline", challenged(connector.Debit, money.Of(1050, "EUR")), "decline", refused, doNotHonour, "N07", ""},
		{"error", challenged(connector.Authorise, money.Of(1050, "EUR")), "error", refused, authError, "U07", ""},
		{"cancel", challenged(connector.Authorise, money.Of(1050, "EUR")), "cancel", refused, challengeLeft, "-", ""},
		{"verify", challenged(connector.Verify, money.Amount{}), "success", approved, "", "Y05", ""},
		{"authenticate", challenged(connector.Authenticate, money.Of(1050, "EUR")), "success", approved, "", "Y05", ""},
		{"authenticate, decline", challenged(connector.Authenticate, money.Of(1050, "EUR")), "decline", refused, authFailed, "N07", ""},
		{"confirm, forced no", forcedNo, "success", refused, insufficientFunds, "Y05", ""},
		{"confirm, no by amount", byCents, "success", refused, insufficientFunds, "Y05", ""},
		{"confirm, review by amount", review, "success", approved, "", "Y05", "review"},
		{"confirm, soft decline", soft, "success", approved, "", "Y05", ""},
		{"wallet approve", walletRequest(connector.Debit, money.Of(1050, "EUR")), "success", approved, "", "-", ""},
		{"wallet fail", walletRequest(connector.Authorise, money.Of(1050, "EUR")), "decline", refused, doNotHonour, "-", ""},
		{"wallet cancel", walletRequest(connector.Debit, money.Of(1050, "EUR")), "cancel", refused, walletLeft, "-", ""},
	} {
		p := open(t, Config{})
		tt.req.Attempt = newID()
		r := p.Authorise(context.Background(), tt.req)
		if r.State != pending || r.Redirect == nil || r.ExpiresAfterSeconds != visitSeconds {
			t.Errorf("%s: %+v", tt.name, r)
			continue
		}
		for range 2 {
			if w := submit(p, r, "choice="+tt.choice); w.Code != 303 || w.Header().Get("Location") != tt.req.ReturnURL {
				t.Errorf("%s: %d to %q", tt.name, w.Code, w.Header().Get("Location"))
			}
		}
		submit(p, r, "choice=cancel") // too late
		got := p.Lookup(context.Background(), connector.Question{Attempt: tt.req.Attempt, Account: shop, At: noon})
		auth := "-"
		if got.ThreeDS != nil {
			auth = got.ThreeDS.Status + got.ThreeDS.ECI
		}
		if got.State != tt.state || got.Code != tt.code || auth != tt.auth || got.Risk != tt.risk {
			t.Errorf("%s: %s %q %s %q, want %s %q %s %q", tt.name, got.State, got.Code, auth, got.Risk, tt.state, tt.code, tt.auth, tt.risk)
		}
		if n := len(callbacks(t, p, noon)); n != 1 {
			t.Errorf("%s: %d callbacks, want 1", tt.name, n)
		}
	}
}

// TestChallengeThenPending: the payer confirms a card whose amount says that
// the bank takes five seconds more.
func TestChallengeThenPending(t *testing.T) {
	p := open(t, Config{})
	req := cardRequest(odd16, connector.Debit, money.Of(1020, "EUR"))
	req.Use3DS, req.Challenge = true, true
	r := p.Authorise(context.Background(), req)
	if w := submit(p, r, "choice=success"); w.Header().Get("Location") != req.ReturnURL {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	submit(p, r, "choice=decline") // too late
	if body := fetch(p, r.Redirect.URL).Body.String(); !strings.Contains(body, "still working") || strings.Contains(body, "<button") {
		t.Errorf("the page says %s", body)
	}
	look := func(at time.Time) connector.State {
		return p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: shop, At: at}).State
	}
	if a, b := look(noon.Add(4*time.Second)), look(noon.Add(5*time.Second)); a != pending || b != approved {
		t.Errorf("%s after 4 s, %s after 5 s", a, b)
	}
}

func TestPageExpires(t *testing.T) {
	wall := noon
	p := open(t, Config{Clock: func() time.Time { return wall }})
	req := challenged(connector.Debit, money.Of(1050, "EUR"))
	r := p.Authorise(context.Background(), req)
	wall = noon.Add(visitSeconds * time.Second)
	if body := fetch(p, r.Redirect.URL).Body.String(); !strings.Contains(body, "time for this is over") || strings.Contains(body, "<button") {
		t.Errorf("the page says %s", body)
	}
	if w := submit(p, r, "choice=success"); w.Code != 303 {
		t.Errorf("%d", w.Code)
	}
	got := p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: shop, At: wall})
	if got.State != refused || got.Code != timedOut {
		t.Errorf("%s %s", got.State, got.Code)
	}
}

// TestGetChangesNothing reads every page and compares the journal.
func TestGetChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books")
	wall := noon
	p := open(t, Config{Path: path, Clock: func() time.Time { return wall }})
	var pages []string
	for _, req := range []connector.Request{challenged(connector.Debit, money.Of(1, "EUR")), walletRequest(connector.Debit, money.Of(1, "EUR")),
		voucherRequest(money.Of(1, "EUR"))} {
		pages = append(pages, p.Authorise(context.Background(), req).Redirect.URL)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, url := range pages {
			for _, address := range []string{url, url + "?choice=success", strings.Replace(url, "-", "-0", 1)} {
				fetch(p, address)
			}
		}
		wall = wall.AddDate(0, 0, 30) // and when everything has expired
	}
	after, err := os.ReadFile(path)
	if err != nil || string(before) != string(after) {
		t.Errorf("reading pages wrote to the books (%v)", err)
	}
}

// TestPageDoor: the way in, forged addresses, forms from elsewhere.
func TestPageDoor(t *testing.T) {
	p := open(t, Config{})
	req := challenged(connector.Debit, money.Of(1050, "EUR"))
	r := p.Authorise(context.Background(), req)
	other := p.Authorise(context.Background(), challenged(connector.Debit, money.Of(1050, "EUR")))
	if r.Redirect.Method != "POST" || len(r.Redirect.Parameters) != 1 || r.Redirect.Parameters[0].Name != "MD" {
		t.Errorf("redirect %+v", r.Redirect)
	}
	enter := httptest.NewRequest("POST", r.Redirect.URL, strings.NewReader("MD="+r.Redirect.Parameters[0].Value))
	enter.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	enter.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	p.Pages().ServeHTTP(w, enter)
	if w.Code != 303 || w.Header().Get("Location") != r.Redirect.URL {
		t.Errorf("the shop's form leads to %d %q", w.Code, w.Header().Get("Location"))
	}
	foreign := httptest.NewRequest("POST", r.Redirect.URL, strings.NewReader("choice=success"))
	foreign.Header = enter.Header.Clone()
	w = httptest.NewRecorder()
	p.Pages().ServeHTTP(w, foreign)
	if w.Code != 403 {
		t.Errorf("a choice from another site answers %d", w.Code)
	}
	large := submit(p, r, "choice=success&x="+strings.Repeat("x", 5000))
	if large.Code != 404 {
		t.Errorf("a huge form answers %d", large.Code)
	}
	if w := submit(p, r, "choice=nonsense"); w.Code != 303 || w.Header().Get("Location") != r.Redirect.URL {
		t.Errorf("nonsense answers %d %q", w.Code, w.Header().Get("Location"))
	}
	_, mark, _ := strings.Cut(r.Redirect.URL, "-")
	_, foreignMark, _ := strings.Cut(other.Redirect.URL, "-")
	gone := fetch(p, "https://pay.example/sandbox/nothing/1-2").Body.String()
	for name, url := range map[string]string{
		"another's mark": strings.Replace(r.Redirect.URL, mark, foreignMark, 1), "no mark": strings.TrimSuffix(r.Redirect.URL, "-"+mark),
		"half a mark": r.Redirect.URL[:len(r.Redirect.URL)-1], "another page": strings.Replace(r.Redirect.URL, "/3ds/", "/wallet/", 1),
		"no such charge": "https://pay.example/sandbox/3ds/zz-" + mark, "the folder": "https://pay.example/sandbox/",
	} {
		if w := fetch(p, url); w.Code != 404 || w.Body.String() != gone {
			t.Errorf("%s: %d", name, w.Code)
		}
		if w := submit(p, connector.Result{Redirect: &connector.Redirect{URL: url}}, "choice=success"); w.Code != 404 && name != "the folder" {
			t.Errorf("%s: a choice answers %d", name, w.Code)
		}
	}
	if got := p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: shop, At: noon}); got.State != pending {
		t.Errorf("after all that it is %s, want pending", got.State)
	}
	rotated := open(t, Config{Keys: []method.Secret{method.Conceal("the key that comes after it, 32."), testKey}})
	rotated.books = p.books
	if w := fetch(rotated, r.Redirect.URL); w.Code != 200 {
		t.Errorf("after a rotation of keys the page answers %d", w.Code)
	}
}

func TestCounter(t *testing.T) {
	p := open(t, Config{})
	for _, tt := range []struct {
		amount money.Amount
		form   string
		code   int
		want   connector.State
	}{
		{money.Of(1050, "EUR"), "choice=pay&amount=10.50", 303, approved}, {money.Of(1050, "EUR"), "choice=pay&amount=9", 303, approved},
		{money.Of(1050, "JPY"), "choice=pay&amount=1050", 303, approved}, {money.Of(1050, "JPY"), "choice=pay&amount=10.50", 400, pending},
		{money.Of(1050, "KWD"), "choice=pay&amount=1.050", 303, approved}, {money.Of(1050, "EUR"), "choice=pay&amount=10.505", 400, pending},
		{money.Of(1050, "EUR"), "choice=pay&amount=", 400, pending}, {money.Of(1050, "EUR"), "choice=pay&amount=-1", 400, pending},
		{money.Of(1050, "EUR"), "choice=pay&amount=1e3", 400, pending}, {money.Of(1050, "EUR"), "choice=pay&amount=0", 400, pending},
		{money.Of(1050, "EUR"), "choice=success", 400, pending}, {money.Of(1050, "EUR"), "choice=pay&amount=<b>", 400, pending},
	} {
		req := voucherRequest(tt.amount)
		r := p.Authorise(context.Background(), req)
		w := submit(p, r, tt.form)
		got := p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: shop, At: noon})
		if w.Code != tt.code || got.State != tt.want {
			t.Errorf("%v, %s: %d and %s, want %d and %s", tt.amount, tt.form, w.Code, got.State, tt.code, tt.want)
		}
		if w.Code == 303 && w.Header().Get("Location") != r.Redirect.URL {
			t.Errorf("the counter leads to %q", w.Header().Get("Location"))
		}
	}
}

func TestPageText(t *testing.T) {
	p := open(t, Config{})
	req := challenged(connector.Debit, money.Of(1050, "JPY"))
	req.Descriptor, req.ReturnURL = `<script>alert(1)</script>`, `javascript:alert(2)`
	r := p.Authorise(context.Background(), req)
	for _, w := range []*httptest.ResponseRecorder{fetch(p, r.Redirect.URL), fetch(p, "https://pay.example/sandbox/style.css"), fetch(p, "https://pay.example/sandbox/x")} {
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			"Strict-Transport-Security": "max-age=31536000"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") {
			t.Errorf("the policy is %q", csp)
		}
	}
	body := fetch(p, r.Redirect.URL).Body.String()
	for _, want := range []string{`<html lang="en">`, "Test bank", "no real money", "1050 JPY", "0042", "&lt;script&gt;"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, no := range []string{"<script", "style=", "javascript:", "4200000000000042", "http://"} {
		if strings.Contains(body, no) {
			t.Errorf("the page has %q", no)
		}
	}
	submit(p, r, "choice=success")
	if body := fetch(p, r.Redirect.URL).Body.String(); strings.Contains(body, "javascript:") || strings.Contains(body, "<button") {
		t.Errorf("the decided page has a script's address or a button: %s", body)
	}
}
