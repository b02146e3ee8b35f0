package april_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store/storetest"
)

// payerPage is what somebody without scripts sees of a payment link.
type payerPage struct {
	status int
	at     string // where the browser has ended
	text   string
}

var attemptField = regexp.MustCompile(`name="attempt" value="([^"]*)"`)

func (p payerPage) attempt() string {
	if m := attemptField.FindStringSubmatch(p.text); m != nil {
		return m[1]
	}
	return ""
}

// open follows a link; with a form it posts one.
func openPage(t *testing.T, address string, form url.Values) payerPage {
	t.Helper()
	var res *http.Response
	var err error
	if form == nil {
		res, err = http.Get(address)
	} else {
		res, err = http.PostForm(address, form)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return payerPage{res.StatusCode, res.Request.URL.String(), string(text)}
}

func (p payerPage) says(t *testing.T, what string, status int, texts ...string) {
	t.Helper()
	if p.status != status {
		t.Errorf("%s: got %d, want %d", what, p.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(p.text, text) {
			t.Errorf("%s: the page does not say %q", what, text)
		}
	}
}

// link makes an order by link and returns its id and its page.
func (h *house) link(t *testing.T, more string) (order, page string) {
	t.Helper()
	got := h.ask(t, "POST", "/orders", h.sandbox.April.SecretKey, `{"CreatePayByLink":{"referenceOrderId":"10050","amount":{"minorCurrencyUnits":12500,"currency":"AUD"},`+more+`"emailAddress":"noa.berg@example.com"}}`)
	var made struct {
		PayByLinkOrder struct {
			Order     struct{ OrderID string }
			MagicLink string
		}
	}
	if err := json.Unmarshal(got.body, &made); err != nil || got.status != http.StatusOK {
		t.Fatalf("got %d %s (%v)", got.status, got.body, err)
	}
	return made.PayByLinkOrder.Order.OrderID, made.PayByLinkOrder.MagicLink
}

func cardForm(p payerPage, number string) url.Values {
	return url.Values{"attempt": {p.attempt()}, "number": {number}, "expiry": {"08/32"}, "cvv": {"123"}, "holder": {"Noa Berg"}}
}

func (h *house) orderIs(t *testing.T, id, want string) {
	t.Helper()
	if got := h.done(t, "GET", "/orders/"+id, h.sandbox.April.SecretKey, "", "status"); got != want {
		t.Errorf("the order is %s, want %s", got, want)
	}
}

// payments counts an order's transactions, whatever became of them.
func (h *house) payments(t *testing.T, id string) (n int) {
	t.Helper()
	var list []any
	if err := json.Unmarshal(h.ask(t, "GET", "/transactions?orderId="+id, h.sandbox.April.SecretKey, "").body, &list); err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestPaymentLinks: what a payer meets behind a link, without scripts.
func TestPaymentLinks(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			t.Run("paid once", h.linkIsPaidOnce)
			t.Run("challenge", h.linkChallenged)
			t.Run("over", h.linkIsOver)
			t.Run("messages", h.linkIsSent)
			t.Run("surcharge", h.linkSurcharged)
			t.Run("bank transfer", h.linkByTransfer)
		})
	}
}

