package wallet

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strconv"
	"time"

	"github.com/florinpay/florin/core/fault"
)

// ParseKey reads a private key on P-256 from PEM, PKCS #8 or SEC 1, or from
// bare PKCS #8 in base64, which is how Google's guide has merchants make it.
// Faults: invalid.wallet_key, which quotes nothing.
func ParseKey(text []byte) (*ecdh.PrivateKey, error) {
	bad := fault.New("invalid.wallet_key", "a private key on the curve P-256 is needed, as PEM or as PKCS #8 in base64")
	var der []byte
	for rest := text; ; { // openssl writes the curve's parameters before the key
		block, more := pem.Decode(rest)
		if block == nil {
			break
		}
		rest = more
		if block.Type == "PRIVATE KEY" || block.Type == "EC PRIVATE KEY" {
			der = block.Bytes
		}
	}
	if der == nil {
		var err error
		if der, err = base64.StdEncoding.DecodeString(string(text)); err != nil {
			return nil, bad
		}
	}
	var key *ecdsa.PrivateKey
	if any, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		key, _ = any.(*ecdsa.PrivateKey)
	} else if key, err = x509.ParseECPrivateKey(der); err != nil {
		return nil, bad
	}
	if key == nil || key.Curve != elliptic.P256() {
		return nil, bad
	}
	out, err := key.ECDH()
	if err != nil {
		return nil, bad
	}
	return out, nil
}

// ParseRoots reads certificates from PEM: for Apple Pay, the Apple Root CA - G3.
// Faults: invalid.wallet_root.
func ParseRoots(text []byte) (roots []*x509.Certificate, err error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil || !cert.IsCA {
			return nil, fault.New("invalid.wallet_root", "a certificate of a certificate authority is needed")
		}
		roots, text = append(roots, cert), rest
	}
	if len(roots) == 0 {
		return nil, fault.New("invalid.wallet_root", "a certificate as PEM is needed")
	}
	return roots, nil
}

// GoogleRoot is a key with which Google signs the keys that sign packets.
type GoogleRoot struct {
	Key       *ecdsa.PublicKey
	ExpiresAt time.Time // zero: never
}

// ParseGoogleRoots reads the keys of ECv2 from the JSON document that Google
// publishes; those of other versions are passed over.
// Faults: invalid.wallet_root.
func ParseGoogleRoots(text []byte) (roots []GoogleRoot, err error) {
	var doc struct {
		Keys []struct {
			KeyValue        string `json:"keyValue"`
			ProtocolVersion string `json:"protocolVersion"`
			KeyExpiration   string `json:"keyExpiration"`
		} `json:"keys"`
	}
	bad := fault.New("invalid.wallet_root", "this is no document of Google's root keys, or it has none of ECv2")
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, bad
	}
	for _, k := range doc.Keys {
		if k.ProtocolVersion != googleVersion {
			continue
		}
		root := GoogleRoot{Key: publicKey(k.KeyValue)}
		if k.KeyExpiration != "" {
			ms, err := strconv.ParseInt(k.KeyExpiration, 10, 64)
			if err != nil {
				return nil, bad
			}
			root.ExpiresAt = time.UnixMilli(ms).UTC()
		}
		if root.Key == nil {
			return nil, bad
		}
		roots = append(roots, root)
	}
	if len(roots) == 0 {
		return nil, bad
	}
	return roots, nil
}

// publicKey reads a public key on P-256, DER in base64; nil when it is none.
func publicKey(text string) *ecdsa.PublicKey {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	any, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil
	}
	key, ok := any.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil
	}
	return key
}
