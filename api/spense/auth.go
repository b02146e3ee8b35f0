package spense

import (
	"context"
	"encoding/base64"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// tokenLife is how long an access token is good for (sheet, 3.1).
const tokenLife = time.Hour

// rights are what a key of the contract may do in the core.
var rights = []access.Permission{access.Pay, access.Refund, access.Read, access.Settings}

// Credentials are what an integrator is given.
type Credentials struct {
	ClientID     string
	ClientSecret method.Secret
}

// MakeKey makes a key that reaches the given organisations (merchants), one as
// a rule; with several it is a partner's. With none and a marketplace it
// reaches all of the marketplace's, those of tomorrow too.
func (s *Surface) MakeKey(ctx context.Context, realm access.Realm, by audit.By, label string, marketplace ident.ID, merchants ...ident.ID) (Credentials, error) {
	k, token, err := s.Access.MakeKey(ctx, realm, by, access.Key{Kind: Contract, Label: label, May: rights, Merchants: merchants, Marketplace: marketplace})
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{ClientID: string(k.ID), ClientSecret: access.Secret(token)}, nil
}

// grantForm is what grant_type has to be like.
const grantForm = `^(client_credentials|refresh_token)$`

// token is P1 (sheet, 3.1): a form in, a bearer token out. What is no form
// brings nothing.
func (s *Surface) token(c *call) (any, error) {
	form := url.Values{}
	if strings.HasPrefix(strings.ToLower(c.r.Header.Get("Content-Type")), "application/x-www-form-urlencoded") {
		raw, err := wire.ReadBody(nil, c.r, 64<<10)
		if err != nil {
			return nil, err
		}
		if form, err = url.ParseQuery(string(raw)); err != nil {
			return nil, errBody
		}
	}
	last := func(name string) string {
		if v := form[name]; len(v) > 0 {
			return v[len(v)-1]
		}
		return ""
	}
	if grant := last("grant_type"); grant != "" && grant != "client_credentials" && grant != "refresh_token" {
		ck := &check{}
		ck.pattern([]any{"body", "grant_type"}, value{kind: text, text: strings.ToValidUTF8(grant, "\ufffd")}, grantForm)
		return nil, ck.err()
	}
	id, secret := last("client_id"), last("client_secret")
	if id == "" && secret == "" {
		id, secret, _ = basic(c.r, true)
	}
	actor, err := s.open(c.r.Context(), id, secret)
	if err != nil {
		return nil, err
	}
	c.actor = actor
	pass, err := s.Access.Issue(c.r.Context(), actor, tokenLife)
	if err != nil {
		return nil, err
	}
	return struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}{pass.Reveal(), "bearer", int(tokenLife / time.Second)}, nil
}

// open checks a client's id and secret. Keys of other contracts look like
// unknown ones.
func (s *Surface) open(ctx context.Context, id, secret string) (access.Actor, error) {
	actor, err := s.Access.Open(ctx, ident.ID(strings.ToLower(id)), secret)
	if err == nil && actor.Kind != Contract {
		return access.Actor{}, errClient
	}
	return actor, err
}

// basic reads an Authorization header of RFC 7617; decode undoes the
// percent-encoding that RFC 6749 (2.3.1) adds.
func basic(r *http.Request, decode bool) (id, secret string, ok bool) {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(raw), ":")
	if decode {
		for _, part := range []*string{&id, &secret} {
			if plain, err := url.QueryUnescape(*part); err == nil {
				*part = plain
			}
		}
	}
	return id, secret, ok
}

// signIn finds out who calls: by a token, or by the key itself as before
// February 2024 where that is still served (sheet, 3.5).
func (s *Surface) signIn(w http.ResponseWriter, c *call) (err error) {
	header := c.r.Header.Get("Authorization")
	if header == "" {
		return errNobody
	}
	if s.Legacy {
		if id, secret, ok := basic(c.r, false); ok {
			if c.actor, err = s.open(c.r.Context(), id, secret); err != nil {
				return err
			}
			c.old = true
			w.Header().Set("Deprecation", "@1706745600")
			return nil
		}
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return errNobody
	}
	actor, err := s.Access.ByPass(c.r.Context(), strings.TrimSpace(token))
	if err == nil && actor.Kind != Contract {
		err = errToken
	}
	if err == nil {
		c.actor = actor
	}
	return err
}

// organization finds the organisation that a call is about (sheet, 3.3).
func (s *Surface) organization(c *call) error {
	name := c.r.Header.Get("X-Organization-Id")
	if name != "" && !idForm.MatchString(name) {
		return errOrganization
	}
	id := ident.ID(strings.ToLower(name))
	if name == "" {
		reach, err := s.reach(c)
		if err != nil {
			return err
		}
		if len(reach) != 1 {
			return errWhich
		}
		id = reach[0].ID
	}
	found, err := s.Merchants.Find(c.r.Context(), c.actor.Realm, id)
	if fault.Is(err, fault.NotFound) || err == nil && !reaches(c.actor, found.Merchant) {
		return errNoAccess
	}
	c.owner, c.actor = found.Merchant, c.actor.For(id)
	return err
}

// reaches says whether a key reaches an organisation.
func reaches(a access.Actor, m merchant.Merchant) bool {
	switch {
	case !m.Enabled || m.State == merchant.Closed:
		return false
	case len(a.Merchants) > 0:
		return slices.Contains(a.Merchants, m.ID)
	case a.Marketplace != "":
		return m.Marketplace == a.Marketplace
	}
	return true
}

// reach lists the organisations that a key reaches, by name and id.
func (s *Surface) reach(c *call) (list []merchant.Merchant, err error) {
	found, _, err := s.Merchants.Search(c.r.Context(), c.actor.Realm, merchant.Filter{IDs: c.actor.Merchants, Marketplace: c.actor.Marketplace,
		Page: store.Page{Limit: math.MaxInt32, Sort: []string{"name"}}})
	for _, f := range found {
		if reaches(c.actor, f.Merchant) {
			list = append(list, f.Merchant)
		}
	}
	slices.SortStableFunc(list, func(a, b merchant.Merchant) int {
		if n := strings.Compare(a.Name, b.Name); n != 0 {
			return n
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return list, err
}

// limit turns away who calls too often, if the operator has set a limit
// (sheet, 2.5): each key is counted for each organisation.
func (s *Surface) limit(w http.ResponseWriter, c *call) error {
	wait := s.Limiter.Take(string(c.actor.Key) + "/" + string(c.owner.ID))
	if wait == 0 {
		return nil
	}
	w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
	return errThrottle
}
