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
		var mandates []Mandate
		if done = len(files); done < limit {
			if mandates, err = mandatesSealedBefore(tx, newest, limit-done); err != nil {
				return err
			}
			done += len(mandates)
		}
		for i := range files {
			if err := s.renew(tx, sealedFile, files[i].ID, &files[i].sealed, &files[i].keyVersion); err != nil {
				return err
			}
			saveFile(tx, &files[i])
		}
		for i := range mandates {
			if err := s.renew(tx, sealedMandate, mandates[i].ID, &mandates[i].sealed, &mandates[i].keyVersion); err != nil {
				return err
			}
			saveMandate(tx, &mandates[i])
		}
		return nil
	})
	return done, err
}

// renew seals one of them anew, in its place.
func (s *Service) renew(tx *store.Tx, purpose string, id ident.ID, bytes *[]byte, version *int64) error {
	sealed, err := s.Vault.Renew(tx, purpose, id, vault.Sealed{Version: *version, Bytes: *bytes})
	if err == nil {
		*bytes, *version = sealed.Bytes, sealed.Version
	}
	return err
}
