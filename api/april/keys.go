package april

import (
	"slices"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
)

// serviceToken is a key as the contract shows it (sheet, 5.1).
type serviceToken struct {
	ServiceTokenID string         `json:"serviceTokenId"`
	Description    string         `json:"description"`
	TokenType      map[string]any `json:"tokenType"`
	TokenValue     string         `json:"tokenValue,omitempty"`
	Status         string         `json:"status"`
	ExpiresAt      *string        `json:"expiresAt"`
	CreatedBy      *string        `json:"createdBy"`
	CreatedAt      *string        `json:"createdAt"`
	UpdatedAt      *string        `json:"updatedAt"`
}

// serviceKinds are the keys that count as service tokens.
var serviceKinds = []string{keyKinds[SecretKey].kind, keyKinds[MarketplaceKey].kind}

var errNoKey = fault.New("not_found.key", "no such service token")

func showKey(k access.Key, value string) serviceToken {
	out := serviceToken{ServiceTokenID: keyID.wire(k.ID), Description: k.Label, TokenValue: value, Status: "Enabled",
		ExpiresAt: stamp(k.ExpiresAt), CreatedAt: stamp(k.CreatedAt), UpdatedAt: changed(k.CreatedAt, k.UpdatedAt)}
	if !k.DisabledAt.IsZero() {
		out.Status = "Disabled"
	}
	if k.MadeBy != "" {
		out.CreatedBy = &k.MadeBy
	}
	if k.Marketplace != "" {
		out.TokenType = tagged("MarketplaceApiKey", map[string]string{"marketplaceId": marketplaceID.wire(k.Marketplace)})
	} else {
		out.TokenType = tagged("MerchantSecretToken", map[string]string{"merchantId": merchantID.wire(k.Merchants[0])})
	}
	return out
}

// addKey is CreateServiceToken.
func (s *Surface) addKey(c *call) (any, error) {
	variant, in, err := c.body.variant("CreateMerchantSecretToken", "CreateMarketplaceApiKey")
	if err != nil {
		return nil, err
	}
	label, expires := in.need("description"), in.moment("expiresAt")
	if !expires.IsZero() && !expires.After(s.Clock()) {
		in.not("expiresAt", "must lie ahead")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	kind, holder := SecretKey, Holder{}
	switch {
	case variant == "CreateMarketplaceApiKey" && c.merchant != "":
		return nil, fault.New("forbidden.marketplace", "a merchant's credential makes no marketplace key")
	case variant == "CreateMarketplaceApiKey" && c.market == "":
		return nil, broken("Marketplace-Id", "this header has to say whose key it is")
	case variant == "CreateMarketplaceApiKey":
		kind, holder.Marketplace = MarketplaceKey, c.market
	case c.acts == nil:
		return nil, broken("Merchant-Id", "this header has to say whose token it is")
	default:
		holder.Merchant = c.acts.ID
	}
	k, token, err := s.MakeKey(c.r.Context(), c.realm(), c.by(), kind, holder, access.Key{Label: label, ExpiresAt: expires.Truncate(time.Millisecond), MadeBy: c.name})
	if err != nil {
		return nil, err
	}
	return showKey(k, token.Reveal()), nil
}

// keySorts are what the list may be sorted by.
var keySorts = map[string]string{"serviceTokenId": "id", "createdAt": "createdAt", "updatedAt": "updatedAt", "expiresAt": "expiresAt", "description": "label"}

// listKeys is QueryServiceTokens. merchantId finds merchants' secrets,
// marketplaceId marketplaces' keys; one of the two is needed.
func (s *Surface) listKeys(c *call) (any, error) {
	q := c.query
	merchants, markets := q.list("merchantId"), q.list("marketplaceId")
	if len(merchants)+len(markets) == 0 {
		q.not("merchantId", "merchantId or marketplaceId is needed")
	}
	f := access.Filter{Kinds: serviceKinds, Created: q.span("createdFromInclusive", "createdToExclusive"), Expires: q.span("expiresAtFromInclusive", "expiresAtToExclusive"),
		Expired: q.truth("expired"), Page: q.page(keySorts)}
	if status := q.list("status"); len(status) > 0 {
		disabled := slices.Contains(status, "Disabled")
		for _, word := range status {
			if word != "Enabled" && word != "Disabled" {
				q.not("status", "must be one of Enabled, Disabled")
			}
		}
		if disabled != slices.Contains(status, "Enabled") {
			f.Disabled = &disabled
		}
	}
	if err := q.bad.err(); err != nil {
		return nil, err
	}
	owners := access.Owners{}
	for _, id := range merchantID.parseAll(merchants) {
		if _, err := s.mayMerchant(c, id); err == nil {
			owners.Merchants = append(owners.Merchants, id)
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	for _, id := range marketplaceID.parseAll(markets) {
		if c.mayMarketplace(id) {
			owners.Marketplaces = append(owners.Marketplaces, id)
		}
	}
	f.Owners = &owners
	keys, total, err := s.Access.Search(c.r.Context(), c.actor.Realm, f)
	c.found(total, f.Page)
	return each(keys, func(k access.Key) serviceToken { return showKey(k, "") }), err
}

// mayMarketplace says whether the caller sees what belongs to a marketplace
// itself.
func (c *call) mayMarketplace(id ident.ID) bool {
	return c.acts == nil && (c.market == "" || c.market == id)
}

// ownKey finds a service token that the caller may see.
func (s *Surface) ownKey(c *call) (access.Key, error) {
	id, ok := keyID.parse(c.id)
	if !ok {
		return access.Key{}, errNoKey
	}
	k, err := s.Access.GetKey(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return k, err
	}
	switch {
	case !slices.Contains(serviceKinds, k.Kind):
		return k, errNoKey
	case k.Marketplace != "" && !c.mayMarketplace(k.Marketplace):
		return k, errNoKey
	case k.Marketplace == "":
		if _, err := s.mayMerchant(c, k.Merchants[0]); fault.Is(err, fault.NotFound) {
			return k, errNoKey
		} else if err != nil {
			return k, err
		}
	}
	return k, nil
}

// getKey is GetServiceToken.
func (s *Surface) getKey(c *call) (any, error) {
	k, err := s.ownKey(c)
	if err != nil {
		return nil, err
	}
	return showKey(k, ""), nil
}

// changeKey is UpdateServiceToken.
func (s *Surface) changeKey(c *call) (any, error) {
	variant, in, err := c.body.variant("DisableServiceToken", "EnableServiceToken", "UpdateServiceTokenDescription", "UpdateServiceTokenExpiry")
	if err != nil {
		return nil, err
	}
	var label string
	var expires time.Time
	switch variant {
	case "UpdateServiceTokenDescription":
		label = in.need("description")
	case "UpdateServiceTokenExpiry":
		expires = in.moment("expiresAt").Truncate(time.Millisecond)
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	k, err := s.ownKey(c)
	if err != nil {
		return nil, err
	}
	k, err = s.Access.Change(c.r.Context(), c.actor.Realm, c.by(), k.ID, func(k *access.Key, now time.Time) error {
		switch {
		case variant == "DisableServiceToken" && k.DisabledAt.IsZero():
			k.DisabledAt = now
		case variant == "EnableServiceToken":
			k.DisabledAt = time.Time{}
		case variant == "UpdateServiceTokenDescription":
			k.Label = label
		case variant == "UpdateServiceTokenExpiry":
			k.ExpiresAt = expires
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return showKey(k, ""), nil
}
