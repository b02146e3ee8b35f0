package gateway_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Idempotency-Key counts on every POST, those that change something that is
// there too: the same again changes nothing more, something else is refused.
func TestKeysOnChanges(t *testing.T) {
	h := open(t, "sqlite")
	send := func(path, key string, pairs ...string) (status int, replayed bool, body string) {
		t.Helper()
		form := url.Values{"entityId": {h.sandbox.Gateway.EntityID}}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.sandbox.URL+"/gateway"+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+h.sandbox.Gateway.Token)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		req.Header.Set("Idempotency-Key", key)
		res, err := h.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header.Get("Idempotent-Replayed") == "true", string(raw)
	}
	_, _, opened := send("/v3/checkouts", "open", "amount", "62.00", "currency", "NOK", "paymentType", "DB", "shopperResultUrl", "https://shop.example/done")
	_, _, kept := send("/v3/registrations", "keep", "paymentBrand", "VISA", "card.number", "4200000000000000", "card.holder", "Nora Lind",
		"card.expiryMonth", "08", "card.expiryYear", "2032", "card.cvv", "321")
	id := func(body string) string {
		_, rest, _ := strings.Cut(body, `"id":"`)
		name, _, _ := strings.Cut(rest, `"`)
		return name
	}
	update, extend := "/v3/checkouts/"+id(opened), "/v3/registrations/"+id(kept)+"/extendlife"
	for _, tt := range []struct {
		name, path, key string
		form            []string
		status          int
		replayed        bool
	}{
		{"update", update, "a", []string{"amount", "70.00", "currency", "NOK"}, 200, false},
		{"another update", update, "b", []string{"amount", "80.00", "currency", "NOK"}, 200, false},
		{"the first again", update, "a", []string{"amount", "70.00", "currency", "NOK"}, 200, true},
		{"its key for something else", update, "a", []string{"amount", "90.00", "currency", "NOK"}, 400, false},
		{"extend", extend, "c", nil, 200, false},
		{"extend again", extend, "c", nil, 200, true},
		{"its key for an update", update, "c", []string{"amount", "90.00", "currency", "NOK"}, 400, false},
	} {
		status, replayed, body := send(tt.path, tt.key, tt.form...)
		if status != tt.status || replayed != tt.replayed {
			t.Errorf("%s: got %d, replayed %v, %s; want %d, %v", tt.name, status, replayed, body, tt.status, tt.replayed)
		}
	}
	sess, _, err := h.app.Checkouts.ByKey(t.Context(), id(opened))
	if err != nil || sess.Amount.Minor != 8000 {
		t.Errorf("the checkout asks for %d (%v): the first update was made twice", sess.Amount.Minor, err)
	}
}
