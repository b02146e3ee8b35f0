package subscription

import (
	"context"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// Billed is an invoice of a subscription, with what it was made for.
type Billed struct {
	Invoice invoice.Invoice
	Bill    Bill
	Product Product
	Company merchant.Merchant
	Coupon  Coupon
}

// Billed lists the invoices of a person's subscriptions, newest first: those to
// a product, or, for code "", to all.
func (s *Service) Billed(ctx context.Context, realm, person ident.ID, code string) (list []Billed, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = BilledIn(tx, person, code)
		return err
	})
	return list, err
}

// BilledIn is Billed inside a transaction.
func BilledIn(tx *store.Tx, person ident.ID, code string) (list []Billed, err error) {
	subs, err := subscriptionsOf(tx, person)
	if err != nil {
		return nil, err
	}
	for i := len(subs) - 1; i >= 0; i-- {
		h, err := hold(tx, subs[i])
		if err != nil {
			return nil, err
		}
		if code != "" && h.Product.Code != code {
			continue
		}
		m, err := merchant.MerchantIn(tx, h.Merchant)
		if err != nil {
			return nil, err
		}
		bills, err := billsOf(tx, h.ID)
		if err != nil {
			return nil, err
		}
		for j := len(bills) - 1; j >= 0; j-- {
			inv, err := invoice.GetIn(tx, bills[j].Invoice)
			if err != nil {
				return nil, err
			}
			list = append(list, Billed{inv, bills[j], h.Product, m, h.Coupon})
		}
	}
	return list, nil
}
