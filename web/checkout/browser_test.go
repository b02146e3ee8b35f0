package checkout

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/florinpay/florin/web/browsertest"
)

// world is our server, a bank and a shop, each on an address of its own.
type world struct {
	till *till
	us   *httptest.Server
	bank *httptest.Server
	shop *httptest.Server
	page string // address of the session's page
}

const bankPage = `<!doctype html><html lang="en"><title>Bank</title><link rel="icon" href="data:,"><h1>Bank</h1><p id="got">%s</p><a id="ok" href="%s">Approve</a>`

func newWorld(t *testing.T, widget string) *world {
	w := &world{till: newTill()}
	m := mux(w.till.desk())
	m.HandleFunc("GET /return", func(rw http.ResponseWriter, r *http.Request) {
		w.till.mu.Lock()
		w.till.session.State, w.till.session.Resume = Paid, nil
		w.till.mu.Unlock()
		http.Redirect(rw, r, PagePath("/gateway", key, Done), http.StatusSeeOther)
	})
	w.us = httptest.NewServer(m)
	w.bank = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(rw, bankPage, r.Method+" "+strings.ReplaceAll(r.FormValue("creq"), "<", "&lt;"), w.us.URL+"/return")
	}))
	w.shop = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprint(rw, `<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,"><main><h1>Shop</h1>`)
		if r.URL.Path == "/" {
			fmt.Fprint(rw, strings.NewReplacer("{base}", w.us.URL+"/gateway", "{shop}", w.shop.URL, "{integrity}", WidgetIntegrity()).Replace(widget))
		}
	}))
	t.Cleanup(func() { w.us.Close(); w.bank.Close(); w.shop.Close() })
	w.till.bank = w.bank.URL + "/acs"
	w.page = w.us.URL + PagePath("/gateway", key, "")
	return w
}

func (w *world) hosts() []string {
	var out []string
	for _, s := range []*httptest.Server{w.us, w.bank, w.shop} {
		out = append(out, strings.TrimPrefix(s.URL, "http://"))
	}
	return out
}

func (w *world) effects() (forms, posts int) {
	w.till.mu.Lock()
	defer w.till.mu.Unlock()
	return len(w.till.forms), w.till.posts
}

func value(t *testing.T, b *browsertest.Browser, id string) string {
	return browsertest.Eval[string](t, b, `document.getElementById("`+id+`").value`)
}

// problemOf is what stands below a field.
func problemBelow(t *testing.T, b *browsertest.Browser, id string) string {
	return browsertest.Eval[string](t, b, `document.getElementById("`+id+`-problem").textContent`)
}

var visa = [][2]string{{"number", "4200000000000000"}, {"expiry", "0834"}, {"cvv", "123"}, {"holder", "Nora Lind"}}

func fill(t *testing.T, b *browsertest.Browser, fields [][2]string) {
	t.Helper()
	for _, f := range fields {
		b.Run(t, chromedp.Evaluate(`document.getElementById("`+f[0]+`").value = ""`, nil), chromedp.SendKeys("#"+f[0], f[1], chromedp.ByQuery))
	}
}

const submit = ".card-form button.button"

func TestInBrowser(t *testing.T) {
	b := browsertest.Start(t)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *browsertest.Browser)
	}{
		{"typing", typing}, {"double click", doubleClick}, {"bank and back", bankAndBack}, {"wallet by GET", walletByGet}, {"keyboard alone", keyboardAlone},
		{"without script", withoutScript}, {"stored card", storedCard}, {"waiting", waiting}, {"test cards", fillIn},
		{"widget", widget}, {"widget to the bank", widgetToBank}, {"widget refusals", widgetRefusals},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.Resize(t, browsertest.Windows[2])
			c.run(t, b)
		})
	}
}

