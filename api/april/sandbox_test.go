package april_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/florinpay/florin/store/storetest"
)

// TestTheReadyFile: what a sandbox hands out works, and a second start hands
// out the same names and other secrets.
func TestTheReadyFile(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			first := h.sandbox.April
			second, err := h.app.Furnish(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			again := second.April
			if again.SecretKey == first.SecretKey || again.MarketplaceKey == first.MarketplaceKey {
				t.Error("a secret is handed out twice")
			}
			for _, a := range []string{first.SecretKey, again.SecretKey} {
				if got := h.done(t, "GET", "/april/customers/"+first.CustomerID, a, "", "ConsumerCustomer", "merchantId"); got != first.MerchantID {
					t.Errorf("got the merchant %s, want %s", got, first.MerchantID)
				}
			}
			for _, a := range []string{first.MarketplaceKey, again.MarketplaceKey} {
				if got := h.done(t, "GET", "/merchants/"+first.MerchantID, a, "", "StandardMerchant", "marketplaceId"); got != first.MarketplaceID {
					t.Errorf("got the marketplace %s, want %s", got, first.MarketplaceID)
				}
			}
			again.SecretKey, again.MarketplaceKey = first.SecretKey, first.MarketplaceKey
			if again != first {
				t.Errorf("got %+v, want %+v", again, first)
			}
			if got := h.done(t, "GET", "/merchants/"+first.MerchantID, first.SecretKey, "", "StandardMerchant", "merchantPublicKey"); got != first.PublicKey {
				t.Errorf("got the public key %s, want %s", got, first.PublicKey)
			}
			if got := h.ask(t, "HEAD", "/merchants/"+first.MerchantID, first.SecretKey, "", "X-Test", "undocumented"); got.status != http.StatusOK || len(got.body) != 0 {
				t.Errorf("HEAD: got %d %s", got.status, got.body)
			}
		})
	}
}

// TestThePages: the document is served, has a page, and the start page has
// lines to copy.
func TestThePages(t *testing.T) {
	h := open(t, "sqlite")
	for path, want := range map[string]string{"/openapi/april.yaml": "operationId: signIn", "/docs/april": "UpsertConsumerCustomer", "/": "/april/auth/signin", "/docs/gateway": "v3/payments"} {
		got := h.ask(t, "GET", path, "", "", "X-Test", "undocumented")
		if got.status != http.StatusOK || !strings.Contains(string(got.body), want) {
			t.Errorf("%s: got %d without %q", path, got.status, want)
		}
	}
}
