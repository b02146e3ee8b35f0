package errand

import (
	"context"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// agreements are the brands that stored methods are agreed under.
var agreements = map[subscription.Method]string{subscription.ByVipps: "VIPPS", subscription.ByPayEx: "PAYEX", subscription.ByKlarna: "KLARNA", subscription.ByNexi: "NEXI"}

// AddToken makes an errand to store a way to pay for a person's product.
// Faults: not_found.subscription, conflict.method.not_set_up.
func (s *Service) AddToken(ctx context.Context, o Owner, product string, m subscription.Method) (e Errand, err error) {
	err = s.make(ctx, o, func(tx *store.Tx, number int64) error {
		h, err := subscription.HeldIn(tx, o.Person, product)
		if err != nil {
			return err
		}
		if !m.Stored() || !h.Product.Takes(m) {
			return fault.New("conflict.method.not_set_up", "this method is not set up for the product")
		}
		e = Errand{Number: number, Kind: Add, Client: o.Client, Merchant: h.Merchant, Person: o.Person, Product: product, Method: m}
		return s.add(tx, &e)
	})
	return e, err
}

// agree asks a provider for an agreement, for a change or a token.
func (s *Service) agree(ctx context.Context, o Owner, env access.Environment, e Errand) (Step, error) {
	var profile merchant.Profile
	err := s.DB.View(ctx, o.Realm, func(tx *store.Tx) error {
		p, err := product(tx, e)
		if err == nil {
			profile, err = merchant.ProfileIn(tx, p.Profile)
		}
		return err
	})
	if err != nil {
		return Step{}, s.fail(ctx, o.Realm, e, err)
	}
	out, err := s.Mandates.Agree(ctx, own(o.Realm, env, e.Merchant), mandate.Wish{Idempotency: idempotency.Key{Surface: subscription.Surface, Key: "errand/" + string(e.ID)},
		Profile: profile, Brand: agreements[e.Method], Reference: e.Product, Details: mandate.Details{ReturnURL: s.BackURL(o.Code, e.Number)}})
	if err != nil {
		return Step{}, s.fail(ctx, o.Realm, e, err)
	}
	if e, err = s.note(ctx, o.Realm, e.Number, func(e *Errand) { e.Mandate = out.Mandate.ID }); err != nil {
		return Step{}, err
	}
	return s.agreed(ctx, o.Realm, e, out.Mandate, true)
}

// agreed is how an errand stands by its agreement.
func (s *Service) agreed(ctx context.Context, realm ident.ID, e Errand, m mandate.Mandate, resume bool) (Step, error) {
	if to := m.Details.Redirect; resume && m.State == mandate.Pending && to != nil && to.URL != "" {
		return Step{Errand: e, URL: to.URL}, nil
	}
	if m.State == mandate.Refused && fault.Under(m.Code, fault.Unavailable) {
		return Step{}, s.fail(ctx, realm, e, fault.New("unavailable.payer", "the provider cannot be asked now"))
	}
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) (err error) {
		if e, _, err = get(tx, e.Number); err != nil {
			return err
		}
		return s.conclude(tx, &e, m)
	})
	return Step{Errand: e}, err
}

// conclude moves an errand on as its agreement stands: once the payer has
// agreed, the token is kept, and a change takes place.
func (s *Service) conclude(tx *store.Tx, e *Errand, m mandate.Mandate) error {
	if e.State.Final() {
		return nil
	}
	switch m.Ending() {
	case method.Finished:
	case method.Left:
		return s.move(tx, e, Cancelled)
	case method.Broken:
		return s.move(tx, e, Failed)
	case method.Initiated:
		return nil
	default:
		return s.move(tx, e, Unknown)
	}
	p, err := product(tx, *e)
	if err != nil {
		return err
	}
	t, err := s.Subscriptions.AddToken(tx, p, e.Person, e.Method, m.ID)
	if err != nil {
		return err
	}
	if e.Kind == Change {
		_, _, err = s.Subscriptions.Change(tx, audit.By{Actor: string(e.Person), Origin: subscription.Surface}, e.Person, e.Product, e.Method, t.ID, nil)
		if fault.Is(err, fault.Conflict) { // it was changed, or stopped, meanwhile: the token stays
			return s.move(tx, e, Failed)
		}
		if err != nil {
			return err
		}
	}
	return s.move(tx, e, Finished)
}
