package wallet

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

func TestAppleOpens(t *testing.T) {
	s := sandbox(t, "one")
	p := apple(t, s, card())
	got, err := s.Apple.Open(p, now)
	if err != nil || !same(got, card()) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got.Packet != "apple:"+p.Header.TransactionID || !got.ExpiresAt.Equal(now.Add(appleLife)) {
		t.Errorf("got %s until %v", got.Packet, got.ExpiresAt)
	}
	if other, err := s.Apple.Open(apple(t, s, card()), now); err != nil || other.Packet == got.Packet {
		t.Errorf("two packets of one card: got %s and %s, %v", got.Packet, other.Packet, err)
	}
	// Another process with the same secret, and the packet's own way through JSON.
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseApplePacket(text)
	if err != nil {
		t.Fatal(err)
	}
	if got, err = sandbox(t, "one").Apple.Open(again, now); err != nil || !same(got, card()) {
		t.Errorf("after a restart: got %+v, %v", got, err)
	}
	bare := card()
	bare.Cryptogram, bare.Holder, bare.ECI = method.Secret{}, "", ""
	if got, err = s.Apple.Open(apple(t, s, bare), now); err != nil || len(got.Cryptogram.Reveal()) != 28 {
		t.Errorf("without a cryptogram: got %+v, %v", got, err)
	}
}

func TestAppleTime(t *testing.T) {
	s := sandbox(t, "one")
	p := apple(t, s, card())
	for after, want := range map[time.Duration]string{0: "", appleLife - time.Second: "", appleLife: "invalid.wallet_packet.expired", 365 * 24 * time.Hour: "invalid.wallet_packet.expired",
		-early: "", -early - time.Second: "invalid.wallet_packet.expired"} {
		if _, err := s.Apple.Open(p, now.Add(after)); fault.Code(err) != want {
			t.Errorf("after %v: got %v, want %q", after, err, want)
		}
	}
	patient := s.Apple
	patient.Life = time.Hour
	if _, err := patient.Open(p, now.Add(59*time.Minute)); err != nil {
		t.Errorf("with a life of an hour: %v", err)
	}
	far := time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC) // as far as a realm's clock goes
	late, err := s.ApplePacket(card(), far)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apple.Open(late, far); err != nil {
		t.Errorf("in a hundred years: %v", err)
	}
}

