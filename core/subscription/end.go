package subscription

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// change lets f change what an actor sells, and audits it.
func (s *Service) change(ctx context.Context, actor access.Actor, by audit.By, action string, f func(tx *store.Tx) (ident.ID, error)) error {
	if err := actor.Need(access.Settings); err != nil {
		return err
	}
	return s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		id, err := f(tx)
		if err == nil {
			audit.Add(tx, by, action, id, "ok")
		}
		return err
	})
}

// sold is an actor's product of a code that is on sale.
func sold(tx *store.Tx, actor access.Actor, code string) (Product, error) {
	p, err := OnSale(tx, code)
	if err == nil && actor.NeedMerchant(p.Merchant) != nil {
		err = fault.New("not_found.product", "no such product")
	}
	return p, err
}

// EndProduct takes a product off sale. Whoever takes it goes on taking it, at
// the same price; its code is free for another one. Faults, in the order
// checked: forbidden.permission, not_found.product.
func (s *Service) EndProduct(ctx context.Context, actor access.Actor, by audit.By, code string) (p Product, err error) {
	err = s.change(ctx, actor, by, "product.end", func(tx *store.Tx) (ident.ID, error) {
		if p, err = sold(tx, actor, code); err != nil {
			return "", err
		}
		p.EndedAt = tx.Now()
		saveProduct(tx, &p)
		return p.ID, nil
	})
	return p, err
}

// Changed lists what was put on sale, or taken off, after a moment, in the order
// of the codes.
func (s *Service) Changed(ctx context.Context, realm ident.ID, after time.Time) (list []Product, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = changedProducts(tx, after)
		return err
	})
	return list, err
}

// EndCoupon ends a price of a product that is on sale: nobody begins at it any
// more, with a voucher neither. Whoever has it keeps it. Faults, in the order
// checked: forbidden.permission, not_found.product, not_found.coupon (one that
// has ended, too).
func (s *Service) EndCoupon(ctx context.Context, actor access.Actor, by audit.By, code string, number int64) (c Coupon, err error) {
	err = s.change(ctx, actor, by, "coupon.end", func(tx *store.Tx) (ident.ID, error) {
		p, err := sold(tx, actor, code)
		if err != nil {
			return "", err
		}
		list, err := couponsOf(tx, p.ID)
		for _, c = range list {
			if c.Number == number && c.EndedAt.IsZero() {
				c.EndedAt = tx.Now()
				saveCoupon(tx, &c)
				return c.ID, nil
			}
		}
		if err == nil {
			err = fault.New("not_found.coupon", "no such coupon")
		}
		return "", err
	})
	return c, err
}

// Prices lists the coupons of a product that is on sale, those that have ended
// and those that a voucher opens too, by their numbers. Faults, in the order
// checked: forbidden.permission, not_found.product.
func (s *Service) Prices(ctx context.Context, actor access.Actor, code string) (p Product, list []Coupon, err error) {
	if err := actor.Need(access.Read); err != nil {
		return p, nil, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		if p, err = sold(tx, actor, code); err == nil {
			list, err = couponsOf(tx, p.ID)
		}
		return err
	})
	return p, list, err
}

// Vouchers lists the vouchers of the merchants that an actor acts for, oldest
// first, used up and ended ones too. Faults: forbidden.permission.
func (s *Service) Vouchers(ctx context.Context, actor access.Actor) (list []Voucher, err error) {
	if err := actor.Need(access.Read); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		all, err := allVouchers(tx)
		list = nil
		for _, v := range all {
			if actor.NeedMerchant(v.Merchant) == nil {
				list = append(list, v)
			}
		}
		return err
	})
	return list, err
}

// Opened lists what a voucher is for, whether or not it is still good. Faults:
// not_found.coupon, not_found.product.
func (s *Service) Opened(ctx context.Context, realm ident.ID, v Voucher) (list []Offer, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = offers(tx, v)
		return err
	})
	return list, err
}

// EndVoucher ends a voucher: it opens nothing any more. Orders that were placed
// with it stand. Faults, in the order checked: forbidden.permission,
// not_found.voucher, conflict.voucher (it has ended).
func (s *Service) EndVoucher(ctx context.Context, actor access.Actor, by audit.By, id ident.ID) (v Voucher, err error) {
	err = s.change(ctx, actor, by, "voucher.end", func(tx *store.Tx) (ident.ID, error) {
		found := false
		v, found, err = voucherBy(tx, "id", string(id))
		switch {
		case err != nil:
			return "", err
		case !found || actor.NeedMerchant(v.Merchant) != nil:
			return "", fault.New("not_found.voucher", "no such voucher")
		case !v.EndsAt.IsZero() && !tx.Now().Before(v.EndsAt):
			return "", fault.New("conflict.voucher", "the voucher has ended")
		}
		v.EndsAt = tx.Now()
		saveVoucher(tx, &v)
		return v.ID, nil
	})
	return v, err
}
