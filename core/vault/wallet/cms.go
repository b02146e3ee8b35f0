package wallet

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"github.com/smallstep/pkcs7"
)

// The marks of Apple's certificates: of one that signs packets, and of the
// authority that issues those.
var (
	appleLeaf      = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 29}
	appleAuthority = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 2, 14}
)

// verifyCMS checks a detached CMS signature over content, and that who signed
// it bears Apple's mark and was issued by an authority with Apple's mark, which
// one of the roots has issued. It returns the moment of signing.
func verifyCMS(signature, content []byte, roots []*x509.Certificate) (at time.Time, err error) {
	p7, err := pkcs7.Parse(signature)
	if err != nil {
		return at, unsigned("this is no signature")
	}
	if len(p7.Content) > 0 || len(p7.Signers) != 1 {
		return at, unsigned("one detached signature is needed")
	}
	leaf := p7.GetOnlySigner()
	if leaf == nil {
		return at, unsigned("its certificate is missing")
	}
	var what asn1.ObjectIdentifier
	// Without signed attributes there is no time, and so no way to tell an old
	// packet from a new one.
	if p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeSigningTime, &at) != nil ||
		p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &what) != nil || !what.Equal(pkcs7.OIDData) {
		return at, unsigned("it does not say when and over what it was made")
	}
	if _, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || !p7.Signers[0].DigestAlgorithm.Algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA256) {
		return at, unsigned("its algorithm is not taken")
	}
	p7.Content = content
	if err := p7.Verify(); err != nil { // the signature only: who made it is looked at below
		return at, unsigned("it does not fit")
	}
	return at, verifyChain(leaf, p7.Certificates, roots, at)
}

// verifyChain wants leaf, an authority and a root, and nothing in between.
func verifyChain(leaf *x509.Certificate, sent, roots []*x509.Certificate, at time.Time) error {
	if !marked(leaf, appleLeaf) {
		return unsigned("its certificate is not for packets")
	}
	trusted, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range roots {
		trusted.AddCert(c)
	}
	for _, c := range sent {
		if marked(c, appleAuthority) {
			between.AddCert(c)
		}
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: trusted, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil || !slices.ContainsFunc(chains, func(c []*x509.Certificate) bool { return len(c) == 3 && marked(c[1], appleAuthority) }) {
		return unsigned("its certificates do not lead to a root that is trusted")
	}
	return nil
}

func marked(c *x509.Certificate, mark asn1.ObjectIdentifier) bool {
	for _, e := range c.Extensions {
		if e.Id.Equal(mark) {
			return true
		}
	}
	return false
}
