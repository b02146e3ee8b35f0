package subscription

import (
	"context"
	"fmt"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// busy is how long the charging job waits for a payment that is under way.
const busy = 10 * time.Minute

// charge is the job of a bill that a stored token pays: asked once a try, until
// it is paid, or has failed too often, or for good.
func (s *Service) charge(ctx context.Context, j job.Job) error {
	env, err := s.Environment(ctx, j.Realm)
	if err != nil {
		return err
	}
	var order *payment.Order
	err = s.DB.Update(ctx, j.Realm, func(tx *store.Tx) (err error) {
		order, err = s.order(tx, j)
		return err
	})
	if err != nil || order == nil {
		return err
	}
	if paused, err := s.paused(ctx, j.Realm, order.Mandate); err != nil {
		return err
	} else if paused {
		return s.failed(ctx, j, fault.DeclinedNotPermitted+".suspended")
	}
	out, err := s.Payments.Pay(ctx, own(j.Realm, env, order.Profile.Merchant), *order)
	switch {
	case fault.Is(err, "conflict.invoice"): // somebody pays by hand at the same moment, or has
		return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Again(tx, j, tx.Now().Add(busy)) })
	case fault.Is(err, fault.Internal), fault.Is(err, fault.Unavailable):
		return err
	case err != nil: // the token is no good any more
		return s.failed(ctx, j, fault.DeclinedRetryNever)
	case out.Payment.State == payment.Failed:
		return s.failed(ctx, j, out.Payment.Code)
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Again(tx, j, tx.Now().Add(busy)) })
}

// paused says whether the payer has stopped an agreement for a while. Its
// provider is asked, as it tells nobody when the payer takes it up again.
func (s *Service) paused(ctx context.Context, realm, id ident.ID) (bool, error) {
	var m mandate.Mandate
	err := s.DB.View(ctx, realm, func(tx *store.Tx) (err error) {
		m, err = mandate.Find(tx, id)
		return err
	})
	if err == nil && m.State == mandate.Suspended {
		m, err = s.Mandates.Look(ctx, realm, id)
	}
	return m.State == mandate.Suspended, err
}

// order is the payment of a bill by its token, or nil when there is nothing to
// ask now. Its key names the try: a job that is run again after a crash asks
// for the same.
func (s *Service) order(tx *store.Tx, j job.Job) (*payment.Order, error) {
	b, found, err := getBill(tx, j.Object)
	if err != nil {
		return nil, err
	}
	inv, err := invoice.GetIn(tx, j.Object)
	switch {
	case err != nil:
		return nil, err
	case !found || b.State != Open || !b.Method.Stored() || inv.State.Final():
		return nil, job.Done(tx, j)
	case inv.Paying != "":
		return nil, job.Again(tx, j, tx.Now().Add(busy))
	}
	h, err := getHeld(tx, b.Subscription)
	if err != nil {
		return nil, err
	}
	profile, err := merchant.ProfileIn(tx, h.Product.Profile)
	if err != nil {
		return nil, err
	}
	t, err := getToken(tx, h.Token)
	if err != nil {
		return nil, err
	}
	return &payment.Order{
		Idempotency: idempotency.Key{Surface: Surface, Key: fmt.Sprintf("bill/%s/%d", b.Invoice, b.Tries)},
		Profile:     profile, Kind: connector.Debit, Amount: inv.Left(), Mandate: t.Mandate, Reference: inv.Number,
		Details: payment.Details{Invoice: inv.ID, Series: &payment.Series{Initiator: "MIT", Mode: "REPEATED", Type: "RECURRING"}},
	}, nil
}

// failed writes down a charge that was refused.
func (s *Service) failed(ctx context.Context, j job.Job, code string) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		b, found, err := getBill(tx, j.Object)
		if err != nil || !found || b.State != Open {
			return err
		}
		b.Tries++
		saveBill(tx, &b)
		sub, err := getSubscription(tx, b.Subscription)
		if err != nil {
			return err
		}
		if err := s.save(tx, &sub, "subscription.charge_failed"); err != nil {
			return err
		}
		if b.Tries < maxTries && !hopeless(code) {
			return job.Again(tx, j, tx.Now().AddDate(0, 0, retryDays[b.Tries-1]))
		}
		if hopeless(code) {
			if t, err := getToken(tx, sub.Token); err == nil {
				if err := s.endToken(tx, byJob, &t); err != nil { // falls back, too
					return err
				}
				return job.Done(tx, j)
			}
		}
		if err := s.fallBack(tx, &sub); err != nil {
			return err
		}
		return job.Done(tx, j)
	})
}

// unmandate is the job that ends an agreement at its provider which a token
// stood for.
func (s *Service) unmandate(ctx context.Context, j job.Job) error {
	env, err := s.Environment(ctx, j.Realm)
	if err != nil {
		return err
	}
	var m mandate.Mandate
	err = s.DB.View(ctx, j.Realm, func(tx *store.Tx) (err error) {
		m, err = mandate.Find(tx, j.Object)
		return err
	})
	if err != nil {
		return err
	}
	if !m.Ended() {
		actor := own(j.Realm, env, m.Merchant)
		actor.May = append(actor.May, access.Register)
		if _, err := s.Mandates.Cancel(ctx, actor, byJob, m.ID); err != nil {
			return err
		}
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Done(tx, j) })
}
