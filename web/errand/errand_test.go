package errand

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/login"
	weblogin "github.com/florinpay/florin/web/login"
	"github.com/florinpay/florin/web/page"
)

// at is a visit by a site of that name.
func at(t *testing.T, name string) weblogin.Visit {
	t.Helper()
	back, err := url.Parse("https://site.example/mine?tab=2")
	if err != nil {
		t.Fatal(err)
	}
	bad, err := url.Parse("https://oops.example/")
	if err != nil {
		t.Fatal(err)
	}
	return weblogin.Visit{Client: login.Client{Name: name, Code: "no.lind.site"}, Return: back, Error: bad}
}

func shown(t *testing.T, lang page.Language, name string, f form) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	(&Site{}).show(w, httptest.NewRequest(http.MethodGet, "/login/paymentChange?locale="+string(lang), nil), at(t, name), f)
	return w
}

// The account's page says the same in every language, leads to nobody but the
// site, and marks the field that is wrong.
func TestAccountPage(t *testing.T) {
	key := regexp.MustCompile(`>(title|text|clearing|number|person|go|leave|consent|problem)(\.[a-z]+)?<|placeholder="person`)
	said := map[string]bool{}
	for _, l := range page.Languages {
		for _, field := range []string{"", "clearing", "number", "person"} {
			w := shown(t, l, "Lind Media", form{At: field})
			want := http.StatusOK
			if field != "" {
				want = http.StatusUnprocessableEntity
			}
			text := w.Body.String()
			if w.Code != want || w.Header().Get("Content-Language") != string(l) || strings.Count(text, `aria-invalid="true"`) != min(len(field), 1) {
				t.Errorf("%s, %q: got %d in %s", l, field, w.Code, w.Header().Get("Content-Language"))
			}
			if found := key.FindString(text); found != "" {
				t.Errorf("%s, %q: a text is missing: %s", l, field, found)
			}
			if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'self' https://site.example https://oops.example;") {
				t.Errorf("%s: got %s", l, got)
			}
			if field == "" {
				said[regexp.MustCompile(`(?s)<section.*</section>`).FindString(text)] = true
			}
		}
	}
	if len(said) != len(page.Languages) {
		t.Errorf("got %d pages in %d languages", len(said), len(page.Languages))
	}
}

// What a site is called and what was typed is text and nothing else; the
// holder's own number is not written back.
func TestAccountPageEscapes(t *testing.T) {
	w := shown(t, "en", `<script>alert(1)</script>`, form{Clearing: `"><img src=x>`, Number: `' onfocus='x`, At: "person"})
	text := w.Body.String()
	for _, bad := range []string{"<script>alert", `"><img`, `' onfocus='x`} {
		if strings.Contains(text, bad) {
			t.Errorf("got %q in %s", bad, text)
		}
	}
	if !strings.Contains(text, "&lt;script&gt;") || !strings.Contains(text, "&lt;img src=x&gt;") || regexp.MustCompile(`name="person"[^>]* value=`).MatchString(text) {
		t.Errorf("got %s", text)
	}
}

// TestLead: a step ends at the provider, at the site with a word of the sheet's
// six, or at the errorUrl; addresses keep what they had.
func TestLead(t *testing.T) {
	v := at(t, "Lind Media")
	back := "https://site.example/mine?tab=2&status="
	for want, c := range map[string]struct {
		step errand.Step
		err  error
	}{
		"https://wallet.example/x": {step: errand.Step{URL: "https://wallet.example/x"}},
		back + "finished":          {step: errand.Step{Errand: errand.Errand{State: errand.Finished}}},
		back + "cancelled":         {step: errand.Step{Errand: errand.Errand{State: errand.Expired}}},
		back + "failed":            {step: errand.Step{Errand: errand.Errand{State: errand.Failed}}},
		back + "unknown":           {step: errand.Step{Errand: errand.Errand{State: errand.Unknown}}},
		back + "initiated":         {step: errand.Step{Errand: errand.Errand{State: errand.Initiated}}},
		"https://oops.example/?error=notAllowed&errorMessage=not+%26+yours":                  {err: fault.New("forbidden.errand", "not & yours")},
		"https://oops.example/?error=invalidTransaction&errorMessage=none":                   {err: fault.New("not_found.errand", "none")},
		"https://oops.example/?error=expired&errorMessage=late":                              {err: fault.New("conflict.errand.expired", "late")},
		"https://oops.example/?error=alreadyUsed&errorMessage=paid":                          {err: fault.New("conflict.invoice.final", "paid")},
		"https://oops.example/?error=providerError&errorMessage=away":                        {err: fault.New("unavailable.payer", "away")},
		"https://oops.example/?error=internalError&errorMessage=it+could+not+be+carried+out": {err: errors.New("the disk at /var is full")},
	} {
		w := httptest.NewRecorder()
		(&Site{}).lead(w, httptest.NewRequest(http.MethodGet, "/login/payment/invoice/pay?transactionId=20457731", nil), v, doors[0], c.step, c.err)
		if c.step.URL == "" {
			want += "&transactionId=20457731"
		}
		if got := w.Header().Get("Location"); w.Code != http.StatusFound || got != want {
			t.Errorf("got %d %s, want %s", w.Code, got, want)
		}
	}
	v.Client.ResultParam = "outcome"
	w := httptest.NewRecorder()
	(&Site{}).lead(w, httptest.NewRequest(http.MethodGet, "/login/paymentChange?paymentChangeId=7", nil), v, doors[1], errand.Step{Errand: errand.Errand{State: errand.Finished}}, nil)
	if got, want := w.Header().Get("Location"), "https://site.example/mine?tab=2&outcome=finished&paymentChangeId=7"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A number stands once, in digits, as it is written.
func TestRead(t *testing.T) {
	for query, want := range map[string]int64{"n=20457731": 20457731, "n=1": 1, "": 0, "n=": 0, "n=0": 0, "n=-1": 0, "n=+1": 0, "n=01": 0, "n=1&n=2": 0, "n=1e3": 0, "n=9223372036854775808": 0, "n=%201": 0} {
		got, ok := read(httptest.NewRequest(http.MethodGet, "/x?"+query, nil), "n")
		if ok != (want > 0) || ok && got != want {
			t.Errorf("%q: got %d, %v", query, got, ok)
		}
	}
}
