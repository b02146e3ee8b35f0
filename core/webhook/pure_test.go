package webhook

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// The vector is public, from the documentation of that family of gateways.
func TestEncryptVector(t *testing.T) {
	key, _ := hex.DecodeString("000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F")
	iv, _ := hex.DecodeString("3D575574536D450F71AC76D8")
	text, tag, err := encrypt(key, iv, []byte(`{"type": "PAYMENT"}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := "F8E2F759E528CB69375E51DB2AF9B53734E393"; text != want {
		t.Errorf("got cipher text %s, want %s", text, want)
	}
	if want := "19FDD068C6F383C173D3A906F7BD1D83"; tag != want {
		t.Errorf("got tag %s, want %s", tag, want)
	}
	for name, c := range map[string]struct{ key, iv []byte }{"short key": {key[:7], iv}, "short iv": {key, iv[:11]}} {
		if _, _, err := encrypt(c.key, c.iv, nil); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func decrypt(t *testing.T, key method.Secret, text string, headers map[string]string) string {
	t.Helper()
	unhex := func(s string) []byte {
		if s != strings.ToUpper(s) {
			t.Errorf("got %s, want upper case", s)
		}
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	block, err := aes.NewCipher(unhex(key.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	clear, err := gcm.Open(nil, unhex(headers["X-Initialization-Vector"]), append(unhex(text), unhex(headers["X-Authentication-Tag"])...), nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(clear)
}

func TestEncryptedBothShapes(t *testing.T) {
	key, err := newCipherKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := Message{Body: []byte(`{"id":"a&b","amount":"1.00"}`), Type: "PAYMENT", Action: "CREATED"}
	want := `{"type":"PAYMENT","action":"CREATED","payload":{"id":"a&b","amount":"1.00"}}`
	body, contentType, headers, err := encrypted(key, "d1", m, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := decrypt(t, key, string(body), headers); got != want || contentType != "text/plain" {
		t.Errorf("got %s as %s, want %s", got, contentType, want)
	}
	again, _, _, _ := encrypted(key, "d1", m, false)
	if string(again) != string(body) {
		t.Error("a second try of one delivery differs from the first")
	}
	_, _, other, _ := encrypted(key, "d2", m, false)
	if other["X-Initialization-Vector"] == headers["X-Initialization-Vector"] {
		t.Error("two deliveries share an initialisation vector")
	}
	m.Action = ""
	body, contentType, headers, err = encrypted(key, "d1", m, true)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSuffix(strings.TrimPrefix(string(body), `{"encryptedBody":"`), `"}`)
	want = `{"type":"PAYMENT","payload":{"id":"a&b","amount":"1.00"}}`
	if got := decrypt(t, key, text, headers); got != want || contentType != "application/json" {
		t.Errorf("got %s as %s, want %s", got, contentType, want)
	}
	if _, _, _, err := encrypted(key, "d1", Message{Body: []byte("no json")}, false); err == nil {
		t.Error("a message that is no JSON was enciphered")
	}
}

// The secret is the example of the Standard Webhooks documentation; the tag was
// worked out apart, with OpenSSL.
func TestSign(t *testing.T) {
	secret := method.Conceal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	other := method.Conceal("whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 24)))
	at := time.Unix(1614265330, 0)
	id, body := ident.ID("msg_p5jXN8AQM9LWM0D4loKWxJek"), []byte(`{"test": 2432232314}`)
	got, err := sign([]method.Secret{secret, other}, id, at, body)
	if err != nil {
		t.Fatal(err)
	}
	signatures := strings.Split(got["webhook-signature"], " ")
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; signatures[0] != want || len(signatures) != 2 {
		t.Errorf("got %q, want %q first of two", got["webhook-signature"], want)
	}
	if got["webhook-id"] != string(id) || got["X-Event-Id"] != string(id) || got["webhook-timestamp"] != "1614265330" {
		t.Errorf("got %v", got)
	}
	key, _ := signingKey(secret)
	want := "t=1614265330,v1=" + hex.EncodeToString(tag(key, "1614265330", body))
	if !strings.HasPrefix(got["X-Signature"], want+",v1=") {
		t.Errorf("got %s, want it to begin with %s", got["X-Signature"], want)
	}
	for _, bad := range []string{"", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ="} {
		if _, err := sign([]method.Secret{method.Conceal(bad)}, id, at, body); err == nil {
			t.Errorf("signed with %q", bad)
		}
	}
}

func TestNewSecrets(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		s, err := newSecret(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signingKey(s); err != nil || seen[s.Reveal()] {
			t.Fatalf("got a useless or repeated secret (%v)", err)
		}
		seen[s.Reveal()] = true
	}
}

func TestNext(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	now, tries := start, int64(0)
	var pauses []time.Duration
	for {
		tries++
		due, more := next(start, now, tries, 0)
		if !more {
			break
		}
		pauses = append(pauses, due.Sub(now))
		now = due
	}
	want := []time.Duration{1, 2, 4, 8, 15, 30, 60, 1440, 1440}
	for i, w := range want {
		if pauses[i] != w*time.Minute {
			t.Errorf("pause %d: got %v, want %v", i+1, pauses[i], w*time.Minute)
		}
	}
	if last := now.Sub(start); last > patience || last < patience-24*time.Hour {
		t.Errorf("the last try is %v after the first, want it within a day of %v", last, patience)
	}
	for _, c := range []struct{ asked, want time.Duration }{
		{0, time.Minute}, {time.Second, time.Minute}, {10 * time.Minute, 10 * time.Minute}, {90 * 24 * time.Hour, 24 * time.Hour},
	} {
		if due, _ := next(start, start, 1, c.asked); due.Sub(start) != c.want {
			t.Errorf("asked for %v: got %v, want %v", c.asked, due.Sub(start), c.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "120": 2 * time.Minute, "soon": 0, "99999999999999999999": 0, "1e3": 0,
		"Sun, 01 Mar 2026 12:10:00 GMT": 10 * time.Minute, "Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
}

func TestWants(t *testing.T) {
	for _, c := range []struct {
		filter   string
		merchant ident.ID
		typ      string
		of       ident.ID
		want     bool
	}{
		{"", "", "payment.captured", "m1", true},
		{"payment", "m1", "payment.captured", "m1", true},
		{"payment", "m2", "payment.captured", "m1", false},
		{"payment.captured", "", "payment.captured", "m1", true},
		{"payment.cap", "", "payment.captured", "m1", false},
		{"source payment.refunded", "", "source.created", "m1", true},
		{"source", "", "payment.captured", "m1", false},
	} {
		e := Endpoint{Kind: Subscribed, State: Active, Merchant: c.merchant, Filter: strings.Fields(c.filter)}
		if got, err := e.wants(c.typ, c.of, nil); got != c.want || err != nil {
			t.Errorf("%+v: got %v", c, got)
		}
		e.State = Disabled
		if got, _ := e.wants(c.typ, c.of, nil); got {
			t.Errorf("%+v: wanted although disabled", c)
		}
	}
}
