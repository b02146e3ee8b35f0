package wallet

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"time"

	"github.com/smallstep/pkcs7"
)

// The structures of RFC 5652 that a detached signature needs. The library that
// reads signatures also makes them, but with the operating system's time.

type cmsAttribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type cmsSigner struct {
	Version    int
	Issuer     cmsIssuer
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

type cmsIssuer struct {
	Name   asn1.RawValue
	Serial *big.Int
}

type cmsContent struct{ Type asn1.ObjectIdentifier }

type cmsSigned struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      cmsContent
	Certificates asn1.RawValue
	Signers      []cmsSigner `asn1:"set"`
}

type cmsMessage struct {
	Type   asn1.ObjectIdentifier
	Signed cmsSigned `asn1:"explicit,tag:0"`
}

// signCMS makes a detached CMS signature over content, dated at.
func signCMS(content []byte, at time.Time, key *ecdsa.PrivateKey, leaf, authority *x509.Certificate) ([]byte, error) {
	sum := sha256.Sum256(content)
	attributes, err := cmsAttributes(
		cmsValue{pkcs7.OIDAttributeContentType, pkcs7.OIDData},
		cmsValue{pkcs7.OIDAttributeSigningTime, at.UTC()},
		cmsValue{pkcs7.OIDAttributeMessageDigest, sum[:]})
	if err != nil {
		return nil, err
	}
	// What is signed is the set itself; in the message its tag says which
	// field it is.
	digest := sha256.Sum256(attributes)
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		return nil, err
	}
	field := append([]byte{0xa0}, attributes[1:]...)
	digests := pkix.AlgorithmIdentifier{Algorithm: pkcs7.OIDDigestAlgorithmSHA256}
	return asn1.Marshal(cmsMessage{Type: pkcs7.OIDSignedData, Signed: cmsSigned{Version: 1, Digests: []pkix.AlgorithmIdentifier{digests},
		Content:      cmsContent{pkcs7.OIDData},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: append(append([]byte{}, leaf.Raw...), authority.Raw...)},
		Signers: []cmsSigner{{Version: 1, Issuer: cmsIssuer{Name: asn1.RawValue{FullBytes: leaf.RawIssuer}, Serial: leaf.SerialNumber}, Digest: digests,
			Attributes: asn1.RawValue{FullBytes: field},
			Algorithm:  pkix.AlgorithmIdentifier{Algorithm: pkcs7.OIDDigestAlgorithmECDSASHA256}, Signature: signature}}}})
}

type cmsValue struct {
	what  asn1.ObjectIdentifier
	value any
}

// cmsAttributes is the DER of a set of attributes.
func cmsAttributes(values ...cmsValue) ([]byte, error) {
	var list []cmsAttribute
	for _, v := range values {
		der, err := asn1.Marshal(v.value)
		if err != nil {
			return nil, err
		}
		list = append(list, cmsAttribute{v.what, []asn1.RawValue{{FullBytes: der}}})
	}
	return asn1.MarshalWithParams(list, "set")
}

// encode is the packet that decode reads.
func (b appleBytes) encode() ApplePacket {
	text := base64.StdEncoding.EncodeToString
	return ApplePacket{Version: appleVersion, Data: text(b.data), Signature: text(b.signature), Header: AppleHeader{EphemeralPublicKey: text(b.ephemeral),
		PublicKeyHash: text(b.keyHash), TransactionID: hex.EncodeToString(b.transaction), ApplicationData: hex.EncodeToString(b.application)}}
}
