package vault

import (
	"context"
	"encoding/hex"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// The work below is done in batches: each call does up to limit rows in one
// transaction and says how many it did; 0 means that nothing is left. A kill
// between or inside calls loses nothing, the next call goes on.

// Sweep wipes sources of the realm whose time is up.
func (s *Service) Sweep(ctx context.Context, realm ident.ID, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		list, err := overdue(tx, tx.Now(), limit)
		if err != nil {
			return err
		}
		for i := range list {
			if err := s.wipe(tx, audit.By{Origin: "job sweep"}, &list[i]); err != nil {
				return err
			}
		}
		done = len(list)
		return nil
	})
	return done, err
}

// NewKey gives the realm a new data key, which seals from now on; what older
// ones sealed stays readable until Reseal has brought it over.
func (s *Service) NewKey(ctx context.Context, realm ident.ID, by audit.By) (version int64, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		last, _, err := newestKeyRow(tx)
		if err != nil {
			return err
		}
		row, err := s.makeKey(tx, last.version+1)
		if err != nil {
			return err
		}
		version = row.version
		audit.Add(tx, by, "vault.key", "", "ok")
		_, err = s.unwrapRow(tx, row) // remembered once this is committed
		return err
	})
	return version, err
}

// Reseal seals anew, with the realm's newest data key, up to limit sources
// that an older one sealed.
func (s *Service) Reseal(ctx context.Context, realm ident.ID, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		done = 0
		newest, err := s.Newest(tx)
		if err != nil {
			return err
		}
		list, err := sealedBefore(tx, newest, limit)
		if err != nil {
			return err
		}
		for i := range list {
			src := &list[i]
			sealed, err := s.Renew(tx, src.purpose(), src.ID, Sealed{Version: src.KeyVersion, Bytes: src.sealed})
			if err != nil {
				return err
			}
			src.sealed, src.KeyVersion = sealed.Bytes, sealed.Version
			saveSource(tx, src)
		}
		if done = len(list); done > 0 {
			audit.Add(tx, audit.By{Origin: "job reseal"}, "vault.reseal", "", "ok")
		}
		return nil
	})
	return done, err
}

// Rewrap wraps anew, after Keys.Rotate, up to limit data keys of any realm that
// an older key-encryption key wrapped. The data keys themselves, and all that
// they sealed, stay as they are.
func (s *Service) Rewrap(ctx context.Context, limit int) (done int, err error) {
	current := s.Keys.Current()
	var list []realmKey
	err = s.DB.View(ctx, store.System, func(tx *store.Tx) error {
		list, err = wrappedByOthers(tx, current, limit)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, k := range list {
		raw, err := s.Keys.unwrap(k.wrapped, keyBinding(k.realm, k.version))
		if err != nil {
			return done, err
		}
		wrapped, by, err := s.Keys.wrap(raw, keyBinding(k.realm, k.version))
		clear(raw)
		if err != nil {
			return done, err
		}
		err = s.DB.Update(ctx, k.realm, func(tx *store.Tx) error { return rewrapRow(tx, k.keyRow, wrapped, by) })
		if err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// Check says, at start, whether the key file belongs to this database: a lost
// file that was made anew would otherwise show only when a card is needed, and
// in access tokens that are all refused. The first Check of a database leaves
// its keys' mark, from which nothing of them can be told. Faults: internal.
func (s *Service) Check(ctx context.Context) error {
	mark := hex.EncodeToString(s.Keys.Pepper("mark of the installation"))
	return s.DB.Update(ctx, store.System, func(tx *store.Tx) error {
		list, err := anyKey(tx)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			raw, err := s.Keys.unwrap(list[0].wrapped, keyBinding(list[0].realm, list[0].version))
			clear(raw)
			if err != nil {
				return fault.Wrap(err, "the key file is not the one that this database was written with")
			}
		}
		if known, err := leaveMark(tx, mark); err != nil || known != mark {
			return fault.Wrap(err, "the key file is not the one that this database was written with")
		}
		return nil
	})
}