func typing(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, "")
	b.Open(t, w.page)
	brand := func() string {
		return browsertest.Eval[string](t, b, `document.querySelector("[data-shown-brand]").textContent`)
	}
	for _, c := range []struct{ typed, shown, brand string }{
		{"4200000000000000", "4200 0000 0000 0000", "VISA"}, {"545454", "5454 54", "Mastercard"}, {"2221000000000009", "2221 0000 0000 0009", "Mastercard"},
		{"371449635398431", "3714 496353 98431", "AMEX"}, {"36259600000004", "3625 960000 0004", "Diners"}, {"3530111333300000", "3530 1113 3330 0000", "JCB"},
		{"6250947000000014", "6250 9470 0000 0014", "UnionPay"}, {"6011000000000012", "6011 0000 0000 0012", "Discover"}, {"6799998900000060018", "6799 9989 0000 0060 018", "Maestro"}, {"9", "9", ""},
	} {
		fill(t, b, [][2]string{{"number", c.typed}})
		if got := value(t, b, "number"); got != c.shown || brand() != c.brand {
			t.Errorf("typed %s: %q %q, want %q %q", c.typed, got, brand(), c.shown, c.brand)
		}
	}
	// A digit in the middle leaves the caret behind it.
	fill(t, b, [][2]string{{"number", "4200000000"}})
	b.Run(t, chromedp.Evaluate(`document.getElementById("number").setSelectionRange(4, 4)`, nil), chromedp.KeyEvent("1"), chromedp.KeyEvent("2"))
	if got := value(t, b, "number"); got != "4200 1200 0000" {
		t.Errorf("typed in the middle: %q", got)
	}
	for _, c := range [][2]string{{"834", "08/34"}, {"0834", "08/34"}, {"12/34", "12/34"}, {"122034", "12/2034"}} {
		fill(t, b, [][2]string{{"expiry", c[0]}})
		if got := value(t, b, "expiry"); got != c[1] {
			t.Errorf("expiry %s: %q, want %q", c[0], got, c[1])
		}
	}
	b.Run(t, chromedp.SendKeys("#expiry", kb.Backspace+kb.Backspace+kb.Backspace+kb.Backspace+kb.Backspace+kb.Backspace, chromedp.ByQuery))
	if got := value(t, b, "expiry"); got != "1" {
		t.Errorf("expiry, deleted: %q", got)
	}
	fill(t, b, [][2]string{{"number", "4200000000000001"}, {"cvv", "12"}})
	b.Run(t, chromedp.Click(submit, chromedp.ByQuery))
	if got := problemBelow(t, b, "number") + "|" + problemBelow(t, b, "cvv") + "|" + problemBelow(t, b, "holder"); got != "Check the card number: a digit is wrong or missing|The security code has 3 digits (4 on American Express)|Enter the name as it is on the card" {
		t.Errorf("problems %q", got)
	}
	if at := browsertest.Eval[string](t, b, `document.activeElement.id`); at != "number" {
		t.Errorf("the focus is on %q", at)
	}
	fill(t, b, [][2]string{{"number", "4200000000000000"}})
	if got := problemBelow(t, b, "number"); got != "" {
		t.Errorf("a mended number still says %q", got)
	}
	if _, posts := w.effects(); posts != 0 {
		t.Error("a form with mistakes was posted")
	}
	b.Inspect(t, w.hosts()...)
}

func doubleClick(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, "")
	w.till.slow = 300 * time.Millisecond
	b.Open(t, w.page)
	fill(t, b, visa)
	b.Run(t, chromedp.Evaluate(`const button = document.querySelector("`+submit+`"); button.click(); button.click(); button.click(); 0`, nil))
	b.Await(t, `document.body.innerText.includes("Payment received")`)
	if forms, posts := w.effects(); forms != 1 || posts != 1 {
		t.Errorf("%d effects of %d posts", forms, posts)
	}
	b.Run(t, chromedp.Evaluate(`history.back()`, nil))
	b.Await(t, `document.body.innerText.includes("Payment received")`)
	if forms, _ := w.effects(); forms != 1 {
		t.Errorf("%d effects after going back", forms)
	}
	b.Inspect(t, w.hosts()...)
}

