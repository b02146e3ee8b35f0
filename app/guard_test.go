package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/core/vault"
)

// indoors is a sandbox without a process around it.
func indoors(t *testing.T) (*App, Sandbox) {
	t.Helper()
	return indoorsAt(t, "http://127.0.0.1:8080")
}

func indoorsAt(t *testing.T, base string) (*App, Sandbox) {
	t.Helper()
	c, err := Load("", func(string) (string, bool) { return "", false }, map[string]string{"database": ":memory:", "webhook-local": "true", "webhook-ports": "*"})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := vault.EphemeralKeys()
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), c, base, slog.New(slog.NewTextHandler(io.Discard, nil)), Parts{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := a.Furnish(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return a, s
}

// knock sends a request with headers, each "Name: value".
func knock(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// session opens a checkout and gives its key.
func session(t *testing.T, h http.Handler, s Sandbox, params string) string {
	t.Helper()
	w := knock(h, "POST", "/gateway/v3/checkouts", "entityId="+s.Gateway.EntityID+"&amount=62.00&currency=EUR&paymentType=DB&"+params, "Authorization: Bearer "+s.Gateway.Token)
	key := regexp.MustCompile(`checkouts/([^/]+)/page`).FindStringSubmatch(w.Body.String())
	if key == nil {
		t.Fatalf("no checkout: %d %s", w.Code, w.Body)
	}
	return key[1]
}

// The content types that are served, and nothing else.
var contentTypes = regexp.MustCompile(`^(text/(html|plain|css|javascript)|application/(json|yaml)|image/svg\+xml)(; ?charset=utf-8)?$`)

// guarded says what is missing from the headers of an answer (reliability,
// C2): all of them stand on every answer, whatever it is.
func guarded(t *testing.T, what string, w *httptest.ResponseRecorder) {
	t.Helper()
	h := w.Result().Header
	csp := h.Get("Content-Security-Policy")
	for _, c := range []struct {
		missing string
		bad     bool
	}{
		{"HSTS", h.Get("Strict-Transport-Security") != "max-age=31536000"},
		{"nosniff", h.Get("X-Content-Type-Options") != "nosniff"},
		{"Referrer-Policy", h.Get("Referrer-Policy") != "same-origin" && h.Get("Referrer-Policy") != "no-referrer"},
		{"frame-ancestors", !strings.Contains(csp, "frame-ancestors ")},
		{"object-src", !strings.Contains(csp, "object-src 'none'")},
		{"base-uri", !strings.Contains(csp, "base-uri 'none'")},
		{"form-action", !strings.Contains(csp, "form-action ")},
		{"default-src", !strings.Contains(csp, "default-src 'none'")},
		{"a policy without unsafe-", strings.Contains(csp, "unsafe")},
		{"COOP", strings.HasPrefix(h.Get("Content-Type"), "text/html") && h.Get("Cross-Origin-Opener-Policy") != "same-origin"},
		{"silence about the server", h.Get("Server")+h.Get("X-Powered-By") != ""},
		{"exact content type", w.Body.Len() > 0 && !contentTypes.MatchString(strings.ToLower(h.Get("Content-Type")))},
		{"charset", strings.HasPrefix(h.Get("Content-Type"), "text/") && !strings.Contains(strings.ToLower(h.Get("Content-Type")), "charset=utf-8")},
	} {
		if c.bad {
			t.Errorf("%s (%d): lacks %s: %v", what, w.Code, c.missing, h)
		}
	}
	static := strings.Contains(what, "/assets/") || strings.Contains(what, ".js") || strings.Contains(what, ".css")
	if cache := h.Get("Cache-Control"); cache != "no-store" && (!static || w.Code >= 400) {
		t.Errorf("%s (%d): Cache-Control %q", what, w.Code, cache)
	}
}

// places fill the routes' parameters with what exists and what does not.
func places(key string) []*strings.Replacer {
	var out []*strings.Replacer
	for _, id := range []string{key, "nonsense", strings.Repeat("0", 32), "%3Cscript%3E"} {
		out = append(out, strings.NewReplacer("{id}", id, "{key}", id, "{token}", id, "{connector}", "fake", "{realm}", id, "*", "3ds/"+id))
	}
	return out
}

// Every route, asked in every way: without a key, with one, with a form, with
// nonsense.
func TestEveryAnswerIsGuarded(t *testing.T) {
	a, s := indoors(t)
	h := a.DevHandler(s)
	key, count := session(t, h, s, "shopperResultUrl=https://shop.example/done"), 0
	err := chi.Walk(h.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasSuffix(route, "/inbox/feed") {
			return nil // it waits
		}
		var paths []string
		for _, place := range places(key) {
			if path := place.Replace(route); !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
		for _, path := range paths {
			for _, headers := range [][]string{nil, {"Authorization: Bearer " + s.Gateway.Token}, {"Authorization: Bearer no"}, {"Accept: text/html", "Sec-Fetch-Site: cross-site"}} {
				for _, body := range []string{"", "entityId=" + s.Gateway.EntityID, "\x00%zz"} {
					guarded(t, method+" "+path, knock(h, method, path, body, headers...))
					count++
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 1000 {
		t.Errorf("only %d answers were looked at", count)
	}
}

// Answers that no route of its own gives: unknown addresses, wrong methods,
// what is found, redirects, a panic.
func TestOtherAnswersAreGuarded(t *testing.T) {
	a, s := indoors(t)
	h := a.DevHandler(s)
	key := session(t, h, s, "shopperResultUrl=https://shop.example/done")
	page := "/gateway/v3/checkouts/" + key + "/page"
	for _, c := range []struct {
		method, path, body string
		status             int
		headers            []string
	}{
		{"GET", "/nowhere", "", 404, nil}, {"GET", "/nowhere", "", 404, []string{"Accept: text/html"}}, {"PATCH", page, "", 404, nil}, {"DELETE", "/", "", 404, nil},
		{"GET", "/assets/nothing.css", "", 404, nil}, {"GET", "/sandbox/nowhere", "", 404, nil}, {"GET", "/gallery/nowhere", "", 404, nil}, {"GET", "/gallery/", "", 200, nil},
		{"GET", page, "", 200, nil}, {"HEAD", page, "", 200, nil}, {"POST", page, "attempt=x&brand=PAYPAL", 303, nil},
		{"POST", page, "attempt=1&brand=PAYPAL", 303, nil}, {"GET", page, "", 200, nil}, {"GET", page + "?step=go", "", 200, nil},
		{"POST", page, strings.Repeat("a", 20<<10), 400, nil}, {"POST", "/clock", "advance=1h", 303, nil}, {"POST", "/clock", "advance=x", 400, nil},
		{"GET", "/v3/paymentWidgets.js", "", 200, nil}, {"GET", "/v3/resultcodes", "", 200, nil}, {"GET", "/openapi/gateway.yaml", "", 200, nil},
		{"GET", "/healthz", "", 200, nil}, {"HEAD", "/healthz", "", 200, nil}, {"GET", "/readyz", "", 200, nil}, {"GET", "/../etc/passwd", "", 404, nil}, {"GET", "//evil.example", "", 404, nil},
		{"OPTIONS", "/gateway/v3/payments", "", 404, nil},
	} {
		w := knock(h, c.method, c.path, c.body, c.headers...)
		what := c.method + " " + c.path
		guarded(t, what, w)
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", what, w.Code, c.status)
		}
		if to := w.Header().Get("Location"); c.status == 303 && strings.HasPrefix(to, "//") {
			t.Errorf("%s leads to %s", what, to)
		}
	}
	a.Checkouts = nil
	w := knock(h, "GET", page, "")
	guarded(t, "a panic", w)
	if w.Code != 500 || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("a panic: %d %s", w.Code, w.Body)
	}
}

// Forms of other sites change nothing. Browsers say where a form comes from by
// Sec-Fetch-Site, older ones by Origin; programs say neither and hold no
// cookie that could be borrowed.
func TestForeignForms(t *testing.T) {
	a, s := indoors(t)
	h := a.DevHandler(s)
	key := session(t, h, s, "shopperResultUrl=https://shop.example/done")
	card := "attempt=1&" + url.Values{"number": {"4200000000000042"}, "expiry": {"08/34"}, "cvv": {"321"}, "holder": {"Nora Lind"}}.Encode()
	page := "/gateway/v3/checkouts/" + key + "/page"
	own := knock(h, "POST", page, card, "Sec-Fetch-Site: same-origin", "Origin: http://127.0.0.1:8080")
	if own.Code != 303 || own.Header().Get("Location") != "page?step=go" {
		t.Fatalf("our own form: %d %s", own.Code, own.Header().Get("Location"))
	}
	bank := regexp.MustCompile(`/sandbox/3ds/[^"]+`).FindString(knock(h, "GET", page+"?step=go", "").Body.String())
	if bank == "" {
		t.Fatal("no bank")
	}
	fresh := session(t, h, s, "shopperResultUrl=https://shop.example/done")
	before := knock(h, "GET", "/sandbox/clock", "", "Authorization: Bearer "+s.Gateway.Token).Body.String()[:20] // to the hour
	for _, from := range [][]string{
		{"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"}, {"Sec-Fetch-Site: cross-site", "Origin: http://127.0.0.1:8080"},
		{"Origin: https://evil.example"}, {"Origin: null"}, {"Origin: http://127.0.0.1:8081"}, {"Sec-Fetch-Site: same-site", "Origin: http://localhost:8080"},
	} {
		for _, form := range []struct{ path, body string }{
			{"/gateway/v3/checkouts/" + fresh + "/page", card}, {"/v3/checkouts/" + fresh + "/frame", card}, {"/gateway/v3/checkouts/" + fresh + "/cancel", ""},
			{bank, "choice=success"}, {"/clock", "advance=168h"},
		} {
			w := knock(h, "POST", form.path, form.body, from...)
			guarded(t, form.path, w)
			if w.Code != 403 {
				t.Errorf("POST %s %q: %d", form.path, from, w.Code)
			}
		}
	}
	if body := knock(h, "GET", bank, "").Body.String(); !strings.Contains(body, `value="success"`) {
		t.Error("a foreign form made the bank decide")
	}
	if body := knock(h, "GET", "/gateway/v3/checkouts/"+fresh+"/page", "").Body.String(); !strings.Contains(body, `name="number"`) {
		t.Error("a foreign form paid")
	}
	if after := knock(h, "GET", "/sandbox/clock", "", "Authorization: Bearer "+s.Gateway.Token).Body.String()[:20]; after != before {
		t.Error("a foreign form moved the clock")
	}
}
