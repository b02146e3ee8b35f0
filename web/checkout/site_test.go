package checkout

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/web/page"
)

func mux(d Desk) *http.ServeMux {
	m := http.NewServeMux()
	(&Site{Desk: d}).Mount(m.Handle)
	m.Handle("/assets/", page.Assets(Pages))
	return m
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func post(h http.Handler, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	path  = "/gateway/v3/checkouts/" + key + "/page"
	good  = "attempt=1&number=4200+0000+0000+0000&expiry=08%2F34&cvv=987&holder=Nora+Lind"
	wrong = "attempt=1&number=4200+0000+0000+0001&expiry=08%2F34&cvv=987&holder=Nora+Lind"
)

func TestPayAndSecondPost(t *testing.T) {
	d := newTill()
	m := mux(d.desk())
	for n := range 3 {
		w := post(m, path+"?locale=nb", good)
		if got, want := w.Header().Get("Location"), "page?locale=nb&step=done"; w.Code != 303 || got != want {
			t.Errorf("post %d: %d to %q, want 303 to %q", n, w.Code, got, want)
		}
	}
	if len(d.forms) != 1 {
		t.Errorf("%d effects, want 1", len(d.forms))
	}
	if w := get(m, path); w.Code != 200 || !strings.Contains(w.Body.String(), "Payment received") || strings.Contains(w.Body.String(), "<form") {
		t.Errorf("after: %d %s", w.Code, w.Body)
	}
}

func TestMistakesShowNeitherNumberNorCVV(t *testing.T) {
	d := newTill()
	for _, p := range []string{path, "/v3/checkouts/" + key + "/frame"} {
		w := post(mux(d.desk()), p, wrong)
		body := w.Body.String()
		if w.Code != 422 || !strings.Contains(body, `value="Nora Lind"`) || !strings.Contains(body, `value="08/34"`) || !strings.Contains(body, `aria-invalid="true"`) {
			t.Errorf("%s: %d\n%s", p, w.Code, body)
		}
		for _, secret := range []string{"0000 0001", "00000001", "987"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s: the page tells %s", p, secret)
			}
		}
	}
	if d.posts != 0 {
		t.Error("a form with mistakes reached the desk")
	}
	w := post(mux(d.desk()), path, strings.Replace(good, "4200+0000+0000+0000", "6799998900000060018", 1))
	if w.Code != 422 || !strings.Contains(w.Body.String(), "not accepted here") {
		t.Errorf("the desk's own problem: %d", w.Code)
	}
}

func TestForeignFormsAreRefused(t *testing.T) {
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		for _, p := range []string{path, "/v3/checkouts/" + key + "/frame", "/v3/checkouts/" + key + "/cancel"} {
			d := newTill()
			if w := post(mux(d.desk()), p, good, headers...); w.Code != 403 || d.posts != 0 {
				t.Errorf("%s %q: %d, %d forms", p, headers, w.Code, d.posts)
			}
		}
	}
	d := newTill()
	if w := post(mux(d.desk()), path, good, "Origin", "http://example.com", "Sec-Fetch-Site", "same-origin"); w.Code != 303 {
		t.Errorf("our own form: %d", w.Code)
	}
	r := httptest.NewRequest("POST", path, strings.NewReader(good))
	r.Header.Set("Content-Type", "text/plain")
	w := httptest.NewRecorder()
	mux(d.desk()).ServeHTTP(w, r)
	if w.Code != 400 {
		t.Errorf("a form as text: %d", w.Code)
	}
}