func bankAndBack(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, "")
	b.Open(t, w.page)
	fill(t, b, [][2]string{{"number", "4200000000000042"}, visa[1], visa[2], visa[3]})
	b.Run(t, chromedp.Click(submit, chromedp.ByQuery))
	b.Await(t, `document.title === "Bank"`)
	if got := browsertest.Eval[string](t, b, `document.getElementById("got").textContent`); got != `POST "><b>` {
		t.Errorf("the bank got %q", got)
	}
	b.Run(t, chromedp.Evaluate(`history.back()`, nil))
	b.Await(t, `document.body.innerText.includes("Your payment has begun")`)
	time.Sleep(300 * time.Millisecond)
	if title := browsertest.Eval[string](t, b, `document.title`); title != "Your payment has begun" {
		t.Errorf("the page did not stay, but went to %q", title)
	}
	b.Run(t, chromedp.Click(".message form button", chromedp.ByQuery))
	b.Await(t, `document.title === "Bank"`)
	w.till.mu.Lock()
	w.till.session.ReturnURL = w.shop.URL + "/done?id=1"
	w.till.mu.Unlock()
	b.Run(t, chromedp.Click("#ok", chromedp.ByQuery))
	b.Await(t, `document.title === "Shop" && location.search === "?id=1"`)
	if forms, _ := w.effects(); forms != 1 {
		t.Errorf("%d effects", forms)
	}
}

func walletByGet(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, "")
	w.till.method = "GET"
	b.Open(t, w.page)
	b.Run(t, chromedp.Click(`form:has([value="PAYPAL"]) button`, chromedp.ByQuery))
	b.Await(t, `document.title === "Bank"`)
	if got := browsertest.Eval[string](t, b, `document.getElementById("got").textContent`); got != `GET "><b>` {
		t.Errorf("the wallet got %q", got)
	}
	b.Run(t, chromedp.Evaluate(`history.back()`, nil))
	b.Await(t, `document.body.innerText.includes("Your payment has begun")`)
	time.Sleep(300 * time.Millisecond)
	if title := browsertest.Eval[string](t, b, `document.title`); title != "Your payment has begun" {
		t.Errorf("the page did not stay, but went to %q", title)
	}
}

// keyboardAlone pays without a pointer: every control is reached by Tab, in
// the order of the page, and shows that it has the focus.
func keyboardAlone(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, "")
	b.Open(t, w.page)
	var seen []string
	for range 40 {
		b.Run(t, chromedp.KeyEvent(kb.Tab))
		at := browsertest.Eval[string](t, b, `(() => { const e = document.activeElement; return e.id || e.name || e.className || e.tagName })()`)
		if ring := browsertest.Eval[string](t, b, `getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth`); ring != "solid3px" {
			t.Errorf("%s shows no focus: %s", at, ring)
		}
		seen = append(seen, at)
		for _, f := range visa {
			if at == f[0] {
				b.Run(t, chromedp.KeyEvent(f[1]))
			}
		}
		if at == "holder" {
			break
		}
	}
	if got := strings.Join(seen, " "); !strings.HasPrefix(got, "skip ") || !strings.HasSuffix(got, "number expiry cvv holder") {
		t.Errorf("order of the focus: %s", got)
	}
	b.Run(t, chromedp.KeyEvent(kb.Enter))
	b.Await(t, `document.body.innerText.includes("Payment received")`)
}

