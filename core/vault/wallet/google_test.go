package wallet

import (
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
)

func asFault(err error, f **fault.Error) bool { return errors.As(err, f) }

func secretOf(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

func TestGoogleOpens(t *testing.T) {
	s := sandbox(t, "one")
	want := card()
	want.Holder, want.Amount, want.Currency = "", 0, "" // which Google does not tell
	p := google(t, s, card(), "m1")
	got, err := s.Google.Open(p, "m1", now)
	if err != nil || !same(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if len(got.Packet) != len("google:")+64 || !got.ExpiresAt.Equal(now.AddDate(0, 0, 7)) {
		t.Errorf("got %s until %v", got.Packet, got.ExpiresAt)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseGooglePacket(text)
	if err != nil {
		t.Fatal(err)
	}
	if twice, err := sandbox(t, "one").Google.Open(again, "m1", now); err != nil || twice.Packet != got.Packet {
		t.Errorf("after a restart: got %+v, %v", twice, err)
	}
	onFile := Card{Number: method.Conceal(dpan), ExpiryMonth: 12, ExpiryYear: 2030}
	if got, err = s.Google.Open(google(t, s, onFile, ""), "", now); err != nil || !same(got, onFile) {
		t.Errorf("a card on file: got %+v, %v", got, err)
	}
	// The newest key first: packets of before the change still open.
	changed := s.Google
	changed.Keys = append([]*ecdh.PrivateKey{sandbox(t, "two").Google.Keys[0]}, changed.Keys...)
	if _, err = changed.Open(p, "m1", now); err != nil {
		t.Errorf("after a change of keys: %v", err)
	}
}

func TestGoogleTampering(t *testing.T) {
	s, foreign := sandbox(t, "one"), sandbox(t, "two")
	signature := "invalid.wallet_packet.signature (signature)"
	for _, c := range []struct {
		name string
		bend func(p *GooglePacket)
		want string
	}{
		{"version", func(p *GooglePacket) { p.ProtocolVersion = "ECv1" }, "invalid.wallet_packet.version (version)"},
		{"message", func(p *GooglePacket) { p.SignedMessage = strings.Replace(p.SignedMessage, `"tag":"`, `"tag": "`, 1) }, signature},
		{"another packet's message", func(p *GooglePacket) { p.SignedMessage = google(t, s, card(), "").SignedMessage }, signature},
		{"another packet's signature", func(p *GooglePacket) { p.Signature = google(t, s, card(), "").Signature }, signature},
		{"no signature", func(p *GooglePacket) { p.Signature = "" }, signature},
		{"no message", func(p *GooglePacket) { p.SignedMessage = "" }, signature},
		{"a key that nobody vouches for", func(p *GooglePacket) { p.IntermediateSigningKey.Signatures = nil }, signature},
		{"a key that another root vouches for", func(p *GooglePacket) { *p = google(t, foreign, card(), "") }, signature},
		{"a key's text", func(p *GooglePacket) { p.IntermediateSigningKey.SignedKey += " " }, signature},
		{"the root's word for the message's", func(p *GooglePacket) { p.Signature = p.IntermediateSigningKey.Signatures[0] }, signature},
		{"a great many signatures", func(p *GooglePacket) { p.IntermediateSigningKey.Signatures = make([]string, 17) }, "invalid.wallet_packet (packet)"},
		{"a very long message", func(p *GooglePacket) { p.SignedMessage = strings.Repeat("a", packetLength+1) }, "invalid.wallet_packet (packet)"},
	} {
		p := google(t, s, card(), "")
		c.bend(&p)
		_, err := s.Google.Open(p, "", now)
		var f *fault.Error
		if !asFault(err, &f) || fmt.Sprintf("%s (%s)", f.Code, f.Param) != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	p := google(t, s, card(), "")
	elsewhere := s.Google
	elsewhere.Recipient = "gateway:other"
	if _, err := elsewhere.Open(p, "", now); fault.Code(err) != "invalid.wallet_packet.signature" {
		t.Errorf("for another gateway: got %v", err)
	}
	elsewhere = s.Google
	elsewhere.Keys = foreign.Google.Keys
	if _, err := elsewhere.Open(p, "", now); fault.Code(err) != "invalid.wallet_packet.key" {
		t.Errorf("with another key: got %v", err)
	}
	if _, err := (Google{}).Open(p, "", now); fault.Code(err) != "invalid.wallet_packet.signature" {
		t.Errorf("nothing set up: got %v", err)
	}
	if _, err := s.Google.Open(p, "m1", now); fault.Code(err) != "invalid.wallet_packet.content" {
		t.Errorf("for no merchant of the gateway: got %v", err)
	}
}

// Each character of each part is changed. Base64 in the signatures has bits
// that bear nothing, and ECDSA's DER has none that do: what passes is the card.
func TestGoogleEveryByte(t *testing.T) {
	s := sandbox(t, "one")
	p := google(t, s, card(), "")
	want, err := s.Google.Open(p, "", now)
	if err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]*string{"message": &p.SignedMessage, "key": &p.IntermediateSigningKey.SignedKey, "signature": &p.Signature,
		"the root's signature": &p.IntermediateSigningKey.Signatures[0]} {
		was := *part
		for i := range was {
			*part = was[:i] + string(rune(was[i]^1)) + was[i+1:]
			got, err := s.Google.Open(p, "", now)
			if err == nil && (!same(got, want) || !strings.Contains(name, "signature")) || err != nil && !fault.Is(err, "invalid.wallet_packet") {
				t.Fatalf("%s with character %d changed: got %+v, %v", name, i, got, err)
			}
		}
		*part = was
	}
}

func TestGoogleTime(t *testing.T) {
	s := sandbox(t, "one")
	p := google(t, s, card(), "")
	for after, want := range map[time.Duration]string{0: "", 7*24*time.Hour - time.Millisecond: "", 7 * 24 * time.Hour: "invalid.wallet_packet.expired",
		14 * 24 * time.Hour: "invalid.wallet_packet.signature"} { // by then the key that signed it has expired too
		if _, err := s.Google.Open(p, "", now.Add(after)); fault.Code(err) != want {
			t.Errorf("after %v: got %v, want %q", after, err, want)
		}
	}
	old := s.Google
	old.Roots = []GoogleRoot{{Key: s.Google.Roots[0].Key, ExpiresAt: now}}
	if _, err := old.Open(p, "", now); fault.Code(err) != "invalid.wallet_packet.signature" {
		t.Errorf("an expired root: got %v", err)
	}
	if _, err := old.Open(p, "", now.Add(-time.Millisecond)); err != nil {
		t.Errorf("a root just before it expires: %v", err)
	}
}

func TestGoogleContent(t *testing.T) {
	s := sandbox(t, "one")
	good := `{"messageExpiration":"1795252800000","messageId":"a","paymentMethod":"CARD","paymentMethodDetails":{"pan":"` + dpan + `",` +
		`"expirationMonth":8,"expirationYear":2029,"authMethod":"CRYPTOGRAM_3DS","cryptogram":"AgAA"}}`
	for param, change := range map[string][2]string{
		"":                  {"", ""},
		"content":           {`{`, `[`},
		"number":            {dpan, "4200000000000092"},
		"expiry":            {`"expirationMonth":8`, `"expirationMonth":0`},
		"messageExpiration": {`1795252800000`, `soon`},
		"messageId":         {`"a"`, `""`},
		"paymentMethod":     {"CARD", "CASH"},
		"authMethod":        {"CRYPTOGRAM_3DS", "TRUST_ME"},
		"cryptogram":        {"AgAA", ""},
		"gatewayMerchantId": {`{`, `{"gatewayMerchantId":"m1",`},
	} {
		p, err := s.googleSeal([]byte(strings.Replace(good, change[0], change[1], 1)), now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Google.Open(p, "", now)
		if param == "" {
			if err != nil || c.Number.Reveal() != dpan {
				t.Errorf("got %+v, %v", c, err)
			}
			continue
		}
		var f *fault.Error
		if !asFault(err, &f) || f.Code != "invalid.wallet_packet.content" || f.Param != param {
			t.Errorf("%s: got %v", param, err)
		} else if strings.Contains(err.Error(), "4200") {
			t.Errorf("%s: the number is in %v", param, err)
		}
	}
}

func TestParseKeys(t *testing.T) {
	s := sandbox(t, "one")
	der, err := x509.MarshalPKCS8PrivateKey(s.leafKey)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(s.leafKey)
	if err != nil {
		t.Fatal(err)
	}
	want, err := s.leafKey.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	for name, text := range map[string][]byte{"PKCS 8": block("PRIVATE KEY", der), "SEC 1": block("EC PRIVATE KEY", sec1),
		"with parameters": append(block("EC PARAMETERS", []byte{5, 0}), block("EC PRIVATE KEY", sec1)...), "bare": []byte(base64.StdEncoding.EncodeToString(der))} {
		if got, err := ParseKey(text); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, text := range map[string][]byte{"empty": nil, "noise": []byte("noise"), "a certificate": block("CERTIFICATE", s.leaf.Raw), "cut": block("PRIVATE KEY", der[:40])} {
		if _, err := ParseKey(text); fault.Code(err) != "invalid.wallet_key" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	roots, err := ParseRoots(append(block("CERTIFICATE", s.Apple.Roots[0].Raw), block("CERTIFICATE", s.authority.Raw)...))
	if err != nil || len(roots) != 2 || !roots[0].Equal(s.Apple.Roots[0]) {
		t.Errorf("got %d roots, %v", len(roots), err)
	}
	for name, text := range map[string][]byte{"empty": nil, "a leaf": block("CERTIFICATE", s.leaf.Raw), "cut": block("CERTIFICATE", s.leaf.Raw[:99])} {
		if _, err := ParseRoots(text); fault.Code(err) != "invalid.wallet_root" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestParseGoogleRoots(t *testing.T) {
	s := sandbox(t, "one")
	der, err := x509.MarshalPKIXPublicKey(s.Google.Roots[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	key := base64.StdEncoding.EncodeToString(der)
	doc := func(version, value, expiry string) []byte {
		return []byte(fmt.Sprintf(`{"keys":[{"keyValue":"x","protocolVersion":"ECv1"},{"keyValue":%q,"protocolVersion":%q,"keyExpiration":%q}]}`, value, version, expiry))
	}
	got, err := ParseGoogleRoots(doc("ECv2", key, "2154841200000"))
	if err != nil || len(got) != 1 || !got[0].Key.Equal(s.Google.Roots[0].Key) || got[0].ExpiresAt.Year() != 2038 {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, text := range map[string][]byte{"empty": nil, "another version": doc("ECv1", key, "1"), "no key": doc("ECv2", "x", "1"), "no time": doc("ECv2", key, "soon")} {
		if _, err := ParseGoogleRoots(text); fault.Code(err) != "invalid.wallet_root" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
