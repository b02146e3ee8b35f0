package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/wire/script"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
)

// TestFaultsOnTheWire asks for every fault of the catalogue through the
// contract, on each kind of operation that it strikes, and holds the answers
// to a golden table. What becomes of the money is core/payment's table.
func TestFaultsOnTheWire(t *testing.T) {
	h := open(t, "sqlite")
	var out strings.Builder
	out.WriteString("# What a client of the gateway hears first when the provider misbehaves.\n# fault, operation, HTTP status, result code\n")
	for _, f := range fake.Catalogue {
		if f.Fault == fake.SlowAnswer || f.Fault == fake.CallbackEarly {
			continue // they take their time; the core's table has them
		}
		for _, kind := range f.On {
			if line := h.strike(t, string(f.Fault), kind); line != "" {
				fmt.Fprintf(&out, "%-22s %-10s %s\n", f.Fault, kind, line)
			}
		}
	}
	const file = "testdata/faults.txt"
	if script.Updating() {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// strike runs one operation under a fault; "" for kinds that the contract
// starts otherwise.
func (h *house) strike(t *testing.T, fault string, kind connector.Kind) string {
	types := map[connector.Kind]string{connector.Authorise: "PA", connector.Debit: "DB", connector.Verify: "CV", connector.Credit: "CD",
		connector.Capture: "CP", connector.Refund: "RF", connector.Void: "RV"}
	first := url.Values{"amount": {"100.00"}, "currency": {"EUR"}, "card.number": {"4200000000000000"}, "card.holder": {"Nora Lind"},
		"card.expiryMonth": {"08"}, "card.expiryYear": {"2032"}, "card.cvv": {"321"}}
	wish := url.Values{"customParameters[florin_fault]": {fault}, "paymentType": {types[kind]}}
	path := "/gateway/v3/payments"
	switch kind {
	case connector.Capture, connector.Refund, connector.Void:
		first.Set("paymentType", map[connector.Kind]string{connector.Capture: "PA", connector.Refund: "DB", connector.Void: "PA"}[kind])
		_, made := h.wish(t, path, first)
		path += "/" + made.ID
		if kind != connector.Void {
			wish.Set("amount", "40.00")
			wish.Set("currency", "EUR")
		}
	case connector.Authenticate:
		return ""
	default:
		for name, v := range first {
			wish[name] = v
		}
		if kind == connector.Verify {
			wish.Del("amount")
			wish.Del("currency")
		}
	}
	status, got := h.wish(t, path, wish)
	return fmt.Sprintf("%d %s", status, got.Result.Code)
}

type heard struct {
	ID     string
	Result struct{ Code string }
}

func (h *house) wish(t *testing.T, path string, form url.Values) (int, heard) {
	t.Helper()
	form.Set("entityId", h.sandbox.Gateway.EntityID)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.sandbox.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.sandbox.Gateway.Token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	res, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got heard
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, got
}
