package bankfile

import (
	"encoding/json"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Account is a payer's bank account, where the creditor has to name it.
type Account struct {
	Number method.Secret // clearing number and account, 16 digits
	Person method.Secret // the holder's own number, 12 digits
}

// accountText is an account as it is sealed.
type accountText struct{ Number, Person string }

// Want asks for a mandate of an owner, or answers with the one there is. Where
// the creditor asks the bank (Sweden) the account goes out with the next file;
// elsewhere the payer gives their bank the mandate's Reference. Faults:
// invalid.account (it is missing, or has not its lengths), conflict.payers (no
// numbers are left).
func (s *Service) Want(tx *store.Tx, c Creditor, owner ident.ID, account *Account) (Mandate, error) {
	m, found, err := mandateOf(tx, c.ID, owner)
	if err != nil || found && m.State != Ended && m.State != Refused && m.State != Ending {
		return m, err
	}
	if s.asks(c.Bank) && !account.sound() {
		return m, fault.At("invalid.account", "account", "an account of 16 digits and its holder's number of 12 are needed")
	}
	if !found {
		if c.Payers, err = nextPayer(tx); err != nil {
			return m, err
		}
		if c.Payers > connector.MaxPayer {
			return m, fault.New("conflict.payers", "all payers' numbers have been given out")
		}
		saveCreditor(tx, &c)
		m = Mandate{ID: tx.NewID(), Version: 1, Creditor: c.ID, Merchant: c.Merchant, Owner: owner, Payer: c.Payers, CreatedAt: tx.Now()}
		if m.Reference, err = s.Formats[c.Bank].Reference(m.Payer, 0); err != nil {
			return m, err
		}
	}
	m.State, m.Code, m.ChangedAt = Wanted, "", tx.Now()
	if s.asks(c.Bank) {
		text, err := json.Marshal(accountText{account.Number.Reveal(), account.Person.Reveal()})
		if err != nil {
			return m, err
		}
		sealed, err := s.Vault.Seal(tx, sealedMandate, m.ID, text)
		if err != nil {
			return m, err
		}
		m.sealed, m.keyVersion = sealed.Bytes, sealed.Version
	}
	return m, s.saveMandate(tx, &m, found, "bank_mandate.wanted")
}

// asks says whether mandates are asked for by the creditor's file.
func (s *Service) asks(bank string) bool { return bank == "bankgirot" }

func (a *Account) sound() bool {
	digits := func(x method.Secret, n int) bool { return len(x.Reveal()) == n && allDigits(x.Reveal()) }
	return a != nil && digits(a.Number, 16) && digits(a.Person, 12)
}

// saveMandate writes a mandate, made or changed, and its event.
func (s *Service) saveMandate(tx *store.Tx, m *Mandate, known bool, typ string) error {
	m.Seq++
	m.ChangedAt = tx.Now()
	if known {
		saveMandate(tx, m)
	} else {
		addMandate(tx, *m)
	}
	return s.tell(tx, m.ID, m.Seq, m.Merchant, typ, map[string]string{"state": string(m.State), "code": m.Code}, *m)
}

// Leave ends an owner's mandates: no claim is made under them from now on.
// Where the creditor asks the bank, the next file says so; elsewhere the payer
// may end the agreement at their bank as they like.
func (s *Service) Leave(tx *store.Tx, c Creditor, owner ident.ID) error {
	m, found, err := mandateOf(tx, c.ID, owner)
	if err != nil || !found || m.State == Ended || m.State == Ending || m.State == Refused {
		return err
	}
	typ := "bank_mandate.ended"
	if s.asks(c.Bank) && m.State != Wanted {
		m.State, typ = Ending, "bank_mandate.ending"
	} else {
		m.State = Ended
	}
	m.sealed, m.keyVersion = nil, 0
	return s.saveMandate(tx, &m, true, typ)
}

// MandateOf is an owner's mandate with a creditor, if there ever was one.
func MandateOf(tx *store.Tx, creditor, owner ident.ID) (Mandate, bool, error) {
	return mandateOf(tx, creditor, owner)
}

// NextReference counts an owner's bills and makes the payment reference of the
// next one. Faults: invalid.kid (the payer has had all bills there are numbers for).
func (s *Service) NextReference(tx *store.Tx, c Creditor, m *Mandate) (string, error) {
	ref, err := s.Formats[c.Bank].Reference(m.Payer, m.Bills+1)
	if err != nil {
		return "", err
	}
	m.Bills++
	saveMandate(tx, m)
	return ref, nil
}

// word takes in what a bank says of a mandate: false when it names none of ours.
func (s *Service) word(tx *store.Tx, creditor ident.ID, w connector.BankMandate) (bool, error) {
	m, found, err := mandateByPayer(tx, creditor, w.Payer)
	if err != nil || !found {
		return false, err
	}
	next, typ := decideMandate(m, w)
	if typ == "" {
		return true, nil
	}
	next.sealed, next.keyVersion = nil, 0
	return true, s.saveMandate(tx, &next, true, typ)
}

// account opens the account of a mandate that is to be asked for.
func (s *Service) account(tx *store.Tx, m Mandate) (a Account, err error) {
	plain, err := s.Vault.Open(tx, sealedMandate, m.ID, vault.Sealed{Version: m.keyVersion, Bytes: m.sealed})
	if err != nil {
		return a, err
	}
	var text accountText
	err = json.Unmarshal(plain, &text)
	return Account{method.Conceal(text.Number), method.Conceal(text.Person)}, err
}
