package april_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/wire/apitest"
	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store/storetest"
)

// saleFields are requests about sales that are understood, or not, and cannot
// be carried out. paid is a transaction of 12500 AUD, due an order of that
// amount, hook a subscription.
func (h *house) saleFields(t *testing.T) (list wrongs) {
	t.Helper()
	paid := h.pay(t, h.order(t, 12500), h.token(t, "4242424242424242", 12500), "PayByCard", "")
	id := paid.text("PayOrderComplete", "transactionId")
	order := h.order(t, 9900)
	other, open := h.token(t, "4242424242424242", 12500), h.token(t, "4242424242424242", 9900)
	h.pay(t, h.order(t, 9900), open, "PayByCard", "")
	add := list.add
	tran := "/transactions/" + id
	add("PATCH", tran, 400, "validation_failed", `{"CreateRefund":{"refundAmount":%s}}`, "0", "-1", "null", "1000000000000001", "9223372036854775807")
	add("PATCH", tran, 400, "invalid_request", `{"CreateRefund":{"refundAmount":%s}}`, "1999.5", `"1"`, "9223372036854775808", "[]")
	add("PATCH", tran, 422, "refund_exceeds_amount", `{"CreateRefund":{"refundAmount":%s}}`, "12501", "999999999999")
	add("PATCH", tran, 400, "validation_failed", `{"CaptureFunds":{"captureAmount":%s}}`, "0", "-5")
	add("PATCH", tran, 409, "transaction_not_capturable", `{"CaptureFunds":{%s}}`, "", `"captureAmount":1`)
	add("PATCH", tran, 409, "transaction_not_voidable", `{"VoidAuthorisation":{%s}}`, "")
	add("PATCH", tran, 400, "invalid_request", `%s`, `{}`, `{"CreateRefund":{"refundAmount":1},"CaptureFunds":{}}`, `{"Refund":{}}`, `{"CreateRefund":1}`)
	for _, wrongID := range []string{"x", "tran_AAAAAAAAAAAAAAAA", strings.Replace(id, "tran", "rfnd", 1), id + "A", "%00", h.sandbox.April.MerchantID} {
		add("GET", "/transactions/"+wrongID, 404, "not_found", "%s", "")
		add("PATCH", "/transactions/"+wrongID, 404, "not_found", "%s", `{"CreateRefund":{"refundAmount":1}}`)
	}
	pay := "/orders/" + order + "/pay"
	add("POST", pay, 422, "amount_mismatch", `{"PayByCard":{"paymentTokenId":%s}}`, `"`+other+`"`)
	add("POST", pay, 409, "payment_token_already_used", `{"PayByCard":{"paymentTokenId":%s}}`, `"`+open+`"`)
	add("POST", pay, 404, "not_found", `{"PayByCard":{"paymentTokenId":%s}}`, `"x"`, `"ptkn_AAAAAAAAAAAAAAAA"`, `"`+order+`"`, `"`+id+`"`)
	add("POST", pay, 400, "validation_failed", `{"PayByCard":{"paymentTokenId":%s}}`, `""`, "null")
	add("POST", pay, 400, "invalid_request", `{"PayByCard":{"paymentTokenId":%s}}`, "1", "{}", `"a","request3DS":"yes"`)
	add("POST", pay, 400, "three_ds_failed", `{"Confirm3DSComplete":{"paymentTokenId":"`+other+`","threeDSResponse":{"threeDSAuthorisationId":%s}}}`, `"x"`, `"3ds_AAAAAAAAAAAAAAAA"`)
	add("POST", pay, 400, "validation_failed", `{"Confirm3DSComplete":{"paymentTokenId":"`+other+`"%s}}`, "", `,"threeDSResponse":{}`)
	add("POST", pay, 400, "invalid_request", `%s`, "{}", `{"PayByCash":{}}`, `{"PayByCard":{"paymentTokenId":"a"},"PayByPaymentToken":{"paymentTokenId":"a"}}`)
	add("POST", "/orders/ordr_AAAAAAAAAAAAAAAA/pay", 404, "not_found", `{"PayByCard":{"paymentTokenId":%s}}`, `"`+other+`"`)
	for _, q := range []string{"status=gone", "limit=0", "sort=price", "amount=x", "createdAfter=x"} {
		add("GET", "/transactions?"+q, 400, "validation_failed", "%s", "")
	}
	for _, path := range []string{"/transactions/refunds", "/transactions/disputes", "/webhooks"} {
		add("GET", path+"?limit=501", 400, "validation_failed", "%s", "")
	}
	add("GET", "/transactions/disputes?currency=XYZ", 400, "validation_failed", "%s", "")
	add("GET", "/webhooks?status=Gone", 400, "validation_failed", "%s", "")
	hook := `{"CreateWebhookMerchantSubscription":{"endpoint":%s}}`
	add("POST", "/webhooks", 400, "validation_failed", hook, `"https://a.example"`, `"http://10.0.0.1/x","events":["OrderPaid"]`, `"https://u:p@a.example/x","events":["OrderPaid"]`,
		`"nowhere","events":["OrderPaid"]`, `"https://a.example","events":["Nothing"]`, `"https://a.example","events":["OrderPaid"],"metadata":`+many(51), `null,"events":["OrderPaid"]`)
	add("POST", "/webhooks", 400, "invalid_request", hook, `1`, `"https://a.example","events":"OrderPaid"`, `"https://a.example","events":[1]`)
	for _, wrongID := range []string{"x", "webhook_AAAAAAAAAAAAAAAA", id} {
		add("GET", "/webhooks/"+wrongID, 404, "not_found", "%s", "")
		add("PATCH", "/webhooks/"+wrongID, 404, "not_found", "%s", `{"SuspendWebhookSubscription":{}}`)
	}
	return list
}

