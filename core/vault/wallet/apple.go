package wallet

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/florinpay/florin/core/method"
)

// Apple opens packets of Apple Pay. The zero Apple opens none.
type Apple struct {
	Roots     []*x509.Certificate // the Apple Root CA - G3
	Merchants []AppleMerchant     // whose packets are opened
	// Life is how long after its signing a packet is taken; 0 for five minutes,
	// the "few" of Apple's guide.
	Life time.Duration
}

// AppleMerchant is a merchant as Apple knows it, with a payment processing key.
// One who changes keys is listed with each of them.
type AppleMerchant struct {
	ID  string // merchant.com.example.shop
	Key *ecdh.PrivateKey
}

const (
	appleVersion = "EC_v1"
	appleLife    = 5 * time.Minute
	// early is how far a wallet's clock may be ahead of ours.
	early = time.Minute
	// packetLength bounds the parts of a packet, in characters. Real ones are
	// a tenth of that.
	packetLength = 32 << 10
)

// ApplePacket is the paymentData of an Apple Pay token, as the browser or the
// app hands it over.
type ApplePacket struct {
	Version   string      `json:"version"`   // EC_v1
	Data      string      `json:"data"`      // base64
	Signature string      `json:"signature"` // base64 of a detached CMS signature
	Header    AppleHeader `json:"header"`
}

// AppleHeader says for whom the data is sealed, and how.
type AppleHeader struct {
	EphemeralPublicKey string `json:"ephemeralPublicKey"` // base64 of DER
	PublicKeyHash      string `json:"publicKeyHash"`      // base64 of SHA-256
	TransactionID      string `json:"transactionId"`      // hex
	ApplicationData    string `json:"applicationData,omitempty"`
	WrappedKey         string `json:"wrappedKey,omitempty"` // RSA_v1 only
}

// appleBytes is a packet with its encodings taken off.
type appleBytes struct {
	data, signature, ephemeral, keyHash, transaction, application []byte
}

// ParseApplePacket reads a packet's JSON. Faults: invalid.wallet_packet.
func ParseApplePacket(text []byte) (p ApplePacket, err error) {
	if len(text) > 4*packetLength || json.Unmarshal(text, &p) != nil {
		return ApplePacket{}, malformed("packet")
	}
	return p, nil
}

func (p ApplePacket) decode() (b appleBytes, err error) {
	for _, f := range []struct {
		name, text string
		into       *[]byte
		hex        bool
	}{
		{"data", p.Data, &b.data, false}, {"signature", p.Signature, &b.signature, false},
		{"ephemeralPublicKey", p.Header.EphemeralPublicKey, &b.ephemeral, false}, {"publicKeyHash", p.Header.PublicKeyHash, &b.keyHash, false},
		{"transactionId", p.Header.TransactionID, &b.transaction, true}, {"applicationData", p.Header.ApplicationData, &b.application, true},
	} {
		if len(f.text) > packetLength || f.text == "" && f.name != "applicationData" {
			return b, malformed(f.name)
		}
		if f.hex {
			*f.into, err = hex.DecodeString(f.text)
		} else {
			*f.into, err = base64.StdEncoding.DecodeString(f.text)
		}
		if err != nil {
			return b, malformed(f.name)
		}
	}
	// The signature is over the parts in one piece. Only their fixed lengths
	// keep bytes from moving from one to the next, and so one packet from
	// passing for two.
	if len(b.transaction) != sha256.Size {
		return b, malformed("transactionId")
	}
	if len(b.application) != 0 && len(b.application) != sha256.Size {
		return b, malformed("applicationData")
	}
	return b, nil
}

// signed is what Apple signs: the four parts one after the other.
func (b appleBytes) signed() []byte {
	return bytes.Join([][]byte{b.ephemeral, b.data, b.transaction, b.application}, nil)
}

