// Package customer keeps the payers that a merchant knows: by a reference of
// its own, as consumers by their e-mail address, or as organisations; and the
// delegates, people who act for them. It owns no credentials and no cards:
// those are the vault's.
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
	Reference string // the merchant's own; unique per merchant and kind, but for consumers
	Kind      Kind
	GivenName string
	Middle    string
	Surname   string
	Company   string
	Email     string // a consumer's is unique per merchant, whatever its case
	Phone     string
	Verified  bool // the merchant says so
	Details   Details
	CreatedAt time.Time
	UpdatedAt time.Time // zero when never changed
}

// Kind is how a merchant came to know a customer.
type Kind string

const (
	Known        Kind = ""             // by a reference that came with a payment
	Consumer     Kind = "consumer"     // a person, by an e-mail address
	Organisation Kind = "organisation" // by a reference
)

// Details are what need not be searched.
type Details struct {
	TaxID         string   `json:"taxId,omitempty"`
	Kyced         bool     `json:"kyced,omitempty"`
	CreditChecked bool     `json:"creditChecked,omitempty"`
	Address       *Address `json:"address,omitempty"`
	Metadata      string   `json:"metadata,omitempty"` // a JSON object of the merchant's own, kept as it came
}

// Address of an organisation.
type Address struct {
	Line1    string `json:"line1,omitempty"`
	Line2    string `json:"line2,omitempty"`
	City     string `json:"city,omitempty"`
	State    string `json:"state,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	Country  string `json:"country,omitempty"`
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
	c.Kind = Known
	return s.meet(ctx, realm, c, func(old Customer) (Customer, bool) {
		merged := merge(old, c)
		return merged, merged != old
	})
}

// Upsert returns the merchant's consumer of that e-mail address, or
// organisation of that reference, made or brought up to date by f. f is given
// the customer as it is, or c when there is none. Faults: invalid.customer.
func (s *Service) Upsert(ctx context.Context, realm ident.ID, c Customer, f func(c *Customer)) (Customer, error) {
	switch {
	case c.Merchant == "", c.Kind == Consumer && c.Email == "", c.Kind == Organisation && c.Reference == "", c.Kind == Known:
		return Customer{}, fault.At("invalid.customer", "customer", "a consumer needs a merchant and an e-mail address, an organisation a merchant and a reference")
	}
	return s.meet(ctx, realm, c, func(old Customer) (Customer, bool) {
		f(&old)
		return old, true
	})
}

// meet finds the customer that c names by its business key, or makes it, and
// lets change bring it up to date.
func (s *Service) meet(ctx context.Context, realm ident.ID, c Customer, change func(old Customer) (changed Customer, differs bool)) (out Customer, err error) {
	once := func(tx *store.Tx) error {
		old, found, err := byKey(tx, c)
		if err != nil {
			return err
		}
		if !found {
			out, _ = change(c)
			out.ID, out.Version, out.CreatedAt = tx.NewID(), 1, tx.Now()
			return addCustomer(tx, out)
		}
		changed, differs := change(old)
		if out = changed; !differs {
			return nil
		}
		out.UpdatedAt = tx.Now()
		if err := saveCustomer(tx, out); err != nil {
			return err
		}
		out.Version++
		return nil
	}
	err = s.DB.Update(ctx, realm, once)
	var exists *store.Exists
	if errors.As(err, &exists) { // somebody else met the payer at the same moment
		err = s.DB.Update(ctx, realm, once)
	}
	return out, err
}

// Filter says which customers of a realm are looked for; what is nil or empty
// does not matter.
type Filter struct {
	IDs         []ident.ID
	Merchants   []ident.ID
	Marketplace ident.ID // that the merchants belong to
	Emails      []string // whatever their case
	Name        string   // a part of a given name, a surname or a company
	Created     store.Span
	Page        store.Page
}

// Search finds consumers and organisations, a page of them, and says how many
// there are in all. Faults: invalid.sort.
func (s *Service) Search(ctx context.Context, realm ident.ID, f Filter) (list []Customer, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchCustomers(tx, f)
		return err
	})
	return list, total, err
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