func (h *house) linkIsPaidOnce(t *testing.T) {
	order, link := h.link(t, `"description":"Kite repair","redirectUrl":"https://shop.example/thanks",`)
	page := openPage(t, link, nil)
	page.says(t, "at first", 200, "Kite repair", "10050", "125.00", "Test mode", "Lind Media", `name="number"`)
	openPage(t, page.at, url.Values{"attempt": {page.attempt()}, "number": {"4242424242424241"}}).says(t, "mistakes", 422, "Check the card number", "Enter the expiry date")
	again := openPage(t, page.at, cardForm(page, "4000000000009995"))
	again.says(t, "declined", 200, "The payment was not approved")
	h.orderIs(t, order, "created")
	// The form of before the decline comes again: nothing happens.
	openPage(t, page.at, cardForm(page, "4242424242424242")).says(t, "an old form", 200, "The payment was not approved")
	if n := h.payments(t, order); n != 1 {
		t.Errorf("got %d payments, want 1", n)
	}
	var posts sync.WaitGroup
	for range 6 {
		posts.Go(func() {
			res, err := http.PostForm(page.at, cardForm(again, "4242424242424242"))
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
		})
	}
	posts.Wait()
	h.orderIs(t, order, "paid")
	if n := h.payments(t, order); n != 2 {
		t.Errorf("got %d payments, want the one that was declined and one more", n)
	}
	openPage(t, link, nil).says(t, "afterwards", 200, "Payment received", "Visa", "4242", "https://shop.example/thanks")
	openPage(t, page.at, cardForm(again, "4242424242424242")).says(t, "once more", 200, "Payment received")
	openPage(t, page.at+"?locale=de", nil).says(t, "in German", 200, "Zahlung")
}

// A payer whom the bank wants to see comes back to the page.
func (h *house) linkChallenged(t *testing.T) {
	order, link := h.link(t, "")
	page := openPage(t, link, nil)
	openPage(t, page.at, cardForm(page, "4000002500003155")).says(t, "on to the bank", 200, "On to your bank")
	h.orderIs(t, order, "pending")
	openPage(t, link, nil).says(t, "come back too early", 200, "Your payment has begun")
	id := coreID(t, order)
	o, err := h.app.Orders.Find(t.Context(), h.realmOf(t), id)
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.app.Payments.Find(t.Context(), h.realmOf(t), o.Payment)
	if err != nil || p.State != payment.Pending || !strings.HasPrefix(p.Details.ReturnURL, h.sandbox.URL+"/pay/") {
		t.Errorf("got %s, %s (%v)", p.State, p.Details.ReturnURL, err)
	}
}