func withoutScript(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, "")
	window := browsertest.Windows[2]
	window.NoScript, window.Language = true, "nb-NO"
	b.Resize(t, window)
	b.Open(t, w.page)
	b.Run(t, chromedp.Click(submit, chromedp.ByQuery), chromedp.WaitVisible(".notice", chromedp.ByQuery))
	var text, at string
	b.Run(t, chromedp.Text(".notice", &text, chromedp.ByQuery))
	if !strings.Contains(text, "Skriv inn kortnummeret") || !strings.Contains(text, "Skriv inn sikkerhetskoden") {
		t.Errorf("the mistakes: %q", text)
	}
	b.Run(t, chromedp.Evaluate(`document.activeElement.className`, &at))
	if at != "notice" {
		t.Errorf("the focus is on %q", at)
	}
	for _, f := range [][2]string{{"number", "4200 0000 0000 0042"}, visa[1], visa[2], visa[3]} {
		b.Run(t, chromedp.SendKeys("#"+f[0], f[1], chromedp.ByQuery))
	}
	b.Run(t, chromedp.Click(submit, chromedp.ByQuery), chromedp.WaitVisible(".sign-wait", chromedp.ByQuery))
	b.Run(t, chromedp.Click(".message form button", chromedp.ByQuery), chromedp.WaitVisible("#got", chromedp.ByQuery))
	b.Run(t, chromedp.Click("#ok", chromedp.ByQuery), chromedp.WaitVisible(".facts", chromedp.ByQuery), chromedp.Text("h1", &text, chromedp.ByQuery))
	if text != "Betalingen er mottatt" {
		t.Errorf("at the end: %q", text)
	}
	if forms, _ := w.effects(); forms != 1 {
		t.Errorf("%d effects", forms)
	}
}

func storedCard(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, "")
	w.till.session.Stored = []StoredCard{{ID: "a1", Brand: "VISA", Last4: "0091", Month: 8, Year: 2029}, {ID: "a2", Brand: "VISA", Last4: "0026", Month: 8, Year: 2025}}
	b.Open(t, w.page)
	if browsertest.Eval[bool](t, b, `document.getElementById("number").checkVisibility()`) {
		t.Error("the fields of a new card show beside a chosen stored one")
	}
	b.Run(t, chromedp.Click(`[name="stored"][value=""]`, chromedp.ByQuery))
	if !browsertest.Eval[bool](t, b, `document.getElementById("number").checkVisibility()`) {
		t.Error("the fields of a new card do not show")
	}
	b.Run(t, chromedp.Click(`[name="stored"][value="a1"]`, chromedp.ByQuery))
	b.Inspect(t, w.hosts()...)
	b.Run(t, chromedp.Click(submit, chromedp.ByQuery))
	b.Await(t, `document.body.innerText.includes("Payment received")`)
	if forms, _ := w.effects(); forms != 1 || w.till.forms[0].Stored != "a1" || !w.till.forms[0].Number.Empty() {
		t.Errorf("%d effects: %+v", forms, w.till.forms)
	}
}

func waiting(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, "")
	w.till.session.State = Paying
	b.Open(t, w.page)
	b.Await(t, `document.body.innerText.includes("We are asking your bank")`)
	w.till.mu.Lock()
	w.till.session.State = Paid
	w.till.mu.Unlock()
	b.Await(t, `document.body.innerText.includes("Payment received")`)
}

func fillIn(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, "")
	b.Open(t, w.page)
	b.Run(t, chromedp.Click(".test summary", chromedp.ByQuery))
	b.Inspect(t, w.hosts()...)
	b.Shot(t, "test-cards")
	b.Run(t, chromedp.Click(".test-use", chromedp.ByQuery), chromedp.Click(submit, chromedp.ByQuery))
	b.Await(t, `document.body.innerText.includes("Payment received")`)
}

const shopWidget = `<script>
window.heard = [];
window.wpwlOptions = {
  locale: "sv", style: "plain",
  onReady: () => heard.push("ready"),
  onBeforeSubmitCard: () => { heard.push("before"); return window.refuse !== true; },
  onError: (error) => heard.push(error.name),
};
</script>
<script src="{base}/v3/paymentWidgets.js?checkoutId=` + key + `" integrity="{integrity}" crossorigin="anonymous"></script>
<form action="{shop}/done?a=1" class="paymentWidgets" data-brands="VISA MASTER"></form>`

// inside finds the frame's document.
func inside(t *testing.T, b *browsertest.Browser) chromedp.QueryOption {
	t.Helper()
	b.Await(t, `window.heard.includes("ready")`)
	var frames []*cdp.Node
	b.Run(t, chromedp.Nodes("iframe", &frames, chromedp.ByQuery))
	return chromedp.FromNode(frames[0])
}

