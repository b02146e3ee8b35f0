package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/florinpay/florin/web/browsertest"
)

// counter is where a payer stands: a shop, a sandbox, a browser on a phone.
type counter struct {
	*process
	shop *shop
	b    *browsertest.Browser
}

func TestPayers(t *testing.T) {
	c := counter{dev(t, "--ephemeral"), openShop(t), browsertest.Start(t)}
	for _, s := range []struct {
		name string
		run  func(*testing.T, counter)
	}{
		{"declined, then another card", declined}, {"two clicks on pay", twoClicks}, {"back and reload after paying", backAndReload},
		{"two tabs", twoTabs}, {"left and came back", leftAndBack}, {"the bank says no", bankSaysNo}, {"cancelled", cancelled},
		{"wallet approves", walletApproves}, {"wallet is left, then fails", walletFails}, {"slip", slip}, {"stored card", storedCard},
		{"token alone", tokenAlone}, {"without scripts", withoutScripts}, {"languages", languages}, {"no such checkout", noSuch},
		{"widget", widget}, {"widget to the bank", widgetChallenge}, {"widget's errors", widgetErrors},
		{"payment link", paymentLink}, {"tried from the start page", tried}, {"too late", tooLate}, // moves the clock
	} {
		t.Run(s.name, func(t *testing.T) {
			c.b.Resize(t, browsertest.Windows[2])
			s.run(t, c)
		})
	}
}

// outcome is what the shop reads of its checkout.
func (c counter) outcome(t *testing.T, id string, values ...string) reply {
	t.Helper()
	got := c.gateway(t, "GET", "/v3/checkouts/"+id+"/payment")
	want(t, got, 200, values...)
	return got
}

