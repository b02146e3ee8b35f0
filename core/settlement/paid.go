package settlement

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Remitted is a payout that was paid, with its entries.
type Remitted struct {
	Payout
	Items []Entry
}

// PaidTo lists the payouts that were paid to a merchant from a moment to before
// another, oldest first; those too that came back later. Of payouts in which
// nothing was paid there are none.
func (s *Service) PaidTo(ctx context.Context, realm, merchant ident.ID, from, before time.Time) (list []Remitted, err error) {
	err = s.DB.Snapshot(ctx, realm, func(tx *store.Tx) error {
		paid, err := paidPayouts(tx, merchant, from, before)
		if err != nil {
			return err
		}
		for _, p := range paid {
			items, err := entriesIn(tx, p.ID)
			if err != nil {
				return err
			}
			list = append(list, Remitted{p, items})
		}
		return nil
	})
	return list, err
}
