package payment

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// PaidOut notes when the money of payments reached their merchant's bank, or,
// with the zero time, that it came back from there. Each payment that this
// changes tells it, as payment.paid_out or payment.payout_returned; to say it
// twice changes nothing. The caller passes no more at once than one transaction
// should write.
func (s *Service) PaidOut(ctx context.Context, realm ident.ID, at time.Time, payments ...ident.ID) error {
	return s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		for _, id := range payments {
			out, err := load(tx, id)
			if err != nil {
				return err
			}
			if out.Payment.PaidOutAt.Equal(at) {
				continue
			}
			p := &out.Payment
			p.PaidOutAt, p.UpdatedAt = at, tx.Now()
			p.Seq++
			if err := savePayment(tx, *p); err != nil {
				return err
			}
			p.Version++
			typ := "payment.paid_out"
			if at.IsZero() {
				typ = "payment.payout_returned"
			}
			e := event.Event{Object: p.ID, Seq: p.Seq, Type: typ, Merchant: p.Merchant, Data: summary(*p, out.Attempt, ruling{}), Subject: out}
			if err := s.Events.Add(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}
