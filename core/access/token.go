package access

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Open finds the actor behind a key's id and the secret that stands beside it,
// for contracts that send the two apart: the secret is what Secret makes of a
// token. Faults: unauthenticated.key (unknown or wrong: both alike),
// forbidden.key (the secret is right; the key was revoked, disabled or has
// expired).
func (s *Service) Open(ctx context.Context, id ident.ID, secret string) (Actor, error) {
	_, own, env, ok := splitToken(joinToken(id, secret))
	if !ok {
		return Actor{}, errUnknownKey
	}
	known, err := s.lookup(ctx, id)
	if err != nil {
		return Actor{}, err
	}
	want := known.key.hash
	if want == "" {
		want = s.digest("no such key") // an unknown key costs the same time
	}
	if subtle.ConstantTimeCompare([]byte(s.digest(own)), []byte(want)) != 1 || known.key.ID == "" || known.realm.Environment != env {
		return Actor{}, errUnknownKey
	}
	return known.actor(s.Clock())
}

var errUnknownKey = fault.New("unauthenticated.key", "unknown key or wrong secret")

// actor is who the key stands for, as long as it is usable.
func (k knownKey) actor(at time.Time) (Actor, error) {
	if !k.key.usable(at) {
		return Actor{}, fault.New("forbidden.key", "the key is disabled")
	}
	return Actor{Realm: k.key.Realm, Environment: k.realm.Environment, Key: k.key.ID, Kind: k.key.Kind, May: k.key.May, Merchants: k.key.Merchants,
		Marketplace: k.key.Marketplace, Customer: k.key.Customer}, nil
}

// prefixLength is that of flk_live_ and flk_test_.
const prefixLength = len("flk_live_")

// Secret is a token without the key's id in it.
func Secret(token method.Secret) method.Secret {
	t := token.Reveal()
	return method.Conceal(t[:prefixLength] + t[prefixLength+ident.Length:])
}

func joinToken(id ident.ID, secret string) string {
	if len(secret) < prefixLength {
		return ""
	}
	return secret[:prefixLength] + string(id) + secret[prefixLength:]
}

// Pass is a token that stands for a key for a while.
type Pass struct {
	Key       ident.ID
	ExpiresAt time.Time
}

// Issue makes a pass for an actor's key: a random UUID, kept as a hash. A key
// may have several.
func (s *Service) Issue(ctx context.Context, actor Actor, life time.Duration) (method.Secret, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return method.Secret{}, fault.Wrap(err, "no randomness")
	}
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80 // RFC 9562, version 4
	pass := fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		addPass(tx, s.digest("pass "+pass), Pass{Key: actor.Key, ExpiresAt: tx.Now().Add(life)})
		return nil
	})
	return method.Conceal(pass), err
}

// ByPass finds the actor behind a pass. Its time is the realm's; the key's
// revocation ends it within a second. Faults: unauthenticated.token (unknown or
// expired), forbidden.key.
func (s *Service) ByPass(ctx context.Context, pass string) (Actor, error) {
	var p Pass
	var realm ident.ID
	found := false
	err := s.DB.View(ctx, store.System, func(tx *store.Tx) (err error) {
		p, realm, found, err = getPass(tx, s.digest("pass "+pass))
		return err
	})
	if err != nil {
		return Actor{}, err
	}
	over := true
	if found {
		err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
			over = !tx.Now().Before(p.ExpiresAt)
			return nil
		})
	}
	switch {
	case err != nil:
		return Actor{}, err
	case over:
		return Actor{}, fault.New("unauthenticated.token", "unknown or expired token")
	}
	known, err := s.lookup(ctx, p.Key)
	if err != nil {
		return Actor{}, err
	}
	if known.key.ID == "" {
		return Actor{}, fault.New("unauthenticated.token", "unknown or expired token")
	}
	return known.actor(s.Clock())
}

// SweepPasses forgets up to limit passes that have expired, and says how many.
func (s *Service) SweepPasses(ctx context.Context, realm ident.ID, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		n, err := sweepPasses(tx, limit)
		done = int(n)
		return err
	})
	return done, err
}
