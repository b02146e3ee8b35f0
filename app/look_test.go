package app_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/florinpay/florin/web/browsertest"
)

// A look is one page as people come to see it. It ends with the browser there.
type look struct {
	name string
	open func(t *testing.T, c counter)
}

var looks = []look{
	{"checkout", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop, "merchantTransactionId=order-99017")
		c.b.Open(t, page)
	}},
	{"checkout-mistakes", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop)
		c.b.Open(t, page)
		fill(t, c.b, [][2]string{{"number", "4200000000000001"}})
		press(t, c.b, payButton)
	}},
	{"checkout-declined", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop)
		c.b.Open(t, page)
		fill(t, c.b, refused)
		press(t, c.b, payButton)
		c.says(t, "could not confirm")
	}},
	{"challenge", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop)
		c.b.Open(t, page)
		fill(t, c.b, challenged)
		press(t, c.b, payButton)
		c.b.Await(t, `document.title.startsWith("Confirm your payment")`)
	}},
	{"begun", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop)
		c.b.Open(t, page)
		fill(t, c.b, challenged)
		press(t, c.b, payButton)
		c.b.Await(t, `document.title.startsWith("Confirm your payment")`)
		c.b.Open(t, page)
	}},
	{"wallet", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop)
		c.b.Open(t, page)
		press(t, c.b, toPayPal)
		c.says(t, "made-up wallet")
	}},
	{"slip", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop, "currency=BRL")
		c.b.Open(t, page)
		press(t, c.b, `form:has([value="BOLETO"]) button`)
		c.says(t, "Waiting for your payment")
		press(t, c.b, ".message a.button")
		c.says(t, "Pay at the counter")
	}},
	{"pending", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop, "currency=BRL")
		c.b.Open(t, page)
		press(t, c.b, `form:has([value="BOLETO"]) button`)
		c.says(t, "Waiting for your payment")
	}},
	{"paid", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop, "merchantTransactionId=order-99018")
		c.b.Open(t, page)
		fill(t, c.b, plain)
		press(t, c.b, payButton)
		c.atShop(t)
		c.b.Open(t, page)
	}},
	{"store", func(t *testing.T, c counter) {
		_, page := c.checkout(t, c.shop, "paymentType=", "amount=", "currency=", "createRegistration=true")
		c.b.Open(t, page)
	}},
	{"widget", func(t *testing.T, c counter) {
		c.basket(t, framed)
		c.inside(t)
	}},
	{"link", func(t *testing.T, c counter) {
		_, link := c.payLink(t)
		c.b.Open(t, link)
	}},
	{"link-cancelled", func(t *testing.T, c counter) {
		order, link := c.payLink(t)
		c.april(t, "POST", "/orders/"+order+"/cancel", "")
		c.b.Open(t, link)
	}},
	{"start", func(t *testing.T, c counter) { c.b.Open(t, c.URL) }},
	{"returned", func(t *testing.T, c counter) {
		c.b.Open(t, c.URL+"/try/back?id=8C0D5B1E77F24A36A9C4E2D10B3F6A95.node01&resourcePath=%2Fv3%2Fcheckouts%2F8C0D5B1E77F24A36A9C4E2D10B3F6A95.node01%2Fpayment")
	}},
	{"inbox", func(t *testing.T, c counter) { c.b.Open(t, c.URL+"/inbox") }},
	{"outbox", func(t *testing.T, c counter) { c.b.Open(t, c.URL+"/outbox") }},
	{"sandbox", func(t *testing.T, c counter) { c.b.Open(t, c.URL+"/sandbox") }},
	{"reference", func(t *testing.T, c counter) { c.b.Open(t, c.URL+"/docs/gateway") }},
}

// Every page that people come to see is usable: nothing in the console, no
// other host, nothing too wide, no violation of axe's rules, on a desk by day
// and on a phone by night.
func TestLooks(t *testing.T) {
	c := counter{dev(t, "--ephemeral"), openShop(t), browsertest.Start(t)}
	hosts := []string{host(t, c.URL), host(t, c.shop.URL)}
	for _, window := range browsertest.Looks() {
		for _, l := range looks {
			t.Run(window.Name+"/"+l.name, func(t *testing.T) {
				c.b.Resize(t, window)
				l.open(t, c)
				c.b.Run(t, chromedp.WaitReady("body", chromedp.ByQuery))
				c.b.Inspect(t, hosts...)
				c.b.Shot(t, l.name+"."+window.Name)
			})
		}
	}
}

// Pages that say that something is wrong: browsers log the status as an error.
func TestLooksOfErrors(t *testing.T) {
	c := counter{dev(t, "--ephemeral"), openShop(t), browsertest.Start(t)}
	_, late := c.checkout(t, c.shop)
	if moved := c.control(t, "POST", "/clock", "advanceSeconds=1860"); moved.status != 200 {
		t.Fatalf("the clock: %s", moved.raw)
	}
	for _, window := range browsertest.Looks() {
		c.b.Resize(t, window)
		for name, address := range map[string]string{
			"unknown": c.Gateway.Base + "/v3/checkouts/" + strings.Repeat("0", 32) + ".node0000/page", "late": late,
			"no-bank": c.URL + "/sandbox/3ds/1-00000000000000000000000000000000", "no-return": c.URL + "/return/x", "no-page": c.URL + "/nowhere",
		} {
			c.b.Open(t, address)
			c.b.Forget()
			t.Run(window.Name+"/"+name, func(t *testing.T) {
				c.b.Inspect(t)
				c.b.Shot(t, "error-"+name+"."+window.Name)
			})
		}
	}
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
