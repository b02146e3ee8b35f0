package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Service makes, checks and revokes keys.
type Service struct {
	DB     *store.DB
	Pepper []byte    // keys the hashes; kept outside the database
	Random io.Reader // at least as good as crypto/rand.Reader outside simulations
	Clock  clock.Clock

	known        sync.Map // ident.ID -> knownKey
	environments sync.Map // ident.ID -> Environment
}

// A key that was read less than this long ago is believed, so a revocation is
// in force within a second on every node.
const keyCacheAge = time.Second

type knownKey struct {
	key    Key
	realm  Realm
	readAt time.Time
}

// secretLength is 32 random bytes in base64url.
const secretLength = 43

// AddRealm makes a realm. Faults: invalid.organisation, conflict.realm.
func (s *Service) AddRealm(ctx context.Context, organisation string, env Environment) (Realm, error) {
	if organisation == "" {
		return Realm{}, fault.At("invalid.organisation", "organisation", "an organisation needs a name")
	}
	var r Realm
	err := s.DB.Update(ctx, store.System, func(tx *store.Tx) error {
		r = Realm{ID: tx.NewID(), Organisation: organisation, Environment: env, CreatedAt: tx.Now()}
		addRealm(tx, r)
		return nil
	})
	var exists *store.Exists
	if errors.As(err, &exists) {
		return Realm{}, fault.New("conflict.realm", "%s has a %s realm already", organisation, env)
	}
	return r, err
}

// Realms lists every realm of the installation.
func (s *Service) Realms(ctx context.Context) (realms []Realm, err error) {
	err = s.DB.View(ctx, store.System, func(tx *store.Tx) error {
		realms, err = listRealms(tx)
		return err
	})
	return realms, err
}

// Environment tells which environment a realm is in, which never changes.
// Faults: not_found.realm.
func (s *Service) Environment(ctx context.Context, realm ident.ID) (Environment, error) {
	if v, ok := s.environments.Load(realm); ok {
		return v.(Environment), nil
	}
	var r Realm
	err := s.DB.View(ctx, realm, func(tx *store.Tx) (err error) {
		r, err = getRealm(tx, realm)
		return err
	})
	if err == nil {
		s.environments.Store(realm, r.Environment)
	}
	return r.Environment, err
}

// Advance moves a test realm's clock ahead by d and returns its new time.
// Live realms refuse. Faults: forbidden.live, invalid.duration.
func (s *Service) Advance(ctx context.Context, realm ident.ID, d time.Duration) (now time.Time, err error) {
	env, err := s.Environment(ctx, realm)
	if err != nil {
		return now, err
	}
	if env != Test {
		return now, fault.New("forbidden.live", "only a test realm's clock can be moved")
	}
	if d <= 0 || d > 10*365*24*time.Hour {
		return now, fault.At("invalid.duration", "seconds", "the clock moves ahead by a second to ten years at a time")
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		now, err = tx.Advance(d)
		return err
	})
	return now, err
}

// MakeKey makes a key for the realm and returns its token, which nobody can
// read again. k's Kind, Label, May, Merchants, Marketplace, Customer, MadeBy and
// ExpiresAt are taken, and its ID if it has one: then the same id and secret (Random repeats, in a sandbox
// with a seed) find the key of the first time. Faults: conflict.key (the id is
// another key's, or the key was revoked).
func (s *Service) MakeKey(ctx context.Context, realm Realm, by audit.By, k Key) (Key, method.Secret, error) {
	secret, err := s.secret(32)
	if err != nil {
		return Key{}, method.Secret{}, err
	}
	k.hash = s.digest(secret)
	k.Realm, k.Version = realm.ID, 1
	err = s.DB.Update(ctx, realm.ID, func(tx *store.Tx) error {
		k.CreatedAt, k.UpdatedAt = tx.Now(), tx.Now()
		if k.ID == "" {
			k.ID = tx.NewID()
		} else if old, found, err := getKey(tx, k.ID); err != nil || found {
			if err == nil && (old.hash != k.hash || old.Realm != k.Realm || !old.usable(k.CreatedAt)) {
				err = fault.New("conflict.key", "there is such a key already")
			}
			return err
		}
		addKey(tx, k)
		audit.Add(tx, by, "key.add", k.ID, "ok")
		return nil
	})
	if err != nil {
		return Key{}, method.Secret{}, err
	}
	prefix := map[Environment]string{Live: "flk_live_", Test: "flk_test_"}[realm.Environment]
	return k, method.Conceal(prefix + string(k.ID) + secret), nil
}

