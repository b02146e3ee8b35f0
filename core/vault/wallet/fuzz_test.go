package wallet

import (
	"encoding/json"
	"testing"

	"github.com/florinpay/florin/core/fault"
)

// FuzzApple: whatever the bytes, a fault of ours or the card that was sealed.
func FuzzApple(f *testing.F) {
	s := sandbox(f, "one")
	good := apple(f, s, card())
	text, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":"EC_v1"}`))
	f.Add([]byte(`{"version":"EC_v1","data":"AA==","signature":"MIAGCSqGSIb3DQEHAqCAAAA=","header":{"publicKeyHash":"` + good.Header.PublicKeyHash +
		`","ephemeralPublicKey":"AA==","transactionId":"` + good.Header.TransactionID + `"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseApplePacket(text)
		if err == nil {
			var c Card
			if c, err = s.Apple.Open(p, now); err == nil && !same(c, card()) {
				t.Fatalf("got another card from %q", text)
			}
		}
		if err != nil && !fault.Is(err, "invalid.wallet_packet") {
			t.Fatalf("got %v", err)
		}
	})
}

// FuzzSignature gives the reader of CMS signatures bytes that no base64 and no
// JSON stand before.
func FuzzSignature(f *testing.F) {
	s := sandbox(f, "one")
	b, err := apple(f, s, card()).decode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.signature)
	f.Add([]byte{0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x80, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, signature []byte) {
		at, err := verifyCMS(signature, b.signed(), s.Apple.Roots)
		if err == nil && !at.Equal(now) {
			t.Fatalf("a signature dated %v", at)
		}
		if err != nil && fault.Code(err) != "invalid.wallet_packet.signature" {
			t.Fatalf("got %v", err)
		}
	})
}

// FuzzGoogle: as FuzzApple.
func FuzzGoogle(f *testing.F) {
	s := sandbox(f, "one")
	good := google(f, s, card(), "")
	want, err := s.Google.Open(good, "", now)
	if err != nil {
		f.Fatal(err)
	}
	text, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"protocolVersion":"ECv2","intermediateSigningKey":{"signedKey":"{}","signatures":["MAA="]},"signedMessage":"{}"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseGooglePacket(text)
		if err == nil {
			var c Card
			if c, err = s.Google.Open(p, "", now); err == nil && !same(c, want) {
				t.Fatalf("got another card from %q", text)
			}
		}
		if err != nil && !fault.Is(err, "invalid.wallet_packet") {
			t.Fatalf("got %v", err)
		}
	})
}

// FuzzContent: what a wallet could have sealed never panics and never yields a
// card that cannot be charged.
func FuzzContent(f *testing.F) {
	f.Add([]byte(`{"applicationPrimaryAccountNumber":"4200000000000091","applicationExpirationDate":"290831","currencyCode":"36","paymentDataType":"3DSecure",` +
		`"paymentData":{"onlinePaymentCryptogram":"AgAA"}}`))
	f.Add([]byte(`{"messageExpiration":"1795252800000","messageId":"a","paymentMethod":"CARD","paymentMethodDetails":{"pan":"4200000000000091",` +
		`"expirationMonth":8,"expirationYear":2029,"authMethod":"PAN_ONLY"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := appleCard(text)
		if err == nil && (c.sound() != nil || len(c.Currency) != 3) || err != nil && fault.Code(err) != "invalid.wallet_packet.content" {
			t.Fatalf("apple: got %+v, %v", c, err)
		}
		c, err = googleCard(text, "", now)
		if err == nil && (c.sound() != nil || !now.Before(c.ExpiresAt)) || err != nil && !fault.Is(err, "invalid.wallet_packet") {
			t.Fatalf("google: got %+v, %v", c, err)
		}
	})
}
