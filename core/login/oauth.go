package login

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// How long codes and tokens live (contract sheet media, 3.1 and 3.2).
const (
	codeLife    = 10 * time.Minute
	accessLife  = 12 * time.Hour
	refreshLife = 30 * 24 * time.Hour
)

const (
	codePrefix    = "flc_"
	accessPrefix  = "fla_"
	refreshPrefix = "flr_"
)

// Request is what a client asks of a browser.
type Request struct {
	Client    Client
	Redirect  string
	Scopes    []string
	Challenge string // PKCE, S256; "" for none
}

// Ask checks what a browser brings to the authorisation page. As long as the
// client or the address is wrong, the answer is a page and never a redirect:
// Redirect is empty then. Faults, in the order checked: not_found.client,
// invalid.redirect, invalid.response_type, invalid.challenge, invalid.scope
// (RFC 6749, 4.1.2.1; RFC 7636, 4.3: S256 alone is taken, since plain hides
// nothing).
func (s *Service) Ask(ctx context.Context, code, redirect, responseType, scope, challenge, challengeMethod string) (r Request, err error) {
	if r.Client, err = s.Client(ctx, code); err != nil {
		return r, err
	}
	if !r.Client.redirects(redirect) {
		return r, fault.At("invalid.redirect", "redirect_uri", "this address is not registered for the client")
	}
	r.Redirect, r.Challenge = redirect, challenge
	if responseType != "code" {
		return r, fault.At("invalid.response_type", "response_type", "code is the only response type")
	}
	switch {
	case challenge == "" && challengeMethod == "" && !r.Client.Public():
	case challenge == "":
		return r, fault.At("invalid.challenge", "code_challenge", "a code challenge is needed")
	case challengeMethod != "S256":
		return r, fault.At("invalid.challenge", "code_challenge_method", "transform algorithm not supported: S256 is the only one")
	case len(challenge) != 43 || strings.Trim(challenge, base64url) != "":
		return r, fault.At("invalid.challenge", "code_challenge", "not the S256 of anything")
	}
	r.Scopes, err = r.Client.Grants(scope)
	return r, err
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// authorisation is a code as it is kept.
type authorisation struct {
	id, redirect, challenge string
	version                 int64
	grant                   ident.ID
	client, person          ident.ID
	credential              string
	scopes                  []string
	expiresAt, usedAt       time.Time
}

// Authorise gives a client a code for the signed-in person: good once, for ten
// minutes.
func (s *Service) Authorise(ctx context.Context, r Request, in Session) (method.Secret, error) {
	text, err := s.token(codePrefix, r.Client.Realm)
	if err != nil {
		return method.Secret{}, err
	}
	err = s.DB.Update(ctx, r.Client.Realm, func(tx *store.Tx) error {
		addAuthorisation(tx, authorisation{id: s.digest("code", text), version: 1, grant: tx.NewID(), client: r.Client.ID, person: in.Person, credential: in.Credential.String(),
			redirect: r.Redirect, scopes: r.Scopes, challenge: r.Challenge, expiresAt: tx.Now().Add(codeLife)})
		return nil
	})
	return method.Conceal(text), err
}

// Tokens are what a client gets.
type Tokens struct {
	Access    method.Secret
	Refresh   method.Secret // empty in client mode
	Scopes    []string
	ExpiresAt time.Time
	Life      time.Duration // of the access token, at most
}

// errGrant is the one answer to a code or a refresh token that is good no
// longer, or never was.
var errGrant = fault.New("invalid.grant", "the code or token is unknown, used, expired, or another client's")

// Exchange gives tokens for a code. A code that comes a second time takes back
// what the first time gave: one of the two callers has stolen it.
// Faults: invalid.grant.
func (s *Service) Exchange(ctx context.Context, c Client, code, redirect, verifier string) (out Tokens, err error) {
	realm, ok := realmOf(codePrefix, code)
	if !ok || realm != c.Realm {
		return out, errGrant
	}
	wrong := false
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		a, found, err := getAuthorisation(tx, s.digest("code", code))
		if err != nil {
			return err
		}
		if wrong = !found || a.client != c.ID; wrong {
			return nil
		}
		if wrong = !a.usedAt.IsZero(); wrong {
			return revokeGrant(tx, a.grant)
		}
		// A wrong verifier uses the code up too: there is one guess.
		a.usedAt = tx.Now()
		saveAuthorisation(tx, &a)
		if wrong = !tx.Now().Before(a.expiresAt) || a.redirect != redirect || !proves(verifier, a.challenge); wrong {
			return nil
		}
		out, err = s.issue(tx, c, token{grant: a.grant, person: a.person, credential: a.credential, scopes: a.scopes})
		return err
	})
	if err == nil && wrong {
		err = errGrant
	}
	return out, err
}