// Keys lists the keys of a realm, newest first.
func (s *Service) Keys(ctx context.Context, realm ident.ID) (keys []Key, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		keys, err = listKeys(tx)
		return err
	})
	return keys, err
}

// Revoke closes a key for good; a second revocation changes nothing.
// Faults: not_found.key.
func (s *Service) Revoke(ctx context.Context, realm ident.ID, by audit.By, id ident.ID) error {
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		k, found, err := getKey(tx, id)
		if err != nil {
			return err
		}
		if !found || k.Realm != realm {
			return fault.New("not_found.key", "no such key")
		}
		if !k.RevokedAt.IsZero() {
			return nil
		}
		k.RevokedAt = tx.Now()
		saveKey(tx, k)
		audit.Add(tx, by, "key.revoke", id, "ok")
		return nil
	})
	s.known.Delete(id)
	return err
}

// Authenticate finds the actor behind a token.
// Faults: unauthenticated.token (no token of ours), unauthenticated.key
// (unknown, wrong, expired or revoked: all alike).
func (s *Service) Authenticate(ctx context.Context, token string) (Actor, error) {
	id, secret, env, ok := splitToken(token)
	if !ok {
		id, secret, env, ok = splitShort(token)
	}
	if !ok {
		return Actor{}, fault.New("unauthenticated.token", "not an access token")
	}
	known, err := s.lookup(ctx, id)
	if err != nil {
		return Actor{}, err
	}
	want := known.key.hash
	if want == "" {
		want = s.digest("no such key") // an unknown key costs the same time
	}
	same := subtle.ConstantTimeCompare([]byte(s.digest(secret)), []byte(want)) == 1
	if !same || known.key.ID == "" || known.realm.Environment != env || !known.key.usable(s.Clock()) {
		return Actor{}, fault.New("unauthenticated.key", "unknown, expired or revoked access token")
	}
	k := known.key
	return Actor{Realm: k.Realm, Environment: env, Key: k.ID, Kind: k.Kind, May: k.May, Merchants: k.Merchants,
		Marketplace: k.Marketplace, Customer: k.Customer}, nil
}

func (s *Service) lookup(ctx context.Context, id ident.ID) (knownKey, error) {
	if v, ok := s.known.Load(id); ok {
		if kk := v.(knownKey); s.Clock().Sub(kk.readAt).Abs() < keyCacheAge {
			return kk, nil
		}
	}
	kk := knownKey{readAt: s.Clock()}
	err := s.DB.View(ctx, store.System, func(tx *store.Tx) error {
		k, found, err := getKey(tx, id)
		if err != nil || !found {
			return err
		}
		kk.key = k
		kk.realm, err = getRealm(tx, k.Realm)
		return err
	})
	if err != nil {
		return knownKey{}, err
	}
	if kk.key.ID != "" { // strangers do not get to fill the memory
		s.known.Store(id, kk)
	}
	return kk, nil
}

// splitToken takes a token apart: flk_<environment>_<24 hex id><43 secret>.
func splitToken(token string) (id ident.ID, secret string, env Environment, ok bool) {
	rest, isLive := strings.CutPrefix(token, "flk_live_")
	env = Live
	if !isLive {
		rest, ok = strings.CutPrefix(token, "flk_test_")
		if !ok {
			return "", "", "", false
		}
		env = Test
	}
	if len(rest) != ident.Length+secretLength {
		return "", "", "", false
	}
	id = ident.ID(rest[:ident.Length])
	return id, rest[ident.Length:], env, id.Valid()
}

// secret is n random bytes in base64url.
func (s *Service) secret(n int) (string, error) {
	raw := make([]byte, n)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return "", fault.Wrap(err, "no randomness")
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func (s *Service) digest(secret string) string {
	mac := hmac.New(sha256.New, s.Pepper)
	mac.Write([]byte("api key\x00" + secret))
	return hex.EncodeToString(mac.Sum(nil))
}
