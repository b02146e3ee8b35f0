package order

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// Claim is a gate of payments (payment.Service.Gates): in the transaction that
// writes a payment's intent it decides whether the order that is paid, if any,
// takes it. The order becomes pending with it, and whoever comes second
// finds it so. What is added as a surcharge is on top of the order's amount.
// Faults, in the order checked (april sheet, 6.2): not_found.order,
// conflict.order.paid, conflict.order.cancelled, conflict.order.busy,
// conflict.order.expired, invalid.order.amount, invalid.order.customer.
func (s *Service) Claim(tx *store.Tx, p payment.Payment) error {
	if p.Order == "" {
		return nil
	}
	o, err := getOrder(tx, p.Order)
	if err != nil {
		return err
	}
	if o.Merchant != p.Merchant {
		return missing()
	}
	if err := o.payable(tx.Now()); err != nil {
		return err
	}
	if p.Amount.Currency != o.Amount.Currency || p.Amount.Minor-p.Details.Surcharge != o.Amount.Minor {
		return fault.At("invalid.order.amount", "amount", "the payment is for another amount than the order")
	}
	if o.Customer != "" && p.Customer != "" && o.Customer != p.Customer {
		return fault.At("invalid.order.customer", "customer", "the payment is another customer's than the order")
	}
	if o.Customer == "" {
		o.Customer = p.Customer
	}
	o.State, o.Payment = Pending, p.ID
	return s.save(tx, &o, "order.pending")
}

// OnEvent follows the payment of an order, in the transaction in which it
// changes. An earlier payment's news no longer counts, and an order that was
// paid stays so whatever becomes of the money.
func (s *Service) OnEvent(tx *store.Tx, e event.Event) error {
	out, ok := e.Subject.(payment.Outcome)
	if !ok || out.Payment.Order == "" {
		return nil
	}
	p := out.Payment
	o, err := getOrder(tx, p.Order)
	if err != nil || o.Payment != p.ID || o.State != Pending && o.State != Created {
		return err
	}
	switch {
	case p.Captured > 0:
		o.State, o.PaidAt, o.Surcharge = Paid, tx.Now(), p.Details.Surcharge
		return s.save(tx, &o, "order.paid")
	case o.State == Pending && (p.State == payment.Failed || p.State == payment.Voided || p.State == payment.Expired):
		o.State = Created
		return s.save(tx, &o, "order.reopened")
	}
	return nil
}

// pendingPause is how long an order's end waits for a payment that is under way.
const pendingPause = 5 * time.Minute

// Register hands the jobs of this package to the queue.
func (s *Service) Register(q *job.Queue) { q.Handle("order.expire", s.expire) }

// expire ends an order whose time is over. While a payment is under way it has
// to wait for what becomes of it.
func (s *Service) expire(ctx context.Context, j job.Job) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		o, err := getOrder(tx, j.Object)
		if err != nil {
			return err
		}
		switch {
		case o.State == Pending:
			return job.Again(tx, j, tx.Now().Add(pendingPause))
		case o.State == Created && !o.Over(tx.Now()):
			return job.Again(tx, j, o.ExpiresAt)
		case o.State == Created:
			o.State = Expired
			if err := s.save(tx, &o, "order.expired"); err != nil {
				return err
			}
		}
		return job.Done(tx, j)
	})
}
