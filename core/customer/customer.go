// Package customer keeps the payers that a merchant knows by a reference of
// its own. It owns no credentials and no cards: those are the vault's.
package customer

import (
	"context"
	"errors"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Customer is one payer of one merchant.
type Customer struct {
	ID        ident.ID
	Version   int64
	Merchant  ident.ID
	Reference string // the merchant's own, unique per merchant
	GivenName string
	Surname   string
	Company   string
	Email     string
	Phone     string
	CreatedAt time.Time
}

// Service keeps customers.
type Service struct{ DB *store.DB }

// Know returns the merchant's customer of that reference, made or brought up
// to date from c: fields that c leaves empty stay as they are.
// Faults: invalid.customer.
func (s *Service) Know(ctx context.Context, realm ident.ID, c Customer) (Customer, error) {
	if c.Reference == "" || c.Merchant == "" {
		return Customer{}, fault.At("invalid.customer", "reference", "a customer needs a merchant and a reference")
	}
	var out Customer
	know := func(tx *store.Tx) error {
		old, found, err := byReference(tx, c.Merchant, c.Reference)
		if err != nil {
			return err
		}
		if !found {
			out = c
			out.ID, out.Version, out.CreatedAt = tx.NewID(), 1, tx.Now()
			addCustomer(tx, out)
			return nil
		}
		if out = merge(old, c); out != old {
			saveCustomer(tx, out)
			out.Version++
		}
		return nil
	}
	err := s.DB.Update(ctx, realm, know)
	var exists *store.Exists
	if errors.As(err, &exists) { // somebody else met the payer at the same moment
		err = s.DB.Update(ctx, realm, know)
	}
	return out, err
}

// Get finds a customer. Faults: not_found.customer.
func (s *Service) Get(ctx context.Context, realm, id ident.ID) (c Customer, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		c, err = getCustomer(tx, id)
		return err
	})
	return c, err
}

func merge(old, c Customer) Customer {
	keep := func(dst *string, src string) {
		if src != "" {
			*dst = src
		}
	}
	keep(&old.GivenName, c.GivenName)
	keep(&old.Surname, c.Surname)
	keep(&old.Company, c.Company)
	keep(&old.Email, c.Email)
	keep(&old.Phone, c.Phone)
	return old
}