func widget(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, shopWidget)
	b.Open(t, w.shop.URL)
	in := inside(t, b)
	var label string
	b.Run(t, chromedp.Text(`label[for="number"]`, &label, chromedp.ByQuery, in))
	if label != "Kortnummer" {
		t.Errorf("label %q, want Swedish", label)
	}
	if browsertest.Eval[bool](t, b, `document.querySelector("form.paymentWidgets").checkVisibility() || Boolean(document.querySelector("input"))`) {
		t.Error("the shop's page has fields of its own")
	}
	height := browsertest.Eval[int](t, b, `document.querySelector("iframe").clientHeight`)
	b.Run(t, chromedp.Click(submit, chromedp.ByQuery, in))
	b.Await(t, fmt.Sprintf(`document.querySelector("iframe").clientHeight > %d`, height))
	b.Inspect(t, w.hosts()...)
	b.Shot(t, "widget")
	b.Run(t, chromedp.Evaluate(`window.refuse = true`, nil))
	for _, f := range visa {
		b.Run(t, chromedp.SendKeys("#"+f[0], f[1], chromedp.ByQuery, in))
	}
	b.Run(t, chromedp.Click(submit, chromedp.ByQuery, in))
	b.Await(t, `window.heard.join() === "ready,before"`)
	time.Sleep(200 * time.Millisecond)
	if _, posts := w.effects(); posts != 0 {
		t.Error("a card that the shop refused was posted")
	}
	b.Run(t, chromedp.Evaluate(`window.refuse = false`, nil), chromedp.Click(submit, chromedp.ByQuery, in))
	b.Await(t, `location.pathname === "/done"`)
	want := "?a=1&id=" + key + "&resourcePath=%2Fv3%2Fcheckouts%2F" + key + "%2Fpayment"
	if got := browsertest.Eval[string](t, b, `location.search`); got != want {
		t.Errorf("went to %s, want %s", got, want)
	}
	if forms, posts := w.effects(); forms != 1 || posts != 1 || w.till.forms[0].ReturnURL != w.shop.URL+"/done?a=1" {
		t.Errorf("%d effects of %d posts: %+v", forms, posts, w.till.forms)
	}
}

func widgetToBank(t *testing.T, b *browsertest.Browser) {
	w := newWorld(t, shopWidget)
	b.Open(t, w.shop.URL)
	in := inside(t, b)
	for _, f := range [][2]string{{"number", "4200000000000042"}, visa[1], visa[2], visa[3]} {
		b.Run(t, chromedp.SendKeys("#"+f[0], f[1], chromedp.ByQuery, in))
	}
	b.Run(t, chromedp.Click(submit, chromedp.ByQuery, in))
	b.Await(t, `document.title === "Bank" && window.top === window`)
}

func widgetRefusals(t *testing.T, b *browsertest.Browser) {
	for name, c := range map[string]struct{ page, want string }{
		"unknown":   {strings.Replace(shopWidget, key, "AAAAAAAA.node01", 1), "InvalidCheckoutIdError"},
		"malformed": {strings.Replace(shopWidget, key, "%22%3E", 1), "InvalidCheckoutIdError"},
		"no form":   {strings.Replace(shopWidget, "paymentWidgets\"", "other\"", 1), "WidgetError"},
	} {
		w := newWorld(t, c.page)
		b.Open(t, w.shop.URL)
		b.Await(t, `window.heard.join() === "`+c.want+`"`)
		if name == "unknown" && !browsertest.Eval[bool](t, b, `document.querySelector("iframe").clientHeight < 300`) {
			t.Error("the frame's height does not follow")
		}
	}
	// A script that was changed on the way does not run.
	w := newWorld(t, strings.Replace(shopWidget, "{integrity}", "sha384-"+strings.Repeat("A", 64), 1))
	b.Open(t, w.shop.URL)
	time.Sleep(200 * time.Millisecond)
	if browsertest.Eval[bool](t, b, `Boolean(document.querySelector("iframe"))`) {
		t.Error("a script with another hash ran")
	}
}
