package april

import (
	"context"
	"net/http"
	"strings"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
)

// Credential is a kind of credential, by its code (sheet, 2).
type Credential string

const (
	EnterpriseKey  Credential = "E"
	MarketplaceKey Credential = "MK"
	PublicKey      Credential = "P"
	SecretKey      Credential = "S"
	CustomerKey    Credential = "C"
	LinkToken      Credential = "L"
	CustomerJWT    Credential = "cj"
	MerchantJWT    Credential = "mj"
	MarketplaceJWT Credential = "kj"
	AdminJWT       Credential = "aj"
)

// keyKind is what the core calls a kind of key, and the two letters of its form.
type keyKind struct{ kind, form string }

// keyKinds are the credentials that are keys. A payment link's token is made
// with the order that it pays.
var keyKinds = map[Credential]keyKind{
	EnterpriseKey:  {"april.enterprise", "ek"},
	MarketplaceKey: {"april.marketplace", "mk"},
	PublicKey:      {"april.public", "pk"},
	SecretKey:      {"april.secret", "sk"},
	CustomerKey:    {"april.customer", "ck"},
}

// rights are what each credential may do in the core. Nobody gets the
// sandbox's controls: those of a test realm reach beyond a merchant.
var rights = map[Credential][]access.Permission{
	EnterpriseKey:  {access.Read, access.Settings},
	MarketplaceKey: {access.Pay, access.Capture, access.Refund, access.Read, access.Register, access.Settings},
	PublicKey:      {access.Register},
	SecretKey:      {access.Pay, access.Capture, access.Refund, access.Read, access.Register, access.Settings},
	CustomerKey:    {access.Read},
	LinkToken:      {access.Pay, access.Read},
	CustomerJWT:    {access.Register, access.Read},
	MerchantJWT:    {access.Pay, access.Capture, access.Refund, access.Read, access.Register, access.Settings},
	MarketplaceJWT: {access.Pay, access.Capture, access.Refund, access.Read, access.Register, access.Settings},
	AdminJWT:       {access.Pay, access.Capture, access.Refund, access.Read, access.Register, access.Settings},
}

// Holder says whose a new key is: a merchant's, a marketplace's, a customer's
// of a merchant, or nobody's in particular.
type Holder struct{ Merchant, Marketplace, Customer ident.ID }

// MakeKey makes a key of the contract: label and, if it is not zero, its
// expiry are taken from k. Its token is shown once, a public key's again and
// again.
func (s *Surface) MakeKey(ctx context.Context, realm access.Realm, by audit.By, kind Credential, holder Holder, k access.Key) (access.Key, method.Secret, error) {
	own, known := keyKinds[kind]
	if !known {
		return access.Key{}, method.Secret{}, fault.New("invalid.kind", "no kind of key")
	}
	k.Kind, k.May, k.Marketplace, k.Customer = own.kind, rights[kind], holder.Marketplace, holder.Customer
	if holder.Merchant != "" {
		k.Merchants = []ident.ID{holder.Merchant}
	}
	return s.Access.MakeShortKey(ctx, realm, by, own.form, kind == PublicKey, k)
}

// caller is who asks, before it is known what for.
type caller struct {
	kind        Credential
	actor       access.Actor
	merchant    ident.ID // that the credential implies, or ""
	marketplace ident.ID // that a marketplace's credential implies, or ""
	customer    ident.ID // of a customer's token, or a link's
	delegate    ident.ID // of a customer's token
	order       ident.ID // that a link's token pays
	name        string   // in what is told of who made something
}

// who names the credential where its calls are counted: the key, or who is
// signed in.
func (c caller) who() string {
	for _, id := range []ident.ID{c.actor.Key, c.delegate, c.customer, c.merchant, c.marketplace} {
		if id != "" {
			return string(c.actor.Realm) + "/" + string(c.kind) + "/" + string(id)
		}
	}
	return string(c.actor.Realm) + "/" + string(c.kind)
}

// caller checks the credential (sheet, 2). Faults: unauthenticated...
func (s *Surface) caller(r *http.Request) (caller, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return caller{}, fault.New("unauthenticated.header", "an Authorization header with a bearer credential is needed")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 2048 {
		return caller{}, fault.New("unauthenticated.header", "an Authorization header with a bearer credential is needed")
	}
	if strings.Count(token, ".") == 2 {
		return s.signedIn(r.Context(), token)
	}
	if c, is, err := s.byLink(r.Context(), token); is {
		return c, err
	}
	actor, err := s.Access.Authenticate(r.Context(), token)
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			err = errToken
		}
		return caller{}, err
	}
	for kind, own := range keyKinds {
		if own.kind != actor.Kind {
			continue
		}
		c := caller{kind: kind, actor: actor, marketplace: actor.Marketplace, customer: actor.Customer, name: keyID.wire(actor.Key)}
		if len(actor.Merchants) == 1 {
			c.merchant, c.name = actor.Merchants[0], merchantID.wire(actor.Merchants[0])
		}
		if actor.Marketplace != "" {
			c.name = marketplaceID.wire(actor.Marketplace)
		}
		return c, nil
	}
	return caller{}, errToken
}

// signedIn is the caller behind a signed token.
func (s *Surface) signedIn(ctx context.Context, token string) (caller, error) {
	who, err := s.signed(token)
	if err != nil {
		return caller{}, err
	}
	env, err := s.Access.Environment(ctx, who.Realm.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return caller{}, err
	}
	if err != nil || env != who.Realm.Environment {
		return caller{}, errToken
	}
	c := caller{kind: who.Kind, name: who.Subject, customer: who.Customer, delegate: who.Delegate,
		actor: access.Actor{Realm: who.Realm.ID, Environment: env, Kind: "april." + string(who.Kind), May: rights[who.Kind], Marketplace: who.Marketplace, Customer: who.Customer}}
	switch who.Kind {
	case MarketplaceJWT:
		c.marketplace = who.Marketplace
	case MerchantJWT, CustomerJWT:
		c.merchant, c.actor.Merchants = who.Merchant, []ident.ID{who.Merchant}
	}
	return c, nil
}
