package purchase

import (
	"context"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// InReview lists the orders that were paid, or agreed to be, and could not
// begin, oldest first: Details.Reason says why.
func (s *Service) InReview(ctx context.Context, realm ident.ID) (list []Purchase, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		all, err := confirmed(tx)
		list = nil
		for _, p := range all {
			if p.Details.Reason != "" {
				list = append(list, p)
			}
		}
		return err
	})
	return list, err
}

// Decide ends the review of an order. Accepted, it begins after all: what stood
// in its way is gone. Returned, it is cancelled; what was paid for it by a
// payment is given back, and a way to pay that was stored for it ends. Money
// that came otherwise is given back by whoever decides. The same word said twice
// changes nothing the second time.
//
// Faults, in the order checked: forbidden.permission, invalid.verdict,
// invalid.reason, not_found.purchase, conflict.review.decided (otherwise,
// before), conflict.not_in_review, conflict.order (it is accepted, and its money
// has gone back, or it still cannot begin), conflict.refund.window,
// declined.refund (the provider says no).
func (s *Service) Decide(ctx context.Context, actor access.Actor, d payment.Decision) (p Purchase, replayed bool, err error) {
	if err := actor.Need(access.Review); err != nil {
		return p, false, err
	}
	if err := payment.CheckDecision(d.Verdict, d.Reason); err != nil {
		return p, false, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		if p, err = getPurchase(tx, d.ID); err == nil && actor.NeedMerchant(p.Merchant) != nil {
			err = missing()
		}
		return err
	})
	if err != nil {
		return p, false, err
	}
	if waits := p.State == Confirmed && p.Details.Reason != ""; !waits {
		return p, true, p.decided(d.Verdict)
	}
	if d.Verdict == payment.Return {
		p, err = s.giveBack(ctx, actor, d, p)
		return p, false, err
	}
	if err := s.stillPaid(ctx, actor.Realm, p); err != nil {
		return p, false, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		if p, err = getPurchase(tx, d.ID); err != nil || p.State != Confirmed {
			return err
		}
		p.Details.Reason, p.Details.Verdict = "", string(d.Verdict)+": "+d.Reason
		audit.Add(tx, d.By, "purchase.accept", p.ID, "ok")
		return s.save(tx, &p, "purchase.accepted")
	})
	if err == nil {
		p, err = s.Settle(ctx, actor.Realm, d.ID)
	}
	if err == nil && p.State != Transferred {
		err = fault.New("conflict.order", "%s: it still cannot begin", p.Details.Reason)
	}
	return p, false, err
}

// stillPaid refuses to let an order begin whose money has gone back meanwhile.
func (s *Service) stillPaid(ctx context.Context, realm ident.ID, p Purchase) error {
	if p.Way != Once {
		return nil
	}
	list, err := s.Invoices.Receipts(ctx, realm, p.Invoice)
	sum := int64(0)
	for _, r := range list {
		sum += r.In - r.Back
	}
	if err == nil && sum < p.Amount.Minor {
		err = fault.New("conflict.order", "what was paid for it has been given back")
	}
	return err
}

// decided says whether a verdict is what was decided of an order before.
func (p Purchase) decided(v payment.Verdict) error {
	switch {
	case p.Details.Verdict == "":
		return fault.New("conflict.not_in_review", "the order does not wait for a decision")
	case (v == payment.Accept) != (p.State == Transferred):
		return fault.New("conflict.review.decided", "it was decided otherwise before: %s", p.Details.Verdict)
	}
	return nil
}

// giveBack cancels an order and gives back what was paid for it. Run again after
// a crash, it gives back once.
func (s *Service) giveBack(ctx context.Context, actor access.Actor, d payment.Decision, p Purchase) (Purchase, error) {
	if p.Way == Once {
		who := own(actor.Realm, actor.Environment, p.Merchant)
		who.May = append(who.May, access.Refund)
		_, err := s.Invoices.Refund(ctx, who, p.Invoice, money.Amount{}, idempotency.Key{Surface: subscription.Surface, Key: "order/" + string(p.ID), Forever: true})
		nothing := fault.Is(err, "conflict.refund.exceeds") || fault.Is(err, "conflict.refund.outside") || fault.Is(err, "conflict.invoice.unpaid")
		if err != nil && !nothing { // to give back, or it has been before
			return p, err
		}
	}
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) (err error) {
		if p, err = getPurchase(tx, d.ID); err != nil || p.State != Confirmed {
			return err
		}
		if p.Token != "" {
			if err := s.Subscriptions.ReleaseToken(tx, d.By, p.Token); err != nil {
				return err
			}
		}
		p.Details.Verdict = string(d.Verdict) + ": " + d.Reason
		audit.Add(tx, d.By, "purchase.return", p.ID, "ok")
		return s.cancel(tx, &p, false, p.Details.Reason)
	})
	return p, err
}
