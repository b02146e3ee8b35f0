package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/florinpay/florin/web/browsertest"
)

// april asks the April contract with the sandbox merchant's secret key.
func (p *process) april(t *testing.T, method, path, body string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.April.Base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.April.SecretKey)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got := reply{status: answer.StatusCode}
	if got.raw, err = io.ReadAll(answer.Body); err == nil {
		err = json.Unmarshal(got.raw, &got.body)
	}
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("%s %s: %d %s (%v)", method, path, got.status, got.raw, err)
	}
	return got
}

// payLink makes an order by link that leads back to the shop.
func (c counter) payLink(t *testing.T) (order, link string) {
	t.Helper()
	got := c.april(t, "POST", "/orders", `{"CreatePayByLink":{"referenceOrderId":"10050","amount":{"minorCurrencyUnits":12500,"currency":"AUD"},"description":"Kite repair, new spars",
		"emailAddress":"noa.berg@example.com","expiresAt":"2099-12-05T09:00:00Z","redirectUrl":"`+c.shop.URL+`/done"}}`)
	return got.at("PayByLinkOrder.order.orderId"), got.at("PayByLinkOrder.magicLink")
}

// paymentLink is a payer who was sent a link: declined, paid with the bank's
// challenge by the keyboard alone, back to the shop; and the link afterwards.
func paymentLink(t *testing.T, c counter) {
	order, link := c.payLink(t)
	c.b.Open(t, link)
	c.says(t, "Kite repair, new spars")
	fill(t, c.b, refused)
	press(t, c.b, payButton)
	c.says(t, "Your bank could not confirm that it is you")
	fill(t, c.b, challenged)
	c.b.Run(t, chromedp.SendKeys("#holder", kb.Enter, chromedp.ByQuery))
	c.b.Await(t, `document.title.startsWith("Confirm your payment")`)
	press(t, c.b, `[value="success"]`)
	c.b.Await(t, `location.pathname === "/done"`)
	if got := c.april(t, "GET", "/orders/"+order, "").at("status"); got != "paid" {
		t.Errorf("the order is %s", got)
	}
	c.b.Open(t, link)
	c.says(t, "Payment received")
	if form := browsertest.Eval[bool](t, c.b, `!!document.querySelector("form.card-form")`); form {
		t.Error("the page of a paid order still takes cards")
	}
}
