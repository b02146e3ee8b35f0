package subscription

import (
	"context"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/store"
)

// Open says whether a person may read a product today, by the day at its
// merchant: while a subscription to it is active, and until the last day that
// is paid for when it is suspended or stopped. Who has no subscription may not;
// so may nobody read what does not exist. Source: contract sheet media, 10.
func (s *Service) Open(ctx context.Context, realm, person ident.ID, code string) (open bool, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		open = false
		h, err := HeldIn(tx, person, code)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		owner, err := merchant.MerchantIn(tx, h.Merchant)
		if err != nil {
			return err
		}
		open = h.reads(invoice.DateOf(tx.Now(), invoice.Zone(owner.Business.TimeZone)))
		return nil
	})
	return open, err
}

// reads says whether a subscription is open on a day.
func (v Subscription) reads(day invoice.Date) bool {
	return day >= v.StartOn && (v.State == Active || day <= v.PaidUntil)
}
