package gateway_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/wire"
)

// More requests than there is room for are turned away before they are read,
// in the contract's own form; whoever reads is let in all the same.
func TestTurnedAway(t *testing.T) {
	h := open(t, "sqlite")
	h.app.Gateway.Door = wire.NewDoor(1)
	ask := func(method, path string, form url.Values) (res *http.Response, body string) {
		t.Helper()
		form.Set("entityId", h.sandbox.Gateway.EntityID)
		var in io.Reader
		if method == http.MethodPost {
			in = strings.NewReader(form.Encode())
		} else {
			path += "?" + form.Encode()
		}
		req, err := http.NewRequestWithContext(t.Context(), method, h.sandbox.URL+"/gateway"+path, in)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+h.sandbox.Gateway.Token)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if res, err = h.client.Do(req); err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(raw)
	}
	pay := url.Values{"amount": {"12.00"}, "currency": {"EUR"}, "paymentBrand": {"VISA"}, "paymentType": {"DB"}, "merchantTransactionId": {"busy-0001"},
		"card.number": {"4200000000000000"}, "card.holder": {"Nora Lind"}, "card.expiryMonth": {"08"}, "card.expiryYear": {"2032"}, "card.cvv": {"321"}}
	if !h.app.Gateway.Door.Enter() { // somebody is inside
		t.Fatal("the door is shut")
	}
	res, body := ask(http.MethodPost, "/v3/payments", pay)
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") != "1" || !strings.Contains(body, `"code":"800.800.800"`) {
		t.Errorf("got %d, Retry-After %q, %s", res.StatusCode, res.Header.Get("Retry-After"), body)
	}
	read := url.Values{"merchantTransactionId": {"busy-0001"}}
	if res, body = ask(http.MethodGet, "/v3/query", read); res.StatusCode == http.StatusServiceUnavailable || strings.Contains(body, "busy-0001") {
		t.Errorf("reading: got %d %s, want an answer that knows of no such payment", res.StatusCode, body)
	}
	h.app.Gateway.Door.Leave()
	if res, body = ask(http.MethodPost, "/v3/payments", pay); res.StatusCode != http.StatusOK {
		t.Errorf("when there is room: got %d %s", res.StatusCode, body)
	}
	if !h.app.Gateway.Door.Enter() {
		t.Error("a request that was answered still takes room")
	}
}
