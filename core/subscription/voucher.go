package subscription

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Voucher opens coupons to whoever knows its code. The code is worth money, so
// only its fingerprint is kept.
type Voucher struct {
	ID        ident.ID
	Version   int64
	Merchant  ident.ID
	Coupons   []ident.ID // that it opens, of the merchant's products
	Uses      int64      // that are left
	EndsAt    time.Time  // zero: never
	CreatedAt time.Time

	print string
}

// Good says whether the voucher opens anything at a moment.
func (v Voucher) Good(at time.Time) bool {
	return v.Uses > 0 && (v.EndsAt.IsZero() || at.Before(v.EndsAt))
}

const maxUses = 1_000_000

// Offer is a product at a price.
type Offer struct {
	Product Product
	Coupon  Coupon
}

// Tax is the tax in the price of a period, in minor units, rounded half down.
func (o Offer) Tax() int64 {
	all := invoice.Million + o.Product.TaxRate
	share, rest, err := money.Of(o.Coupon.Price, o.Product.Currency).Share(invoice.Million, all)
	if err != nil {
		return 0
	}
	if 2*rest >= all {
		share.Minor++
	}
	return o.Coupon.Price - share.Minor
}

// AddVoucher makes a voucher of a code, which has 6 to 40 letters and digits,
// hyphens among them; case does not matter. Faults, in the order checked:
// forbidden.permission, not_found.merchant, invalid.voucher, not_found.coupon,
// conflict.voucher (the code is taken).
func (s *Service) AddVoucher(ctx context.Context, actor access.Actor, by audit.By, code method.Secret, v Voucher) (Voucher, error) {
	if err := actor.Need(access.Settings); err != nil {
		return v, err
	}
	if err := actor.NeedMerchant(v.Merchant); err != nil {
		return v, err
	}
	text := code.Reveal()
	if len(text) < 6 || len(text) > 40 || strings.Trim(strings.ToUpper(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" || v.Uses < 1 || v.Uses > maxUses || len(v.Coupons) == 0 {
		return v, fault.At("invalid.voucher", "code", "a voucher has a code of 6 to 40 letters and digits, 1 to %d uses, and coupons", maxUses)
	}
	v.print = s.print(actor.Realm, text)
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		for _, id := range v.Coupons {
			c, err := getCoupon(tx, id)
			if err != nil {
				return err
			}
			if p, err := getProduct(tx, c.Product); err != nil || p.Merchant != v.Merchant {
				return fault.New("not_found.coupon", "no such coupon")
			}
		}
		v.ID, v.Version, v.CreatedAt = tx.NewID(), 1, tx.Now()
		addVoucher(tx, v)
		audit.Add(tx, by, "voucher.add", v.ID, "ok")
		return nil
	})
	return v, taken(err, "conflict.voucher", "the code is taken")
}

func (s *Service) print(realm ident.ID, code string) string {
	return s.Vault.Keys.Fingerprint(realm, method.Conceal("voucher "+strings.ToUpper(code)))
}

// Opens lists what a voucher opens, by products and numbers. A code that is
// unknown, used up or out of time is the same. Faults: not_found.voucher.
func (s *Service) Opens(ctx context.Context, realm ident.ID, code string) (list []Offer, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		v, err := s.voucher(tx, code)
		if err != nil {
			return err
		}
		list, err = offers(tx, v)
		return err
	})
	return list, err
}

func offers(tx *store.Tx, v Voucher) (list []Offer, err error) {
	for _, id := range v.Coupons {
		var o Offer
		if o.Coupon, err = getCoupon(tx, id); err != nil {
			return nil, err
		}
		if o.Product, err = getProduct(tx, o.Coupon.Product); err != nil {
			return nil, err
		}
		if o.Product.EndedAt.IsZero() && o.Coupon.EndedAt.IsZero() {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b Offer) int {
		if c := strings.Compare(a.Product.Code, b.Product.Code); c != 0 {
			return c
		}
		return int(a.Coupon.Number - b.Coupon.Number)
	})
	return list, nil
}

func (s *Service) voucher(tx *store.Tx, code string) (Voucher, error) {
	v, found, err := voucherBy(tx, "print", s.print(tx.Realm(), code))
	if err == nil && (!found || !v.Good(tx.Now())) {
		err = fault.New("not_found.voucher", "no such voucher")
	}
	return v, err
}

// OfferIn is what a wish is for: the product, and the coupon that it names or
// that a voucher's code opens ("" for none). Nothing is used up.
// Faults: not_found.voucher, not_found.product, not_found.coupon.
func (s *Service) OfferIn(tx *store.Tx, w Wish, code string) (o Offer, voucher ident.ID, err error) {
	if code == "" {
		o.Product, o.Coupon, err = offer(tx, w)
		return o, "", err
	}
	v, err := s.voucher(tx, code)
	if err != nil {
		return o, "", err
	}
	list, err := offers(tx, v)
	for _, one := range list {
		if one.Product.Code == w.Product && (w.Coupon == 0 || w.Coupon == one.Coupon.Number) && (w.Merchant == "" || w.Merchant == one.Product.Merchant) {
			return one, v.ID, nil
		}
	}
	if err == nil {
		err = fault.New("not_found.coupon", "the voucher opens no such coupon")
	}
	return o, "", err
}

// SpendIn takes one use from a voucher, or gives it back: n is -1 or 1. Of two
// who spend the last use one has to try again, and finds it gone.
// Faults: not_found.voucher.
func (s *Service) SpendIn(tx *store.Tx, id ident.ID, n int64) error {
	v, found, err := voucherBy(tx, "id", string(id))
	if err == nil && (!found || n < 0 && !v.Good(tx.Now())) {
		err = fault.New("not_found.voucher", "no such voucher")
	}
	if err != nil {
		return err
	}
	v.Uses += n
	saveVoucher(tx, &v)
	return nil
}

// Price is what a product costs by a coupon (0: its first), or by the one that
// a voucher opens ("" for none). Faults: those of OfferIn.
func (s *Service) Price(ctx context.Context, realm ident.ID, product string, coupon int64, voucher string) (o Offer, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		o, _, err = s.OfferIn(tx, Wish{Product: product, Coupon: coupon}, voucher)
		return err
	})
	return o, err
}