// text reads a text inside an answer, "" for none.
func (a answer) text(names ...string) string {
	var node any
	if json.Unmarshal(a.body, &node) != nil {
		return ""
	}
	for _, name := range names {
		m, _ := node.(map[string]any)
		node = m[name]
	}
	text, _ := node.(string)
	return text
}

func (h *house) order(t *testing.T, minor int64) string {
	t.Helper()
	return h.done(t, "POST", "/orders", h.sandbox.April.SecretKey,
		fmt.Sprintf(`{"CreateOnlineOrder":{"referenceOrderId":"10045","amount":{"minorCurrencyUnits":%d,"currency":"AUD"}}}`, minor), "OnlineOrder", "order", "orderId")
}

func (h *house) token(t *testing.T, number string, minor int64) string {
	t.Helper()
	return h.done(t, "POST", "/tokens", h.sandbox.April.SecretKey, fmt.Sprintf(`{"CreateCardToken":{"amount":{"minorCurrencyUnits":%d,"currency":"AUD"},
		"card":{"cardNumber":%q,"expMonth":8,"expYear":2029,"cvc":"123"}}}`, minor, number), "CardToken", "paymentTokenId")
}

// pay pays an order; more are further fields.
func (h *house) pay(t *testing.T, order, token, variant, more string) answer {
	t.Helper()
	return h.ask(t, "POST", "/orders/"+order+"/pay", h.sandbox.April.SecretKey, fmt.Sprintf(`{%q:{"paymentTokenId":%q%s}}`, variant, token, more))
}

func (h *house) transaction(t *testing.T, id string) answer {
	t.Helper()
	return h.ask(t, "GET", "/transactions/"+id, h.sandbox.April.SecretKey, "")
}