func TestFaultsOfTheDesk(t *testing.T) {
	for code, want := range map[string]struct {
		status int
		says   string
	}{
		"unavailable.provider": {503, "could not be sent"}, "internal": {500, "Something went wrong"}, "conflict.session.paid": {303, ""}, "not_found.source": {404, "does not exist"},
	} {
		d := newTill()
		desk := d.desk()
		desk.Pay = func(context.Context, string, PayForm) (Outcome, error) {
			return Outcome{}, fault.New(code, "detail that nobody sees")
		}
		w := post(mux(desk), path, good)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.says) || strings.Contains(w.Body.String(), "nobody sees") {
			t.Errorf("%s: %d\n%s", code, w.Code, w.Body)
		}
	}
	for code, want := range map[string]Problem{"invalid.card.number": NumberInvalid, "invalid.card.brand": NumberBrand, "invalid.card.expired": ExpiryPast,
		"invalid.card.cvv_missing": CVVEmpty, "invalid.card.cvv": CVVInvalid} {
		desk := newTill().desk()
		desk.Pay = func(context.Context, string, PayForm) (Outcome, error) { return Outcome{}, fault.New(code, "") }
		w := post(mux(desk), "/v3/checkouts/"+key+"/frame?cvv=0", good)
		if text := Pages.Texts().Say("en", "wrong."+string(want)); w.Code != 422 || !strings.Contains(w.Body.String(), text) || !strings.Contains(w.Body.String(), `id="`+want.Field()+`"`) {
			t.Errorf("%s: %d\n%s", code, w.Code, w.Body)
		}
	}
	if w := get(mux(newTill().desk()), "/v3/checkouts/none/page"); w.Code != 404 {
		t.Errorf("unknown session: %d", w.Code)
	}
	if w := get(mux(newTill().desk()), "/v3/checkouts/none/frame"); w.Code != 404 || !strings.Contains(w.Body.String(), `data-name="InvalidCheckoutIdError"`) {
		t.Errorf("unknown session, framed: %d", w.Code)
	}
}

func TestGoingToTheBank(t *testing.T) {
	d := newTill()
	d.bank = "https://bank.example/acs?x=1&y=2"
	d.session.State, d.session.Resume = Paying, &connector.Redirect{URL: d.bank, Method: "POST", Parameters: []connector.Parameter{{Name: "creq", Value: `"><b>`}}}
	w := get(mux(d.desk()), path+"?step=go")
	body := w.Body.String()
	if !strings.Contains(body, `action="https://bank.example/acs?x=1&amp;y=2" data-auto`) || !strings.Contains(body, `value="&#34;&gt;&lt;b&gt;"`) || strings.Contains(body, "refresh") {
		t.Errorf("a form to post:\n%s", body)
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://bank.example;") {
		t.Errorf("policy %s", csp)
	}
	d.session.Resume.Method = "GET"
	body = get(mux(d.desk()), path+"?step=go").Body.String()
	if !strings.Contains(body, `<meta http-equiv="refresh" content="0; url=https://bank.example/acs?creq=%22%3E%3Cb%3E&amp;x=1&amp;y=2">`) {
		t.Errorf("a link:\n%s", body)
	}
	body = get(mux(d.desk()), path).Body.String()
	if strings.Contains(body, "refresh") || !strings.Contains(body, "Your payment has begun") {
		t.Errorf("back from the bank, the page must stay:\n%s", body)
	}
	for _, bad := range []string{"javascript:alert(1)", "//evil.example", "data:text/html,x", ""} {
		d.session.Resume.URL = bad
		if w := get(mux(d.desk()), path+"?step=go"); w.Code != 500 || strings.Contains(w.Body.String(), "evil") || strings.Contains(w.Body.String(), "alert") {
			t.Errorf("a redirect to %q: %d", bad, w.Code)
		}
	}
}

func TestBackToTheShop(t *testing.T) {
	d := newTill()
	d.session.State = Paid
	d.session.ReturnURL = "https://shop.example/done?id=1&resourcePath=%2Fv3"
	want := `content="0; url=https://shop.example/done?id=1&amp;resourcePath=%2Fv3"`
	if body := get(mux(d.desk()), path+"?step=done").Body.String(); !strings.Contains(body, want) {
		t.Errorf("no %s in\n%s", want, body)
	}
	if body := get(mux(d.desk()), path).Body.String(); strings.Contains(body, "refresh") || !strings.Contains(body, `href="https://shop.example/done?`) {
		t.Errorf("the page opened again must stay:\n%s", body)
	}
	d.session.State, d.session.Resume = Pending, &connector.Redirect{URL: "https://bank.example/slip", Method: "GET"}
	if body := get(mux(d.desk()), path).Body.String(); strings.Contains(body, "refresh") || !strings.Contains(body, `href="https://bank.example/slip"`) {
		t.Errorf("a slip must be seen before the payer leaves:\n%s", body)
	}
	if body := get(mux(d.desk()), path+"?step=done").Body.String(); !strings.Contains(body, want) {
		t.Errorf("a payer who has seen the slip goes on; no %s in\n%s", want, body)
	}
	d.session.State, d.session.Resume = Paid, nil
	for _, bad := range []string{"javascript:alert(1)", "data:text/html,x", "//evil.example", "https://u:p@evil.example/"} {
		d.session.ReturnURL = bad
		for _, p := range []string{path, path + "?step=done"} {
			if body := get(mux(d.desk()), p).Body.String(); strings.Contains(body, "evil") || strings.Contains(body, "alert(") || strings.Contains(body, "data:") {
				t.Errorf("%s led to %q:\n%s", p, bad, body)
			}
		}
	}
	d = newTill()
	d.session.ReturnURL = "myapp://return"
	if w := post(mux(d.desk()), "/v3/checkouts/"+key+"/cancel", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `url=myapp://return`) {
		t.Errorf("cancel: %d\n%s", w.Code, w.Body)
	}
}