// Open checks and decrypts a packet at a moment of the realm's time.
//
// Faults, in the order checked: invalid.wallet_packet.version,
// invalid.wallet_packet (with the part that does not decode),
// invalid.wallet_packet.key, invalid.wallet_packet.signature (the CMS
// signature, its certificates, its chain to a root),
// invalid.wallet_packet.expired (signed longer ago than Life, or more than a
// minute from now), invalid.wallet_packet.sealed,
// invalid.wallet_packet.content.
func (a Apple) Open(p ApplePacket, at time.Time) (Card, error) {
	if p.Version != appleVersion {
		return Card{}, unsupported()
	}
	b, err := p.decode()
	if err != nil {
		return Card{}, err
	}
	m, err := a.merchant(b.keyHash)
	if err != nil {
		return Card{}, err
	}
	signedAt, err := verifyCMS(b.signature, b.signed(), a.Roots)
	if err != nil {
		return Card{}, err
	}
	life := a.Life
	if life == 0 {
		life = appleLife
	}
	if !at.Before(signedAt.Add(life)) || signedAt.After(at.Add(early)) {
		return Card{}, expired()
	}
	plain, err := m.decrypt(b)
	if err != nil {
		return Card{}, err
	}
	defer clear(plain)
	c, err := appleCard(plain)
	if err != nil {
		return Card{}, err
	}
	c.Packet, c.ExpiresAt = "apple:"+hex.EncodeToString(b.transaction), signedAt.Add(life)
	return c, nil
}

// merchant finds the key that a packet names by its hash.
func (a Apple) merchant(keyHash []byte) (AppleMerchant, error) {
	for _, m := range a.Merchants {
		der, err := x509.MarshalPKIXPublicKey(m.Key.PublicKey())
		if err != nil {
			return AppleMerchant{}, foreignKey()
		}
		if sum := sha256.Sum256(der); subtle.ConstantTimeCompare(sum[:], keyHash) == 1 {
			return m, nil
		}
	}
	return AppleMerchant{}, foreignKey()
}

// decrypt agrees on the key with the packet's ephemeral one and opens the data.
func (m AppleMerchant) decrypt(b appleBytes) ([]byte, error) {
	theirs := publicKey(base64.StdEncoding.EncodeToString(b.ephemeral))
	if theirs == nil {
		return nil, malformed("ephemeralPublicKey")
	}
	point, err := theirs.ECDH()
	if err != nil {
		return nil, malformed("ephemeralPublicKey")
	}
	seal, err := m.seal(m.Key, point)
	if err != nil {
		return nil, sealed()
	}
	plain, err := seal.Open(nil, make([]byte, seal.NonceSize()), b.data, nil)
	if err != nil {
		return nil, sealed()
	}
	return plain, nil
}

// seal derives the AES-256-GCM key of a packet, by one round of the X9.63
// function: each packet has a fresh ephemeral key, so its nonce is all zeros.
func (m AppleMerchant) seal(ours *ecdh.PrivateKey, theirs *ecdh.PublicKey) (cipher.AEAD, error) {
	shared, err := ours.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	party := sha256.Sum256([]byte(m.ID))
	h := sha256.New()
	h.Write([]byte{0, 0, 0, 1})
	h.Write(shared)
	h.Write([]byte("\x0did-aes256-GCMApple"))
	h.Write(party[:])
	key := h.Sum(nil)
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithNonceSize(block, 16)
}

// appleContent is what the data of a packet says once it is open.
type appleContent struct {
	Number       string `json:"applicationPrimaryAccountNumber"`
	Expiry       string `json:"applicationExpirationDate"` // YYMMDD
	CurrencyCode string `json:"currencyCode"`              // three digits
	Amount       int64  `json:"transactionAmount"`
	Holder       string `json:"cardholderName,omitempty"`
	Device       string `json:"deviceManufacturerIdentifier"`
	Type         string `json:"paymentDataType"` // 3DSecure or EMV
	Payment      struct {
		Cryptogram string `json:"onlinePaymentCryptogram"`
		ECI        string `json:"eciIndicator,omitempty"`
	} `json:"paymentData"`
}

func appleCard(plain []byte) (Card, error) {
	var a appleContent
	if err := json.Unmarshal(plain, &a); err != nil {
		return Card{}, unreadable("content")
	}
	if a.Type != "3DSecure" { // EMV carries chip data that no connector takes
		return Card{}, unreadable("paymentDataType")
	}
	expiry, err := time.Parse("060102", a.Expiry)
	if err != nil {
		return Card{}, unreadable("expiry")
	}
	if n, err := strconv.Atoi(a.CurrencyCode); err != nil || n < 0 || len(a.CurrencyCode) > 3 {
		return Card{}, unreadable("currencyCode")
	}
	c := Card{Number: method.Conceal(a.Number), OnDevice: true, ExpiryMonth: int(expiry.Month()), ExpiryYear: 2000 + expiry.Year()%100, Holder: a.Holder,
		Cryptogram: method.Conceal(a.Payment.Cryptogram), ECI: a.Payment.ECI, Amount: a.Amount, Currency: "000"[len(a.CurrencyCode):] + a.CurrencyCode}
	return c, c.sound()
}
