package wallet

import (
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/florinpay/florin/core/fault"
)

// Signatures of other makers: the library's own, which passes when it has all
// that is wanted, and forms that lack something.
func TestSignatureForms(t *testing.T) {
	s := sandbox(t, "one")
	content := []byte("what is signed")
	for _, c := range []struct {
		name string
		make func(sd *pkcs7.SignedData) error
		want string // in the fault's message, "" for none
	}{
		{"the library's", func(sd *pkcs7.SignedData) error {
			sd.Detach()
			return sd.AddSignerChain(s.leaf, s.leafKey, certs(s), pkcs7.SignerInfoConfig{})
		}, ""},
		{"not detached", func(sd *pkcs7.SignedData) error {
			return sd.AddSignerChain(s.leaf, s.leafKey, certs(s), pkcs7.SignerInfoConfig{})
		}, "one detached signature"},
		{"two signers", func(sd *pkcs7.SignedData) error {
			sd.Detach()
			if err := sd.AddSignerChain(s.leaf, s.leafKey, certs(s), pkcs7.SignerInfoConfig{}); err != nil {
				return err
			}
			return sd.AddSigner(s.leaf, s.leafKey, pkcs7.SignerInfoConfig{})
		}, "one detached signature"},
		{"no signer", func(sd *pkcs7.SignedData) error { sd.Detach(); return nil }, "one detached signature"},
		{"without signed attributes", func(sd *pkcs7.SignedData) error {
			sd.Detach()
			sd.AddCertificate(s.authority)
			return sd.SignWithoutAttr(s.leaf, s.leafKey, pkcs7.SignerInfoConfig{})
		}, "does not say when"},
		{"SHA-1", func(sd *pkcs7.SignedData) error {
			sd.Detach()
			sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA1)
			return sd.AddSignerChain(s.leaf, s.leafKey, certs(s), pkcs7.SignerInfoConfig{})
		}, "algorithm is not taken"},
		{"without the authority", func(sd *pkcs7.SignedData) error {
			sd.Detach()
			return sd.AddSigner(s.leaf, s.leafKey, pkcs7.SignerInfoConfig{})
		}, "do not lead to a root"},
	} {
		sd, err := pkcs7.NewSignedData(content)
		if err != nil {
			t.Fatal(err)
		}
		sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
		if err := c.make(sd); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		der, err := sd.Finish()
		if err != nil {
			t.Fatal(err)
		}
		at, err := verifyCMS(der, content, s.Apple.Roots)
		switch {
		case c.want == "":
			if err != nil || time.Since(at).Abs() > time.Minute {
				t.Errorf("%s: got %v, %v", c.name, at, err)
			}
		case fault.Code(err) != "invalid.wallet_packet.signature" || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// What we sign for the sandbox, the library reads as it reads others'.
func TestSignatureIsReadByTheLibrary(t *testing.T) {
	s := sandbox(t, "one")
	content := []byte("what is signed")
	der, err := signCMS(content, now, s.leafKey, s.leaf, s.authority)
	if err != nil {
		t.Fatal(err)
	}
	p7, err := pkcs7.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	p7.Content = content
	if err := p7.Verify(); err != nil {
		t.Error(err)
	}
	var rest asn1.RawValue
	if more, err := asn1.Unmarshal(der, &rest); err != nil || len(more) > 0 {
		t.Errorf("%d bytes follow, %v", len(more), err)
	}
	if len(p7.Certificates) != 2 || !p7.Certificates[1].Equal(s.authority) {
		t.Errorf("got %d certificates", len(p7.Certificates))
	}
}
