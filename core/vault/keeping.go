package vault

import (
	"context"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Scope says who of an organisation may pay with a source (april sheet,
// section 3.5); "" for a consumer's, and where nobody asks.
type Scope string

// The scopes.
const (
	ByOrganisation Scope = "organisation" // every delegate of the organisation
	ByDelegate     Scope = "delegate"     // the delegate who added it, for every customer that they act for
	ByBilling      Scope = "billing"      // it pays the merchant's own fees
)

// Keeping is what is told of a source beside what it pays with.
type Keeping struct {
	Delegate ident.ID // who added it, or ""
	Scope    Scope
	About    About
}

// About is what is known of a source and need not be searched.
type About struct {
	Facts method.Facts `json:"facts,omitzero"`
	Email string       `json:"email,omitempty"` // of the payer, for what a debit has to announce
	Bank  string       `json:"bank,omitempty"`  // a bank account's, as the payer calls it
}

// SourceFilter says which active sources of a realm are looked for; what is
// empty does not matter.
type SourceFilter struct {
	Merchants   []ident.ID
	Marketplace ident.ID // that the merchants belong to
	Customer    ident.ID
	// Delegate narrows a customer's to those that the delegate may pay with,
	// and adds the delegate's own.
	Delegate ident.ID
	Scope    Scope
	Page     store.Page
}

// Search finds active sources, a page of them, and says how many there are in
// all. Faults: invalid.sort.
func (s *Service) Search(ctx context.Context, realm ident.ID, f SourceFilter) (list []Source, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchSources(tx, f)
		return err
	})
	return list, total, err
}

// PayableBy says whether who acts for a customer, through a delegate or
// directly (""), may pay with the source.
func (s Source) PayableBy(customer, delegate ident.ID) bool {
	if s.Scope == ByDelegate {
		return delegate != "" && s.Delegate == delegate
	}
	return s.Customer == customer
}
