package page

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		wishes []string
		want   Language
	}{
		{nil, English},
		{[]string{""}, English},
		{[]string{"no"}, Norwegian}, {[]string{"NO"}, Norwegian}, {[]string{"nb-NO"}, Norwegian}, {[]string{"nn-NO"}, Norwegian}, {[]string{"nb_NO"}, Norwegian},
		{[]string{"sv-FI"}, Swedish}, {[]string{"de-AT"}, German}, {[]string{"en-AU"}, English}, {[]string{"da"}, Danish}, {[]string{"fi-FI"}, Finnish},
		{[]string{"fr-FR,fi;q=0.8,en;q=0.5"}, Finnish},
		{[]string{"de;q=0.1, sv;q=0.9"}, Swedish},
		{[]string{"zh"}, English}, {[]string{"*"}, English}, {[]string{"%%%", "da"}, Danish}, {[]string{"zh", "fi"}, Finnish},
		{[]string{"sv", "da"}, Swedish},
		{[]string{strings.Repeat("da,", 200), "de"}, German},
	} {
		if got := Choose(c.wishes...); got != c.want {
			t.Errorf("Choose(%q) = %s, want %s", c.wishes, got, c.want)
		}
	}
}

func TestAskedPrefersTheParameter(t *testing.T) {
	r := httptest.NewRequest("GET", "/?locale=fi", nil)
	r.Header.Set("Accept-Language", "de")
	if got := Asked(r, "sv"); got != Finnish {
		t.Errorf("with a parameter: %s, want fi", got)
	}
	r.URL.RawQuery = ""
	if got := Asked(r, "sv"); got != Swedish {
		t.Errorf("with a wish: %s, want sv", got)
	}
	if got := Asked(r, ""); got != German {
		t.Errorf("with the header alone: %s, want de", got)
	}
}

// A line is language, currency, minor units, text; _ stands for U+00A0 and ~
// for U+2212. The patterns are CLDR's; symbols are ours where CLDR's would be
// mistaken (see writing).
const amounts = `
en EUR 6200 €62.00
en USD -123456789 -$1,234,567.89
en GBP 5 £0.05
en NOK 6200 NOK_62.00
en NOK -123456789 -NOK_1,234,567.89
en JPY 6200 ¥6,200
en KWD 6200 KWD_6.200
en CLF 6200 CLF_0.6200
nb NOK 6200 62,00_kr
nb NOK -123456789 ~1_234_567,89_kr
nb EUR 6200 62,00_€
nb SEK 6200 62,00_SEK
nb USD 100000 1_000,00_USD
nb ISK 6200 6_200_ISK
sv SEK 6200 62,00_kr
sv SEK -123456789 ~1_234_567,89_kr
sv NOK 6200 62,00_NOK
sv GBP 6200 62,00_GBP
da DKK 6200 62,00_kr.
da DKK -123456789 -1.234.567,89_kr.
da SEK 0 0,00_SEK
da JPY 6200 6.200_JPY
fi EUR 6200 62,00_€
fi EUR -123456789 ~1_234_567,89_€
fi SEK 99900 999,00_SEK
fi KWD 1234567 1_234,567_KWD
de EUR 6200 62,00_€
de EUR -123456789 -1.234.567,89_€
de CHF 100000 1.000,00_CHF
de EUR -9223372036854775808 -92.233.720.368.547.758,08_€
xx EUR 6200 €62.00
`

func TestMoney(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(amounts), "\n") {
		f := strings.Fields(line)
		var minor int64
		if _, err := fmt.Sscan(f[2], &minor); err != nil {
			t.Fatal(err)
		}
		want := strings.NewReplacer("_", "\u00a0", "~", "\u2212").Replace(f[3])
		if got := Money(Language(f[0]), money.Of(minor, money.Currency(f[1]))); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	if got := Money(English, money.Amount{}); got != "" {
		t.Errorf("no amount is written %q", got)
	}
}

func TestMoment(t *testing.T) {
	at := time.Date(2026, time.March, 5, 10, 4, 0, 0, time.FixedZone("", 3600))
	for l, want := range map[Language]string{
		English: "5 March 2026, 09:04 UTC", Norwegian: "5. mars 2026 kl.\u00a009:04 UTC", Swedish: "5 mars 2026 kl.\u00a009:04 UTC",
		Danish: "5. marts 2026 kl.\u00a009.04 UTC", Finnish: "5. maaliskuuta 2026 klo\u00a09.04 UTC", German: "5. März 2026 um\u00a009:04 UTC",
	} {
		if got := Moment(l, at); got != want {
			t.Errorf("%s: %q, want %q", l, got, want)
		}
	}
	for l, names := range months {
		if n := len(strings.Fields(names)); n != 12 {
			t.Errorf("%s has %d months", l, n)
		}
	}
}

var hole = regexp.MustCompile(`\{\d\}`)