// proves says whether a verifier is the one that a challenge was made of. Who
// began without a challenge ends without a verifier: else an attacker's own
// code could be slipped under a client that uses PKCE.
func proves(verifier, challenge string) bool {
	if challenge == "" || verifier == "" {
		return challenge == verifier
	}
	if len(verifier) < 43 || len(verifier) > 128 || strings.Trim(verifier, base64url+".~") != "" {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return same(base64.RawURLEncoding.EncodeToString(sum[:]), challenge)
}

// token is an access or refresh token as it is kept.
type token struct {
	id, kind                                string
	version                                 int64
	grant                                   ident.ID
	client, person                          ident.ID
	credential                              string
	scopes                                  []string
	createdAt, expiresAt, usedAt, revokedAt time.Time
}

// issue makes an access token, and a refresh token where a person stands behind it.
func (s *Service) issue(tx *store.Tx, c Client, t token) (out Tokens, err error) {
	out = Tokens{Scopes: t.scopes, Life: c.AccessLife}
	if out.Life == 0 {
		out.Life = accessLife
	}
	out.ExpiresAt = tx.Now().Add(out.Life)
	make := func(prefix, kind string, until time.Time) (method.Secret, error) {
		text, err := s.token(prefix, c.Realm)
		t.id, t.kind, t.version, t.client, t.createdAt, t.expiresAt = s.digest(kind, text), kind, 1, c.ID, tx.Now(), until
		if err == nil {
			addToken(tx, t)
		}
		return method.Conceal(text), err
	}
	if out.Access, err = make(accessPrefix, "access", out.ExpiresAt); err != nil || t.person == "" {
		return out, err
	}
	out.Refresh, err = make(refreshPrefix, "refresh", tx.Now().Add(refreshLife))
	return out, err
}

// Refresh gives new tokens for a refresh token, which is good once. One that
// comes a second time ends all that descends from the same sign-in. scope may
// ask for less than there was. Faults: invalid.grant, invalid.scope.
func (s *Service) Refresh(ctx context.Context, c Client, refresh, scope string) (out Tokens, err error) {
	realm, ok := realmOf(refreshPrefix, refresh)
	if !ok || realm != c.Realm {
		return out, errGrant
	}
	var refused error
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		refused = nil
		t, found, err := getToken(tx, s.digest("refresh", refresh))
		if err != nil {
			return err
		}
		if !found || t.client != c.ID || t.kind != "refresh" || !t.revokedAt.IsZero() || !tx.Now().Before(t.expiresAt) {
			refused = errGrant
			return nil
		}
		if !t.usedAt.IsZero() {
			refused = errGrant
			return revokeGrant(tx, t.grant)
		}
		asked := strings.Fields(scope)
		for _, one := range asked {
			if !slices.Contains(t.scopes, one) {
				refused = fault.At("invalid.scope", "scope", "more than was granted")
				return nil
			}
		}
		if p, err := getPerson(tx, t.person); err != nil || !p.DisabledAt.IsZero() {
			refused = errGrant
			return err
		}
		t.usedAt = tx.Now()
		saveToken(tx, &t)
		given := t
		given.usedAt = time.Time{}
		if len(asked) > 0 {
			given.scopes = asked
		}
		out, err = s.issue(tx, c, given)
		return err
	})
	if err == nil {
		err = refused
	}
	return out, err
}

