package wallet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/florinpay/florin/core/method"
)

// Google opens packets of Google Pay. The zero Google opens none.
type Google struct {
	Roots     []GoogleRoot
	Recipient string             // whom packets are for: "gateway:name" or "merchant:number"
	Keys      []*ecdh.PrivateKey // that packets are sealed for; those of before a change too
}

const (
	googleVersion = "ECv2"
	googleSender  = "Google"
)

// GooglePacket is the token of a Google Pay payment method, as the browser or
// the app hands it over.
type GooglePacket struct {
	ProtocolVersion        string    `json:"protocolVersion"` // ECv2
	Signature              string    `json:"signature"`       // base64, by the intermediate key
	IntermediateSigningKey GoogleKey `json:"intermediateSigningKey"`
	SignedMessage          string    `json:"signedMessage"` // JSON in text
}

// GoogleKey is a key that signs packets, and a root's signatures of it.
type GoogleKey struct {
	SignedKey  string   `json:"signedKey"` // JSON in text
	Signatures []string `json:"signatures"`
}

// googleSignedKey is what the text of a GoogleKey says.
type googleSignedKey struct {
	KeyValue      string `json:"keyValue"`
	KeyExpiration string `json:"keyExpiration"` // milliseconds
}

// googleMessage is what the text of a signed message says.
type googleMessage struct {
	EncryptedMessage   string `json:"encryptedMessage"`
	EphemeralPublicKey string `json:"ephemeralPublicKey"`
	Tag                string `json:"tag"`
}

// ParseGooglePacket reads a packet's JSON. Faults: invalid.wallet_packet.
func ParseGooglePacket(text []byte) (p GooglePacket, err error) {
	if len(text) > 4*packetLength || json.Unmarshal(text, &p) != nil {
		return GooglePacket{}, malformed("packet")
	}
	return p, nil
}

// Open checks and decrypts a packet at a moment of the realm's time.
// gatewayMerchant is the merchant for whom the payer's browser asked for the
// packet; "" where packets do not say (merchants who open their own).
//
// Faults, in the order checked: invalid.wallet_packet.version,
// invalid.wallet_packet, invalid.wallet_packet.signature (the root's over the
// intermediate key, which must not have expired; then that key's over the
// message, for this recipient), invalid.wallet_packet.key (no key's tag fits),
// invalid.wallet_packet.content, invalid.wallet_packet.expired.
func (g Google) Open(p GooglePacket, gatewayMerchant string, at time.Time) (Card, error) {
	if p.ProtocolVersion != googleVersion {
		return Card{}, unsupported()
	}
	if len(p.SignedMessage) > packetLength || len(p.IntermediateSigningKey.SignedKey) > packetLength || len(p.Signature) > packetLength ||
		len(p.IntermediateSigningKey.Signatures) > 16 {
		return Card{}, malformed("packet")
	}
	key, err := g.signer(p.IntermediateSigningKey, at)
	if err != nil {
		return Card{}, err
	}
	if g.Recipient == "" || !fits(key, p.Signature, googleSender, g.Recipient, googleVersion, p.SignedMessage) {
		return Card{}, unsigned("the message's signature does not fit this recipient")
	}
	plain, err := g.decrypt(p.SignedMessage)
	if err != nil {
		return Card{}, err
	}
	defer clear(plain)
	return googleCard(plain, gatewayMerchant, at)
}

// signer is the intermediate key, once a root that is in force vouches for it.
func (g Google) signer(k GoogleKey, at time.Time) (*ecdsa.PublicKey, error) {
	vouched := false
	for _, root := range g.Roots {
		if !root.ExpiresAt.IsZero() && !at.Before(root.ExpiresAt) {
			continue
		}
		for _, s := range k.Signatures {
			vouched = vouched || fits(root.Key, s, googleSender, googleVersion, k.SignedKey)
		}
	}
	if !vouched {
		return nil, unsigned("no root vouches for the key that signed it")
	}
	var said googleSignedKey
	if err := json.Unmarshal([]byte(k.SignedKey), &said); err != nil {
		return nil, malformed("signedKey")
	}
	ms, err := strconv.ParseInt(said.KeyExpiration, 10, 64)
	if err != nil {
		return nil, malformed("signedKey")
	}
	if !at.Before(time.UnixMilli(ms)) {
		return nil, unsigned("the key that signed it has expired")
	}
	key := publicKey(said.KeyValue)
	if key == nil {
		return nil, malformed("signedKey")
	}
	return key, nil
}

