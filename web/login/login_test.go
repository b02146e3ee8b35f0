package login

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/web/page"
)

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func shown(t *testing.T, lang page.Language, g Gate, f form) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	(&Site{}).show(w, httptest.NewRequest(http.MethodGet, "/login/login?locale="+string(lang), nil), g, f)
	return w
}

// Each step has a page in every language, without a text that is missing.
func TestPages(t *testing.T) {
	key := regexp.MustCompile(`[>"](title|problem|credential|password|code|welcome|signin|send|cancel|skip|first|last|hint)\.[a-z.]+[<"&]`)
	for _, l := range page.Languages {
		titles := map[string]bool{}
		for name, c := range map[string]struct {
			g      Gate
			f      form
			status int
		}{
			"sign in":      {Gate{}, form{}, 200},
			"create":       {Gate{Creates: true, CodeFirst: true}, form{}, 200},
			"code":         {Gate{}, form{step: stepCode, credential: "nora@example.com"}, 200},
			"welcome":      {Gate{}, form{step: stepWelcome}, 200},
			"wrong":        {Gate{Cancel: "https://site.example/"}, form{problem: "problem.wrong", at: "password", status: 422}, 422},
			"wrong code":   {Gate{}, form{step: stepCode, problem: "problem.code", at: "code", status: 422}, 422},
			"weak":         {Gate{}, form{step: stepWelcome, problem: "problem.weak", at: "password", status: 422}, 422},
			"too many":     {Gate{}, form{problem: "problem.limited", at: "credential", status: 429}, 429},
			"no address":   {Gate{}, form{problem: "problem.credential", at: "credential", status: 422}, 422},
			"cannot reach": {Gate{}, form{problem: "problem.channel", at: "credential", status: 422}, 422},
		} {
			c.g.Client = login.Client{Name: "Lind Media"}
			w := shown(t, l, c.g, c.f)
			text := w.Body.String()
			if w.Code != c.status || w.Header().Get("Content-Language") != string(l) || c.f.step != stepCode && !strings.Contains(text, "Lind Media") {
				t.Errorf("%s in %s: got %d in %s", name, l, w.Code, w.Header().Get("Content-Language"))
			}
			if m := key.FindString(text); m != "" {
				t.Errorf("%s in %s: a text is missing: %s", name, l, m)
			}
			if invalid := strings.Contains(text, `aria-invalid="true"`); invalid != (c.f.at != "") {
				t.Errorf("%s in %s: a field is marked: %v", name, l, invalid)
			}
			titles[regexp.MustCompile(`<title>.*</title>`).FindString(text)] = true
		}
		if len(titles) < 7 {
			t.Errorf("%s: got %d titles: %v", l, len(titles), titles)
		}
	}
}

// What a site is called and what was typed is text; a password is not written
// back, and forms lead to the site alone.
func TestPagesEscape(t *testing.T) {
	g := Gate{Client: login.Client{Name: `<b onload="x">`}, Leads: []*url.URL{parse(t, "https://site.example/mine"), parse(t, "lind:back")}}
	w := shown(t, "en", g, form{credential: `"><script>alert(1)</script>`, problem: "problem.wrong", at: "password", status: 422})
	text := w.Body.String()
	if strings.Contains(text, "<script>alert") || strings.Contains(text, `<b onload`) || !strings.Contains(text, "&lt;script&gt;") || !strings.Contains(text, "&lt;b onload") {
		t.Errorf("got %s", text)
	}
	if regexp.MustCompile(`type="password"[^>]* value=`).MatchString(text) {
		t.Errorf("a password is written back: %s", text)
	}
	if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'self' https://site.example lind:;") {
		t.Errorf("got %s", got)
	}
	w = shown(t, "en", g, form{step: stepWelcome, first: `"><i>`, last: "Lind"})
	if text := w.Body.String(); strings.Contains(text, `"><i>`) || !strings.Contains(text, "&gt;&lt;i&gt;") {
		t.Errorf("got %s", text)
	}
}

// An address keeps its own query, and its fragment stays behind what is added.
func TestBack(t *testing.T) {
	for address, want := range map[string]string{
		"https://site.example/mine":         "https://site.example/mine?status=finished&n=1",
		"https://site.example/mine?tab=2":   "https://site.example/mine?tab=2&status=finished&n=1",
		"https://site.example/mine?tab=2#x": "https://site.example/mine?tab=2&status=finished&n=1#x",
		"https://site.example/?a=%26&a=b+c": "https://site.example/?a=%26&a=b+c&status=finished&n=1",
		"lind://back":                       "lind://back?status=finished&n=1",
	} {
		if got := Back(parse(t, address), "status", "finished", "n", "1"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got, want := Back(parse(t, "https://site.example/"), "error", "a&b=c d", "m", "æ\r\nx"), "https://site.example/?error=a%26b%3Dc+d&m=%C3%A6%0D%0Ax"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What goes wrong is told on a page that leads nowhere, without what is ours.
func TestFail(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{fault.New("not_found.client", "no such client"), 400},
		{fault.New("invalid.return", "not the client's"), 400},
		{fault.New("forbidden.origin", "a form of another site"), 403},
		{fault.New(fault.Limited, "too many"), 429},
		{errors.New("the disk at /var is full"), 500},
	} {
		w := httptest.NewRecorder()
		(&Site{}).Fail(w, httptest.NewRequest(http.MethodGet, "/login/login?returnUrl=https://evil.example/", nil), c.err)
		if text := w.Body.String(); w.Code != c.status || w.Header().Get("Location") != "" || strings.Contains(text, `="https://evil.example`) || strings.Contains(text, "/var") {
			t.Errorf("%v: got %d %v %s", c.err, w.Code, w.Header(), text)
		}
	}
}

// TestAgain: a form leads back to its own page, by a relative address.
func TestAgain(t *testing.T) {
	for path, want := range map[string]string{"/login/login?clientId=a&step=welcome": "login?clientId=a", "/user/payment/invoice/pay?transactionId=7": "pay?transactionId=7"} {
		w := httptest.NewRecorder()
		again(w, httptest.NewRequest(http.MethodPost, path, nil), false)
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
			t.Errorf("got %d %s, want %s", w.Code, got, want)
		}
	}
	w := httptest.NewRecorder()
	again(w, httptest.NewRequest(http.MethodPost, "/login/login?clientId=a", nil), true)
	if got := w.Header().Get("Location"); got != "login?clientId=a&step=welcome" {
		t.Errorf("got %s", got)
	}
}

// The words of RFC 6749 for what an authorisation is refused for.
func TestWord(t *testing.T) {
	for code, want := range map[string]string{"invalid.response_type": "unsupported_response_type", "invalid.scope": "invalid_scope", "invalid.challenge": "invalid_request",
		"unavailable.store": "temporarily_unavailable", "internal": "server_error"} {
		if got := word(fault.New(code, "x")); got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
}