// Grant gives a client a token of its own: client mode.
// Faults: invalid.scope, forbidden.client (a public client has no secret to
// prove itself with).
func (s *Service) Grant(ctx context.Context, c Client, scope string) (out Tokens, err error) {
	if c.Public() {
		return out, fault.New("forbidden.client", "a public client has no client mode")
	}
	scopes, err := c.Grants(scope)
	if err != nil {
		return out, err
	}
	err = s.DB.Update(ctx, c.Realm, func(tx *store.Tx) error {
		out, err = s.issue(tx, c, token{grant: tx.NewID(), scopes: scopes})
		return err
	})
	return out, err
}

// Revoke ends a token of the client's: an access token alone, a refresh token
// with all that descends from the same sign-in (RFC 7009). A token that is
// nobody's, or another client's, changes nothing.
func (s *Service) Revoke(ctx context.Context, c Client, text string) error {
	kind := "access"
	realm, ok := realmOf(accessPrefix, text)
	if !ok {
		realm, ok = realmOf(refreshPrefix, text)
		kind = "refresh"
	}
	if !ok || realm != c.Realm {
		return nil
	}
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		t, found, err := getToken(tx, s.digest(kind, text))
		if err != nil || !found || t.client != c.ID {
			return err
		}
		if kind == "refresh" {
			return revokeGrant(tx, t.grant)
		}
		if t.revokedAt.IsZero() {
			t.revokedAt = tx.Now()
			saveToken(tx, &t)
		}
		return nil
	})
}

// Bearer is who an access token stands for.
type Bearer struct {
	Realm       ident.ID
	Environment access.Environment
	Client      Client
	Person      ident.ID   // "" in client mode
	Credential  Credential // by which the person signed in
	Scopes      []string
	ExpiresAt   time.Time
}

// May says whether the token has a scope.
func (b Bearer) May(scope string) bool { return slices.Contains(b.Scopes, scope) }

// Authenticate finds who an access token stands for. It asks the database each
// time, so that what is revoked is refused at once.
// Faults: unauthenticated.token (unknown, expired, revoked, of a client or a
// person that was disabled: all alike).
func (s *Service) Authenticate(ctx context.Context, access string) (b Bearer, err error) {
	none := fault.New("unauthenticated.token", "unknown, expired or revoked access token")
	realm, ok := realmOf(accessPrefix, access)
	if !ok {
		return b, none
	}
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		t, found, err := getToken(tx, s.digest("access", access))
		if err != nil {
			return err
		}
		if !found || t.kind != "access" || !t.revokedAt.IsZero() || !tx.Now().Before(t.expiresAt) {
			return none
		}
		c, found, err := getClient(tx, t.client)
		if err != nil {
			return err
		}
		if !found || !c.DisabledAt.IsZero() {
			return none
		}
		if t.person != "" {
			if p, err := getPerson(tx, t.person); err != nil || !p.DisabledAt.IsZero() {
				return none
			}
		}
		b = Bearer{Realm: realm, Client: c, Person: t.person, Scopes: t.scopes, ExpiresAt: t.expiresAt}
		b.Credential.Kind, b.Credential.Value = split(t.credential)
		b.Environment, err = environment(tx)
		return err
	})
	return b, err
}

func environment(tx *store.Tx) (access.Environment, error) {
	env, err := access.EnvironmentIn(tx)
	if fault.Is(err, fault.NotFound) {
		err = fault.New("unauthenticated.token", "unknown, expired or revoked access token")
	}
	return env, err
}