// says waits until the page shows a text.
func (c counter) says(t *testing.T, text string) {
	t.Helper()
	c.b.Await(t, fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

func (c counter) atShop(t *testing.T) {
	t.Helper()
	c.b.Await(t, `location.pathname === "/done" && document.title === "Shop"`)
}

func declined(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	fill(t, c.b, refused)
	press(t, c.b, payButton)
	c.says(t, "Your bank could not confirm that it is you")
	first := c.outcome(t, id, "result.code=000.400.103")
	for _, left := range []string{"number", "cvv"} {
		if v := browsertest.Eval[string](t, c.b, `document.getElementById("`+left+`").value`); v != "" {
			t.Errorf("%s is still there", left)
		}
	}
	fill(t, c.b, plain)
	press(t, c.b, payButton)
	c.atShop(t)
	second := c.outcome(t, id, "result.code=000.100.110")
	if first.at("id") == second.at("id") {
		t.Error("both tries are one payment")
	}
	if got := c.kinds(t, first.at("id")) + "|" + c.kinds(t, second.at("id")); got != "|debit" {
		t.Errorf("the books hold %q", got)
	}
}

func twoClicks(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	fill(t, c.b, plain)
	// The page holds the second click back. The server must stand it, too.
	form := url.Values{"attempt": {"1"}, "number": {"4200000000000000"}, "expiry": {"08/32"}, "cvv": {"321"}, "holder": {"Nora Lind"}}
	var posts sync.WaitGroup
	for range 5 {
		posts.Go(func() {
			answer, err := http.PostForm(page, form)
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
		})
	}
	c.b.Run(t, chromedp.Evaluate(`const pay = document.querySelector("`+payButton+`"); pay.click(); pay.click(); pay.click(); 0`, nil))
	posts.Wait()
	c.atShop(t)
	if got := c.kinds(t, c.outcome(t, id, "result.code=000.100.110").at("id")); got != "debit" {
		t.Errorf("the books hold %q", got)
	}
}

func backAndReload(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	fill(t, c.b, challenged)
	press(t, c.b, payButton)
	c.b.Await(t, `document.title.startsWith("Confirm your payment")`)
	press(t, c.b, `[value="success"]`)
	c.atShop(t)
	// Back leads to the bank, as it was. Another choice there changes nothing.
	c.b.Run(t, chromedp.Evaluate(`history.back()`, nil))
	c.b.Await(t, `document.title.startsWith("Confirm your payment")`)
	if browsertest.Eval[bool](t, c.b, `(() => { const no = document.querySelector("[value=decline]"); no?.click(); return Boolean(no) })()`) {
		c.atShop(t)
	}
	c.b.Open(t, page)
	c.says(t, "Payment received")
	c.b.Run(t, chromedp.Reload())
	c.says(t, "Payment received")
	if forms := browsertest.Eval[int](t, c.b, `document.querySelectorAll("form").length`); forms != 0 {
		t.Errorf("%d forms on the page of a paid checkout", forms)
	}
	if got := c.kinds(t, c.outcome(t, id).at("id")); got != "debit" {
		t.Errorf("the books hold %q", got)
	}
}

func twoTabs(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	second := counter{c.process, c.shop, c.b.Tab(t)}
	second.b.Resize(t, browsertest.Windows[2])
	second.b.Open(t, page)
	fill(t, c.b, plain)
	fill(t, second.b, challenged)
	press(t, c.b, payButton)
	c.atShop(t)
	press(t, second.b, payButton)
	second.b.Await(t, `location.pathname === "/done" || document.body.innerText.includes("Payment received")`)
	got := c.outcome(t, id, "result.code=000.100.110", "card.last4Digits=0000")
	if kinds := c.kinds(t, got.at("id")); kinds != "debit" {
		t.Errorf("the books hold %q", kinds)
	}
}

func leftAndBack(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	fill(t, c.b, challenged)
	press(t, c.b, payButton)
	c.b.Await(t, `document.title.startsWith("Confirm your payment")`)
	c.b.Open(t, c.shop.URL+"/basket")
	c.outcome(t, id, "result.code=000.200.000")
	c.b.Open(t, page)
	c.says(t, "Your payment has begun")
	press(t, c.b, ".message form button")
	c.b.Await(t, `document.title.startsWith("Confirm your payment")`)
	press(t, c.b, `[value="success"]`)
	c.atShop(t)
	c.outcome(t, id, "result.code=000.100.110")
}

func bankSaysNo(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	for _, try := range [][2]string{{"decline", "The payment was not approved"}, {"error", "Your bank could not confirm that it is you"}, {"cancel", "You cancelled the payment"}} {
		c.b.Open(t, page)
		fill(t, c.b, challenged)
		press(t, c.b, payButton)
		c.b.Await(t, `document.title.startsWith("Confirm your payment")`)
		press(t, c.b, `[value="`+try[0]+`"]`)
		c.says(t, try[1])
	}
	fill(t, c.b, plain)
	press(t, c.b, payButton)
	c.atShop(t)
	c.outcome(t, id, "result.code=000.100.110")
}

func cancelled(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	press(t, c.b, ".leave button")
	c.atShop(t)
	if got := query(t, c.b).Get("resourcePath"); got != "/v3/checkouts/"+id+"/payment" {
		t.Errorf("back with %q", got)
	}
	c.outcome(t, id, "result.code=000.200.000")
	_, page = c.checkout(t, c.shop, "shopperResultUrl=")
	c.b.Open(t, page)
	if browsertest.Eval[bool](t, c.b, `Boolean(document.querySelector(".leave"))`) {
		t.Error("a way back that leads nowhere")
	}
}

// tried is a developer's first minute: no shop, no line of code.
func tried(t *testing.T, c counter) {
	c.b.Open(t, c.URL)
	press(t, c.b, `form[action="/try"] button`)
	c.says(t, "How would you like to pay?")
	fill(t, c.b, challenged)
	press(t, c.b, payButton)
	c.b.Await(t, `document.title.startsWith("Confirm your payment")`)
	press(t, c.b, `[value="success"]`)
	c.says(t, "Back at the shop")
	command := browsertest.Eval[string](t, c.b, `document.querySelector(".sample code").textContent`)
	if _, err := exec.LookPath("curl"); err == nil { // the line works as it stands
		out, err := exec.Command("sh", "-c", command).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "000.100.110") {
			t.Errorf("%s\n%v %s", command, err, out)
		}
	}
	press(t, c.b, `a[href="/inbox"]`)
	c.says(t, "DB 62.00 EUR: 000.100.110 Request successfully processed")
}

const toPayPal = `form:has([value="PAYPAL"]) button`

func walletApproves(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	press(t, c.b, toPayPal)
	c.says(t, "made-up wallet")
	press(t, c.b, `[value="success"]`)
	c.atShop(t)
	c.outcome(t, id, "result.code=000.100.110", "paymentBrand=PAYPAL")
}

func walletFails(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	for _, try := range [][2]string{{"cancel", "You cancelled the payment"}, {"decline", "The payment was not approved"}} {
		press(t, c.b, toPayPal)
		c.says(t, "made-up wallet")
		press(t, c.b, `[value="`+try[0]+`"]`)
		c.says(t, try[1])
	}
	if got := c.kinds(t, c.outcome(t, id).at("id")); got != "" {
		t.Errorf("the books hold %q", got)
	}
}

func slip(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop, "currency=BRL", "notificationUrl="+c.shop.URL+"/slip")
	c.b.Open(t, page)
	press(t, c.b, `form:has([value="BOLETO"]) button`)
	c.says(t, "Waiting for your payment")
	press(t, c.b, ".message a.button")
	c.says(t, "Pay at the counter")
	press(t, c.b, "a.back")
	c.atShop(t)
	owed := c.outcome(t, id, "paymentBrand=BOLETO")
	if code := owed.at("result.code"); code != "000.200.000" && code != "800.400.500" {
		t.Errorf("a slip that is not paid reads %s", code)
	}
	if got := c.control(t, "POST", "/payments/"+owed.at("id")+"/pay"); got.status != http.StatusOK {
		t.Fatalf("at the counter: %s", got.raw)
	}
	c.b.Open(t, page)
	c.says(t, "Payment received")
	paid := c.gateway(t, "GET", "/v3/payments/"+owed.at("id"))
	want(t, paid, 200, "result.code=000.600.000", "amount=62.00", "currency=BRL")
	c.shop.wait(t, owed.at("id"), "000.600.000")
}

