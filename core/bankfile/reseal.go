package bankfile

import (
	"context"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// What the vault seals for this package: files' texts, and accounts that a bank
// is still to be asked for.
const (
	sealedFile    = "bank file"
	sealedMandate = "bank mandate"
)

// Reseal seals anew, with the realm's newest data key, up to limit files and
// accounts that an older one sealed, and says how many; 0 means that none is
// left.
func (s *Service) Reseal(ctx context.Context, realm ident.ID, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		newest, err := s.Vault.Newest(tx)
		if err != nil {
			return err
		}
		files, err := filesSealedBefore(tx, newest, limit)
		if err != nil {
			return err
		}
		for i := range files {
			f := &files[i]
			sealed, err := s.Vault.Renew(tx, sealedFile, f.ID, vault.Sealed{Version: f.keyVersion, Bytes: f.sealed})
			if err != nil {
				return err
			}
			f.sealed, f.keyVersion = sealed.Bytes, sealed.Version
			saveFile(tx, f)
		}
		if done = len(files); done == limit {
			return nil
		}
		mandates, err := mandatesSealedBefore(tx, newest, limit-done)
		if err != nil {
			return err
		}
		for i := range mandates {
			m := &mandates[i]
			sealed, err := s.Vault.Renew(tx, sealedMandate, m.ID, vault.Sealed{Version: m.keyVersion, Bytes: m.sealed})
			if err != nil {
				return err
			}
			m.sealed, m.keyVersion = sealed.Bytes, sealed.Version
			saveMandate(tx, m)
		}
		done += len(mandates)
		return nil
	})
	return done, err
}
