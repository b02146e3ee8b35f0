package purchase

import (
	"context"
	"errors"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/errand"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// Step is where a reader goes next: to URL, or, when there is none, back to the
// client with the order's Result.
type Step struct {
	Purchase Purchase
	URL      string
}

// Open carries an order on when its page is opened, or opened again. The
// addresses are the client's, checked already. Faults, in the order checked:
// not_found.purchase (another client's too), forbidden.purchase (the person who
// is signed in has not ordered), those of errand.Service.Open.
func (s *Service) Open(ctx context.Context, o errand.Owner, number int64, returnURL, errorURL string) (Step, error) {
	p, err := s.Find(ctx, o.Realm, number)
	switch {
	case err != nil:
		return Step{}, err
	case p.Client != o.Client:
		return Step{}, missing()
	case p.Person != o.Person:
		return Step{}, fault.New("forbidden.purchase", "this order is somebody else's")
	case p.State != Preliminary:
		return Step{Purchase: p}, nil
	}
	if p.Way.settled() {
		p, err = s.finish(ctx, o.Realm, p.ID, "")
		return Step{Purchase: p}, err
	}
	w := errand.Order{Purchase: p.ID, Merchant: p.Merchant, Product: p.Details.Lines[0].Product, Means: p.Means}
	kind := errand.Pay
	if p.Way == ByAgreement {
		kind, w.Means, w.Method = errand.Add, "", p.Method
	} else if w.Invoice, err = s.ahead(ctx, o.Realm, p.ID); err != nil {
		return Step{}, err
	}
	e, err := s.Errands.ForOrder(ctx, o, w)
	if err != nil {
		return Step{}, err
	}
	step, err := s.Errands.Open(ctx, o, []errand.Kind{kind}, e.Number, returnURL, errorURL)
	if err != nil || step.URL != "" {
		return Step{Purchase: p, URL: step.URL}, err
	}
	p, err = s.Settle(ctx, o.Realm, p.ID)
	return Step{Purchase: p}, err
}

// ahead makes the invoice that is paid before anything begins, once.
func (s *Service) ahead(ctx context.Context, realm, id ident.ID) (inv ident.ID, err error) {
	env, err := s.Environment(ctx, realm)
	if err != nil {
		return "", err
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		p, err := getPurchase(tx, id)
		if inv = p.Invoice; err != nil || inv != "" {
			return err
		}
		if p.State != Preliminary {
			return fault.New("conflict.order", "the order has ended")
		}
		l := &p.Details.Lines[0]
		o, err := offered(tx, *l)
		if err != nil {
			return err
		}
		made, err := s.Subscriptions.Ahead(tx, env, p.wish(*l), o)
		if err != nil {
			return err
		}
		inv = made.ID
		p.Invoice = inv
		if l.StartOn == "" { // the period that the invoice is for
			l.StartOn = invoice.DateOf(made.CreatedAt, invoice.Zone(made.Details.Zone))
		}
		return s.save(tx, &p, "purchase.invoiced")
	})
	return inv, err
}

func offered(tx *store.Tx, l Line) (subscription.Offer, error) {
	return subscription.OfferOf(tx, subscription.Wish{Product: l.Product, Coupon: l.Coupon, Opened: true})
}

// wish is for the subscription of a line.
func (p Purchase) wish(l Line) subscription.Wish {
	return subscription.Wish{ID: l.Subscription, Merchant: p.Merchant, Person: p.Person, Number: p.Customer, Product: l.Product, Coupon: l.Coupon, Opened: true, Method: p.Method, Token: p.Token,
		StartOn: l.StartOn, Invoice: p.Invoice,
		Details: subscription.Details{Customer: p.Details.Customer, Locale: p.Details.Locale, Reference: p.Details.Reference, Order: p.ID}}
}

// Fulfil has an order fulfilled by its client, who has no page for it.
// callback, if there is one, is told how it ended. Whether it could be is the
// order's Result. Faults: not_found.purchase.
func (s *Service) Fulfil(ctx context.Context, realm ident.ID, number int64, callback string) (Purchase, error) {
	p, err := s.Find(ctx, realm, number)
	if err != nil {
		return p, err
	}
	if p.State == Preliminary && p.Way.settled() {
		return s.finish(ctx, realm, p.ID, callback)
	}
	if callback != "" {
		err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
			if p, err = getPurchase(tx, p.ID); err != nil || p.Details.Callback == callback {
				return err
			}
			p.Details.Callback = callback
			job.Add(tx, "purchase.call", p.ID, tx.Now())
			return s.save(tx, &p, "purchase.asked")
		})
		if err != nil {
			return p, err
		}
	}
	return s.Settle(ctx, realm, p.ID)
}

// finish confirms an order of which nothing has to be waited for, and begins
// what was ordered.
func (s *Service) finish(ctx context.Context, realm, id ident.ID, callback string) (p Purchase, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if p, err = getPurchase(tx, id); err != nil || p.State != Preliminary {
			return err
		}
		p.Details.Callback = callback
		return s.confirm(tx, &p)
	})
	if err != nil {
		return p, err
	}
	return s.Settle(ctx, realm, id)
}

// confirm says that nothing stands in an order's way any more.
func (s *Service) confirm(tx *store.Tx, p *Purchase) error {
	p.State, p.DoneAt, p.Details.Left, p.Details.Reason = Confirmed, tx.Now(), false, ""
	job.Add(tx, "purchase.transfer", p.ID, tx.Now())
	return s.save(tx, p, "purchase.confirmed")
}

