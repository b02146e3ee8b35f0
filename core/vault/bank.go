package vault

import (
	"encoding/json"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// purpose is what a source's sealed text is bound to, beside its realm and id.
func (s Source) purpose() string {
	if s.Method == method.DirectDebit {
		return "bank account"
	}
	return "card"
}

// sealedBank is the sealed text of a bank account. Its holder stands beside it,
// as a card's does.
type sealedBank struct {
	Region string `json:"region"`
	Bank   string `json:"bank,omitempty"`
	Branch string `json:"branch,omitempty"`
	Number string `json:"number"`
}

// sealBank puts a bank account into a source. The fingerprint covers all that
// names the account: equal numbers at two banks are two accounts.
func (s *Service) sealBank(tx *store.Tx, src *Source, a method.BankAccount) error {
	number := a.Number.Reveal()
	plain, err := json.Marshal(sealedBank{a.Region, a.BankCode, a.BranchCode, number})
	if err != nil {
		return fault.Wrap(err, "writing down a bank account")
	}
	sealed, err := s.Seal(tx, src.purpose(), src.ID, plain)
	clear(plain)
	if err != nil {
		return err
	}
	src.sealed, src.KeyVersion = sealed.Bytes, sealed.Version
	src.Brand, src.BIN, src.Last4, src.Holder = method.DebitBrand(a.Region), a.BankCode+a.BranchCode, a.Last4(), a.Holder
	src.Fingerprint = s.Keys.Fingerprint(tx.Realm(), method.Conceal(a.Region+"\x00"+a.BankCode+"\x00"+a.BranchCode+"\x00"+number))
	return nil
}

// RevealBank opens a source's bank account for the one who sends it to a
// provider, and writes that into the audit trail.
// Faults: not_found.source, conflict.source (deleted, or its time is up),
// conflict.source_without_bank_account, internal.
func (s *Service) RevealBank(tx *store.Tx, by audit.By, id ident.ID) (method.BankAccount, error) {
	src, err := live(tx, id)
	switch {
	case err != nil:
		return method.BankAccount{}, err
	case !tx.Now().Before(src.ExpiresAt):
		return method.BankAccount{}, fault.New("conflict.source", "the payment source's time is up")
	case len(src.sealed) == 0 || src.Method != method.DirectDebit:
		return method.BankAccount{}, fault.New("conflict.source_without_bank_account", "the payment source holds no bank account")
	}
	plain, err := s.Open(tx, src.purpose(), src.ID, Sealed{Version: src.KeyVersion, Bytes: src.sealed})
	if err != nil {
		return method.BankAccount{}, err
	}
	var a sealedBank
	err = json.Unmarshal(plain, &a)
	clear(plain)
	if err != nil {
		return method.BankAccount{}, fault.Wrap(err, "reading a bank account")
	}
	audit.Add(tx, by, "source.reveal", id, "ok")
	return method.BankAccount{Region: a.Region, BankCode: a.Bank, BranchCode: a.Branch, Number: method.Conceal(a.Number), Holder: src.Holder}, nil
}
