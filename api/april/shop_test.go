package april_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/florinpay/florin/web/browsertest"
)

// shopPage is a shop's checkout as the published plugin makes it: the script,
// the calls of it in the plugin's order, and what came back on the page itself.
const shopPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>
<link rel="icon" href="data:,"><script src="{script}"></script></head>
<body style="margin:0;font:16px/1.5 system-ui,sans-serif"><main style="max-width:34rem;margin:0 auto;padding:16px">
<h1>Checkout</h1><p>Two kites, $125.00</p>
<div id="april-checkout"></div>
<p><button id="place" style="min-height:48px;padding:0 24px">Place order</button></p></main>
<script>
window.heard = []; window.got = null; window.failed = null; window.done = 0; window.threeDSFailed = null;
const checkout = AprilCheckout.createCheckout();
const paymentSource = AprilCheckout.createPaymentSource();
const shop = {shop};
if (shop.source) {
  paymentSource.init({ publicKey: shop.key, customerToken: shop.customer });
  paymentSource.render({ elementId: "april-checkout", showSubmit: false, hideSavedCards: false, primaryColor: "#7b2d8b" });
} else {
  checkout.init({ publicKey: shop.key, preventWalletSubmit: true, email: "noa.berg@example.com", customerFirstName: "Noa", customerLastName: "Berg", hidePayLaterOption: true, hideFullPayOption: false,
    paymentToken: (tokenId, data) => { window.got = [tokenId, data]; }, platform: "woocommerce", platformVersion: "9.1", platformPluginVersion: "1.0.3", customerToken: shop.customer });
  checkout.errorHandler((error) => { window.failed = error; });
  checkout.eventHandler((event) => { window.heard.push(event.eventName); });
  checkout.render({ elementId: "april-checkout", currency: "AUD", amount: 12500, paymentType: "", showPayNow: false, showPayPlanSubmit: false, primaryColor: "#3a3ca6" });
}
document.getElementById("place").addEventListener("click", () => {
  if (shop.source) paymentSource.submit((made) => { window.got = made; });
  else checkout.submit();
});
window.authorise = (action) => checkout.handleThreeDSAuthorisationRequired(action, () => { window.done++; }, (message) => { window.threeDSFailed = message; });
</script></body></html>`

// kiosk is a shop on an origin of its own, with florin's address changed and
// nothing else, and a browser that stands in it.
type kiosk struct {
	*house
	shop *httptest.Server
	page string
	b    *browsertest.Browser
}

func openKiosk(t *testing.T) *kiosk {
	t.Helper()
	k := &kiosk{house: open(t, "sqlite"), b: browsertest.Start(t)}
	k.shop = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, k.page)
	}))
	t.Cleanup(k.shop.Close)
	return k
}

// enter opens the shop's page with these settings.
func (k *kiosk) enter(t *testing.T, customer string, source bool) []chromedp.QueryOption {
	t.Helper()
	settings, err := json.Marshal(map[string]any{"key": k.sandbox.April.PublicKey, "customer": customer, "source": source})
	if err != nil {
		t.Fatal(err)
	}
	k.page = strings.NewReplacer("{script}", k.sandbox.URL+"/v3/checkout-v3.0.0.min.js", "{shop}", string(settings)).Replace(shopPage)
	k.b.Open(t, k.shop.URL)
	k.b.Await(t, `document.querySelector("iframe") && document.querySelector("iframe").clientHeight !== 352`)
	return k.inside(t, `iframe[name="april-checkout"]`)
}

// inside finds what stands in a frame.
func (k *kiosk) inside(t *testing.T, selector string) []chromedp.QueryOption {
	t.Helper()
	var frames []*cdp.Node
	k.b.Run(t, chromedp.Nodes(selector, &frames, chromedp.ByQuery))
	return []chromedp.QueryOption{chromedp.ByQuery, chromedp.FromNode(frames[0])}
}

func (k *kiosk) typeCard(t *testing.T, in []chromedp.QueryOption, number string) {
	t.Helper()
	for _, f := range [][2]string{{"#number", number}, {"#expiry", "0829"}, {"#cvv", "123"}, {"#holder", "Noa Berg"}} {
		k.b.Run(t, chromedp.SendKeys(f[0], f[1], in...))
	}
}

// place presses the shop's button and waits for what the script calls back.
func (k *kiosk) place(t *testing.T, expression string) {
	t.Helper()
	k.b.Run(t, chromedp.Click("#place", chromedp.ByQuery))
	k.b.Await(t, expression)
}

func (k *kiosk) hosts() []string {
	return []string{strings.TrimPrefix(k.sandbox.URL, "http://"), strings.TrimPrefix(k.shop.URL, "http://")}
}

// TestTheShopPlugin plays the published plugin: its backend's calls by HTTP, its
// page in a browser.
func TestTheShopPlugin(t *testing.T) {
	k := openKiosk(t)
	k.b.Resize(t, browsertest.Windows[0])
	for _, s := range []struct {
		name string
		run  func(k *kiosk, t *testing.T)
	}{{"typing a card", (*kiosk).typing}, {"paying", (*kiosk).paying}, {"a challenge", (*kiosk).challenge}, {"a saved card", (*kiosk).saving}, {"refusals", (*kiosk).refusals}} {
		t.Run(s.name, func(t *testing.T) { s.run(k, t) })
	}
}

func (k *kiosk) typing(t *testing.T) {
	for _, w := range []browsertest.Window{browsertest.Windows[0], browsertest.Windows[2]} {
		k.b.Resize(t, w)
		in := k.enter(t, "", false)
		k.b.Shot(t, fmt.Sprintf("april-empty-%d", w.Width))
		k.place(t, `window.failed && window.failed.errorCode === "validation_failed"`)
		var problem string
		k.b.Run(t, chromedp.Text("#number-problem", &problem, in...))
		if problem != "Enter the card number" {
			t.Errorf("below the number: %q", problem)
		}
		k.b.Shot(t, fmt.Sprintf("april-wrong-%d", w.Width))
		k.b.Run(t, chromedp.SendKeys("#number", "4242424242424242", in...))
		var number string
		k.b.Run(t, chromedp.Value("#number", &number, in...))
		if number != "4242 4242 4242 4242" {
			t.Errorf("the number reads %q", number)
		}
		k.b.Inspect(t, k.hosts()...)
		if browsertest.Eval[bool](t, k.b, `Boolean(document.querySelector("input"))`) {
			t.Error("the shop's page has fields of its own")
		}
	}
}

// token asks the script for a token and returns it.
func (k *kiosk) token(t *testing.T, in []chromedp.QueryOption, number string) string {
	t.Helper()
	k.typeCard(t, in, number)
	k.place(t, `window.got`)
	if kind := browsertest.Eval[string](t, k.b, `window.got[1].paymentMethodType`); kind != "Card" {
		t.Errorf("paid with %q", kind)
	}
	return browsertest.Eval[string](t, k.b, `window.got[0]`)
}

// order makes an order as the plugin's backend does.
func (k *kiosk) order(t *testing.T) string {
	t.Helper()
	return k.done(t, "POST", "/orders", k.sandbox.April.SecretKey, `{"CreateOnlineOrder":{"referenceOrderId":"10045","amount":{"minorCurrencyUnits":12500,"currency":"AUD"},"description":"2 item(s)",`+
		`"items":[{"amount":{"minorCurrencyUnits":12500,"currency":"AUD"},"description":"Kite","sku":"","quantity":2,"imageUrl":""}],"discountAmount":0,`+
		`"shipping":{"amount":0,"address":{"line1":"1 Example St","line2":"","city":"Sydney","state":"NSW","postalCode":"2000","country":"AU"},"name":"Noa Berg"},`+
		`"customerEmailAddress":"noa.berg@example.com"}}`, "OnlineOrder", "order", "orderId")
}

func (k *kiosk) paying(t *testing.T) {
	k.b.Resize(t, browsertest.Windows[0])
	token := k.token(t, k.enter(t, "", false), "4242424242424242")
	a := k.sandbox.April
	transaction := k.done(t, "POST", "/orders/"+k.order(t)+"/pay", a.SecretKey, `{"PayByCard":{"paymentTokenId":"`+token+`","request3DS":false}}`, "PayOrderComplete", "transactionId")
	got := k.ask(t, "PATCH", "/transactions/"+transaction, a.SecretKey, `{"CreateRefund":{"refundAmount":2500}}`)
	if got.status != http.StatusOK {
		t.Errorf("the refund: got %d %s", got.status, got.body)
	}
	for _, event := range []string{"april_ready", "april_submit", "april_payment_token_created"} {
		k.b.Await(t, `window.heard.includes("`+event+`")`)
	}
}

// challenge pays with a card whose bank asks the payer.
func (k *kiosk) challenge(t *testing.T) {
	a := k.sandbox.April
	for _, w := range []browsertest.Window{browsertest.Windows[2], browsertest.Windows[0]} {
		k.b.Resize(t, w)
		token, order := k.token(t, k.enter(t, "", false), "4000002500003155"), k.order(t)
		got := k.ask(t, "POST", "/orders/"+order+"/pay", a.SecretKey, `{"PayByCard":{"paymentTokenId":"`+token+`","request3DS":true}}`)
		var answer struct{ ThreeDSAuthorisationRequired json.RawMessage }
		if err := json.Unmarshal(got.body, &answer); err != nil || answer.ThreeDSAuthorisationRequired == nil {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		k.b.Run(t, chromedp.Evaluate(`window.authorise(`+string(answer.ThreeDSAuthorisationRequired)+`)`, nil))
		k.b.Await(t, `window.heard.includes("april_card_3DS_pending")`)
		k.approve(t)
		k.b.Await(t, `window.done === 1 && !document.querySelector(".april-challenge")`)
		body := `{"Confirm3DSComplete":{"paymentTokenId":"` + token + `","threeDSResponse":` + string(answer.ThreeDSAuthorisationRequired) + `}}`
		k.done(t, "POST", "/orders/"+order+"/pay", a.SecretKey, body, "PayOrderComplete", "transactionId")
	}
}

// approve presses the bank's button in the challenge's frame, once the frame
// has come there.
func (k *kiosk) approve(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var frames []*cdp.Node
		var there []*cdp.Node
		err := k.b.Try(chromedp.Nodes(`iframe[name="april-challenge"]`, &frames, chromedp.ByQuery))
		if err == nil && len(frames) == 1 {
			in := chromedp.FromNode(frames[0])
			err = k.b.Try(chromedp.Nodes(`button[value="success"]`, &there, chromedp.ByQuery, chromedp.AtLeast(0), in))
			if err == nil && len(there) == 1 {
				k.b.Shot(t, fmt.Sprintf("april-challenge-%d", browsertest.Eval[int](t, k.b, `window.innerWidth`)))
				k.b.Run(t, chromedp.Click(`button[value="success"]`, chromedp.ByQuery, in))
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the bank never asked (%v): %q", err, k.b.Console())
		}
	}
}

// saving keeps a card for a customer who is signed in, and pays with it.
func (k *kiosk) saving(t *testing.T) {
	a := k.sandbox.April
	k.b.Resize(t, browsertest.Windows[0])
	customer := k.done(t, "POST", "/customers", a.SecretKey, `{"RegisterPluginConsumerCustomer":{"referenceCustomerId":"77","givenName":"Iris","familyName":"Holm","emailAddress":"iris@bistro.example"}}`, "customerId")
	signedIn := k.done(t, "POST", "/auth/signin", a.SecretKey, `{"SignInConsumer":{"customerId":"`+customer+`"}}`, "customToken")
	k.typeCard(t, k.enter(t, signedIn, true), "4000002500003155")
	k.b.Run(t, chromedp.Click("#place", chromedp.ByQuery))
	k.b.Await(t, `document.querySelector(".april-challenge")`)
	k.approve(t)
	k.b.Await(t, `window.got`)
	source := browsertest.Eval[string](t, k.b, `window.got.cardPaymentSource.cardPaymentSourceId`)
	if !strings.HasPrefix(source, "psrc_") {
		t.Fatalf("got %s", source)
	}
	in := k.enter(t, signedIn, false) // the saved card is offered, and chosen
	k.b.Run(t, chromedp.WaitVisible(`input[value="`+source+`"]`, in...))
	for _, w := range []browsertest.Window{browsertest.Windows[0], browsertest.Windows[2]} {
		k.b.Resize(t, w)
		k.b.Shot(t, fmt.Sprintf("april-saved-%d", w.Width))
	}
	k.place(t, `window.got`)
	token := browsertest.Eval[string](t, k.b, `window.got[0]`)
	k.done(t, "POST", "/orders/"+k.order(t)+"/pay", a.SecretKey, `{"PayByPaymentToken":{"paymentTokenId":"`+token+`"}}`, "PayOrderComplete", "transactionId")
	// A subscription is renewed by the server, with nobody at the shop.
	token = k.done(t, "POST", "/tokens", a.SecretKey, `{"CreateSavedPaymentSourceToken":{"paymentSourceId":"`+source+`","amount":{"minorCurrencyUnits":12500,"currency":"AUD"}}}`, "SavedPaymentSourceToken", "paymentTokenId")
	k.done(t, "POST", "/orders/"+k.order(t)+"/pay", a.SecretKey, `{"PayByPaymentToken":{"paymentTokenId":"`+token+`"}}`, "PayOrderComplete", "transactionId")
}

// refusals are told to the shop, and to the payer in other words.
func (k *kiosk) refusals(t *testing.T) {
	a := k.sandbox.April
	in := k.enter(t, "", true) // a source without a customer
	k.typeCard(t, in, "4000000000000002")
	k.b.Run(t, chromedp.Click("#place", chromedp.ByQuery), chromedp.WaitVisible("#notice", in...))
	var text string
	k.b.Run(t, chromedp.Text("#notice", &text, in...))
	if text != "The card was declined. Try another card." {
		t.Errorf("the payer reads %q", text)
	}
	token := k.token(t, k.enter(t, "", false), "4000000000009995")
	got := k.ask(t, "POST", "/orders/"+k.order(t)+"/pay", a.SecretKey, `{"PayByCard":{"paymentTokenId":"`+token+`"}}`)
	if got.status != http.StatusBadRequest || got.code() != "insufficient_funds" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	k.b.Run(t, chromedp.Evaluate(`window.authorise({"threeDSAuthorisationId":"x","redirectURL":"https://elsewhere.example/"})`, nil))
	k.b.Await(t, `window.threeDSFailed`)
}

// TestPagesOfShops: a page may call what takes a public key, a customer's or a
// link's token, with those, and reads nothing else.
func TestPagesOfShops(t *testing.T) {
	h := open(t, "sqlite")
	a := h.sandbox.April
	ask := func(method, path, token string) answer {
		return h.ask(t, method, path, token, "{}", "Origin", "https://shop.example", "Access-Control-Request-Method", "POST", "X-Test", "undocumented")
	}
	for path, want := range map[string]string{"/tokens": "POST", "/april/tokens": "POST", "/sources": "GET, POST", "/sources/x": "GET, DELETE", "/tokens/x/surchargequote": "POST", "/auth/signin": "POST", "/orders/x/pay": "POST"} {
		got := ask("OPTIONS", path, "")
		if got.status != http.StatusNoContent || got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Access-Control-Allow-Methods") != want ||
			!strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("%s: got %d %v", path, got.status, got.header)
		}
	}
	for _, path := range []string{"/merchants", "/orders", "/marketplaces/customer", "/auth/servicetokens", "/sources/blockedcards"} {
		if got := ask("OPTIONS", path, ""); got.status != http.StatusMethodNotAllowed || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: got %d %v", path, got.status, got.header)
		}
	}
	signedIn := h.done(t, "POST", "/auth/signin", a.SecretKey, `{"SignInConsumer":{"customerId":"`+a.CustomerID+`"}}`, "customToken")
	for _, tt := range []struct {
		token, method, path, want string
	}{{a.PublicKey, "POST", "/tokens", "*"}, {signedIn, "GET", "/sources", "*"}, {"", "POST", "/tokens", "*"}, {a.SecretKey, "POST", "/tokens", ""}, {a.MarketplaceKey, "GET", "/sources", ""},
		{a.PublicKey, "GET", "/merchants", ""}, {a.SecretKey, "GET", "/orders", ""}} {
		if got := ask(tt.method, tt.path, tt.token); got.header.Get("Access-Control-Allow-Origin") != tt.want {
			t.Errorf("%s %s with %.12s: got %d %v", tt.method, tt.path, tt.token, got.status, got.header)
		}
	}
	for _, path := range []string{"/v3/checkout-v3.0.0.min.js", "/april/v3/checkout-v3.0.0.min.js"} {
		got := ask("GET", path, "")
		if got.status != http.StatusOK || !strings.Contains(string(got.body), "AprilCheckout") || got.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%s: got %d %v", path, got.status, got.header)
		}
	}
	got := ask("GET", "/april/checkout/frame?for=source&locale=nb", "")
	policy := got.header.Get("Content-Security-Policy")
	if got.status != http.StatusOK || !strings.Contains(policy, "frame-ancestors https:") || !strings.Contains(policy, "connect-src 'self'") || strings.Contains(policy, "unsafe") ||
		got.header.Get("X-Frame-Options") != "" || !strings.Contains(string(got.body), "Kortnummer") {
		t.Errorf("the frame: got %d %v", got.status, got.header)
	}
	if got := ask("GET", "/april/challenge/x", ""); got.status != http.StatusOK || !strings.Contains(string(got.body), "data-over") {
		t.Errorf("no such challenge: got %d %s", got.status, got.body)
	}
}
