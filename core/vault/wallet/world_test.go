package wallet

import (
	"crypto/sha256"
	"crypto/x509"
	"testing"
	"time"

	"github.com/florinpay/florin/core/method"
)

const dpan = "4200000000000091"

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func sandbox(t testing.TB, secret string) *Sandbox {
	t.Helper()
	sum := sha256.Sum256([]byte(secret))
	s, err := NewSandbox(sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// card is what the tests seal.
func card() Card {
	return Card{Number: method.Conceal(dpan), OnDevice: true, ExpiryMonth: 8, ExpiryYear: 2029, Holder: "Nora Lind",
		Cryptogram: method.Conceal("AgAAAAAABk4DWZ4C28yUQAAAAAA="), ECI: "07", Amount: 12668, Currency: "036"}
}

func apple(t testing.TB, s *Sandbox, c Card) ApplePacket {
	t.Helper()
	p, err := s.ApplePacket(c, now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func google(t testing.TB, s *Sandbox, c Card, gatewayMerchant string) GooglePacket {
	t.Helper()
	p, err := s.GooglePacket(c, gatewayMerchant, now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// same compares all of two cards but their packets, secrets by their text.
func same(a, b Card) bool {
	return a.Number.Reveal() == b.Number.Reveal() && a.OnDevice == b.OnDevice && a.ExpiryMonth == b.ExpiryMonth && a.ExpiryYear == b.ExpiryYear &&
		a.Holder == b.Holder && a.Cryptogram.Reveal() == b.Cryptogram.Reveal() && a.ECI == b.ECI && a.Amount == b.Amount && a.Currency == b.Currency
}

// certs are those that stand above the leaf and are sent with it.
func certs(s *Sandbox) []*x509.Certificate { return []*x509.Certificate{s.authority} }