// sameTexts is the check for the texts of a room: every language has the same
// keys with the same placeholders, and no text is empty.
func sameTexts(t *testing.T, texts Texts) {
	t.Helper()
	for _, l := range Languages {
		if got, want := slices.Sorted(maps.Keys(texts[l])), slices.Sorted(maps.Keys(texts[English])); !slices.Equal(got, want) {
			t.Errorf("%s has other keys than en: %q, want %q", l, got, want)
		}
		for key, text := range texts[l] {
			got, want := hole.FindAllString(text, -1), hole.FindAllString(texts[English][key], -1)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s %s: placeholders %q, want %q", l, key, got, want)
			}
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s %s is empty", l, key)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	sameTexts(t, New(Room{Templates: fstest.MapFS{}}).Texts())
	for _, room := range []string{"../checkout/texts"} {
		texts, err := LoadTexts(os.DirFS(room))
		if err != nil {
			t.Fatal(err)
		}
		sameTexts(t, texts)
	}
}

func room(files map[string]string) fs.FS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
	"Cache-Control":           "no-store", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "same-origin",
	"Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8",
}

func TestRender(t *testing.T) {
	set := New(Room{Templates: room(map[string]string{"hello.html": `{{define "main"}}<h1>{{.Data}}</h1>{{.T "skip"}}{{end}}`, "broken.html": `{{define "main"}}half a page{{.Data.Missing}}{{end}}`})})
	r := httptest.NewRequest("GET", "/?step=go&x=%22%3E", nil)
	r.Header.Set("Accept-Language", "nn-NO")
	w := httptest.NewRecorder()
	if err := set.Render(w, r, 200, "hello", View{Title: "<b>", Data: `"><script>alert(1)</script>`}); err != nil {
		t.Fatal(err)
	}
	body := w.Body.String()
	for _, want := range []string{`<html lang="nb">`, "Hopp til innholdet", "&lt;script&gt;", "<title>&lt;b&gt;</title>", `locale=sv`, "step=go"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if strings.Contains(body, "<script>") {
		t.Error("data became a script")
	}
	for name, want := range headers {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}

	w = httptest.NewRecorder()
	err := set.Render(w, r, 200, "broken", View{Data: "text"})
	if err == nil || w.Code != 500 || strings.Contains(w.Body.String(), "half") {
		t.Errorf("a broken page: %v, %d %q", err, w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	if err := set.Render(w, r, 200, "none", View{}); !fault.Is(err, fault.Internal) || w.Code != 500 {
		t.Errorf("an unknown page: %v, %d", err, w.Code)
	}
}

func TestFail(t *testing.T) {
	set := New(Room{Templates: room(nil)})
	for code, want := range map[string]int{"not_found.session": 404, "unavailable": 503, "limited": 429, "forbidden.origin": 403, "unauthenticated": 403,
		"invalid.body": 400, "conflict.session": 409, "internal": 500, "declined.odd": 500} {
		w := httptest.NewRecorder()
		w.Header().Set("Request-Id", "req_1")
		if err := set.Fail(w, httptest.NewRequest("GET", "/", nil), fault.New(code, "secret detail"), View{}); err != nil {
			t.Fatal(err)
		}
		if w.Code != want || strings.Contains(w.Body.String(), "secret detail") || !strings.Contains(w.Body.String(), "req_1") {
			t.Errorf("%s: %d, want %d\n%s", code, w.Code, want, w.Body)
		}
	}
}

func TestAssets(t *testing.T) {
	set := New(Room{Templates: room(nil), Assets: room(map[string]string{"own.js": "let a"})})
	handler := Assets(set)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	for name, kind := range map[string]string{"page.css": "text/css; charset=utf-8", "own.js": "text/javascript; charset=utf-8", "favicon.svg": "image/svg+xml"} {
		path, integrity := set.Script(name)
		w := get(path)
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		if got := Integrity(w.Body.Bytes()); got != integrity {
			t.Errorf("%s: integrity %s, announced %s", path, got, integrity)
		}
	}
	for _, path := range []string{"/assets/page.css", "/assets/page.00000000.css", "/assets/", "/assets/../room.go"} {
		if w := get(path); w.Code != 404 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Cache-Control"))
		}
	}
}

func TestSecureCoversEveryAnswer(t *testing.T) {
	w := httptest.NewRecorder()
	Secure(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for name, want := range headers {
		if got := w.Header().Get(name); name != "Content-Type" && got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestLink(t *testing.T) {
	for _, good := range []string{"https://shop.example/done?id=1&a=b", "http://127.0.0.1:9/x", "myapp://return?id=1", "https://shop.example/a%20b"} {
		if got := string(Link(good)); got != good {
			t.Errorf("Link(%q) = %q", good, got)
		}
	}
	for _, bad := range []string{"", "//host/x", `\\host`, "/path", "https:host", "javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
		"data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://a/b", "https://user:pw@host/", "https://host/\r\nX: y", "https://", "mailto:a@b"} {
		if got := Link(bad); got != "" {
			t.Errorf("Link(%q) = %q, want none", bad, got)
		}
	}
}

func TestOrigin(t *testing.T) {
	for raw, want := range map[string]string{"https://bank.example/acs?x": "https://bank.example", "http://127.0.0.1:80/": "http://127.0.0.1:80", "app://x": "",
		"https://a;script-src *": "", "nonsense": "", "https://*": ""} {
		if got := Origin(raw); got != want {
			t.Errorf("Origin(%q) = %q, want %q", raw, got, want)
		}
	}
}
