package april_test

import (
	"fmt"
	"testing"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/core/webhook"
)

// sales are what a target has sold.
type sales struct {
	due, dueToken  string // an order by link that can be paid, and a token for it
	dueLink        string // the credential of its link
	paid, disputed string // transactions
	hook           string
}

func (x target) everyone() access.Actor {
	return access.Actor{Realm: x.realm.ID, Environment: x.realm.Environment, May: access.Everything}
}

// sell makes an order that can be paid, and a token that pays it.
func (h *house) sell(t *testing.T, x target) target {
	t.Helper()
	amount := money.Of(12500, "AUD")
	o, err := h.app.Orders.Create(t.Context(), x.everyone(), order.Order{Merchant: x.merchantID, Type: order.PayByLink, Reference: "10047", Amount: amount, Details: order.Details{Link: &order.Link{}}})
	if err != nil {
		t.Fatal(err)
	}
	token, err := h.app.Vault.Tokenise(t.Context(), x.everyone(), audit.By{Actor: "test"}, vault.TokenDraft{Merchant: x.merchantID, Kind: vault.OfCard, Amount: amount,
		Card: vault.Card{Number: method.Conceal("4242424242424242"), ExpiryMonth: 8, ExpiryYear: 2029}, CVV: method.Conceal("123")})
	if err != nil {
		t.Fatal(err)
	}
	x.due, x.dueToken, x.dueLink = april.Name("ordr", o.ID), april.Name("ptkn", token.ID), h.app.April.LinkToken(x.realm, o.ID)
	return x
}

// trade gives a target a transaction with a refund, one with a dispute, and a
// webhook subscription. A live realm has no provider.
func (h *house) trade(t *testing.T, x target) target {
	t.Helper()
	ctx := t.Context()
	x = h.sell(t, x)
	e, _, err := h.app.Webhooks.Subscribe(ctx, x.realm.ID, audit.By{Actor: "test"}, webhook.Wish{Merchant: x.merchantID, URL: "https://shop.example/hooks", Contract: april.Contract, Topics: []string{"OrderPaid"}})
	if err != nil {
		t.Fatal(err)
	}
	x.hook, x.paid, x.disputed = april.Name("webhook", e.ID), april.Name("tran", e.ID), april.Name("tran", e.ID)
	if x.realm.Environment == access.Live {
		return x
	}
	profile, err := h.app.Merchants.Outlet(ctx, x.realm.ID, x.merchantID)
	if err != nil {
		t.Fatal(err)
	}
	for i, to := range []*string{&x.paid, &x.disputed} {
		out, err := h.app.Payments.Pay(ctx, x.everyone(), payment.Order{Idempotency: idempotency.Key{Surface: "gateway"}, Profile: profile, Kind: connector.Debit, Method: method.Card,
			Brand: "VISA", Amount: money.Of(12500, "AUD"), Customer: x.customerID, Card: &connector.Card{Number: method.Conceal("4242424242424242"), CVV: method.Conceal("123"),
				ExpiryMonth: 8, ExpiryYear: 2029, Brand: "VISA"}})
		if err != nil || out.Payment.State != payment.Captured {
			t.Fatalf("got %s (%v)", out.Payment.State, err)
		}
		*to = april.Name("tran", out.Payment.ID)
		if i == 0 {
			if _, err := h.app.Payments.Refund(ctx, x.everyone(), payment.Operation{Payment: out.Payment.ID, Amount: money.Of(1, "AUD")}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		h.chargeBack(t, x.realm.ID, out.Payment, 10000)
	}
	return x
}

// chargeBack has the bank tell that it has taken money back.
func (h *house) chargeBack(t *testing.T, realm ident.ID, p payment.Payment, minor int64) {
	t.Helper()
	_, err := h.app.Payments.Noticed(t.Context(), realm, p.Connector, connector.Notice{ID: "cb-" + string(p.ID), Attempt: p.ID, Account: p.Details.Account, Kind: payment.Chargeback,
		Result: connector.Result{State: connector.Approved, Reference: "dispute-" + string(p.ID), Provider: "fraudulent", Amount: money.Of(minor, p.Amount.Currency)}})
	if err != nil {
		t.Fatal(err)
	}
}

// aboutSales says how operations on sales are asked about a target.
func aboutSales(x target) map[string]asked {
	pay := fmt.Sprintf(`{"PayByCard":{"paymentTokenId":%q}}`, x.dueToken)
	hook := `{"CreateWebhookMerchantSubscription":{"endpoint":"https://shop.example/hooks/april","events":["OrderPaid"]}}`
	merchantHeader := []string{"Merchant-Id", x.merchant}
	return map[string]asked{
		"POST /simulation":           {"/simulation", fmt.Sprintf(`{"SimulateDispute":{"transactionId":%q,"outcome":"opened","amount":1}}`, x.disputed), nil, false},
		"POST /orders/{id}/pay":      {"/orders/" + x.due + "/pay", pay, nil, false},
		"GET /transactions":          {"/transactions?transactionId=" + x.paid, "", nil, true},
		"GET /transactions/{id}":     {"/transactions/" + x.paid, "", nil, false},
		"PATCH /transactions/{id}":   {"/transactions/" + x.paid, `{"CreateRefund":{"refundAmount":1}}`, nil, false},
		"GET /transactions/refunds":  {"/transactions/refunds?transactionId=" + x.paid, "", nil, true},
		"GET /transactions/disputes": {"/transactions/disputes?transactionId=" + x.disputed, "", nil, true},
		"GET /webhooks":              {"/webhooks?merchantId=" + x.merchant, "", nil, true},
		"POST /webhooks":             {"/webhooks", hook, merchantHeader, false},
		"GET /webhooks/{id}":         {"/webhooks/" + x.hook, "", nil, false},
		"PATCH /webhooks/{id}":       {"/webhooks/" + x.hook, `{"ActivateWebhookSubscription":{}}`, nil, false},
	}
}
