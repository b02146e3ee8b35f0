package purchase

import (
	"context"
	"net/url"
	"time"

	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
)

// Register hands the jobs of this package to the queue.
func (s *Service) Register(q *job.Queue) {
	q.Handle("purchase.transfer", s.transferLater)
	q.Handle("purchase.lapse", s.lapse)
	q.Handle("purchase.withdraw", s.withdraw)
	q.Handle("purchase.call", s.call)
}

// transferLater begins what a confirmed order is of, if nobody has yet: its
// reader may never have come back from the provider.
func (s *Service) transferLater(ctx context.Context, j job.Job) error {
	if _, err := s.Settle(ctx, j.Realm, j.Object); err != nil {
		return err
	}
	return s.done(ctx, j)
}

func (s *Service) done(ctx context.Context, j job.Job) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Done(tx, j) })
}

// lapsePause is how long the end of an order waits for a payment under way.
const lapsePause = time.Hour

// lapse cancels an order that nobody has fulfilled in a day. What may have been
// paid is waited for.
func (s *Service) lapse(ctx context.Context, j job.Job) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		p, err := getPurchase(tx, j.Object)
		if err != nil || p.State != Preliminary {
			return orDone(tx, j, err)
		}
		busy, err := errand.Unsure(tx, p.ID)
		if err != nil {
			return err
		}
		if busy {
			return job.Again(tx, j, tx.Now().Add(lapsePause))
		}
		return orDone(tx, j, s.cancel(tx, &p, true, "nobody fulfilled it in time"))
	})
}

func orDone(tx *store.Tx, j job.Job, err error) error {
	if err == nil {
		err = job.Done(tx, j)
	}
	return err
}

// withdraw takes back the invoice of an order that was cancelled. A payment
// that is under way is waited for; one that succeeds confirms the order.
func (s *Service) withdraw(ctx context.Context, j job.Job) error {
	env, err := s.Environment(ctx, j.Realm)
	if err != nil {
		return err
	}
	var p Purchase
	err = s.DB.View(ctx, j.Realm, func(tx *store.Tx) error {
		p, err = getPurchase(tx, j.Object)
		return err
	})
	if err != nil || p.State != Cancelled {
		return s.orDone(ctx, j, err)
	}
	_, err = s.Invoices.Cancel(ctx, own(j.Realm, env, p.Merchant), p.Invoice, "the order was cancelled")
	switch {
	case fault.Is(err, "conflict.invoice.paying"):
		return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Again(tx, j, tx.Now().Add(lapsePause)) })
	case fault.Is(err, "conflict.invoice.final"):
		err = nil
	}
	return s.orDone(ctx, j, err)
}

func (s *Service) orDone(ctx context.Context, j job.Job, err error) error {
	if err == nil {
		err = s.done(ctx, j)
	}
	return err
}

// call tells a client how an order ended (sheet, 8.4), until it has heard.
func (s *Service) call(ctx context.Context, j job.Job) error {
	var p Purchase
	err := s.DB.View(ctx, j.Realm, func(tx *store.Tx) (err error) {
		p, err = getPurchase(tx, j.Object)
		return err
	})
	if err != nil {
		return err
	}
	u, err := url.Parse(p.Details.Callback)
	if err != nil || p.Details.Callback == "" {
		return s.done(ctx, j)
	}
	word := "failed"
	if p.State == Transferred {
		word = "success"
	}
	q := u.Query()
	q.Set("fulfillmentStatus", word)
	u.RawQuery = q.Encode()
	return s.orDone(ctx, j, s.Call(ctx, u.String()))
}