// Every part of a packet that is changed is noticed, and the fault says which
// check did.
func TestAppleTampering(t *testing.T) {
	s := sandbox(t, "one")
	for _, c := range []struct {
		name string
		bend func(p *ApplePacket)
		want string
	}{
		{"version", func(p *ApplePacket) { p.Version = "RSA_v1" }, "invalid.wallet_packet.version (version)"},
		{"no version", func(p *ApplePacket) { p.Version = "" }, "invalid.wallet_packet.version (version)"},
		{"no data", func(p *ApplePacket) { p.Data = "" }, "invalid.wallet_packet (data)"},
		{"data that is no base64", func(p *ApplePacket) { p.Data = "****" }, "invalid.wallet_packet (data)"},
		{"data too long", func(p *ApplePacket) { p.Data = strings.Repeat("A", packetLength+4) }, "invalid.wallet_packet (data)"},
		{"no signature", func(p *ApplePacket) { p.Signature = "" }, "invalid.wallet_packet (signature)"},
		{"a signature that is none", func(p *ApplePacket) { p.Signature = "AAAA" }, "invalid.wallet_packet.signature (signature)"},
		{"another packet's signature", func(p *ApplePacket) { p.Signature = apple(t, s, card()).Signature }, "invalid.wallet_packet.signature (signature)"},
		{"another packet's data", func(p *ApplePacket) { p.Data = apple(t, s, card()).Data }, "invalid.wallet_packet.signature (signature)"},
		{"another packet's key", func(p *ApplePacket) { p.Header.EphemeralPublicKey = apple(t, s, card()).Header.EphemeralPublicKey }, "invalid.wallet_packet.signature (signature)"},
		{"another transaction", func(p *ApplePacket) { p.Header.TransactionID = apple(t, s, card()).Header.TransactionID }, "invalid.wallet_packet.signature (signature)"},
		{"application data slipped in", func(p *ApplePacket) { p.Header.ApplicationData = strings.Repeat("00", 32) }, "invalid.wallet_packet.signature (signature)"},
		// A boundary between two signed parts is moved, so that what is signed stays.
		{"application data of the transaction", func(p *ApplePacket) {
			h := &p.Header
			h.TransactionID, h.ApplicationData = h.TransactionID[:62], h.TransactionID[62:]
		},
			"invalid.wallet_packet (transactionId)"},
		{"a transaction of the data", func(p *ApplePacket) {
			b, err := p.decode()
			if err != nil {
				t.Fatal(err)
			}
			b.data, b.transaction, b.application = b.data[:len(b.data)-32], b.data[len(b.data)-32:], b.transaction
			*p = b.encode()
		}, "invalid.wallet_packet.sealed (data)"},
		{"application data of no hash", func(p *ApplePacket) { p.Header.ApplicationData = "00" }, "invalid.wallet_packet (applicationData)"},
		{"no transaction", func(p *ApplePacket) { p.Header.TransactionID = "" }, "invalid.wallet_packet (transactionId)"},
		{"a short transaction", func(p *ApplePacket) { p.Header.TransactionID = "abcd" }, "invalid.wallet_packet (transactionId)"},
		{"another merchant's hash", func(p *ApplePacket) { p.Header.PublicKeyHash = "AAAA" }, "invalid.wallet_packet.key (key)"},
	} {
		p := apple(t, s, card())
		c.bend(&p)
		_, err := s.Apple.Open(p, now)
		var f *fault.Error
		if err == nil || !asFault(err, &f) || fmt.Sprintf("%s (%s)", f.Code, f.Param) != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

// Each byte of each part is changed. In the signature some bytes bear nothing
// (the list of algorithms outside of what is signed): then the card is still
// the one that was sealed, never another.
func TestAppleEveryByte(t *testing.T) {
	s := sandbox(t, "one")
	b, err := apple(t, s, card()).decode()
	if err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]*[]byte{"data": &b.data, "ephemeral": &b.ephemeral, "keyHash": &b.keyHash, "transaction": &b.transaction} {
		for i := range *part {
			(*part)[i] ^= 1 << (i % 8)
			if _, err := s.Apple.Open(b.encode(), now); !fault.Is(err, "invalid.wallet_packet") {
				t.Fatalf("%s with byte %d changed: got %v", name, i, err)
			}
			(*part)[i] ^= 1 << (i % 8)
		}
	}
	passed := 0
	for i := range b.signature {
		b.signature[i] ^= 1 << (i % 8)
		got, err := s.Apple.Open(b.encode(), now)
		switch {
		case err == nil:
			passed++
			if !same(got, card()) {
				t.Fatalf("the signature with byte %d changed opens to another card", i)
			}
		case !fault.Is(err, "invalid.wallet_packet"):
			t.Fatalf("the signature with byte %d changed: got %v", i, err)
		}
		b.signature[i] ^= 1 << (i % 8)
	}
	if passed > len(b.signature)/20 {
		t.Errorf("%d of %d bytes of the signature bear nothing", passed, len(b.signature))
	}
	if got, err := s.Apple.Open(b.encode(), now); err != nil || !same(got, card()) {
		t.Errorf("put back: got %v", err)
	}
}

// keyOf is a key of the sandbox that a secret makes.
func keyOf(t *testing.T, secret, name string) *ecdsa.PrivateKey {
	t.Helper()
	key, err := derive(secretOf(secret), name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Certificates that look right and are not.
func TestAppleChain(t *testing.T) {
	s, foreign := sandbox(t, "one"), sandbox(t, "two")
	rootKey, authorityKey := keyOf(t, "one", "apple root"), keyOf(t, "one", "apple authority")
	issue := func(serial int64, key *ecdsa.PrivateKey, issuer *x509.Certificate, issuerKey *ecdsa.PrivateKey, mark asn1.ObjectIdentifier) *x509.Certificate {
		t.Helper()
		c, err := certificate(serial, fmt.Sprint("Test ", serial), key, issuer, issuerKey, mark)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	unmarked := issue(9, foreign.leafKey, s.Apple.Roots[0], rootKey, nil)
	underUnmarked := issue(10, s.leafKey, unmarked, foreign.leafKey, appleLeaf)
	plainLeaf := issue(11, s.leafKey, s.authority, authorityKey, nil)
	direct := issue(12, s.leafKey, s.Apple.Roots[0], rootKey, appleLeaf)
	b, err := apple(t, s, card()).decode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		leaf, authority *x509.Certificate
		at              time.Time
		want            string
	}{
		"as it should be":                {s.leaf, s.authority, now, ""},
		"another root":                   {foreign.leaf, foreign.authority, now, "invalid.wallet_packet.signature"},
		"a leaf without the mark":        {plainLeaf, s.authority, now, "invalid.wallet_packet.signature"},
		"an authority without the mark":  {underUnmarked, unmarked, now, "invalid.wallet_packet.signature"},
		"a leaf right under the root":    {direct, s.authority, now, "invalid.wallet_packet.signature"},
		"signed before the certificates": {s.leaf, s.authority, sandboxFrom.Add(-time.Hour), "invalid.wallet_packet.signature"},
		"signed after the certificates":  {s.leaf, s.authority, sandboxTo.Add(time.Hour), "invalid.wallet_packet.signature"},
	} {
		key := s.leafKey
		if c.leaf == foreign.leaf {
			key = foreign.leafKey
		}
		if b.signature, err = signCMS(b.signed(), c.at, key, c.leaf, c.authority); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Apple.Open(b.encode(), c.at); fault.Code(err) != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	// The right certificates and another's key.
	if b.signature, err = signCMS(b.signed(), now, foreign.leafKey, s.leaf, s.authority); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apple.Open(b.encode(), now); fault.Code(err) != "invalid.wallet_packet.signature" {
		t.Errorf("another's key: got %v", err)
	}
}

// What a wallet itself could seal, and no connector can charge.
func TestAppleContent(t *testing.T) {
	s := sandbox(t, "one")
	good := `{"applicationPrimaryAccountNumber":"` + dpan + `","applicationExpirationDate":"290831","currencyCode":"036","transactionAmount":100,` +
		`"paymentDataType":"3DSecure","paymentData":{"onlinePaymentCryptogram":"AgAA"}}`
	for param, change := range map[string][2]string{
		"":                {"", ""},
		"content":         {`{`, `[`},
		"number":          {dpan, "4200000000000092"},
		"expiry":          {"290831", "299931"},
		"currencyCode":    {`"036"`, `"AUD"`},
		"cryptogram":      {"AgAA", ""},
		"paymentDataType": {"3DSecure", "EMV"},
		"amount":          {":100,", ":-1,"},
	} {
		p, err := s.appleSeal([]byte(strings.Replace(good, change[0], change[1], 1)), now)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Apple.Open(p, now)
		if param == "" {
			if err != nil || c.ExpiryMonth != 8 || c.ExpiryYear != 2029 {
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
	// A key that fits the hash and not the seal: the merchant's name is part of it.
	renamed := s.Apple
	renamed.Merchants = []AppleMerchant{{ID: "merchant.example.other", Key: s.Apple.Merchants[0].Key}}
	if _, err := renamed.Open(apple(t, s, card()), now); fault.Code(err) != "invalid.wallet_packet.sealed" {
		t.Errorf("another merchant's name: got %v", err)
	}
	if _, err := (Apple{}).Open(apple(t, s, card()), now); fault.Code(err) != "invalid.wallet_packet.key" {
		t.Errorf("nothing set up: got %v", err)
	}
	rootless := s.Apple
	rootless.Roots = nil
	if _, err := rootless.Open(apple(t, s, card()), now); fault.Code(err) != "invalid.wallet_packet.signature" {
		t.Errorf("no roots: got %v", err)
	}
}

func TestAgrees(t *testing.T) {
	c := Card{Amount: 12668, Currency: "036"}
	for a, want := range map[money.Amount]string{money.Of(12668, "AUD"): "", money.Of(12669, "AUD"): "invalid.wallet_packet.amount",
		money.Of(12668, "NZD"): "invalid.wallet_packet.amount", money.Of(12668, "XYZ"): "invalid.wallet_packet.amount"} {
		if err := c.Agrees(a); fault.Code(err) != want {
			t.Errorf("%v: got %v, want %q", a, err, want)
		}
	}
	if err := (Card{}).Agrees(money.Of(1, "AUD")); err != nil {
		t.Errorf("a packet without an amount: %v", err)
	}
	if err := (Card{Amount: 1}).Agrees(money.Of(1, "XYZ")); fault.Code(err) != "invalid.wallet_packet.amount" {
		t.Errorf("an amount without currency: %v", err)
	}
	for c, number := range numbers {
		if !c.Known() || len(number) != 3 {
			t.Errorf("%s %s is no currency", c, number)
		}
	}
}

// Nothing of a card shows, whatever is printed.
func TestCardNeverPrints(t *testing.T) {
	s := sandbox(t, "one")
	c, err := s.Apple.Open(apple(t, s, card()), now)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{fmt.Sprintf("%v %+v %#v", c, c, c), string(text)} {
		if strings.Contains(out, dpan) || strings.Contains(out, "AgAAAAAABk4") {
			t.Errorf("a secret is in %s", out)
		}
	}
	if p := apple(t, s, card()); bytes.Contains([]byte(fmt.Sprint(p)), []byte(dpan)) || strings.Contains(p.Data, base64.StdEncoding.EncodeToString([]byte(dpan))[:12]) {
		t.Error("the number is in the packet")
	}
}
