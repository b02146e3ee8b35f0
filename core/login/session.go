package login

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Session is a browser in which somebody is signed in.
type Session struct {
	Realm      ident.ID
	Person     ident.ID
	Client     ident.ID   // through whose page the person signed in
	Credential Credential // by which
	CreatedAt  time.Time
	ExpiresAt  time.Time

	id string // the hash of its token
}

// How long a session lasts: a working day, or a month where the client
// remembers its readers.
const (
	sessionLife    = 12 * time.Hour
	rememberedLife = 30 * 24 * time.Hour
)

const sessionPrefix = "fls_"

// Begin signs a person in and returns the token for the cookie. There is a new
// one each time, so that nobody can lay a known one down beforehand.
func (s *Service) Begin(ctx context.Context, client Client, p Person, c Credential) (token method.Secret, out Session, err error) {
	text, err := s.token(sessionPrefix, client.Realm)
	if err != nil {
		return token, out, err
	}
	err = s.DB.Update(ctx, client.Realm, func(tx *store.Tx) error {
		life := sessionLife
		if client.Remember {
			life = rememberedLife
		}
		out = Session{Realm: client.Realm, Person: p.ID, Client: client.ID, Credential: c, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(life), id: s.digest("session", text)}
		addSession(tx, out)
		return nil
	})
	return method.Conceal(text), out, err
}

// Session finds who is signed in by a cookie's token.
// Faults: unauthenticated.session (unknown, ended, expired: all alike).
func (s *Service) Session(ctx context.Context, realm ident.ID, token string) (out Session, p Person, err error) {
	none := fault.New("unauthenticated.session", "nobody is signed in")
	if of, ok := realmOf(sessionPrefix, token); !ok || of != realm {
		return out, p, none
	}
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		var found bool
		if out, found, err = getSession(tx, s.digest("session", token)); err != nil {
			return err
		}
		if !found || !tx.Now().Before(out.ExpiresAt) {
			return none
		}
		if p, err = getPerson(tx, out.Person); err == nil && !p.DisabledAt.IsZero() {
			err = none
		}
		return err
	})
	if err != nil {
		return Session{}, Person{}, err
	}
	return out, p, nil
}

// End signs a browser out. A token that is no session's changes nothing.
func (s *Service) End(ctx context.Context, token string) error {
	realm, ok := realmOf(sessionPrefix, token)
	if !ok {
		return nil
	}
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error { return dropSession(tx, s.digest("session", token)) })
}
