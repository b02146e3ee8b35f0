package wallet

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strconv"
	"time"

	"github.com/florinpay/florin/core/fault"
)

// Sandbox makes packets as the wallets do, for test mode. Its keys follow from
// a secret, so that what one process makes another opens, before and after a
// restart. Apple and Google are the other side: what opens its packets. They
// are for test realms alone, since the sandbox signs whatever it is asked to.
type Sandbox struct {
	Apple  Apple
	Google Google

	leafKey      *ecdsa.PrivateKey
	leaf         *x509.Certificate
	authority    *x509.Certificate
	googleRoot   *ecdsa.PrivateKey
	intermediate *ecdsa.PrivateKey
}

// Whom the sandbox's packets are for.
const (
	SandboxMerchant  = "merchant.example.sandbox"
	SandboxRecipient = "gateway:florinsandbox"
)

// Certificates of the sandbox outlive every clock that test mode can show.
var (
	sandboxFrom = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	sandboxTo   = time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)
)

// NewSandbox makes a sandbox of a secret of 32 bytes, such as
// vault.Keys.Pepper("wallet sandbox").
func NewSandbox(secret []byte) (*Sandbox, error) {
	s := &Sandbox{}
	var keys [6]*ecdsa.PrivateKey
	for i, name := range []string{"apple root", "apple authority", "apple leaf", "apple merchant", "google root", "google recipient"} {
		var err error
		if keys[i], err = derive(secret, name); err != nil {
			return nil, fault.Wrap(err, "deriving the wallet sandbox's keys")
		}
	}
	root, err := certificate(1, "Sandbox Root CA", keys[0], nil, nil, nil)
	if err != nil {
		return nil, err
	}
	if s.authority, err = certificate(2, "Sandbox Integration CA", keys[1], root, keys[0], appleAuthority); err != nil {
		return nil, err
	}
	s.leafKey = keys[2]
	if s.leaf, err = certificate(3, "Sandbox Broker", keys[2], s.authority, keys[1], appleLeaf); err != nil {
		return nil, err
	}
	merchant, err := keys[3].ECDH()
	if err != nil {
		return nil, fault.Wrap(err, "deriving the wallet sandbox's keys")
	}
	recipient, err := keys[5].ECDH()
	if err != nil {
		return nil, fault.Wrap(err, "deriving the wallet sandbox's keys")
	}
	if s.intermediate, err = derive(secret, "google intermediate"); err != nil {
		return nil, fault.Wrap(err, "deriving the wallet sandbox's keys")
	}
	s.googleRoot = keys[4]
	s.Apple = Apple{Roots: []*x509.Certificate{root}, Merchants: []AppleMerchant{{ID: SandboxMerchant, Key: merchant}}}
	s.Google = Google{Roots: []GoogleRoot{{Key: &keys[4].PublicKey}}, Recipient: SandboxRecipient, Keys: []*ecdh.PrivateKey{recipient}}
	return s, nil
}

// derive makes a private key on P-256 of a secret and a name. Of four billion
// secrets one may give a number that is no key: then the next one is taken.
func derive(secret []byte, name string) (key *ecdsa.PrivateKey, err error) {
	for n := range 8 {
		raw, failed := hkdf.Key(sha256.New, secret, nil, "florin.wallet.1 "+name+" "+strconv.Itoa(n), 32)
		if failed != nil {
			return nil, failed
		}
		if key, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), raw); err == nil {
			break
		}
	}
	return key, err
}

// certificate makes an authority's certificate, or with the leaf's mark one
// that signs packets. Without an issuer it signs itself.
func certificate(serial int64, name string, key *ecdsa.PrivateKey, issuer *x509.Certificate, issuerKey *ecdsa.PrivateKey, mark asn1.ObjectIdentifier) (*x509.Certificate, error) {
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Organization: []string{"florin sandbox"}},
		NotBefore: sandboxFrom, NotAfter: sandboxTo, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true}
	if mark != nil {
		c.ExtraExtensions = []pkix.Extension{{Id: mark, Value: []byte{5, 0}}}
	}
	if mark.Equal(appleLeaf) {
		c.KeyUsage, c.IsCA = x509.KeyUsageDigitalSignature, false
	}
	if issuer == nil {
		issuer, issuerKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		return nil, fault.Wrap(err, "making the wallet sandbox's certificates")
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fault.Wrap(err, "making the wallet sandbox's certificates")
	}
	return out, nil
}

// ApplePacket seals a card as Apple Pay would at a moment. Of the card its
// Packet and ExpiresAt are not looked at; without a cryptogram it gets one.
func (s *Sandbox) ApplePacket(c Card, at time.Time) (ApplePacket, error) {
	cryptogram, err := cryptogramOf(c)
	if err != nil {
		return ApplePacket{}, err
	}
	a := appleContent{Number: c.Number.Reveal(), Expiry: time.Date(c.ExpiryYear, time.Month(c.ExpiryMonth)+1, 0, 0, 0, 0, 0, time.UTC).Format("060102"),
		CurrencyCode: c.Currency, Amount: c.Amount, Holder: c.Holder, Device: "040010030273", Type: "3DSecure"}
	a.Payment.Cryptogram, a.Payment.ECI = cryptogram, c.ECI
	plain, err := json.Marshal(a)
	if err != nil {
		return ApplePacket{}, fault.Wrap(err, "making a packet")
	}
	return s.appleSeal(plain, at)
}

