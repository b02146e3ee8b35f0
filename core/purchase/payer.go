package purchase

import (
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// Payer is who orders: a person, or whoever is told of, who becomes one.
type Payer struct {
	login.Contact
	OrgNumber string // of a company
}

// payer finds out for whom an order is, and how its invoices name them. What
// is known of a person need not be told again; somebody without an address
// keeps the one that is told. Faults, in the order checked: those of
// login.IntroduceIn, not_found.person, invalid.missing (a company's or last
// name, a postal code, an e-mail address or number), invalid.name,
// invalid.address.
func (s *Service) payer(tx *store.Tx, by audit.By, w Wish) (p login.Person, c invoice.Customer, err error) {
	if w.Person != "" {
		p, err = login.PersonIn(tx, w.Person)
	} else {
		p, _, err = s.Login.IntroduceIn(tx, w.Payer.Contact)
	}
	if err != nil {
		return p, c, err
	}
	list, err := login.CredentialsIn(tx, p.ID)
	if err != nil {
		return p, c, err
	}
	in := w.Payer
	in.fill(p, list)
	if err := in.enough(); err != nil {
		return p, c, err
	}
	if p.Address == (login.Address{}) {
		if p, err = s.Subscriptions.DescribeIn(tx, by, p.ID, in.Names, in.Address); err != nil {
			return p, c, err
		}
	}
	return p, in.customer(), nil
}

// fill adds what is known of a person to what was told.
func (p *Payer) fill(who login.Person, list []login.Credential) {
	if p.Company == "" && p.Surname == "" {
		p.Names = login.Names{GivenName: who.GivenName, Middle: who.Middle, Surname: who.Surname, Company: who.Company}
	}
	p.Locale = who.Locale
	if told := (login.Address{Email: p.Address.Email}); p.Address == told {
		p.Address = who.Address
		if told.Email != "" {
			p.Address.Email = told.Email
		}
	}
	known := map[login.Kind][]string{login.Email: p.Emails, login.Phone: p.Phones}
	for kind, told := range known {
		for i := 0; i < len(list) && len(told) == 0; i++ {
			if list[i].Kind == kind {
				known[kind] = append(known[kind], list[i].Value)
			}
		}
	}
	p.Emails, p.Phones = known[login.Email], known[login.Phone]
}

// enough refuses whom nothing could be sent to.
func (p Payer) enough() error {
	switch {
	case p.Company == "" && p.Surname == "":
		return fault.At("invalid.missing", "lastName", "companyName or lastName is needed")
	case p.Address.Postcode == "":
		return fault.At("invalid.missing", "postalCode", "this is needed")
	case len(p.Emails) == 0 && len(p.Phones) == 0:
		return fault.At("invalid.missing", "emails", "emails or phoneNumbers is needed")
	}
	if err := p.Names.Check(); err != nil {
		return err
	}
	return p.Address.Check()
}

// customer is a payer as invoices name them.
func (p Payer) customer() invoice.Customer {
	c := invoice.Customer{Organisation: p.Company != "", Name: p.Company, OrgNumber: p.OrgNumber, GivenName: p.GivenName, Surname: p.Surname, Address: subscription.Post(p.Address)}
	if len(p.Emails) > 0 {
		c.Email = p.Emails[0]
	}
	if p.Address.Email != "" {
		c.Email = p.Address.Email
	}
	if len(p.Phones) > 0 {
		c.Phone = p.Phones[0]
	}
	return c
}