// TestTheRoundTrip: a challenge sends the payer to the bank by an address of
// ours; only once it is done the payment counts.
func TestTheRoundTrip(t *testing.T) {
	h := open(t, "sqlite")
	for _, tt := range []struct {
		number, choice string
		status         int
		want           string
	}{{"4000002500003155", "success", 200, "accepted"}, {"4000002500003155", "cancel", 400, "three_ds_failed"}, {"4000002500003155", "decline", 400, "do_not_honor"},
		{"4000008400001629", "success", 400, "card_declined"}} {
		order, token := h.order(t, 12500), h.token(t, tt.number, 12500)
		asked := h.pay(t, order, token, "PayByCard", `,"request3DS":true`)
		id, address := asked.text("ThreeDSAuthorisationRequired", "threeDSAuthorisationId"), asked.text("ThreeDSAuthorisationRequired", "redirectURL")
		if asked.status != http.StatusOK || !strings.HasPrefix(address, h.sandbox.URL+"/april/challenge/") {
			t.Fatalf("%s: got %d %s", tt.number, asked.status, asked.body)
		}
		confirm := fmt.Sprintf(`,"threeDSResponse":{"threeDSAuthorisationId":%q,"redirectURL":%q}`, id, address)
		if early := h.pay(t, order, token, "Confirm3DSComplete", confirm); early.code() != "three_ds_failed" {
			t.Errorf("before it is done: got %d %s", early.status, early.body)
		}
		if again := h.pay(t, order, h.token(t, "4242424242424242", 12500), "PayByCard", ""); again.code() != "payment_in_progress" {
			t.Errorf("another payment meanwhile: got %d %s", again.status, again.body)
		}
		h.choose(t, id, tt.choice)
		for range 2 { // said twice it answers the same
			done := h.pay(t, order, token, "Confirm3DSComplete", confirm)
			if got := done.text("PayOrderComplete", "transactionStatus") + done.code(); done.status != tt.status || got != tt.want {
				t.Errorf("%s, %s: got %d %s, want %d %s", tt.number, tt.choice, done.status, done.body, tt.status, tt.want)
			}
		}
	}
}

// choose does what a payer does on the bank's page of an authorisation.
func (h *house) choose(t *testing.T, authorisation, choice string) {
	t.Helper()
	id := coreID(t, authorisation)
	realm := h.realmOf(t)
	f, err := h.app.Payments.Find(t.Context(), realm, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.app.Provider.Choose(f.Details.Account, id, choice, apitest.Morning()()); err != nil {
		t.Fatal(err)
	}
}

// coreID is the core's id behind a name of the contract.
func coreID(t *testing.T, name string) ident.ID {
	t.Helper()
	id, ok := april.Parse(name)
	if !ok {
		t.Fatalf("%q is no id", name)
	}
	return id
}

func (h *house) realmOf(t *testing.T) ident.ID {
	t.Helper()
	realms, err := h.app.Access.Realms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range realms {
		if r.Organisation == "sandbox" {
			return r.ID
		}
	}
	t.Fatal("no sandbox")
	return ""
}

// TestOnePaymentPerOrder: two tokens race for an order; one of them pays it,
// the other hears that it is paid.
func TestOnePaymentPerOrder(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			order := h.order(t, 12500)
			var tokens []string
			for range 6 {
				tokens = append(tokens, h.token(t, "4242424242424242", 12500))
			}
			var wait sync.WaitGroup
			got := make([]answer, len(tokens))
			for i, token := range tokens {
				wait.Go(func() { got[i] = h.pay(t, order, token, "PayByCard", "") })
			}
			wait.Wait()
			paid := 0
			for _, a := range got {
				switch {
				case a.status == http.StatusOK:
					paid++
				case a.code() != "order_already_paid" && a.code() != "payment_in_progress":
					t.Errorf("got %d %s", a.status, a.body)
				}
			}
			list := h.ask(t, "GET", "/transactions?status=accepted&orderId="+order, h.sandbox.April.SecretKey, "")
			if paid != 1 || list.header.Get("X-Total-Count") != "1" {
				t.Errorf("%d were paid, the list has %s", paid, list.header.Get("X-Total-Count"))
			}
		})
	}
}

