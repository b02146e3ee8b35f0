package merchant

import (
	"context"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Outlet is the profile that a merchant sells through where a contract names
// merchants and no profiles: its oldest one that is enabled. A merchant that has
// none gets one, with 3-D Secure and without restrictions, whose code is the
// merchant's id. Faults: not_found.merchant.
func (s *Service) Outlet(ctx context.Context, realm, merchant ident.ID) (Profile, error) {
	key := outletKey(realm, merchant)
	if v, ok := s.known.Load(key); ok {
		if kp := v.(knownPair); s.Clock().Sub(kp.readAt).Abs() < profileCacheAge {
			return kp.profile, nil
		}
	}
	kp, found := knownPair{readAt: s.Clock()}, false
	err := s.DB.View(ctx, realm, func(tx *store.Tx) (err error) {
		kp.profile, found, err = outlet(tx, merchant)
		return err
	})
	if err == nil && !found {
		kp.profile, err = s.openOutlet(ctx, realm, merchant)
	}
	if err != nil {
		return Profile{}, err
	}
	s.known.Store(key, kp)
	return kp.profile, nil
}

func (s *Service) openOutlet(ctx context.Context, realm, merchant ident.ID) (p Profile, err error) {
	open := func(tx *store.Tx) error {
		var found bool
		if p, found, err = outlet(tx, merchant); found || err != nil {
			return err
		}
		m, err := getMerchant(tx, merchant)
		if err != nil {
			return err
		}
		p = Profile{Realm: realm, ID: tx.NewID(), Version: 1, Merchant: m.ID, Code: string(m.ID), Name: m.Name, Enabled: true,
			CreatedAt: tx.Now(), Settings: Settings{ThreeDS: true}}
		return addProfile(tx, p)
	}
	if err = s.DB.Update(ctx, realm, open); err != nil && taken(err, "") != err { // somebody opened it at the same moment
		err = s.DB.Update(ctx, realm, open)
	}
	return p, err
}

// outletKey is where an outlet is remembered; no profile's code holds a NUL.
func outletKey(realm, merchant ident.ID) string { return string(realm) + "/\x00" + string(merchant) }
