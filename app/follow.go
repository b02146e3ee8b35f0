package app

import (
	"context"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
)

// What travels upwards as an event and has to be carried on.

// wireFollowing connects what follows, before anybody tells merchants of it.
func (a *App) wireFollowing(events *event.Log) {
	a.Webhooks.Manners = map[string]webhook.Manner{april.Contract: april.Manner(), spense.Contract: spense.Manner}
	a.April.Outside = a.outsideOf()
	a.Merchants.Tell = tellOfMerchant(events)
	a.Jobs.Handle("payout.follow", a.followPayout)
	events.Listen(noteFollowing)
	a.Jobs.Handle(feeLinkJob, a.linkFees)
	a.Jobs.Handle(feeChargeJob, a.chargeFees)
	events.Listen(a.followFees)
	events.Listen(a.receipt)
	events.Listen(a.tellPayee)
}

// tellOfMerchant writes the event that a merchant's change is. The row's version
// numbers it, which counts every change.
func tellOfMerchant(events *event.Log) func(tx *store.Tx, what string, f merchant.Found) error {
	return func(tx *store.Tx, what string, f merchant.Found) error {
		return events.Add(tx, event.Event{Object: f.ID, Seq: f.Version, Type: "merchant." + what, Merchant: f.ID, Subject: f})
	}
}

// noteFollowing has each payment of a payout learn that the payout has arrived,
// or has come back: a payout may carry very many.
func noteFollowing(tx *store.Tx, e event.Event) error {
	p, ok := e.Subject.(settlement.Payout)
	if ok && (p.State == settlement.Paid || p.State == settlement.Reversed) {
		job.Add(tx, "payout.follow", p.ID, tx.Now())
	}
	return nil
}

// followBatch is how many payments are told in one transaction.
const followBatch = 100

// followPayout tells the payments of a payout what became of it.
func (a *App) followPayout(ctx context.Context, j job.Job) error {
	p, err := a.Settlement.Payout(ctx, j.Realm, j.Object)
	if err != nil {
		return err
	}
	var list []ident.ID
	err = a.DB.View(ctx, j.Realm, func(tx *store.Tx) error {
		list, err = settlement.PaymentsOf(tx, p.ID)
		return err
	})
	if err != nil {
		return err
	}
	at := p.PaidAt
	if p.State != settlement.Paid {
		at = time.Time{}
	}
	for len(list) > 0 {
		n := min(followBatch, len(list))
		if err := a.Payments.PaidOut(ctx, j.Realm, at, list[:n]...); err != nil {
			return err
		}
		list = list[n:]
	}
	return a.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Done(tx, j) })
}