func (h *house) linkIsOver(t *testing.T) {
	cancelled, link := h.link(t, `"redirectUrl":"https://shop.example/thanks",`)
	page := openPage(t, link, nil)
	h.done(t, "POST", "/orders/"+cancelled+"/cancel", h.sandbox.April.SecretKey, "")
	openPage(t, link, nil).says(t, "cancelled", 200, "The payment was called off")
	openPage(t, page.at, cardForm(page, "4242424242424242")).says(t, "paid after all", 200, "The payment was called off")
	if n := h.payments(t, cancelled); n != 0 {
		t.Errorf("got %d payments of a cancelled order", n)
	}
	late, link := h.link(t, `"expiresAt":"2026-11-21T21:00:00Z",`)
	page = openPage(t, link, nil)
	page.says(t, "in time", 200, "21 November 2026, 21:00 UTC")
	if _, err := h.app.Access.Advance(t.Context(), h.realmOf(t), 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	openPage(t, link, nil).says(t, "late", 200, "The time to pay is over")
	openPage(t, page.at, cardForm(page, "4242424242424242")).says(t, "paid late", 200, "The time to pay is over")
	if n := h.payments(t, late); n != 0 {
		t.Errorf("got %d payments of an order whose time is over", n)
	}
	openPage(t, h.sandbox.URL+"/pay/"+strings.Repeat("A", 48), nil).says(t, "no link of ours", 404, "This page does not exist")
	key := link[strings.LastIndex(link, "/")+1:]
	for i := range key { // whatever is changed, the link opens nothing
		other := byte('A')
		if key[i] == other {
			other = 'B'
		}
		if got := openPage(t, h.sandbox.URL+"/pay/"+key[:i]+string(other)+key[i+1:], nil); got.status != 404 {
			t.Errorf("changed at %d: got %d, want 404", i, got.status)
		}
	}
}

// The link goes to the payer both ways.
func (h *house) linkIsSent(t *testing.T) {
	order, link := h.link(t, `"phoneNumber":"+61 400 000 001",`)
	id := coreID(t, order)
	list, err := h.app.Notify.List(t.Context(), h.realmOf(t), notify.Filter{Object: id}, 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("got %d messages (%v), want an e-mail and an SMS", len(list), err)
	}
	for _, m := range list {
		if !strings.Contains(m.Text, link) || !strings.Contains(m.Text, "125.00") || m.State != notify.Held {
			t.Errorf("%s to %s, %s: %s", m.Channel, m.To, m.State, m.Text)
		}
	}
	key := h.sandbox.April.SecretKey
	if got := h.ask(t, "POST", "/orders/"+order+"/send", key, ""); got.status != http.StatusOK || !strings.Contains(string(got.body), `"sentSms":true,"sentEmail":true`) {
		t.Errorf("sent once more: got %d %s", got.status, got.body)
	}
	page := openPage(t, link, nil)
	openPage(t, page.at, cardForm(page, "5555555555554444")).says(t, "paid", 200, "Payment received")
	said := map[notify.Template]int{}
	if list, err = h.app.Notify.List(t.Context(), h.realmOf(t), notify.Filter{Object: id}, 10); err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if said[m.Template]++; m.Template == notify.Receipt && (m.Channel != notify.Email || !strings.Contains(m.Text, "125.00") || !strings.Contains(m.Text, "Mastercard") || !strings.Contains(m.Text, "10050")) {
			t.Errorf("the receipt is a %s: %s", m.Channel, m.Text)
		}
	}
	if said[notify.PaymentLink] != 4 || said[notify.Receipt] != 1 {
		t.Errorf("the payer was written %v", said)
	}
	quiet := h.done(t, "POST", "/orders", key, `{"CreateOnlineOrder":{"referenceOrderId":"10051","amount":{"minorCurrencyUnits":100,"currency":"AUD"}}}`, "OnlineOrder", "order", "orderId")
	for id, want := range map[string]string{order: "order_already_paid", quiet: "order_has_no_link"} {
		if got := h.ask(t, "POST", "/orders/"+id+"/send", key, ""); got.status != http.StatusConflict || got.code() != want {
			t.Errorf("%s: got %d %s", want, got.status, got.body)
		}
	}
}

var offerField = regexp.MustCompile(`name="offer" value="([^"]*)"`)

// agree posts the form that an offer's page has.
func (p payerPage) agree(t *testing.T) payerPage {
	t.Helper()
	m := offerField.FindStringSubmatch(p.text)
	if m == nil {
		t.Fatalf("nothing is offered: %s", p.text)
	}
	return openPage(t, p.at, url.Values{"attempt": {p.attempt()}, "offer": {m[1]}})
}

