package media_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/audit"
)

// What a reader pays is seen through the other contracts too: by the gateway's
// inquiry, and in the settlement reports that the merchant gets by Spense's.
func TestPaymentsAreReadElsewhere(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *house) {
		r := h.reader(t)
		number := h.sandbox.Media.InvoiceNumber
		id := r.payInvoice(number, "vippsEcommerce")
		r.open(id)
		r.choose(id, "success")
		r.ended(r.back(id), "finished", id)
		// The merchant hears of the payment, and asks for it by the id it was told.
		var told struct{ ID string }
		due, err := h.app.Webhooks.Claim(t.Context(), 50)
		for _, d := range due {
			if err == nil && d.Message.Type == "PAYMENT" {
				err = json.Unmarshal(d.Message.Body, &told)
			}
		}
		if err != nil || told.ID == "" {
			t.Fatalf("nothing was told: %+v (%v)", due, err)
		}
		a := h.ask(t, http.MethodGet, "/gateway/v3/payments/"+told.ID+"?entityId="+h.sandbox.Gateway.EntityID, h.sandbox.Gateway.Token, "")
		var seen struct {
			Amount, Currency, PaymentBrand, MerchantTransactionID string
			Result                                                struct{ Code string }
		}
		if err := json.Unmarshal([]byte(a.body), &seen); err != nil || seen.Amount != "349.00" || seen.Currency != "NOK" || seen.PaymentBrand != "VIPPS" ||
			seen.MerchantTransactionID != number || seen.Result.Code != "000.100.110" {
			t.Errorf("the gateway: got %d %s (%v)", a.status, a.body, err)
		}

		_, merchant, err := h.app.Merchants.ByCode(t.Context(), h.realm.ID, h.sandbox.Gateway.EntityID)
		if err != nil {
			t.Fatal(err)
		}
		key, err := h.app.Spense.MakeKey(t.Context(), h.realm, audit.By{Actor: "test"}, "test", "", merchant.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.app.AdvanceSandbox(t.Context(), "24h"); err != nil {
			t.Fatal(err)
		}
		h.do(t)
		a = h.ask(t, http.MethodPost, "/partner/auth/token", "", url.Values{"grant_type": {"client_credentials"}, "client_id": {key.ClientID}, "client_secret": {key.ClientSecret.Reveal()}}.Encode(),
			"Content-Type", "application/x-www-form-urlencoded")
		var token struct {
			Access string `json:"access_token"`
		}
		if err := json.Unmarshal([]byte(a.body), &token); err != nil || token.Access == "" {
			t.Fatalf("got %d %s", a.status, a.body)
		}
		a = h.ask(t, http.MethodGet, "/partner/settlements/generate_csv?from_date=2026-11-21&to_date=2026-11-23&format=transactions&test_mode=1", token.Access, "")
		line := regexp.MustCompile(fmt.Sprintf(`(?m)^2026-11-21 00:00:00\+00:00,Fake PSP,[\d-]+,2026-11-22 03:00:00\+00:00,%s,NOK,349\.00,2\.62,346\.38,,Vipps\r?$`, number))
		if a.status != http.StatusOK || !line.MatchString(a.body) || strings.Count(a.body, "\n") != 2 {
			t.Errorf("Spense: got %d %s", a.status, a.body)
		}
	})
}
