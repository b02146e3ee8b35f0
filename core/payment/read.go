package payment

import (
	"context"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

func (s *Service) get(ctx context.Context, realm, attempt ident.ID) (out Outcome, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		out, err = load(tx, attempt)
		return err
	})
	return out, err
}

// Get finds a payment by its id, or by the id of one of its attempts, which
// is then the Outcome's Attempt. Faults: forbidden.permission,
// not_found.payment (another merchant's payment too).
func (s *Service) Get(ctx context.Context, actor access.Actor, id ident.ID) (Outcome, error) {
	if err := actor.Need(access.Read); err != nil {
		return Outcome{}, err
	}
	out, err := s.get(ctx, actor.Realm, id)
	if err == nil && actor.NeedMerchant(out.Payment.Merchant) != nil {
		return Outcome{}, missing()
	}
	return out, err
}

// Attempts lists all attempts of a payment, oldest first. The caller has seen
// the payment already.
func (s *Service) Attempts(ctx context.Context, realm, payment ident.ID) (list []Attempt, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = AttemptsOf(tx, payment)
		return err
	})
	return list, err
}

// ByReference finds what carries a reference of the merchant: payments, and
// captures, refunds and voids, oldest first, at most 100 of each.
func (s *Service) ByReference(ctx context.Context, actor access.Actor, reference string) ([]Outcome, error) {
	if err := actor.Need(access.Read); err != nil {
		return nil, err
	}
	const most = 100
	var out []Outcome
	err := s.DB.View(ctx, actor.Realm, func(tx *store.Tx) (err error) {
		out, err = byReference(tx, reference, most)
		return err
	})
	mine := out[:0]
	for _, o := range out {
		if actor.NeedMerchant(o.Payment.Merchant) == nil {
			mine = append(mine, o)
		}
	}
	return mine, err
}

// OfSession lists the payments made in a checkout, newest first.
func (s *Service) OfSession(ctx context.Context, realm, session ident.ID) (list []Payment, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = bySession(tx, session)
		return err
	})
	return list, err
}

// List returns up to limit payments older than before ("" for the newest),
// newest first. Faults: forbidden.permission.
func (s *Service) List(ctx context.Context, actor access.Actor, before ident.ID, limit int) (list []Payment, err error) {
	if err := actor.Need(access.Read); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, actor.Realm, func(tx *store.Tx) error {
		list, err = page(tx, before, min(max(limit, 1), 100))
		return err
	})
	return list, err
}

// InReview lists what waits for a human in a realm: contradictions with a
// provider and risk reviews.
func (s *Service) InReview(ctx context.Context, realm ident.ID) (list []Payment, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = inReview(tx)
		return err
	})
	return list, err
}