// fits says whether a signature over parts is key's.
func fits(key *ecdsa.PublicKey, signature string, parts ...string) bool {
	der, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	digest := sha256.Sum256(framed(parts...))
	return ecdsa.VerifyASN1(key, digest[:], der)
}

// framed joins parts, each after its length, so that none runs into the next.
func framed(parts ...string) (out []byte) {
	for _, p := range parts {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}

// decrypt opens a message with the key whose tag fits.
func (g Google) decrypt(message string) ([]byte, error) {
	var m googleMessage
	if err := json.Unmarshal([]byte(message), &m); err != nil {
		return nil, malformed("signedMessage")
	}
	data, err1 := base64.StdEncoding.DecodeString(m.EncryptedMessage)
	point, err2 := base64.StdEncoding.DecodeString(m.EphemeralPublicKey)
	tag, err3 := base64.StdEncoding.DecodeString(m.Tag)
	if err1 != nil || err2 != nil || err3 != nil {
		return nil, malformed("signedMessage")
	}
	theirs, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, malformed("ephemeralPublicKey")
	}
	for _, ours := range g.Keys {
		stream, mac, err := googleKeys(ours, theirs, point)
		if err == nil && hmac.Equal(tag, googleTag(mac, data)) {
			plain := make([]byte, len(data))
			stream.XORKeyStream(plain, data)
			return plain, nil
		}
	}
	return nil, foreignKey()
}

// googleKeys derives the AES-256-CTR stream and the HMAC key of a message.
func googleKeys(ours *ecdh.PrivateKey, theirs *ecdh.PublicKey, point []byte) (cipher.Stream, []byte, error) {
	shared, err := ours.ECDH(theirs)
	if err != nil {
		return nil, nil, err
	}
	keys, err := hkdf.Key(sha256.New, append(append([]byte{}, point...), shared...), make([]byte, sha256.Size), googleSender, 64)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return nil, nil, err
	}
	return cipher.NewCTR(block, make([]byte, aes.BlockSize)), keys[32:], nil
}

func googleTag(key, data []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(data)
	return mac.Sum(nil)
}

// googleContent is what a message says once it is open.
type googleContent struct {
	GatewayMerchant string `json:"gatewayMerchantId,omitempty"`
	Expiration      string `json:"messageExpiration"` // milliseconds
	ID              string `json:"messageId"`
	Method          string `json:"paymentMethod"` // CARD
	Details         struct {
		Number     string `json:"pan"`
		Month      int    `json:"expirationMonth"`
		Year       int    `json:"expirationYear"`
		Auth       string `json:"authMethod"` // PAN_ONLY or CRYPTOGRAM_3DS
		Cryptogram string `json:"cryptogram,omitempty"`
		ECI        string `json:"eciIndicator,omitempty"`
	} `json:"paymentMethodDetails"`
}

func googleCard(plain []byte, gatewayMerchant string, at time.Time) (Card, error) {
	var m googleContent
	if err := json.Unmarshal(plain, &m); err != nil {
		return Card{}, unreadable("content")
	}
	ms, err := strconv.ParseInt(m.Expiration, 10, 64)
	if err != nil {
		return Card{}, unreadable("messageExpiration")
	}
	switch {
	case m.ID == "":
		return Card{}, unreadable("messageId")
	case m.Method != "CARD":
		return Card{}, unreadable("paymentMethod")
	case m.Details.Auth != "PAN_ONLY" && m.Details.Auth != "CRYPTOGRAM_3DS":
		return Card{}, unreadable("authMethod")
	case m.GatewayMerchant != gatewayMerchant:
		return Card{}, unreadable("gatewayMerchantId")
	}
	id := sha256.Sum256([]byte(m.ID))
	c := Card{Packet: "google:" + hex.EncodeToString(id[:]), Number: method.Conceal(m.Details.Number), OnDevice: m.Details.Auth == "CRYPTOGRAM_3DS",
		ExpiryMonth: m.Details.Month, ExpiryYear: m.Details.Year, Cryptogram: method.Conceal(m.Details.Cryptogram), ECI: m.Details.ECI,
		ExpiresAt: time.UnixMilli(ms).UTC()}
	if err := c.sound(); err != nil {
		return Card{}, err
	}
	if !at.Before(c.ExpiresAt) {
		return Card{}, expired()
	}
	return c, nil
}
