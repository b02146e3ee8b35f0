package merchant

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Service keeps merchants and profiles.
type Service struct {
	DB    *store.DB
	Clock clock.Clock
	// Tell writes the event that a merchant's change is, in the transaction of
	// the change: created, updated or activated. Nil: nobody wants to know.
	Tell func(tx *store.Tx, what string, f Found) error

	known sync.Map // realm + "/" + profile code -> knownPair
}

// A profile that was read less than this long ago is believed, so a changed
// setting is in force within a second on every node.
const profileCacheAge = time.Second

type knownPair struct {
	profile  Profile
	merchant Merchant
	readAt   time.Time
}

// Add makes a merchant. Code and Name are needed; without a grade and a state
// it is standard and active. Faults: invalid.code, invalid.name, conflict.code.
func (s *Service) Add(ctx context.Context, realm ident.ID, by audit.By, m Merchant) (Merchant, error) {
	if err := named(m.Code, m.Name); err != nil {
		return Merchant{}, err
	}
	if m.Grade == "" {
		m.Grade = Standard
	}
	if m.State == "" {
		m.State = Active
	}
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		m.ID, m.Version, m.Enabled, m.CreatedAt = tx.NewID(), 1, true, tx.Now()
		audit.Add(tx, by, "merchant.add", m.ID, "ok")
		return addMerchant(tx, m)
	})
	return m, taken(err, m.Code)
}

// AddProfile makes a profile of a merchant. Faults: invalid.code,
// invalid.name, invalid.settings, not_found.merchant, conflict.code.
func (s *Service) AddProfile(ctx context.Context, realm ident.ID, by audit.By, p Profile) (Profile, error) {
	if err := named(p.Code, p.Name); err != nil {
		return Profile{}, err
	}
	if err := p.Settings.Check(); err != nil {
		return Profile{}, err
	}
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if _, err := getMerchant(tx, p.Merchant); err != nil {
			return err
		}
		p.Realm, p.ID, p.Version, p.Enabled, p.CreatedAt = realm, tx.NewID(), 1, true, tx.Now()
		audit.Add(tx, by, "profile.add", p.ID, "ok")
		return addProfile(tx, p)
	})
	return p, taken(err, p.Code)
}

// SaveProfile stores a changed profile: its name, whether it is enabled, its
// settings. Faults: invalid.settings, conflict.version when somebody else was
// faster.
func (s *Service) SaveProfile(ctx context.Context, realm ident.ID, by audit.By, p Profile) (Profile, error) {
	if err := p.Settings.Check(); err != nil {
		return Profile{}, err
	}
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		audit.Add(tx, by, "profile.change", p.ID, "ok")
		return saveProfile(tx, p)
	})
	if err != nil {
		return Profile{}, err
	}
	s.known.Delete(string(realm) + "/" + p.Code)
	s.known.Delete(outletKey(realm, p.Merchant))
	p.Version++
	return p, nil
}

// ByCode finds a profile by its code, with its merchant.
// Faults: not_found.profile.
func (s *Service) ByCode(ctx context.Context, realm ident.ID, code string) (Profile, Merchant, error) {
	key := string(realm) + "/" + code
	if v, ok := s.known.Load(key); ok {
		if kp := v.(knownPair); s.Clock().Sub(kp.readAt).Abs() < profileCacheAge {
			return kp.profile, kp.merchant, nil
		}
	}
	kp := knownPair{readAt: s.Clock()}
	err := s.DB.View(ctx, realm, func(tx *store.Tx) (err error) {
		if kp.profile, err = getProfile(tx, `code`, code); err != nil {
			return err
		}
		kp.merchant, err = getMerchant(tx, kp.profile.Merchant)
		return err
	})
	if err != nil {
		return Profile{}, Merchant{}, err
	}
	s.known.Store(key, kp)
	return kp.profile, kp.merchant, nil
}

// Get finds a profile by its id, with its merchant. Faults: not_found.profile.
func (s *Service) Get(ctx context.Context, realm, id ident.ID) (p Profile, m Merchant, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if p, err = getProfile(tx, `id`, string(id)); err != nil {
			return err
		}
		m, err = getMerchant(tx, p.Merchant)
		return err
	})
	return p, m, err
}

// Profiles lists the profiles of a realm.
func (s *Service) Profiles(ctx context.Context, realm ident.ID) (list []Profile, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = listProfiles(tx)
		return err
	})
	return list, err
}

func named(code, name string) error {
	if code == "" || len(code) > 64 {
		return fault.At("invalid.code", "code", "a code of 1 to 64 characters is needed")
	}
	if name == "" || len(name) > 255 {
		return fault.At("invalid.name", "name", "a name of 1 to 255 characters is needed")
	}
	return nil
}

func taken(err error, code string) error {
	var exists *store.Exists
	if errors.As(err, &exists) {
		return fault.New("conflict.code", "the code %q is taken", code)
	}
	return err
}
