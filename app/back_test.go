package app

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/web/browsertest"
)

// A payer who comes from an app goes back to it from the bank's page: nothing on
// the way, the bank's form-action least of all, may stop the browser. It leads to
// a page that goes on to the app's address, as no browser here has the app.
func TestBackToAnApp(t *testing.T) {
	h := openHouse(t)
	code := h.entity(t, 1, "Nord", merchant.Settings{ReturnHosts: []string{"nordshop:"}})
	form := url.Values{"entityId": {code}, "amount": {"62.00"}, "currency": {"EUR"}, "paymentType": {"DB"}, "shopperResultUrl": {"nordshop://done"},
		"card.number": {"4200000000000042"}, "card.holder": {"Nora Lind"}, "card.expiryMonth": {"08"}, "card.expiryYear": {"2034"}, "card.cvv": {"321"}}
	w := knock(h.server.Config.Handler, "POST", "/gateway/v3/payments", form.Encode(), "Authorization: Bearer "+h.box.Gateway.Token)
	bank := regexp.MustCompile(`/sandbox/3ds/[^"]+`).FindString(w.Body.String())
	if bank == "" {
		t.Fatalf("no challenge: %d %s", w.Code, w.Body)
	}
	h.b.Open(t, h.box.URL+bank)
	browsertest.Eval[bool](t, h.b, `document.querySelector('[value="success"]').click() === undefined`)
	h.b.Await(t, `location.pathname.startsWith("/return/") && document.readyState === "complete"`)
	got := browsertest.Eval[string](t, h.b, `document.querySelector('a.button').getAttribute("href")`)
	if !strings.HasPrefix(got, "nordshop://done?id=") || !strings.Contains(got, "&resourcePath=") {
		t.Errorf("back to %q", got)
	}
	if got := browsertest.Eval[string](t, h.b, `document.querySelector('meta[http-equiv="refresh"]').content`); !strings.HasPrefix(got, "0; url=nordshop://done?id=") {
		t.Errorf("goes on by %q", got)
	}
}

// The language that the payer chose on the page is read again after the bank.
func TestTheLanguageOutlivesTheBank(t *testing.T) {
	h := openHouse(t)
	handler := h.server.Config.Handler
	form := url.Values{"entityId": {devEntity}, "amount": {"62.00"}, "currency": {"EUR"}, "paymentType": {"DB"}}
	w := knock(handler, "POST", "/gateway/v3/checkouts", form.Encode(), "Authorization: Bearer "+h.box.Gateway.Token)
	page := "/gateway/v3/" + regexp.MustCompile(`checkouts/[^/]+/page`).FindString(w.Body.String())
	pay := url.Values{"attempt": {"1"}, "number": {"4200000000000042"}, "expiry": {"08/34"}, "cvv": {"321"}, "holder": {"Nora Lind"}}
	if w := knock(handler, "POST", page+"?locale=fi", pay.Encode()); w.Code != 303 {
		t.Fatalf("pay: %d %s", w.Code, w.Body)
	}
	bank := regexp.MustCompile(`/sandbox/3ds/[^"]+`).FindString(knock(handler, "GET", page+"?step=go", "").Body.String())
	h.b.Open(t, h.box.URL+bank)
	browsertest.Eval[bool](t, h.b, `document.querySelector('[value="success"]').click() === undefined`)
	h.b.Await(t, `location.pathname.endsWith("/page")`)
	if got := browsertest.Eval[string](t, h.b, `document.documentElement.lang`); got != "fi" {
		t.Errorf("after the bank the page speaks %q, want fi", got)
	}
}
