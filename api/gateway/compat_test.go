package gateway_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/merchant"
)

// TestCompatibleProfile: the other dialect, for clients that were made for the
// contract's relatives.
func TestCompatibleProfile(t *testing.T) {
	t.Parallel()
	h := open(t, "sqlite")
	h.addProfile(t, "LM000119", func(s *merchant.Settings) { s.Contract = "oppwaCompat" })
	status, got := h.pay(t, plainCard, "entityId", "LM000119", "amount", "1.55")
	if status != http.StatusBadRequest {
		t.Errorf("a decline: got %d", status)
	}
	if status := h.read(t, "/v3/payments/"+got.ID+"?entityId=LM000119"); status != http.StatusBadRequest {
		t.Errorf("reading it: got %d", status)
	}
	if status := h.read(t, "/v3/payments/5f0c9a1e3b7d4826a1d4e8b90c2f7365?entityId=LM000119"); status != http.StatusBadRequest {
		t.Errorf("an unknown payment: got %d", status)
	}
	// As JSON, since the document has the strict form of amounts.
	wide := `{"entityId":"LM000119","paymentType":"DB","amount":"12345678901.00","currency":"JPY","card.number":"` + plainCard +
		`","card.expiryMonth":"08","card.expiryYear":"2034","card.cvv":"321"}`
	if status, body := h.post(t, "/v3/payments", "application/json", wide); status != http.StatusOK {
		t.Errorf("eleven digits: got %d %s", status, body)
	}
	ids := h.prepareFor(t, "LM000119")
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		if status := h.read(t, "/v3/checkouts/"+ids[2]+"/payment?entityId=LM000119"); status != want {
			t.Errorf("read %d of a checkout: got %d, want %d", i+1, status, want)
		}
	}
}

func (h *house) read(t *testing.T, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.sandbox.URL+"/gateway"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.sandbox.Gateway.Token)
	res, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// TestGuideVector: the example by which readers of the guide check their code.
func TestGuideVector(t *testing.T) {
	guide, err := os.ReadFile("../../docs/gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("secret `whsec_([^`]+)`, body `([^`]+)` and time\\s`(\\d+)` give `v1=([0-9a-f]{64})`").FindStringSubmatch(string(guide))
	if m == nil {
		t.Fatal("the guide has no example")
	}
	key, err := base64.StdEncoding.DecodeString(m[1])
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(m[3] + "." + m[2]))
	if want := hex.EncodeToString(mac.Sum(nil)); !strings.EqualFold(m[4], want) {
		t.Errorf("got %s, want %s", m[4], want)
	}
}