// Strings that break pages, in every text that others put on the page.
var nasty = []string{`"><script>alert(1)</script>`, `'onmouseover='alert(1)`, `</title><script>alert(1)</script>`, "{{.Data}}", "`${alert(1)}`", `<img src=x onerror=alert(1)>`,
	"\u202egnirts", "&lt;b&gt;", `" autofocus onfocus="alert(1)`, "javascript:alert(1)", "]]><svg/onload=alert(1)>"}

var (
	quoted = regexp.MustCompile(`"[^"]*"`)
	active = regexp.MustCompile(`(?i)<script[^>]*>|<img|<svg/|<[a-z][^>]*\son\w+\s*=`)
)

// actives are the scripts and event handlers in a page. What stands inside
// the quotes of an attribute is text; ours are all in double quotes, so a
// quote that escaped would leave the rest of the page the wrong way round.
func actives(body string) []string {
	var out []string
	for _, found := range active.FindAllString(quoted.ReplaceAllString(body, `""`), -1) {
		if found != `<script src="" integrity="" defer>` {
			out = append(out, found)
		}
	}
	return out
}

func TestNastyTexts(t *testing.T) {
	for _, text := range nasty {
		for _, state := range []State{Open, Paying, Pending, Paid, Failed, Expired} {
			d := newTill()
			s := &d.session
			s.State, s.Merchant, s.Reference, s.Locale, s.Failure, s.PaidWith, s.PaidLast4, s.Attempt = state, text, text, text, text, text, text, text
			s.Brands = append(s.Brands, text)
			s.Stored = []StoredCard{{ID: text, Brand: text, Last4: text, Month: 1, Year: 2030}}
			s.Resume = &connector.Redirect{URL: "https://bank.example/" + text, Method: "POST", Parameters: []connector.Parameter{{Name: text, Value: text}}}
			for _, p := range []string{"page", "page?step=go", "page?step=done", "frame", "frame?" + url.Values{"brands": {text}, "style": {text}, "parent": {text}, "return": {text}, "locale": {text}}.Encode()} {
				if found := actives(get(mux(d.desk()), "/v3/checkouts/"+key+"/"+p).Body.String()); found != nil {
					t.Errorf("%s %s with %q: %q", state, p, text, found)
				}
			}
		}
		typed := url.Values{"attempt": {"1"}, "holder": {text}, "expiry": {text}, "stored": {""}}.Encode()
		w := post(mux(newTill().desk()), path, typed)
		if found := actives(w.Body.String()); found != nil || w.Code != 422 {
			t.Errorf("typed %q: %d %q", text, w.Code, found)
		}
	}
	if actives(`<b title="a" onclick=x>`) == nil || actives(`<p>"></p><script>`) == nil {
		t.Error("this test finds nothing")
	}
}

var loaded = regexp.MustCompile(`<script src="([^"]*)" integrity="([^"]*)" defer></script>`)

// The scripts of a payment page are those of the inventory and no others.
func TestInventory(t *testing.T) {
	var known []string
	for _, s := range Inventory() {
		if s.Reason == "" || !strings.HasPrefix(s.Integrity, "sha384-") {
			t.Errorf("inventory: %+v", s)
		}
		known = append(known, s.Path+" "+s.Integrity)
	}
	for _, state := range []State{Open, Paying, Pending, Paid, Failed, Expired} {
		for _, p := range []string{"page", "page?step=go", "page?step=done", "frame", "nowhere/page"} {
			d := newTill()
			d.session.State = state
			body := get(mux(d.desk()), "/v3/checkouts/"+key+"/"+p).Body.String()
			found := loaded.FindAllStringSubmatch(body, -1)
			if strings.Count(body, "<script") != len(found) {
				t.Errorf("%s %s has a script of another form:\n%s", state, p, body)
			}
			for _, f := range found {
				if !slices.Contains(known, f[1]+" "+html.UnescapeString(f[2])) {
					t.Errorf("%s %s: %s is not in the inventory", state, p, f[1])
				}
			}
			if strings.Contains(body, " style=") || strings.Contains(body, "<style") {
				t.Errorf("%s %s has a style that its policy forbids", state, p)
			}
		}
	}
}