// appleSeal makes a packet of what it says.
func (s *Sandbox) appleSeal(plain []byte, at time.Time) (ApplePacket, error) {
	ephemeral, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return ApplePacket{}, fault.Wrap(err, "making a packet")
	}
	m := s.Apple.Merchants[0]
	aead, err := m.seal(ephemeral, m.Key.PublicKey())
	if err != nil {
		return ApplePacket{}, fault.Wrap(err, "making a packet")
	}
	b := appleBytes{data: aead.Seal(nil, make([]byte, aead.NonceSize()), plain, nil), transaction: make([]byte, 32)}
	if b.ephemeral, err = x509.MarshalPKIXPublicKey(ephemeral.PublicKey()); err != nil {
		return ApplePacket{}, fault.Wrap(err, "making a packet")
	}
	if _, err := rand.Read(b.transaction); err != nil {
		return ApplePacket{}, fault.Wrap(err, "no randomness")
	}
	der, err := x509.MarshalPKIXPublicKey(m.Key.PublicKey())
	if err != nil {
		return ApplePacket{}, fault.Wrap(err, "making a packet")
	}
	hash := sha256.Sum256(der)
	b.keyHash = hash[:]
	if b.signature, err = signCMS(b.signed(), at, s.leafKey, s.leaf, s.authority); err != nil {
		return ApplePacket{}, fault.Wrap(err, "signing a packet")
	}
	return b.encode(), nil
}

// GooglePacket seals a card as Google Pay would at a moment, good for a week.
// Of the card its Packet, Holder, Amount, Currency and ExpiresAt are not looked
// at; one that is OnDevice gets a cryptogram if it has none.
func (s *Sandbox) GooglePacket(c Card, gatewayMerchant string, at time.Time) (GooglePacket, error) {
	id := make([]byte, 24)
	if _, err := rand.Read(id); err != nil {
		return GooglePacket{}, fault.Wrap(err, "no randomness")
	}
	m := googleContent{GatewayMerchant: gatewayMerchant, Expiration: strconv.FormatInt(at.AddDate(0, 0, 7).UnixMilli(), 10),
		ID: base64.RawURLEncoding.EncodeToString(id), Method: "CARD"}
	m.Details.Number, m.Details.Month, m.Details.Year, m.Details.Auth = c.Number.Reveal(), c.ExpiryMonth, c.ExpiryYear, "PAN_ONLY"
	if c.OnDevice {
		cryptogram, err := cryptogramOf(c)
		if err != nil {
			return GooglePacket{}, err
		}
		m.Details.Auth, m.Details.Cryptogram, m.Details.ECI = "CRYPTOGRAM_3DS", cryptogram, c.ECI
	}
	plain, err := json.Marshal(m)
	if err != nil {
		return GooglePacket{}, fault.Wrap(err, "making a packet")
	}
	p, err := s.googleSeal(plain, at.AddDate(0, 0, 14))
	if err != nil {
		return GooglePacket{}, fault.Wrap(err, "making a packet")
	}
	return p, nil
}

// googleSeal makes a packet of what it says, its intermediate key good until a
// moment.
func (s *Sandbox) googleSeal(plain []byte, until time.Time) (p GooglePacket, err error) {
	ephemeral, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return p, err
	}
	point := ephemeral.PublicKey().Bytes()
	stream, mac, err := googleKeys(ephemeral, s.Google.Keys[0].PublicKey(), point)
	if err != nil {
		return p, err
	}
	data := make([]byte, len(plain))
	stream.XORKeyStream(data, plain)
	message, err := json.Marshal(googleMessage{EncryptedMessage: base64.StdEncoding.EncodeToString(data),
		EphemeralPublicKey: base64.StdEncoding.EncodeToString(point), Tag: base64.StdEncoding.EncodeToString(googleTag(mac, data))})
	if err != nil {
		return p, err
	}
	der, err := x509.MarshalPKIXPublicKey(&s.intermediate.PublicKey)
	if err != nil {
		return p, err
	}
	key, err := json.Marshal(googleSignedKey{KeyValue: base64.StdEncoding.EncodeToString(der), KeyExpiration: strconv.FormatInt(until.UnixMilli(), 10)})
	if err != nil {
		return p, err
	}
	p = GooglePacket{ProtocolVersion: googleVersion, IntermediateSigningKey: GoogleKey{SignedKey: string(key)}, SignedMessage: string(message)}
	vouched, err := signed(s.googleRoot, googleSender, googleVersion, p.IntermediateSigningKey.SignedKey)
	if err != nil {
		return p, err
	}
	p.IntermediateSigningKey.Signatures = []string{vouched}
	p.Signature, err = signed(s.intermediate, googleSender, s.Google.Recipient, googleVersion, p.SignedMessage)
	return p, err
}

// signed signs parts as fits reads them.
func signed(key *ecdsa.PrivateKey, parts ...string) (string, error) {
	digest := sha256.Sum256(framed(parts...))
	der, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	return base64.StdEncoding.EncodeToString(der), err
}

// cryptogramOf is the card's cryptogram, or a fresh one.
func cryptogramOf(c Card) (string, error) {
	if !c.Cryptogram.Empty() {
		return c.Cryptogram.Reveal(), nil
	}
	raw := make([]byte, 20)
	if _, err := rand.Read(raw); err != nil {
		return "", fault.Wrap(err, "no randomness")
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}
