package webhook

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Overlap is how long, by default, messages are signed with the old secret too
// after Rotate.
const Overlap = 24 * time.Hour

// ring is what an endpoint's sealed column holds. It is never printed.
type ring struct {
	Signing  string `json:"signing"`
	Old      string `json:"old,omitempty"`
	OldUntil int64  `json:"oldUntil,omitempty"` // by the realm's clock, milliseconds
	Cipher   string `json:"cipher,omitempty"`
}

// signing are the secrets to sign with at a moment.
func (r ring) signing(at time.Time) []method.Secret {
	out := []method.Secret{method.Conceal(r.Signing)}
	if r.Old != "" && clock.Millis(at) < r.OldUntil {
		out = append(out, method.Conceal(r.Old))
	}
	return out
}

func (r ring) secrets() Secrets {
	return Secrets{Signing: method.Conceal(r.Signing), Cipher: method.Conceal(r.Cipher)}
}

// draw gives e its first secrets.
func (s *Service) draw(tx *store.Tx, e *Endpoint) (Secrets, error) {
	r, err := s.drawRing(*e)
	if err != nil {
		return Secrets{}, err
	}
	return r.secrets(), s.seal(tx, e, r)
}

func (s *Service) drawRing(e Endpoint) (ring, error) {
	random := s.Random
	if random == nil {
		random = rand.Reader
	}
	draw := newSecret
	if own := s.Manners[e.Contract].Secret; own != nil {
		draw = own
	}
	signing, err := draw(random)
	if err != nil {
		return ring{}, err
	}
	r := ring{Signing: signing.Reveal()}
	if e.Mode == Encrypted || e.Mode == EncryptedJSON {
		key, err := newCipherKey(random)
		if err != nil {
			return ring{}, err
		}
		r.Cipher = key.Reveal()
	}
	return r, nil
}

func (s *Service) seal(tx *store.Tx, e *Endpoint, r ring) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fault.Wrap(err, "an endpoint's secrets")
	}
	sealed, err := s.Vault.Seal(tx, "webhook", e.ID, text)
	clear(text)
	e.sealed, e.keyVersion = sealed.Bytes, sealed.Version
	return err
}

func (s *Service) unseal(tx *store.Tx, e Endpoint) (r ring, err error) {
	text, err := s.Vault.Open(tx, "webhook", e.ID, vault.Sealed{Version: e.keyVersion, Bytes: e.sealed})
	if err != nil {
		return r, err
	}
	defer clear(text)
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fault.New(fault.Internal, "an endpoint's secrets do not read")
	}
	return r, nil
}

// Rotate gives a subscribed endpoint new secrets. Until overlap has passed,
// messages are signed with the old secret too. A cipher key changes at once:
// there is no room for a second one in an encrypted message.
// Faults: not_found.endpoint, conflict.endpoint (implicit: use RotateDefault).
func (s *Service) Rotate(ctx context.Context, realm, id ident.ID, by audit.By, overlap time.Duration) (shown Secrets, err error) {
	err = s.change(ctx, realm, id, by, "webhook.rotate", func(tx *store.Tx, e *Endpoint) error {
		if e.Kind == Implicit {
			return fault.New("conflict.endpoint", "this endpoint is signed for with the merchant's default secret")
		}
		old, err := s.unseal(tx, *e)
		if err != nil {
			return err
		}
		r, err := s.drawRing(*e)
		if err != nil {
			return err
		}
		r.Old, r.OldUntil = old.Signing, clock.Millis(tx.Now().Add(overlap))
		shown = r.secrets()
		if err := s.seal(tx, e, r); err != nil {
			return err
		}
		saveEndpoint(tx, e)
		return nil
	})
	return shown, err
}

// Reveal shows an endpoint's secrets to its owner again, and says so in the
// audit trail. Faults: not_found.endpoint, conflict.endpoint (implicit).
func (s *Service) Reveal(ctx context.Context, realm, id ident.ID, by audit.By) (shown Secrets, err error) {
	err = s.change(ctx, realm, id, by, "webhook.reveal", func(tx *store.Tx, e *Endpoint) error {
		if e.Kind == Implicit {
			return fault.New("conflict.endpoint", "this endpoint is signed for with the merchant's default secret")
		}
		r, err := s.unseal(tx, *e)
		shown = r.secrets()
		return err
	})
	return shown, err
}

// The default secret of a merchant signs messages to servers that single
// payments name. It is made when it is first needed or asked for, and its owner
// reads it through RevealDefault: the merchant's, not the realm's, so that one
// merchant of a platform cannot sign as another.

// RevealDefault shows a merchant's default secret, made if there is none yet.
func (s *Service) RevealDefault(ctx context.Context, realm, merchant ident.ID, by audit.By) (Secrets, error) {
	if err := s.ensureDefault(ctx, realm, merchant); err != nil {
		return Secrets{}, err
	}
	return s.Reveal(ctx, realm, derivedID(realm, merchant, Default, ""), by)
}

// RotateDefault gives a merchant a new default secret, as Rotate does.
func (s *Service) RotateDefault(ctx context.Context, realm, merchant ident.ID, by audit.By, overlap time.Duration) (Secrets, error) {
	if err := s.ensureDefault(ctx, realm, merchant); err != nil {
		return Secrets{}, err
	}
	return s.Rotate(ctx, realm, derivedID(realm, merchant, Default, ""), by, overlap)
}

func (s *Service) ensureDefault(ctx context.Context, realm, merchant ident.ID) error {
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		id := derivedID(tx.Realm(), merchant, Default, "")
		_, found, err := getEndpoint(tx, id)
		if err != nil || found {
			return err
		}
		e := Endpoint{ID: id, Version: 1, Kind: Default, Merchant: merchant, Mode: Plain, State: Active, CreatedAt: tx.Now()}
		if _, err := s.draw(tx, &e); err != nil {
			return err
		}
		return offerEndpoint(tx, e) // of two that were made at once the first counts
	})
}

// derivedID names an endpoint by what it is for, so that two transactions that
// need it at the same moment make the same one.
func derivedID(realm, merchant ident.ID, kind Kind, origin string) ident.ID {
	sum := sha256.Sum256([]byte(string(realm) + "\x00" + string(merchant) + "\x00" + string(kind) + "\x00" + origin))
	return ident.ID(hex.EncodeToString(sum[:ident.Length/2]))
}
