package webhook

import (
	"context"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Filter says which subscribed endpoints of a contract are looked for; what is
// nil or empty does not matter. Marketplace finds the marketplace's own and
// those of its merchants.
type Filter struct {
	Contract    string
	IDs         []ident.ID
	Merchants   []ident.ID
	Marketplace ident.ID
	State       State
	Page        store.Page
}

// Search finds endpoints, a page of them, and says how many there are in all.
// Faults: invalid.sort.
func (s *Service) Search(ctx context.Context, realm ident.ID, f Filter) (list []Endpoint, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchEndpoints(tx, f)
		return err
	})
	return list, total, err
}

// Change lets f change an endpoint's URL, Filter, Topics, Description and
// Metadata, and stores it. What it is owed already goes where it was to go.
// Faults: not_found.endpoint, f's own, invalid.url, invalid.filter.
func (s *Service) Change(ctx context.Context, realm, id ident.ID, by audit.By, f func(e *Endpoint) error) (out Endpoint, err error) {
	err = s.change(ctx, realm, id, by, "webhook.change", func(tx *store.Tx, e *Endpoint) error {
		if err := f(e); err != nil {
			return err
		}
		if err := s.check(&Wish{URL: e.URL, Mode: e.Mode, Contract: e.Contract, Filter: e.Filter}); err != nil {
			return err
		}
		saveEndpoint(tx, e)
		out = *e
		tx.Committed(func() { s.known.forget(realm) })
		return nil
	})
	return out, err
}