// TestBothContractsSeeIt: a payment made here is seen through the gateway and
// the reverse, each in its own words.
func TestBothContractsSeeIt(t *testing.T) {
	h := open(t, "sqlite")
	g := h.sandbox.Gateway
	id := h.pay(t, h.order(t, 12500), h.token(t, "4242424242424242", 12500), "PayByCard", "").text("PayOrderComplete", "transactionId")
	got := h.ask(t, "GET", "/gateway/v3/payments/"+gatewayName(coreID(t, id))+"?entityId="+g.EntityID, g.Token, "", "X-Test", "undocumented")
	if got.status != http.StatusOK || got.text("amount") != "125.00" || got.text("paymentType") != "DB" || got.text("paymentBrand") != "VISA" {
		t.Errorf("the gateway: got %d %s", got.status, got.body)
	}
	form := "entityId=" + g.EntityID + "&amount=92.00&currency=EUR&paymentType=PA&paymentBrand=VISA&card.number=4200000000000000&card.holder=Nora+Lind&card.expiryMonth=08&card.expiryYear=2032&card.cvv=321&merchantTransactionId=T-7000000"
	made := h.ask(t, "POST", "/gateway/v3/payments", g.Token, form, "Content-Type", "application/x-www-form-urlencoded", "X-Test", "undocumented")
	if made.status != http.StatusOK {
		t.Fatalf("the gateway: got %d %s", made.status, made.body)
	}
	tran := april.Name("tran", ident.ID(made.text("id")[:ident.Length]))
	seen := h.transaction(t, tran)
	if seen.text("purchaseDetails", "status") != "not_captured" || seen.text("purchaseDetails", "referenceOrderId") != "T-7000000" || seen.text("paymentMethod", "cardLast4") != "0000" {
		t.Errorf("April: got %d %s", seen.status, seen.body)
	}
	if got := h.ask(t, "PATCH", "/transactions/"+tran, h.sandbox.April.SecretKey, `{"CaptureFunds":{"captureAmount":5000}}`); got.text("FundsCaptured", "transaction", "purchaseDetails", "status") != "accepted" {
		t.Errorf("captured: got %d %s", got.status, got.body)
	}
	back := "entityId=" + g.EntityID + "&amount=50.00&currency=EUR&paymentType=RF"
	h.ask(t, "POST", "/gateway/v3/payments/"+made.text("id"), g.Token, back, "Content-Type", "application/x-www-form-urlencoded", "X-Test", "undocumented")
	if seen := h.transaction(t, tran); seen.text("purchaseDetails", "status") != "refunded" {
		t.Errorf("refunded through the gateway: got %s", seen.body)
	}
}

// gatewayName is the gateway's name of a payment: eight digits more.
func gatewayName(id ident.ID) string {
	sum := sha256.Sum256([]byte("payment\x00" + string(id)))
	return string(id) + hex.EncodeToString(sum[:4])
}

