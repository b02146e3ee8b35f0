package invoice

import (
	"context"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// Refund gives back what payments have brought in, the newest first; amount
// zero is all of it. What came by transfer, or outside, is not in a
// provider's hands and does not count. The state stays as it is.
//
// Faults, in the order checked: forbidden.permission, not_found.invoice,
// conflict.invoice.unpaid, conflict.refund.outside (nothing of it came by a
// payment), invalid.currency.differs, invalid.amount, conflict.refund.exceeds,
// then those of payment.Refund; declined.refund when the provider says no.
func (s *Service) Refund(ctx context.Context, actor access.Actor, id ident.ID, amount money.Amount, key idempotency.Key) (Invoice, error) {
	if err := actor.Need(access.Refund); err != nil {
		return Invoice{}, err
	}
	var inv Invoice
	var list []Receipt
	err := s.DB.View(ctx, actor.Realm, func(tx *store.Tx) (err error) {
		if inv, err = own(tx, actor, id); err == nil {
			list, err = receiptsOf(tx, id)
		}
		return err
	})
	if err != nil {
		return inv, err
	}
	if amount, err = inv.refundable(list, amount); err != nil {
		return inv, err
	}
	for i := len(list) - 1; i >= 0 && amount.Minor > 0; i-- {
		r := list[i]
		part := min(r.In-r.Back, amount.Minor)
		if r.Way != ByPayment || part <= 0 {
			continue
		}
		op := payment.Operation{Idempotency: key, Payment: r.ID, Amount: money.Of(part, amount.Currency), Reference: inv.Reference}
		if key.Key != "" {
			op.Idempotency.Key = key.Key + "/" + string(r.ID)
		}
		out, err := s.Payments.Refund(ctx, actor, op)
		if err != nil {
			return inv, err
		}
		if out.Attempt.State == payment.Refused {
			return inv, fault.New("declined.refund", "the provider refuses the refund")
		}
		amount.Minor -= part
	}
	return s.Get(ctx, reader(actor), id)
}

// reader is the actor with the right to see what it has just changed.
func reader(actor access.Actor) access.Actor {
	actor.May = append([]access.Permission{access.Read}, actor.May...)
	return actor
}

// refundable is how much a refund gives back: the amount, or all there is.
func (inv Invoice) refundable(list []Receipt, amount money.Amount) (money.Amount, error) {
	all, other := int64(0), int64(0)
	for _, r := range list {
		if r.Way == ByPayment {
			all += r.In - r.Back
		} else {
			other += r.In
		}
	}
	zero := amount == money.Amount{}
	switch {
	case inv.Paid == 0:
		return amount, fault.New("conflict.invoice.unpaid", "nothing was paid")
	case all == 0 && other > 0:
		return amount, fault.New("conflict.refund.outside", "the money did not come by a payment that could be refunded")
	case zero && all == 0, !zero && amount.Currency == inv.Amount.Currency && amount.Minor > all:
		return amount, fault.At("conflict.refund.exceeds", "amount", "only %d minor units are left", all)
	case zero:
		return money.Of(all, inv.Amount.Currency), nil
	case amount.Currency != inv.Amount.Currency:
		return amount, fault.At("invalid.currency.differs", "currency", "the invoice is in %s", inv.Amount.Currency)
	case amount.Minor < 1:
		return amount, fault.At("invalid.amount", "amount", "the amount must be positive")
	}
	return amount, nil
}
