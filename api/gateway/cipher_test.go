package gateway_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/webhook"
)

// TestEncryptedNotifications reads what clients of the family are sent: the
// envelope, sealed, in either form of body (sheet, section 15).
func TestEncryptedNotifications(t *testing.T) {
	t.Parallel()
	h := open(t, "sqlite")
	keys := map[string]string{}
	for path, mode := range map[string]webhook.Mode{"/hex": webhook.Encrypted, "/json": webhook.EncryptedJSON} {
		realms, err := h.app.Access.Realms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, shown, err := h.app.Webhooks.Subscribe(t.Context(), realms[0].ID, audit.By{Actor: "test", Origin: "test"},
			webhook.Wish{URL: h.inbox.URL + path, Contract: "gateway", Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		keys[path] = shown.Cipher.Reveal()
	}
	_, paid := h.pay(t, "4200000000000000")
	want := h.inquiry(t, paid.ID)
	for path, key := range keys {
		header, body, err := h.inbox.Next(h.inbox.URL+path, "")
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		if path == "/json" {
			var wrapped struct{ EncryptedBody string }
			if err := json.Unmarshal(body, &wrapped); err != nil {
				t.Fatal(err)
			}
			text = wrapped.EncryptedBody
		}
		var got struct {
			Type, Action string
			Payload      json.RawMessage
		}
		if err := json.Unmarshal(unseal(t, key, header, text), &got); err != nil {
			t.Fatal(err)
		}
		if got.Type != "PAYMENT" || got.Action != "CREATED" || string(got.Payload) != string(want) {
			t.Errorf("%s: got %s %s %s, want PAYMENT CREATED %s", path, got.Type, got.Action, got.Payload, want)
		}
	}
}

func unseal(t *testing.T, key string, header http.Header, text string) []byte {
	t.Helper()
	var parts [3][]byte
	for i, s := range []string{key, header.Get("X-Initialization-Vector"), text + header.Get("X-Authentication-Tag")} {
		var err error
		if parts[i], err = hex.DecodeString(s); err != nil {
			t.Fatal(err)
		}
	}
	block, err := aes.NewCipher(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	clear, err := gcm.Open(nil, parts[1], parts[2], nil)
	if err != nil {
		t.Fatal(err)
	}
	return clear
}

func (h *house) inquiry(t *testing.T, id string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.sandbox.URL+"/gateway/v3/payments/"+id+"?entityId=LM000117", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.sandbox.Gateway.Token)
	res, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
