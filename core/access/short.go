package access

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// A short token is <sandbox|live>_<form>_ and 32 characters of base64url: the
// key's id and 12 random bytes, 96 bits that cannot be tried out over a
// network. The form, two letters, says to people what the token is for; it is
// part of what is hashed, so that a token does not open under another form.
const (
	shortLength = 32
	shortID     = 16 // characters of the id
	formLength  = 2
)

var modes = map[Environment]string{Live: "live", Test: "sandbox"}

// MakeShortKey makes a key whose token is short, as MakeKey does else. form is
// two lower-case letters. The token of a public key is kept and can be shown
// again. Faults: none of its own.
func (s *Service) MakeShortKey(ctx context.Context, realm Realm, by audit.By, form string, public bool, k Key) (Key, method.Secret, error) {
	secret, err := s.secret(12)
	if err != nil {
		return Key{}, method.Secret{}, err
	}
	var token string
	err = s.DB.Update(ctx, realm.ID, func(tx *store.Tx) error {
		k.Realm, k.ID, k.Version = realm.ID, tx.NewID(), 1
		k.CreatedAt, k.UpdatedAt = tx.Now(), tx.Now()
		k.hash = s.digest(form + "_" + secret)
		token = modes[realm.Environment] + "_" + form + "_" + base64.RawURLEncoding.EncodeToString(k.ID.Bytes()) + secret
		if public {
			k.Shown = token
		}
		addKey(tx, k)
		audit.Add(tx, by, "key.add", k.ID, "ok")
		return nil
	})
	if err != nil {
		return Key{}, method.Secret{}, err
	}
	return k, method.Conceal(token), nil
}

// splitShort takes a short token apart. The secret bears the form.
func splitShort(token string) (id ident.ID, secret string, env Environment, ok bool) {
	mode, rest, _ := strings.Cut(token, "_")
	if mode != modes[Live] && mode != modes[Test] || len(rest) != formLength+1+shortLength || rest[formLength] != '_' {
		return "", "", "", false
	}
	env = Live
	if mode == modes[Test] {
		env = Test
	}
	form, body := rest[:formLength], rest[formLength+1:]
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body[:shortID])
	if err != nil {
		return "", "", "", false
	}
	id = ident.ID(hex.EncodeToString(raw)) // shorter when a line end was passed over
	return id, form + "_" + body[shortID:], env, id.Valid()
}

// Owners are whose keys are looked for: those of any of the merchants and
// those of any of the marketplaces.
type Owners struct{ Merchants, Marketplaces []ident.ID }

// Filter says which keys of a realm are looked for; what is nil or empty does
// not matter. Revoked keys are never found.
type Filter struct {
	Kinds    []string
	Owners   *Owners
	Disabled *bool
	Expired  *bool
	At       time.Time // the moment at which a key counts as expired
	Created  store.Span
	Expires  store.Span
	Page     store.Page
}

// Search finds keys, a page of them, and says how many there are in all.
// Faults: invalid.sort.
func (s *Service) Search(ctx context.Context, realm ident.ID, f Filter) (list []Key, total int64, err error) {
	if f.At.IsZero() {
		f.At = s.Clock()
	}
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchKeys(tx, f)
		return err
	})
	return list, total, err
}

// GetKey finds a key that was not revoked. Faults: not_found.key.
func (s *Service) GetKey(ctx context.Context, realm, id ident.ID) (k Key, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		k, err = ownKey(tx, id)
		return err
	})
	return k, err
}

// Change lets f change a key's Label, ExpiresAt and DisabledAt, and stores it.
// f is given the realm's time. Faults: not_found.key, and f's own.
func (s *Service) Change(ctx context.Context, realm ident.ID, by audit.By, id ident.ID, f func(k *Key, now time.Time) error) (k Key, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		old, err := ownKey(tx, id)
		if err != nil {
			return err
		}
		k = old
		if err := f(&k, tx.Now()); err != nil {
			return err
		}
		if k.Label == old.Label && k.ExpiresAt.Equal(old.ExpiresAt) && k.DisabledAt.Equal(old.DisabledAt) {
			return nil
		}
		k.UpdatedAt = tx.Now()
		saveKey(tx, k)
		audit.Add(tx, by, "key.change", id, "ok")
		k.Version++
		return nil
	})
	s.known.Delete(id)
	return k, err
}

func ownKey(tx *store.Tx, id ident.ID) (Key, error) {
	k, found, err := getKey(tx, id)
	if err == nil && (!found || k.Realm != tx.Realm() || !k.RevokedAt.IsZero()) {
		err = fault.New("not_found.key", "no such key")
	}
	return k, err
}
