package errand

import (
	"context"
	"slices"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// Order is what a reader has ordered and goes to a page for: to pay an invoice
// that was made out beforehand (Means), or to agree to be charged (Method).
type Order struct {
	Purchase ident.ID
	Merchant ident.ID
	Product  string // its code
	Invoice  ident.ID
	Means    Means
	Method   subscription.Method
}

// ForOrder makes an errand for an order, or answers with the one that is under
// way. At most one is.
func (s *Service) ForOrder(ctx context.Context, o Owner, w Order) (e Errand, err error) {
	err = s.make(ctx, o, func(tx *store.Tx, number int64) error {
		list, err := ofPurchase(tx, w.Purchase)
		if err != nil {
			return err
		}
		for _, old := range list {
			if !old.State.Final() && (old.State != Created || tx.Now().Before(old.ExpiresAt)) {
				e = old
				return nil
			}
		}
		e = Errand{Number: number, Kind: Pay, Client: o.Client, Merchant: w.Merchant, Person: o.Person, Product: w.Product, Invoice: w.Invoice, Means: w.Means, Method: w.Method, Purchase: w.Purchase}
		if w.Method != "" {
			e.Kind = Add
		}
		return s.add(tx, &e)
	})
	return e, err
}

// Takes says whether a profile is set up to be paid by means. Faults:
// conflict.method.not_set_up.
func Takes(profile merchant.Profile, m Means) error {
	if brand := brands[m]; brand != "" && !profile.Settings.TakesBrand(brand) ||
		brand == "" && !slices.ContainsFunc(cardBrands, profile.Settings.TakesBrand) {
		return fault.New("conflict.method.not_set_up", "this method is not set up for the company")
	}
	return nil
}

// product is what an errand is about: what its person takes, or has ordered.
func product(tx *store.Tx, e Errand) (subscription.Product, error) {
	if e.Purchase != "" {
		return subscription.Newest(tx, e.Product) // it may have ended since it was ordered
	}
	h, err := subscription.HeldIn(tx, e.Person, e.Product)
	return h.Product, err
}

// Unsure says whether an order's errand was begun and may still end well.
func Unsure(tx *store.Tx, purchase ident.ID) (bool, error) {
	list, err := ofPurchase(tx, purchase)
	return slices.ContainsFunc(list, func(e Errand) bool { return e.State == Unknown }), err
}
