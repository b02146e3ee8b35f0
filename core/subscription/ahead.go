package subscription

import (
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// Ahead makes the invoice of the first period of a subscription that does not
// exist yet: whoever orders pays it first, and the subscription is then started
// with the same wish, and the invoice in it. w.ID names the subscription.
// Faults: those of invoice.Service.AddIn.
func (s *Service) Ahead(tx *store.Tx, env access.Environment, w Wish, o Offer) (inv invoice.Invoice, err error) {
	m, err := merchant.MerchantIn(tx, o.Product.Merchant)
	if err != nil {
		return inv, err
	}
	profile, err := merchant.ProfileIn(tx, o.Product.Profile)
	if err != nil {
		return inv, err
	}
	today := invoice.DateOf(tx.Now(), invoice.Zone(m.Business.TimeZone))
	start := w.StartOn
	if start == "" {
		start = today
	}
	h := Held{Subscription: Subscription{ID: w.ID, Details: w.Details}, Product: o.Product, Coupon: o.Coupon}
	d := draft(h, Bill{FromOn: start, ToOn: o.Coupon.period(start, 1).Add(-1)}, today)
	d.Profile, d.Details.RemindDays = profile, nil // whoever does not pay has ordered nothing, and owes nothing
	inv, _, err = s.Invoices.AddIn(tx, own(tx.Realm(), env, m.ID), d)
	return inv, err
}

// billed makes the first period's bill of an invoice that was paid beforehand.
func (s *Service) billed(tx *store.Tx, sub *Subscription, c Coupon, inv ident.ID) error {
	next := c.period(sub.StartOn, 1)
	b := Bill{Invoice: inv, Version: 1, Subscription: sub.ID, FromOn: sub.NextOn, ToOn: next.Add(-1), Method: ByInvoice, State: Paid}
	addBill(tx, b)
	sub.Periods, sub.NextOn, sub.PaidUntil = 1, next, b.ToOn
	return s.save(tx, sub, "subscription.billed")
}

// TokenOf is the token that an agreement is kept as, if it is.
func TokenOf(tx *store.Tx, agreement ident.ID) (Token, bool, error) {
	return tokenByMandate(tx, agreement)
}

// OfferOf is what a wish is for. Faults: not_found.product, not_found.coupon.
func OfferOf(tx *store.Tx, w Wish) (o Offer, err error) {
	o.Product, o.Coupon, err = offer(tx, w)
	return o, err
}

// FirstBill is the oldest bill of a subscription, if there is one.
func FirstBill(tx *store.Tx, sub ident.ID) (Bill, bool, error) {
	list, err := billsOf(tx, sub)
	if err != nil || len(list) == 0 {
		return Bill{}, false, err
	}
	return list[0], true, nil
}

// Newest is the product of a code that is on sale, or was last.
// Faults: not_found.product.
func Newest(tx *store.Tx, code string) (Product, error) { return newestProduct(tx, code) }

// OnSale is the product of a code that is on sale. Faults: not_found.product.
func OnSale(tx *store.Tx, code string) (Product, error) {
	list, err := listProducts(tx, code)
	if err == nil && (len(list) == 0 || code == "") {
		err = fault.New("not_found.product", "no such product")
	}
	if err != nil {
		return Product{}, err
	}
	return list[0], nil
}
