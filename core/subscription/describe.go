package subscription

import (
	"context"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/store"
)

// Describe changes a person's names and address, and those on the invoices to
// come. Invoices that were made stay as they are. Faults: invalid.name,
// invalid.address, not_found.person.
func (s *Service) Describe(ctx context.Context, realm, person ident.ID, by audit.By, n login.Names, a login.Address) (p login.Person, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		p, err = s.DescribeIn(tx, by, person, n, a)
		return err
	})
	return p, err
}

// DescribeIn is Describe in the caller's transaction.
func (s *Service) DescribeIn(tx *store.Tx, by audit.By, person ident.ID, n login.Names, a login.Address) (p login.Person, err error) {
	if p, err = login.DescribeIn(tx, person, n, a); err != nil {
		return p, err
	}
	audit.Add(tx, by, "person.describe", person, "ok")
	list, err := subscriptionsOf(tx, person)
	for i := 0; i < len(list) && err == nil; i++ {
		c := &list[i].Details.Customer
		was := *c
		c.GivenName, c.Surname, c.Organisation, c.Name, c.Address = p.GivenName, p.Surname, p.Company != "", p.Company, Post(a)
		if a.Email != "" {
			c.Email = a.Email
		}
		if *c != was && list[i].State != Stopped {
			err = s.save(tx, &list[i], "subscription.readdressed")
		}
	}
	return p, err
}

// Post is a person's address as invoices bear it.
func Post(a login.Address) invoice.Address {
	street := a.Street
	if a.Number != "" {
		street += " " + a.Number
	}
	return invoice.Address{CareOf: a.CareOf, Street: street, Postcode: a.Postcode, City: a.City, Country: a.Country}
}