func storedCard(t *testing.T, c counter) {
	token := c.gateway(t, "POST", "/v3/registrations", "paymentBrand=VISA", "card.number=4200000000000000", "card.holder=Nora Lind",
		"card.expiryMonth=08", "card.expiryYear=2032", "card.cvv=321").at("id")
	id, page := c.checkout(t, c.shop, "registrations[0].id="+token)
	c.b.Open(t, page)
	c.says(t, "Your saved cards")
	press(t, c.b, payButton)
	c.atShop(t)
	c.outcome(t, id, "result.code=000.100.110", "registrationId="+token, "card.last4Digits=0000")
}

func tokenAlone(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop, "paymentType=", "amount=", "currency=", "createRegistration=true")
	c.b.Open(t, page)
	c.says(t, "Save card")
	fill(t, c.b, plain)
	press(t, c.b, payButton)
	c.atShop(t)
	path := query(t, c.b).Get("resourcePath")
	if path != "/v3/checkouts/"+id+"/registration" {
		t.Errorf("back with %q", path)
	}
	token := c.gateway(t, "GET", path)
	want(t, token, 200, "result.code=000.100.110", "amount=", "card.last4Digits=0000")
	want(t, c.gateway(t, "POST", "/v3/registrations/"+token.at("id")+"/payments", "paymentType=DB", "amount=9.00", "currency=EUR"), 200, "result.code=000.100.110")
}

func withoutScripts(t *testing.T, c counter) {
	window := browsertest.Windows[2]
	window.NoScript = true
	c.b.Resize(t, window)
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	for _, f := range challenged {
		c.b.Run(t, chromedp.SendKeys("#"+f[0], f[1], chromedp.ByQuery))
	}
	visible := func(selector string) { c.b.Run(t, chromedp.WaitVisible(selector, chromedp.ByQuery)) }
	press(t, c.b, payButton)
	visible(".sign-wait")
	press(t, c.b, ".message form button")
	visible(`[value="success"]`)
	press(t, c.b, `[value="success"]`)
	visible("main h1")
	c.atShop(t)
	c.outcome(t, id, "result.code=000.100.110")
}

func languages(t *testing.T, c counter) {
	for _, l := range []struct{ asked, locale, query, heading string }{
		{"nb-NO,nb;q=0.9", "", "", "Hvordan vil du betale?"},
		{"sv", "", "", "Hur vill du betala?"},
		{"sv", "de_DE", "", "Wie möchten Sie zahlen?"},
		{"sv", "de", "?locale=da", "Hvordan vil du betale?"},
		{"fr", "", "", "How would you like to pay?"},
		{"xx;q=x,,,", "zz", "", "How would you like to pay?"},
	} {
		window := browsertest.Windows[2]
		window.Language = l.asked
		c.b.Resize(t, window)
		_, page := c.checkout(t, c.shop, "locale="+l.locale)
		c.b.Open(t, page+l.query)
		if got := browsertest.Eval[string](t, c.b, `document.querySelector("h1").textContent`); got != l.heading {
			t.Errorf("%+v: %q", l, got)
		}
		if got := browsertest.Eval[string](t, c.b, `document.documentElement.lang`); got == "" {
			t.Errorf("%+v: the page names no language", l)
		}
	}
}