// Settle begins what a confirmed order is of, and says how the order stands.
// Faults: not_found.purchase.
func (s *Service) Settle(ctx context.Context, realm, id ident.ID) (p Purchase, err error) {
	env, err := s.Environment(ctx, realm)
	if err != nil {
		return p, err
	}
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if p, err = getPurchase(tx, id); err != nil || p.State != Confirmed || p.Details.Reason != "" {
			return err
		}
		return s.transfer(tx, env, &p)
	})
	var exists *store.Exists
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) && p.ID != "" || errors.As(err, &exists) {
		return s.stuck(ctx, realm, id, err)
	}
	return p, err
}

// transfer begins the subscriptions of an order: all of them or none.
func (s *Service) transfer(tx *store.Tx, env access.Environment, p *Purchase) error {
	by := audit.By{Actor: string(p.Person), Origin: "order"}
	for _, l := range p.Details.Lines {
		w := p.wish(l)
		if p.Way == Elsewhere && l.Price > 0 {
			o, err := offered(tx, l)
			if err != nil {
				return err
			}
			inv, err := s.Subscriptions.Ahead(tx, env, w, o)
			if err == nil {
				_, err = s.Invoices.MarkPaidIn(tx, own(tx.Realm(), env, p.Merchant), by, inv.ID, "elsewhere", p.Details.Memo)
			}
			if err != nil {
				return err
			}
			w.Invoice = inv.ID
		}
		if _, err := s.Subscriptions.StartIn(tx, env, by, w); err != nil {
			return err
		}
	}
	p.State = Transferred
	if p.Details.Callback != "" {
		job.Add(tx, "purchase.call", p.ID, tx.Now())
	}
	return s.save(tx, p, "purchase.transferred")
}

// stuck notes why a confirmed order could not be transferred. It waits for a
// human then: the reader may have paid for what he took twice.
func (s *Service) stuck(ctx context.Context, realm, id ident.ID, reason error) (p Purchase, err error) {
	s.Log.Warn("an order could not be transferred", "order", id, "err", reason)
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		if p, err = getPurchase(tx, id); err != nil || p.State != Confirmed {
			return err
		}
		if p.Way == ByInvoice || p.Way == Free { // nothing was paid
			return s.cancel(tx, &p, false, why(reason))
		}
		p.Details.Reason = why(reason)
		return s.save(tx, &p, "purchase.stuck")
	})
	return p, err
}

// why says in a human's words why an order cannot begin.
func why(reason error) string {
	switch {
	case fault.Is(reason, "not_found.token"):
		return "the way to pay that was stored for it has ended"
	case fault.Is(reason, fault.NotFound):
		return "what was ordered is sold no longer"
	case fault.Is(reason, "conflict.method"):
		return "it can no longer be paid in this way"
	}
	return "a product was taken meanwhile"
}

// own is how this package acts: for one merchant.
func own(realm ident.ID, env access.Environment, merchant ident.ID) access.Actor {
	return access.Actor{Realm: realm, Environment: env, Kind: "purchase", May: []access.Permission{access.Pay, access.Read}, Merchants: []ident.ID{merchant}}
}

// OnEvent follows the errands and invoices of orders, in the transaction in
// which they change.
func (s *Service) OnEvent(tx *store.Tx, ev event.Event) error {
	switch about := ev.Subject.(type) {
	case errand.Errand:
		if about.Purchase != "" {
			return s.onErrand(tx, about)
		}
	case invoice.Change:
		if about.Is.Owner == "" || about.Is.State != invoice.Paid || about.Was.State == invoice.Paid {
			return nil
		}
		p, err := byInvoice(tx, about.Is.ID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err == nil && (p.State == Preliminary || p.State == Cancelled) {
			err = s.confirm(tx, &p)
		}
		return err
	}
	return nil
}

func (s *Service) onErrand(tx *store.Tx, e errand.Errand) error {
	p, err := getPurchase(tx, e.Purchase)
	if err != nil || p.State != Preliminary {
		return err
	}
	switch e.State {
	case errand.Cancelled, errand.Failed:
		return s.cancel(tx, &p, e.State == errand.Cancelled, "the payment was not made")
	case errand.Finished:
		if p.Way != ByAgreement {
			return nil // the invoice tells
		}
		t, found, err := subscription.TokenOf(tx, e.Mandate)
		if err != nil || !found {
			return err
		}
		p.Token = t.ID
		return s.confirm(tx, &p)
	}
	return nil
}

// cancel ends an order: its vouchers are given back, and what was made out
// beforehand is withdrawn.
func (s *Service) cancel(tx *store.Tx, p *Purchase, left bool, reason string) error {
	p.State, p.DoneAt, p.Details.Left, p.Details.Reason = Cancelled, tx.Now(), left, reason
	for _, l := range p.Details.Lines {
		if l.Voucher == "" {
			continue
		}
		if err := s.Subscriptions.SpendIn(tx, l.Voucher, 1); err != nil {
			return err
		}
	}
	if p.Invoice != "" {
		job.Add(tx, "purchase.withdraw", p.ID, tx.Now())
	}
	if p.Details.Callback != "" {
		job.Add(tx, "purchase.call", p.ID, tx.Now())
	}
	return s.save(tx, p, "purchase.cancelled")
}
