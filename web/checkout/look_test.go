package checkout

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/merchant"
)

// A merchant's colour is worn where it can be read; the house's own elsewhere.
func TestColoursThatCannotBeReadFallBack(t *testing.T) {
	for _, tt := range []struct {
		colour, night string
		day, dark     string // "" for the house's own
	}{
		{"#0b4a7a", "", "#0b4a7a", ""}, {"#0b4a7a", "#8cc8ff", "#0b4a7a", "#8cc8ff"}, {"#ffe000", "", "", "#ffe000"},
		{"#ffffff", "#000000", "", ""}, {"#767676", "", "", ""}, {"", "", "", ""}, {"", "#8cc8ff", "", "#8cc8ff"},
	} {
		sheet := lookSheet(tt.colour, tt.night)
		for scheme, want := range map[string]string{"light": tt.day, "dark": tt.dark} {
			_, rule, found := strings.Cut(sheet, "(prefers-color-scheme: "+scheme+")")
			if found != (want != "") || !strings.HasPrefix(rule, strings.Repeat(" { :root { --accent: "+want, min(1, len(want)))) {
				t.Errorf("%q %q, %s: got %q, want %q", tt.colour, tt.night, scheme, sheet, want)
			}
		}
	}
	if got := contrast("#ffffff", "#000000"); got != 21 {
		t.Errorf("black on white: %v, want 21", got)
	}
}

func TestLook(t *testing.T) {
	d := newTill()
	d.session.Look = merchant.Look{Colour: "#0b4a7a", Logo: []byte("\x89PNG\r\n\x1a\n"), Languages: []string{"sv", "fi"}}
	m := mux(d.desk())
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest("GET", "/v3/checkouts/"+key+"/"+path, nil))
		return w
	}
	if got := get("look.css"); got.Code != 200 || !strings.Contains(got.Body.String(), "--accent: #0b4a7a") || !strings.HasPrefix(got.Header().Get("Content-Type"), "text/css") {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	if got := get("logo"); got.Code != 200 || got.Header().Get("Content-Type") != "image/png" || got.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got %d %v", got.Code, got.Header())
	}
	for asked, want := range map[string]string{"page?locale=de": "sv", "page?locale=fi": "fi", "page": "sv"} {
		got := get(asked).Body.String()
		if !strings.Contains(got, `<html lang="`+want+`"`) || strings.Contains(got, "locale=nb") || !strings.Contains(got, `href="look.css"`) || !strings.Contains(got, `src="logo"`) {
			t.Errorf("%s: not as wanted in %s", asked, want)
		}
	}
	d.session.Look = merchant.Look{Colour: "#ffff00", Night: "#101010"}
	if got := get("page").Body.String(); strings.Contains(got, "look.css") {
		t.Error("a colour that nobody can read is worn")
	}
	if got := get("logo"); got.Code != 404 {
		t.Errorf("no logo: got %d", got.Code)
	}
}

// The account of a direct debit reaches the desk, its mistakes the payer, and
// its number is never shown again.
func TestDirectDebitForm(t *testing.T) {
	d := newTill()
	d.session.Brands = []string{"DIRECTDEBIT_SE"}
	desk, number := d.desk(), "123456789"
	var took connector.BankAccount
	desk.Pay = func(_ context.Context, _ string, f PayForm) (Outcome, error) {
		took = *f.Debit
		return Outcome{}, f.Debit.Check()
	}
	m := mux(desk)
	post := func(bank string) *httptest.ResponseRecorder {
		form := url.Values{"attempt": {"1"}, "brand": {"DIRECTDEBIT_SE"}, "bank": {bank}, "account": {"123 456-789"}, "owner": {" Nora Lind "}}
		r := httptest.NewRequest("POST", "/v3/checkouts/"+key+"/page", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		return w
	}
	got := post("82")
	if body := got.Body.String(); got.Code != http.StatusUnprocessableEntity || !strings.Contains(body, `value="82" aria-required="true" aria-invalid="true"`) || strings.Contains(body, number) || strings.Contains(body, "123 456") {
		t.Errorf("got %d %s", got.Code, body)
	}
	if got := post("8257"); got.Code != http.StatusSeeOther {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	if took.Region != "se" || took.BankCode != "8257" || took.Number.Reveal() != number || took.Holder != "Nora Lind" {
		t.Errorf("got %+v", took)
	}
}

// Where the money goes is on the page, with nothing but a form to change one's
// mind.
func TestTransferPage(t *testing.T) {
	d := newTill()
	d.session.State, d.session.Payee, d.session.Now = Pending, PayeeOf(&connector.Payee{BankCode: "8601", Number: "1117947", Holder: "Fjell & Hav AS", Reference: "7QK2MZ4T9X"}), time.Now()
	desk, changed := d.desk(), 0
	desk.Change = func(context.Context, string) error { changed++; return nil }
	m := mux(desk)
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/v3/checkouts/"+key+"/page", nil))
	for _, want := range []string{"8601 1117947", "7QK2MZ4T9X", "Fjell &amp; Hav AS", `action="change"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(w.Body.String(), "order-99017") { // two references: which one would a payer quote?
		t.Error("the page has another reference")
	}
	w = httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("POST", "/v3/checkouts/"+key+"/change", nil))
	if w.Code != http.StatusSeeOther || changed != 1 {
		t.Errorf("got %d, changed %d times", w.Code, changed)
	}
}
