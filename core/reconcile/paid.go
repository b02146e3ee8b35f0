package reconcile

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Remittance is what a provider paid over with one file, and the lines of it
// that are a merchant's.
type Remittance struct {
	File
	Lines []Line
}

// PaidTo lists what providers paid over to a merchant from a moment to before
// another, in the order in which it was paid. The money of a file that several
// merchants share is counted by the merchant's own lines.
func (s *Service) PaidTo(ctx context.Context, realm, merchant ident.ID, from, before time.Time) (list []Remittance, err error) {
	err = s.DB.Snapshot(ctx, realm, func(tx *store.Tx) error {
		all, err := files(tx, `paid_at >= $2 AND paid_at < $3`, from.UnixMilli(), before.UnixMilli())
		if err != nil {
			return err
		}
		at := make(map[fileKey]*Remittance, len(all))
		for _, f := range all {
			at[fileKey{f.Connector, f.Account, f.Reference, f.Currency}] = &Remittance{File: f}
		}
		if err := paidLines(tx, merchant, from, before, func(l Line) {
			if r := at[fileKey{l.Connector, l.Account, l.Settlement, l.Settled}]; r != nil { // else its file is being imported
				r.Lines = append(r.Lines, l)
			}
		}); err != nil {
			return err
		}
		for _, f := range all {
			r := at[fileKey{f.Connector, f.Account, f.Reference, f.Currency}]
			if r.Merchant != merchant && len(r.Lines) > 0 {
				r.share(merchant)
			}
			if r.Merchant == merchant {
				list = append(list, *r)
			}
		}
		return nil
	})
	return list, err
}

// share makes the file's sums those of the merchant's own lines.
func (r *Remittance) share(merchant ident.ID) {
	r.Merchant, r.File.Lines, r.Gross, r.Fees, r.Later = merchant, int64(len(r.Lines)), 0, 0, 0
	for _, l := range r.Lines {
		r.Gross, r.Fees = r.Gross+l.Gross, r.Fees+l.Fee
	}
	r.Payout = r.Gross - r.Fees
}