func noSuch(t *testing.T, c counter) {
	for _, key := range []string{strings.Repeat("0", 32) + ".node0000", "x", strings.Repeat("a", 3000), "%00", "%2e%2e", "a b"} {
		answer, err := http.Get(c.Gateway.Base + "/v3/checkouts/" + strings.ReplaceAll(key, " ", "%20") + "/page")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 404 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%.40q: %d %s", key, answer.StatusCode, answer.Header.Get("Content-Type"))
		}
	}
	c.b.Open(t, c.Gateway.Base+"/v3/checkouts/"+strings.Repeat("0", 32)+".node0000/page")
	c.says(t, "This page does not exist")
}

func tooLate(t *testing.T, c counter) {
	id, page := c.checkout(t, c.shop)
	c.b.Open(t, page)
	fill(t, c.b, plain)
	if moved := c.control(t, "POST", "/clock", "advanceSeconds=1860"); moved.status != http.StatusOK {
		t.Fatalf("the clock: %s", moved.raw)
	}
	press(t, c.b, payButton)
	c.says(t, "The time to pay is over")
	want(t, c.gateway(t, "GET", "/v3/checkouts/"+id+"/payment"), 400, "result.code=200.300.404")
	c.b.Open(t, page)
	c.says(t, "The time to pay is over")
	press(t, c.b, ".message a.button")
	c.atShop(t)
}

// framed is a shop's page with the widget. It notes what the script tells it.
const framed = `<script>
window.heard = [];
window.wpwlOptions = {style: "plain", onReady: () => heard.push("ready"), onError: (e) => heard.push(e.name)};
</script>
<script src="{base}/v3/paymentWidgets.js?checkoutId={id}" integrity="{integrity}" crossorigin="anonymous"></script>
<main><h1>Your basket</h1><form action="{done}" class="paymentWidgets" data-brands="VISA MASTER"></form></main>`

// basket puts a widget for a new checkout into the shop.
func (c counter) basket(t *testing.T, page string, params ...string) (id string) {
	t.Helper()
	params = append([]string{"amount=62.00", "currency=EUR", "paymentType=DB", "checkoutType=WIDGET", "integrity=true"}, params...)
	got := c.gateway(t, "POST", "/v3/checkouts", params...)
	want(t, got, 200, "result.code=000.200.100")
	id = got.at("id")
	c.shop.show("/basket", strings.NewReplacer("{base}", c.Gateway.Base, "{id}", id, "{integrity}", got.at("integrity"), "{done}", c.shop.URL+"/done?a=1").Replace(page))
	c.b.Open(t, c.shop.URL+"/basket")
	return id
}

// inside finds the widget's form, once it is ready.
func (c counter) inside(t *testing.T) chromedp.QueryOption {
	t.Helper()
	c.b.Await(t, `window.heard.join() === "ready"`)
	var frames []*cdp.Node
	c.b.Run(t, chromedp.Nodes("iframe", &frames, chromedp.ByQuery))
	return chromedp.FromNode(frames[0])
}

func (c counter) payInside(t *testing.T, fields [][2]string) {
	t.Helper()
	in := c.inside(t)
	for _, f := range fields {
		c.b.Run(t, chromedp.SendKeys("#"+f[0], f[1], chromedp.ByQuery, in))
	}
	press(t, c.b, payButton, in)
}

func widget(t *testing.T, c counter) {
	id := c.basket(t, framed)
	c.payInside(t, plain)
	c.atShop(t)
	if q := query(t, c.b); q.Get("a") != "1" || q.Get("id") != id || q.Get("resourcePath") != "/v3/checkouts/"+id+"/payment" {
		t.Errorf("back with %v", q)
	}
	c.outcome(t, id, "result.code=000.100.110")
	if console := c.b.Console(); len(console) > 0 {
		t.Errorf("console: %q", console)
	}
}

// widgetChallenge: the bank takes the whole window, and the way back is the
// one that the form named, since the checkout names none.
func widgetChallenge(t *testing.T, c counter) {
	id := c.basket(t, framed)
	c.payInside(t, challenged)
	c.b.Await(t, `window.top === window && document.title.startsWith("Confirm your payment")`)
	press(t, c.b, `[value="success"]`)
	c.atShop(t)
	if q := query(t, c.b); q.Get("a") != "1" || q.Get("id") != id {
		t.Errorf("back with %v", q)
	}
	c.outcome(t, id, "result.code=000.100.110")
}

func widgetErrors(t *testing.T, c counter) {
	c.basket(t, strings.Replace(framed, "{id}", strings.Repeat("0", 32)+".node0000", 1))
	c.b.Await(t, `window.heard.join() === "InvalidCheckoutIdError"`)
	c.basket(t, strings.Replace(framed, "{integrity}", "sha384-"+strings.Repeat("A", 64), 1))
	c.b.Await(t, `document.querySelector("h1") && !document.querySelector("iframe")`)
}
