package webhook

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// newCipherKey makes the key of an encrypted endpoint: 64 upper-case hex
// characters.
func newCipherKey(random io.Reader) (method.Secret, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return method.Secret{}, fault.Wrap(err, "no randomness")
	}
	return method.Conceal(strings.ToUpper(hex.EncodeToString(raw))), nil
}

// envelope is the clear text of an encrypted message. The payload goes in as it
// is, byte for byte.
func envelope(m Message) ([]byte, error) {
	head, err := json.Marshal(struct {
		Type   string `json:"type"`
		Action string `json:"action,omitempty"`
	}{m.Type, m.Action})
	if err != nil || !json.Valid(m.Body) {
		return nil, fault.Wrap(err, "the message is not JSON")
	}
	text := append(head[:len(head)-1], `,"payload":`...)
	return append(append(text, m.Body...), '}'), nil
}

// encrypt is AES-256-GCM without padding or additional data, all in upper-case
// hex: the cipher text, and the 16 bytes of the tag apart.
// Source: contract sheet of the gateway, section 15.
func encrypt(key, iv, clear []byte) (text, tag string, err error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", "", fault.Wrap(err, "not an AES key")
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", "", fault.Wrap(err, "no GCM")
	}
	if len(iv) != gcm.NonceSize() {
		return "", "", fault.New(fault.Internal, "an initialisation vector has %d bytes", gcm.NonceSize())
	}
	sealed := gcm.Seal(nil, iv, clear, nil)
	cut := len(sealed) - gcm.Overhead()
	return upper(sealed[:cut]), upper(sealed[cut:]), nil
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// encrypted turns a message into its encrypted form. wrapped asks for the JSON
// body {"encryptedBody": ...} in the place of plain hex. The initialisation
// vector is a keyed hash of the delivery and the clear text: never the same for
// two different texts, and the same for every try of one delivery, so that a
// repeat is equal byte for byte.
func encrypted(secret method.Secret, delivery ident.ID, m Message, wrapped bool) (body []byte, contentType string, headers map[string]string, err error) {
	key, err := hex.DecodeString(secret.Reveal())
	if err != nil || len(key) != 32 {
		return nil, "", nil, fault.New(fault.Internal, "not a cipher key")
	}
	clear, err := envelope(m)
	if err != nil {
		return nil, "", nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("iv\x00" + string(delivery) + "\x00"))
	mac.Write(clear)
	iv := mac.Sum(nil)[:12]
	text, tag, err := encrypt(key, iv, clear)
	if err != nil {
		return nil, "", nil, err
	}
	headers = map[string]string{"X-Initialization-Vector": upper(iv), "X-Authentication-Tag": tag}
	if !wrapped {
		return []byte(text), "text/plain", headers, nil
	}
	return []byte(`{"encryptedBody":"` + text + `"}`), "application/json", headers, nil
}
