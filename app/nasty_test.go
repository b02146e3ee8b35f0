package app

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/web/browsertest"
)

// Texts that want to be more than text. N is filled in, so that each tells
// which one got through.
var nastyTexts = strings.Split(strings.TrimSpace(`
<script>window.got=N</script>
<ScRiPt >window.got=N</sCrIpT>
"><script>window.got=N</script>
'><script>window.got=N</script>
</title><script>window.got=N</script>
</textarea><script>window.got=N</script>
</style><script>window.got=N</script>
</code></pre><script>window.got=N</script>
</script><script>window.got=N</script>
<img src=x onerror=window.got=N>
"><img src=x onerror=window.got=N>
<svg onload=window.got=N>
<svg><script>window.got=N</script></svg>
<math><mi xlink:href="javascript:window.got=N">x</mi></math>
<iframe srcdoc="<script>parent.got=N</script>"></iframe>
<iframe src="javascript:parent.got=N"></iframe>
<object data="javascript:window.got=N"></object>
<embed src="javascript:window.got=N">
<base href="https://evil.example/">
<meta http-equiv=refresh content="0; url=https://evil.example/">
<link rel=stylesheet href="https://evil.example/x.css">
<form action="https://evil.example/"><button>Pay N
<a href="javascript:window.got=N">x</a>
<details open ontoggle=window.got=N>
<body onload=window.got=N>
<input autofocus onfocus=window.got=N>
" autofocus onfocus=window.got=N x="
' autofocus onfocus=window.got=N x='
" onmouseover=window.got=N style="position:fixed;inset:0" x="
x onerror=window.got=N
javascript:window.got=N
data:text/html,<script>window.got=N</script>
{{.Session.Key}}
{{template "layout" .}}
${window.got=N}
{{constructor.constructor('window.got=N')()}}
&lt;script&gt;window.got=N&lt;/script&gt;
&#60;script&#62;window.got=N&#60;/script&#62;
\u003cscript\u003ewindow.got=N\u003c/script\u003e
<!--><script>window.got=N</script>-->
<![CDATA[<script>window.got=N</script>]]>
<noscript><p title="</noscript><img src=x onerror=window.got=N>">
<table><td background="javascript:window.got=N">
＜script＞window.got=N＜/script＞
ﬀ<svg/onload=window.got=N//
`+"\u202e<script>window.got=N</script>\n"+`+ADw-script+AD4-window.got=N+ADw-/script+AD4-
=HYPERLINK("https://evil.example/?N")
0; url=https://evil.example/
%3Cscript%3Ewindow.got=N%3C/script%3E
`), "\n")

// shape is the page without its texts: elements and the names of attributes.
const shape = `[...document.querySelectorAll("*")].map((e) => e.tagName + [...e.attributes].map((a) => " " + a.name).join("")).join("\n")`

// A payer's and a developer's pages show every stored text as text: their
// elements are the same whatever the texts are (reliability, C4).
func TestStoredTextsStayText(t *testing.T) {
	h := openHouse(t)
	plain := h.walk(t, 0, "an ordinary text")
	for n, text := range nastyTexts {
		got := h.walk(t, n+1, strings.ReplaceAll(text, "N", fmt.Sprint(n+1)))
		for page, elements := range got {
			if elements != plain[page] {
				t.Errorf("%q changed the elements of %s:\n%s", text, page, difference(plain[page], elements))
			}
		}
	}
}

// house is the app behind a real server, with a browser before it.
type house struct {
	*App
	box    Sandbox
	server *httptest.Server
	b      *browsertest.Browser
}

func openHouse(t *testing.T) *house {
	t.Helper()
	h := &house{server: httptest.NewUnstartedServer(nil), b: browsertest.Start(t)}
	h.App, h.box = indoorsAt(t, "http://"+h.server.Listener.Addr().String())
	h.server.Config.Handler = h.DevHandler(h.box)
	h.server.Start()
	t.Cleanup(h.server.Close)
	h.b.Resize(t, browsertest.Windows[0])
	return h
}

