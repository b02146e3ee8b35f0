package april

import (
	"crypto/ed25519"
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
)

// customerLife is how long a signed-in customer's token opens anything
// (sheet, 2).
const customerLife = time.Hour

// claims of a token that somebody is signed in with. Ids are those of the
// wire; Realm, which is ours, says whose they are.
type claims struct {
	Issuer        string `json:"iss"`
	Subject       string `json:"sub"`
	Audience      string `json:"aud"` // the kind of credential: "cj" ...
	IssuedAt      int64  `json:"iat"` // seconds
	ExpiresAt     int64  `json:"exp"` // seconds
	Environment   string `json:"env"` // sandbox or live
	Realm         string `json:"realm"`
	MerchantID    string `json:"merchantId,omitempty"`
	CustomerID    string `json:"customerId,omitempty"`
	DelegateID    string `json:"customerDelegateId,omitempty"`
	MarketplaceID string `json:"marketplaceId,omitempty"`
}

// environments are the words for them in keys and tokens.
var environments = map[access.Environment]string{access.Test: "sandbox", access.Live: "live"}

// Signed is who is signed in: a customer (with a delegate who acts for it, or
// none), or somebody of the portal.
type Signed struct {
	Kind        Credential
	Realm       access.Realm
	Subject     string
	Merchant    ident.ID
	Marketplace ident.ID
	Customer    ident.ID
	Delegate    ident.ID
	Life        time.Duration
}

// Sign makes a token for who is signed in: a compact JWS, EdDSA.
func (s *Surface) Sign(who Signed) (string, error) {
	now := s.Clock()
	body, err := json.Marshal(claims{Issuer: s.BaseURL, Subject: who.Subject, Audience: string(who.Kind), IssuedAt: now.Unix(), ExpiresAt: now.Add(who.Life).Unix(),
		Environment: environments[who.Realm.Environment], Realm: string(who.Realm.ID), MerchantID: merchantID.wire(who.Merchant),
		CustomerID: customerID.wire(who.Customer), DelegateID: delegateID.wire(who.Delegate), MarketplaceID: marketplaceID.wire(who.Marketplace)})
	if err != nil {
		return "", fault.Wrap(err, "the claims cannot be encoded")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: s.signingKey()}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fault.Wrap(err, "no signer")
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", fault.Wrap(err, "the claims cannot be signed")
	}
	return signed.CompactSerialize()
}

func (s *Surface) signingKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(s.Seed) }

var errToken = fault.New("unauthenticated.token", "unknown, expired or revoked credential")

// signed checks a token. Whatever is wrong with it, the answer is the same.
// Faults: unauthenticated.token.
func (s *Surface) signed(token string) (Signed, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return Signed{}, errToken
	}
	body, err := jws.Verify(s.signingKey().Public())
	if err != nil {
		return Signed{}, errToken
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil {
		return Signed{}, errToken
	}
	now := s.Clock().Unix()
	who := Signed{Kind: Credential(c.Audience), Realm: access.Realm{ID: ident.ID(c.Realm)}, Subject: c.Subject}
	for env, word := range environments {
		if word == c.Environment {
			who.Realm.Environment = env
		}
	}
	who.Merchant, _ = merchantID.parse(c.MerchantID)
	who.Marketplace, _ = marketplaceID.parse(c.MarketplaceID)
	who.Customer, _ = customerID.parse(c.CustomerID)
	who.Delegate, _ = delegateID.parse(c.DelegateID)
	whole := who.Realm.ID.Valid() && who.Realm.Environment != "" && map[Credential]bool{CustomerJWT: who.Merchant != "" && who.Customer != "",
		MerchantJWT: who.Merchant != "", MarketplaceJWT: who.Marketplace != "", AdminJWT: true}[who.Kind]
	if c.Issuer != s.BaseURL || now >= c.ExpiresAt || now < c.IssuedAt-60 || !whole {
		return Signed{}, errToken
	}
	return who, nil
}
