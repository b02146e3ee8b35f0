package login

import (
	"context"
	"errors"
	"strings"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/store"
)

// Contact is what a client knows of somebody: names, addresses, and what the
// person may be reached by and named with.
type Contact struct {
	Names
	Address Address
	Emails  []string
	Phones  []string
	Source  string // with Name: how another system calls the person, or ""
	Name    string
}

const contactLimit = 5 // e-mail addresses, and numbers, of one person

// credentials are what a contact may sign in with, as the client says:
// nobody has proved any of it to us.
func (c Contact) credentials() (list []Credential, err error) {
	if len(c.Emails) > contactLimit || len(c.Phones) > contactLimit {
		return nil, fault.At("invalid.credential", "emails", "at most %d addresses and numbers", contactLimit)
	}
	for _, raw := range c.Emails {
		address, err := notify.Address(raw)
		if err != nil {
			return nil, fault.At("invalid.credential", "emails", "not an e-mail address")
		}
		list = append(list, Credential{Kind: Email, Value: strings.ToLower(address), Level: NotVerified})
	}
	for _, raw := range c.Phones {
		number, err := notify.Phone(raw)
		if err != nil {
			return nil, fault.At("invalid.credential", "phoneNumbers", "a number with its country is needed (+47 900 00 001)")
		}
		list = append(list, Credential{Kind: Phone, Value: number, Level: NotVerified})
	}
	if c.Source != "" || c.Name != "" {
		if !plainName(c.Source, 40) || strings.Contains(c.Source, "/") || !plainName(c.Name, 100) {
			return nil, fault.At("invalid.credential", "extId", "a source of 1 to 40 and a name of 1 to 100 visible characters are needed")
		}
		list = append(list, Credential{Kind: External, Value: c.Source + "/" + c.Name, Level: ExternallyVerified})
	}
	if len(list) == 0 {
		return nil, fault.At("invalid.missing", "emails", "an e-mail address, a number or an external identity is needed")
	}
	return list, nil
}

// plainName says whether a text has 1 to most visible ASCII characters.
func plainName(text string, most int) bool {
	return text != "" && len(text) <= most && !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c >= 0x7f })
}

// Introduce finds or makes the person whom a client speaks of. An external
// identity decides who it is; without one that is known, the first address or
// number that is somebody's. Whoever is new gets the names and the address;
// whoever is known keeps all as it is, and only gets an external identity in
// addition. made says that the person is new. Faults, in the order checked:
// invalid.name, invalid.address, invalid.credential, invalid.missing,
// conflict.credential (of the addresses and numbers one is another person's).
func (s *Service) Introduce(ctx context.Context, realm ident.ID, c Contact) (p Person, made bool, err error) {
	introduce := func(tx *store.Tx) error {
		p, made, err = s.IntroduceIn(tx, c)
		return err
	}
	err = s.DB.Update(ctx, realm, introduce)
	var exists *store.Exists
	if errors.As(err, &exists) { // somebody else was introduced by it at the same moment
		err = s.DB.Update(ctx, realm, introduce)
	}
	return p, made, err
}

// IntroduceIn is Introduce in the caller's transaction.
func (s *Service) IntroduceIn(tx *store.Tx, c Contact) (p Person, made bool, err error) {
	if err := c.Names.Check(); err != nil {
		return p, false, err
	}
	if err := c.Address.Check(); err != nil {
		return p, false, err
	}
	list, err := c.credentials()
	if err != nil {
		return p, false, err
	}
	return s.introduce(tx, c, list)
}

// CredentialsIn is Credentials in the caller's transaction.
func CredentialsIn(tx *store.Tx, person ident.ID) ([]Credential, error) {
	return credentialsOf(tx, person)
}

func (s *Service) introduce(tx *store.Tx, c Contact, list []Credential) (p Person, made bool, err error) {
	owner := ident.ID("")
	var fresh []Credential
	for _, one := range list {
		got, found, err := getCredential(tx, one)
		switch {
		case err != nil:
			return p, false, err
		case !found:
			fresh = append(fresh, one)
		case owner != "" && owner != got.Person:
			return p, false, fault.At("conflict.credential", "emails", "these are two persons")
		default:
			owner = got.Person
		}
	}
	if owner == "" {
		if p, err = s.enrol(tx, fresh[0], c.Names); err != nil {
			return p, false, err
		}
		if p.Address = c.Address; c.Address != (Address{}) {
			savePerson(tx, &p)
		}
		fresh, made = fresh[1:], true
	} else if p, err = getPerson(tx, owner); err != nil {
		return p, false, err
	}
	for _, one := range fresh {
		// An address that nobody has proved is no way into somebody's account.
		if made || one.Kind == External {
			one.Person, one.AddedAt = p.ID, tx.Now()
			addCredential(tx, one)
		}
	}
	return p, made, nil
}

// DescribeIn changes a person's names and address. Faults: invalid.name,
// invalid.address, not_found.person.
func DescribeIn(tx *store.Tx, person ident.ID, n Names, a Address) (p Person, err error) {
	if err := n.Check(); err != nil {
		return p, err
	}
	if err := a.Check(); err != nil {
		return p, err
	}
	if p, err = getPerson(tx, person); err != nil {
		return p, err
	}
	p.GivenName, p.Middle, p.Surname, p.Company, p.Locale, p.Address, p.UpdatedAt = n.GivenName, n.Middle, n.Surname, n.Company, n.Locale, a, tx.Now()
	savePerson(tx, &p)
	return p, nil
}