// TestTheCaptureWindow: what was authorised is captured within seven days.
func TestTheCaptureWindow(t *testing.T) {
	h := open(t, "sqlite")
	id := h.pay(t, h.order(t, 12500), h.token(t, "4242424242424242", 12500), "PayByCard", `,"authoriseOnly":true`).text("PayOrderComplete", "transactionId")
	if _, err := h.app.Access.Advance(t.Context(), h.realmOf(t), 7*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	got := h.ask(t, "PATCH", "/transactions/"+id, h.sandbox.April.SecretKey, `{"CaptureFunds":{}}`)
	if got.status != http.StatusUnprocessableEntity || got.code() != "capture_window_expired" {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestDeliveries: what a subscriber receives, how it is signed, also while its
// secret is being changed, and that a marketplace hears of its merchants.
func TestDeliveries(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			a := h.sandbox.April
			inbox := script.Listen(t, nil)
			subscribe := func(key, variant, path, events string) (id, secret string) {
				got := h.ask(t, "POST", "/webhooks", key, fmt.Sprintf(`{"Create%s":{"endpoint":%q,"events":%s,"metadata":{"service":"dispatch"}}}`, variant, inbox.URL+path, events))
				return got.text(variant, "id"), got.text(variant, "secret")
			}
			id, old := subscribe(a.SecretKey, "WebhookMerchantSubscription", "/shop", `["OrderPaid","TransactionAccepted","TransactionRefunded","DisputeOpened"]`)
			_, market := subscribe(a.MarketplaceKey, "WebhookMarketplaceSubscription", "/market", `["OrderPaid","MerchantCreated"]`)
			fresh := h.ask(t, "PATCH", "/webhooks/"+id, a.SecretKey, `{"RotateWebhookSecret":{}}`).text("WebhookMerchantSubscription", "secret")
			tran := h.pay(t, h.order(t, 12500), h.token(t, "4242424242424242", 12500), "PayByCard", "").text("PayOrderComplete", "transactionId")
			h.ask(t, "PATCH", "/transactions/"+tran, a.SecretKey, `{"CreateRefund":{"refundAmount":2500}}`)
			f, err := h.app.Payments.Find(t.Context(), h.realmOf(t), coreID(t, tran))
			if err != nil {
				t.Fatal(err)
			}
			h.chargeBack(t, h.realmOf(t), f.Payment, 10000)
			h.deliver(t)
			for event, want := range map[string][]string{"TransactionAccepted": {"transaction", "purchaseDetails", "status", "accepted"}, "OrderPaid": {"order", "status", "paid"},
				"TransactionRefunded": {"refund", "status", "succeeded"}, "DisputeOpened": {"dispute", "status", "needs_response"}} {
				header, body, err := inbox.Next(inbox.URL+"/shop", `"webhookEventType":"`+event+`"`)
				if err != nil {
					t.Fatalf("%s: %v", event, err)
				}
				got, last := answer{body: body}, len(want)-1
				if got.text("merchantId") != a.MerchantID || got.text("webhookSubscriptionId") != id || got.text("metadata", "service") != "dispatch" || len(got.text("requestId")) != 36 {
					t.Errorf("%s: got %s", event, body)
				}
				if got.text(append([]string{"event", event}, want[:last]...)...) != want[last] || header.Get("April-Event-Type") != event || header.Get("April-Event-Id") == "" {
					t.Errorf("%s: got %s", event, body)
				}
				signature := header.Get("April-Signature")
				if strings.Count(signature, "v1=") != 2 || !signed(old, signature, body) || !signed(fresh, signature, body) || signed(market, signature, body) {
					t.Errorf("%s: the signature %s does not hold", event, signature)
				}
			}
			header, body, err := inbox.Next(inbox.URL+"/market", `"webhookEventType":"OrderPaid"`)
			if err != nil || (answer{body: body}).text("marketplaceId") != a.MarketplaceID || !signed(market, header.Get("April-Signature"), body) {
				t.Errorf("the marketplace: got %s (%v)", body, err)
			}
		})
	}
}

// deliver sends what is owed.
func (h *house) deliver(t *testing.T) {
	t.Helper()
	for {
		list, err := h.app.Webhooks.Claim(t.Context(), 20)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return
		}
		for _, d := range list {
			if err := h.app.Webhooks.Deliver(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// signed is what a receiver checks.
func signed(secret, header string, body []byte) bool {
	parts := strings.Split(header, ",")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(bytes.Join([][]byte{[]byte(strings.TrimPrefix(parts[0], "t=")), body}, []byte(".")))
	want := "v1=" + hex.EncodeToString(mac.Sum(nil))
	for _, p := range parts[1:] {
		if p == want {
			return true
		}
	}
	return false
}