// A card that costs more is shown with its surcharge first, and charged with it
// once the payer has agreed; one that costs no more is charged at once.
func (h *house) linkSurcharged(t *testing.T) {
	a := h.sandbox.April
	h.done(t, "PATCH", "/merchants/"+a.MerchantID, a.MarketplaceKey, `{"UpdateSurchargeRules":{"rules":[{"priority":1,"mode":"explicit","method":"Card","brand":"Visa","currency":"AUD","variableBasisPoints":110,"fixedAmount":30},
		{"priority":2,"mode":"explicit","method":"BankTransfer","currency":"AUD","variableBasisPoints":0,"fixedAmount":100}]}}`)
	order, link := h.link(t, "")
	page := openPage(t, link, nil)
	page.says(t, "at first", 200, "A surcharge may be added", "125.00")
	offer := openPage(t, page.at, cardForm(page, "4242424242424242"))
	offer.says(t, "offered", 200, "Check the total", "1.68", "126.68", "1.1%", "4242", "Choose another way to pay")
	h.orderIs(t, order, "created")
	if n := h.payments(t, order); n != 0 {
		t.Errorf("got %d payments before the payer agreed", n)
	}
	other, elsewhere := h.link(t, "")
	stolen := openPage(t, elsewhere, nil)
	openPage(t, stolen.at, url.Values{"attempt": {stolen.attempt()}, "offer": {offerField.FindStringSubmatch(offer.text)[1]}}).says(t, "an offer of another order", 200, `name="number"`)
	h.orderIs(t, other, "created")
	declined := openPage(t, page.at, cardForm(page, "4000000000009995"))
	declined.agree(t).says(t, "declined", 200, "The payment was not approved")
	page = openPage(t, link, nil)
	offer = openPage(t, page.at, cardForm(page, "4242424242424242"))
	offer.agree(t).says(t, "paid", 200, "Payment received", "126.68", "Surcharge included", "1.68")
	offer.agree(t).says(t, "agreed twice", 200, "Payment received")
	var o struct {
		Status    string
		Surcharge struct{ SurchargePaidAmount int64 }
	}
	h.read(t, "/orders/"+order, a.SecretKey, &o)
	if o.Status != "paid" || o.Surcharge.SurchargePaidAmount != 168 || h.payments(t, order) != 2 {
		t.Errorf("got %+v", o)
	}
	free, link := h.link(t, "")
	page = openPage(t, link, nil)
	openPage(t, page.at, cardForm(page, "5555555555554444")).says(t, "another brand", 200, "Payment received", "125.00")
	h.orderIs(t, free, "paid")
}

// A merchant that takes bank transfers has them on the page: the payer is told
// where to send how much, may think again, and the order is paid when it comes.
func (h *house) linkByTransfer(t *testing.T) {
	profile, err := h.app.Merchants.Outlet(t.Context(), h.realmOf(t), coreID(t, h.sandbox.April.MerchantID))
	if err != nil {
		t.Fatal(err)
	}
	order, link := h.link(t, "")
	if page := openPage(t, link, nil); strings.Contains(page.text, "BANKTRANSFER") {
		t.Error("a transfer is offered by a merchant that takes none")
	}
	profile.Settings.Brands = []string{"VISA", "BANKTRANSFER", "DIRECTDEBIT_AU"}
	if profile, err = h.app.Merchants.SaveProfile(t.Context(), h.realmOf(t), audit.By{Actor: "test"}, profile); err != nil {
		t.Fatal(err)
	}
	by := func(p payerPage) url.Values { return url.Values{"attempt": {p.attempt()}, "brand": {"BANKTRANSFER"}} }
	page := openPage(t, link, nil)
	page.says(t, "at first", 200, "Pay by bank transfer")
	if strings.Contains(page.text, "DIRECTDEBIT") {
		t.Error("a link takes accounts to be debited")
	}
	waiting := openPage(t, page.at, by(page)).agree(t)
	waiting.says(t, "told where", 200, "Send the money to this account", "126.00", "999000", "Choose another way to pay")
	h.orderIs(t, order, "pending")
	page = openPage(t, strings.TrimSuffix(page.at, "page")+"change", url.Values{})
	page.says(t, "thought again", 200, "Pay by bank transfer")
	h.orderIs(t, order, "created")
	waiting = openPage(t, page.at, by(page)).agree(t)
	reference := regexp.MustCompile(`id="payee-reference">([^<]+)<`).FindStringSubmatch(waiting.text)
	if reference == nil {
		t.Fatalf("no reference: %s", waiting.text)
	}
	if got := h.arrives(t, reference[1], 12600); got != "accepted" {
		t.Errorf("the transaction is %s", got)
	}
	h.orderIs(t, order, "paid")
	openPage(t, strings.TrimSuffix(page.at, "page")+"change", url.Values{}).says(t, "too late", 200, "Payment received", "126.00")
	profile.Settings.Brands = nil
	if _, err = h.app.Merchants.SaveProfile(t.Context(), h.realmOf(t), audit.By{Actor: "test"}, profile); err != nil {
		t.Fatal(err)
	}
}
