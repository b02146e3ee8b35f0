package media_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/webhook"
)

// A site hears what its readers do, in the contract's words (sheet, 13).
func TestEventsAreTold(t *testing.T) {
	h := open(t, "sqlite")
	r := h.reader(t)
	if _, _, err := h.app.Webhooks.Subscribe(t.Context(), h.realm.ID, audit.By{Actor: "test"}, webhook.Wish{URL: h.sandbox.URL + "/inbox/hook/media", Contract: "media"}); err != nil {
		t.Fatal(err)
	}
	number := h.sandbox.Media.InvoiceNumber
	id := r.payInvoice(number, "vippsEcommerce")
	r.open(id)
	r.choose(id, "success")
	r.ended(r.back(id), "finished", id)
	change := r.post("/v1/product/payment/DAGSN", `{"paymentMethod":"recurringVippsPayment"}`, "paymentChangeId")
	r.agreeAt("/paymentChange", "paymentChangeId", change, "success")
	var tokens struct {
		List []struct {
			Name   string `json:"agreementRef"`
			Number int64  `json:"paymentProviderId"`
		} `json:"recurringAgreements"`
	}
	if err := json.Unmarshal([]byte(h.ask(t, http.MethodGet, "/capi/v1/customer/payment/vipps/agreement", r.token, "").body), &tokens); err != nil || len(tokens.List) != 1 {
		t.Fatalf("got %+v (%v)", tokens, err)
	}
	body, err := json.Marshal(map[string]any{"agreementRef": tokens.List[0].Name, "paymentProviderId": tokens.List[0].Number})
	if err != nil {
		t.Fatal(err)
	}
	if a := h.ask(t, http.MethodDelete, "/capi/v1/customer/payment/vipps/agreement", r.token, string(body), "Content-Type", "application/json"); a.status != http.StatusOK {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	got := h.told(t)
	want := []map[string]any{
		{"event": "media.invoice.paid", "companyCode": h.sandbox.Media.CompanyCode, "productCode": "DAGSN", "invoiceNumber": number, "amount": 349.0, "currency": "NOK"},
		{"event": "media.token.added", "companyCode": h.sandbox.Media.CompanyCode, "productCode": "DAGSN", "paymentMethod": "recurringVippsPayment", "paymentProviderId": float64(tokens.List[0].Number)},
		{"event": "media.paymentMethod.changed", "companyCode": h.sandbox.Media.CompanyCode, "productCode": "DAGSN", "customerNumber": float64(r.person.Number), "paymentMethod": "recurringVippsPayment"},
		{"event": "media.token.removed", "companyCode": h.sandbox.Media.CompanyCode, "productCode": "DAGSN", "paymentMethod": "recurringVippsPayment", "paymentProviderId": float64(tokens.List[0].Number)},
		{"event": "media.paymentMethod.changed", "companyCode": h.sandbox.Media.CompanyCode, "productCode": "DAGSN", "customerNumber": float64(r.person.Number), "paymentMethod": "invoice"},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g map[string]any) bool {
			for name, value := range w {
				if g[name] != value {
					return false
				}
			}
			return len(g) == len(w)+2 && g["id"] != "" && g["time"] != 0.0
		}) {
			t.Errorf("not told: %v, in %v", w, got)
		}
	}
}

// told are the messages that are owed to the site.
func (h *house) told(t *testing.T) (list []map[string]any) {
	t.Helper()
	for range 20 { // one event of an object waits for the one before
		due, err := h.app.Webhooks.Claim(t.Context(), 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range due {
			if d.Message.Type == "" || d.Message.Type[:6] != "media." {
				continue
			}
			one := map[string]any{}
			if err := json.Unmarshal(d.Message.Body, &one); err != nil {
				t.Fatal(err)
			}
			list = append(list, one)
			if err := h.app.Webhooks.Deliver(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
	}
	return list
}