// entity makes a merchant of the given name and its entity.
func (h *house) entity(t *testing.T, n int, name string, settings merchant.Settings) string {
	t.Helper()
	realm, err := h.devRealm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.Merchants.Add(t.Context(), realm.ID, merchant.Merchant{Code: fmt.Sprintf("NASTY%d", n), Name: name, Country: "NO"})
	if err != nil {
		t.Fatal(err)
	}
	settings.ThreeDS, settings.Notifications = true, true
	p, err := h.Merchants.AddProfile(t.Context(), realm.ID, merchant.Profile{Merchant: m.ID, Code: fmt.Sprintf("NASTY%03d", n), Name: name, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return p.Code
}

// walk opens a checkout whose every text is the given one, goes through it,
// and tells the shape of each page on the way.
func (h *house) walk(t *testing.T, n int, text string) map[string]string {
	t.Helper()
	code := h.entity(t, n, text, merchant.Settings{})
	form := url.Values{"entityId": {code}, "amount": {"62.00"}, "currency": {"EUR"}, "paymentType": {"DB"}, "shopperResultUrl": {"http://127.0.0.1/done?t=" + url.QueryEscape(text)},
		"merchantTransactionId": {"reference " + text}, "descriptor": {first(127, text)}, "customParameters[text]": {text}, "customParameters[SHOPPER_text]": {text},
		"customer.surname": {first(50, text)}, "billing.street1": {first(100, text)}, "cart.items[0].name": {text}, "merchantMemo": {text}, "notificationUrl": {h.box.URL + "/inbox/hook/" + url.PathEscape(text)}}
	w := knock(h.server.Config.Handler, "POST", "/gateway/v3/checkouts", form.Encode(), "Authorization: Bearer "+h.box.Gateway.Token)
	found := regexp.MustCompile(`"url":"([^"]+/page)"`).FindStringSubmatch(w.Body.String())
	if found == nil {
		t.Fatalf("%q: no checkout: %d %s", text, w.Code, w.Body)
	}
	page, shapes := found[1], map[string]string{}
	look := func(name, path string) {
		t.Helper()
		h.b.Open(t, path)
		shapes[name] = browsertest.Eval[string](t, h.b, shape)
		if got := browsertest.Eval[string](t, h.b, `String(window.got)`); got != "undefined" {
			t.Errorf("%q ran on %s", text, name)
		}
		if at := browsertest.Eval[string](t, h.b, `location.host`); at != strings.TrimPrefix(h.box.URL, "http://") {
			t.Errorf("%q led from %s to %s", text, name, at)
		}
	}
	handler := h.server.Config.Handler
	pay := url.Values{"attempt": {"1"}, "number": {"4200000000000042"}, "expiry": {"08/34"}, "cvv": {"321"}, "holder": {"holder " + text}}
	look("checkout", page)
	look("checkout in a strange language", page+"?locale="+url.QueryEscape(text)+"&step="+url.QueryEscape(text))
	look("frame", strings.TrimSuffix(page, "page")+"frame?"+url.Values{"brands": {text}, "style": {text}, "parent": {text}, "return": {text}, "locale": {text}}.Encode())
	if w := knock(handler, "POST", strings.TrimPrefix(page, h.box.URL), pay.Encode()); w.Code != 303 {
		t.Fatalf("%q: pay: %d %s", text, w.Code, w.Body)
	}
	bank := regexp.MustCompile(`/sandbox/3ds/[^"]+`).FindString(knock(handler, "GET", strings.TrimPrefix(page, h.box.URL)+"?step=go", "").Body.String())
	look("begun", page)
	look("bank", h.box.URL+bank)
	knock(handler, "POST", bank, "choice=success")
	knock(handler, "GET", regexp.MustCompile(`/return/[0-9a-f]+`).FindString(knock(handler, "GET", bank, "").Body.String()), "")
	look("paid", page)
	knock(handler, "POST", "/inbox/hook/"+url.PathEscape(text), text, "X-Signature: "+strings.Map(visible, text), "X-Event-Id: e1")
	h.inbox.mu.Lock()
	h.inbox.list = h.inbox.list[len(h.inbox.list)-1:]
	h.inbox.mu.Unlock()
	look("inbox", h.box.URL+"/inbox")
	return shapes
}

// first cuts a text to as many letters as a field takes.
func first(n int, text string) string {
	letters := []rune(text)
	return string(letters[:min(n, len(letters))])
}

func visible(c rune) rune {
	if c < ' ' || c > '~' {
		return -1
	}
	return c
}

// difference is the first line in which two shapes differ.
func difference(a, b string) string {
	one, two := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(one), len(two)) {
		if one[i] != two[i] {
			return fmt.Sprintf("line %d: %q, was %q", i, two[i], one[i])
		}
	}
	return fmt.Sprintf("%d elements, were %d", len(two), len(one))
}
