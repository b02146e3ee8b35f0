package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// secretPrefix opens every signing secret, so that one is known when it shows
// up where it should not.
const secretPrefix = "whsec_"

// newSecret makes a signing secret: the prefix and 32 random bytes in base64.
func newSecret(random io.Reader) (method.Secret, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return method.Secret{}, fault.Wrap(err, "no randomness")
	}
	return method.Conceal(secretPrefix + base64.StdEncoding.EncodeToString(raw)), nil
}

// signingKey is the key behind a secret: what follows the prefix, decoded.
func signingKey(secret method.Secret) ([]byte, error) {
	text, ok := strings.CutPrefix(secret.Reveal(), secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 {
		return nil, fault.New(fault.Internal, "not a signing secret")
	}
	return key, nil
}

// sign returns the headers that name a message and prove where it comes from.
// There is one signature per secret: two while secrets are being changed, of
// which the receiver needs to know one. at is the moment of this try.
//
//	X-Event-Id: <event>
//	X-Signature: t=<unix>,v1=<hex HMAC-SHA-256 of "t.body">[,v1=...]
//	webhook-id, webhook-timestamp, webhook-signature: Standard Webhooks 1.0.0,
//	  v1,<base64 HMAC-SHA-256 of "id.t.body">[ v1,...]
//
// Source: contract sheet of the gateway, section 15; both are keyed alike, with
// the bytes after whsec_ in base64.
func sign(secrets []method.Secret, event ident.ID, at time.Time, body []byte) (map[string]string, error) {
	t := strconv.FormatInt(at.Unix(), 10)
	plain, standard := "t="+t, ""
	for _, s := range secrets {
		key, err := signingKey(s)
		if err != nil {
			return nil, err
		}
		plain += ",v1=" + hex.EncodeToString(tag(key, t, body))
		standard += " v1," + base64.StdEncoding.EncodeToString(tag(key, string(event)+"."+t, body))
	}
	return map[string]string{
		"X-Event-Id":        string(event),
		"X-Signature":       plain,
		"webhook-id":        string(event),
		"webhook-timestamp": t,
		"webhook-signature": strings.TrimPrefix(standard, " "),
	}, nil
}

// mac is the hex HMAC-SHA-256 of a text with the newest of the secrets; "" when
// that is none.
func mac(secrets []method.Secret, text string) string {
	if len(secrets) == 0 {
		return ""
	}
	key, err := signingKey(secrets[0])
	if err != nil {
		return ""
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// tag is the HMAC-SHA-256 of "head.body".
func tag(key []byte, head string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.", head)
	mac.Write(body)
	return mac.Sum(nil)
}

// Signed says whether an X-Signature header was made over body with secret.
// It is what a receiver does; the age of the timestamp is the receiver's own
// concern and not looked at.
func Signed(secret method.Secret, header string, body []byte) bool {
	key, err := signingKey(secret)
	if err != nil {
		return false
	}
	parts := strings.Split(header, ",")
	t, ok := strings.CutPrefix(parts[0], "t=")
	if !ok {
		return false
	}
	want := hex.EncodeToString(tag(key, t, body))
	for _, p := range parts[1:] {
		if got, ok := strings.CutPrefix(p, "v1="); ok && hmac.Equal([]byte(got), []byte(want)) {
			return true
		}
	}
	return false
}