func TestHeadersEverywhere(t *testing.T) {
	d := newTill()
	m := mux(d.desk())
	for name, w := range map[string]*httptest.ResponseRecorder{
		"page": get(m, path), "missing": get(m, "/v3/checkouts/none/page"), "frame": get(m, "/v3/checkouts/"+key+"/frame"), "missing frame": get(m, "/v3/checkouts/none/frame"),
		"mistake": post(m, path, wrong), "foreign": post(m, path, good, "Sec-Fetch-Site", "cross-site"), "script": get(m, "/gateway/v3/paymentWidgets.js?checkoutId="+key),
		"redirect": post(m, path, good), "asset": get(m, "/assets/none.js"),
	} {
		h := w.Header()
		for _, want := range []string{"Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cache-Control"} {
			if h.Get(want) == "" {
				t.Errorf("%s: no %s", name, want)
			}
		}
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors ", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: no %s in %q", name, want, csp)
			}
		}
		if framed := strings.Contains(name, "frame"); framed == strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: %s", name, csp)
		}
	}
	live := newTill()
	live.session.TestMode = false
	if csp := get(mux(live.desk()), "/v3/checkouts/"+key+"/frame").Header().Get("Content-Security-Policy"); strings.Contains(csp, "localhost") {
		t.Errorf("a live form may be framed by http: %s", csp)
	}
}

func TestWidgetScript(t *testing.T) {
	a, b := get(mux(newTill().desk()), "/v3/paymentWidgets.js?checkoutId="+key), get(mux(newTill().desk()), "/gateway/v3/paymentWidgets.js?checkoutId=other/registration")
	if a.Body.String() != b.Body.String() || page.Integrity(a.Body.Bytes()) != WidgetIntegrity() || a.Body.String() != string(WidgetScript()) {
		t.Error("the script differs by checkout, or from what is announced")
	}
	if a.Header().Get("Access-Control-Allow-Origin") != "*" || a.Header().Get("Content-Type") != "text/javascript; charset=utf-8" || a.Header().Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("headers %v", a.Header())
	}
	r := httptest.NewRequest("GET", "/v3/paymentWidgets.js", nil)
	r.Header.Set("If-None-Match", a.Header().Get("ETag"))
	w := httptest.NewRecorder()
	Script(w, r)
	if w.Code != 304 {
		t.Errorf("asked again: %d", w.Code)
	}
}

// Every text a page may need exists, and none is left over.
func TestTextsAreUsed(t *testing.T) {
	texts := Pages.Texts()["en"]
	for _, p := range Problems {
		if texts["wrong."+string(p)] == "" {
			t.Errorf("no text for %s", p)
		}
	}
	for _, code := range []string{"declined.do_not_honour", "declined.challenge_cancelled", "declined.authentication_failed", "declined.timed_out", "unavailable.provider", ""} {
		if key := failureText(code); texts[key] == "" || texts[key+".text"] == "" {
			t.Errorf("no text for %s", code)
		}
	}
	for _, l := range page.Languages {
		for _, state := range []State{Open, Paying, Pending, Paid, Failed, Expired} {
			for _, only := range []bool{false, true} {
				d := newTill()
				d.session.State, d.session.RegistrationOnly, d.session.Failure = state, only, "declined.timed_out"
				d.session.Brands = append(d.session.Brands, "BOLETO")
				body := get(mux(d.desk()), path+"?locale="+string(l)).Body.String()
				for key := range texts {
					if strings.Contains(key, ".") && (strings.Contains(body, ">"+key+"<") || strings.Contains(body, `"`+key+`"`)) {
						t.Errorf("%s %s shows the key %s", l, state, key)
					}
				}
				if strings.Contains(body, "{0}") || !strings.Contains(body, `<html lang="`+string(l)+`">`) {
					t.Errorf("%s %s: a placeholder is left, or the language is wrong", l, state)
				}
			}
		}
	}
}
