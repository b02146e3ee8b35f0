package vault

import (
	"context"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Keep stores a card, or a bank account, without a payment. The same wish said twice stores it
// once (replayed is then true). cvv is looked at and forgotten.
// Faults: forbidden.permission, not_found.merchant, conflict.idempotency, those
// of method.Typed.Check, invalid.source.
func (s *Service) Keep(ctx context.Context, actor access.Actor, wish idempotency.Key, by audit.By, d Draft, cvv method.Secret) (src Source, replayed bool, err error) {
	if err := actor.Need(access.Register); err != nil {
		return Source{}, false, err
	}
	if err := actor.NeedMerchant(d.Merchant); err != nil {
		return Source{}, false, err
	}
	keep := func(tx *store.Tx) error {
		known, err := idempotency.Recall(tx, wish)
		if err != nil {
			return err
		}
		if replayed = known != ""; replayed {
			src, err = getSource(tx, known)
			return err
		}
		typed := method.Typed{Number: d.Card.Number, CVV: cvv, Brand: d.Card.Brand, Month: d.Card.ExpiryMonth, Year: d.Card.ExpiryYear}
		if d.Bank == nil {
			if err := typed.Check(tx.Now()); err != nil {
				return err
			}
		}
		if src, err = s.Add(tx, by, d); err != nil {
			return err
		}
		idempotency.Remember(tx, wish, src.ID)
		return nil
	}
	if err = s.DB.Update(ctx, actor.Realm, keep); idempotency.Taken(err) {
		err = s.DB.Update(ctx, actor.Realm, keep)
	}
	return src, replayed, err
}

// Drop deletes a source for good. Faults: forbidden.permission,
// not_found.source (another merchant's too), conflict.source (deleted already).
func (s *Service) Drop(ctx context.Context, actor access.Actor, by audit.By, id ident.ID) (Source, error) {
	return s.change(ctx, actor, id, func(tx *store.Tx) (Source, error) { return s.Delete(tx, by, id) })
}

// Prolong lengthens a source's life, once for a wish that is said twice
// (replayed is then true). Faults: forbidden.permission, conflict.idempotency,
// not_found.source, conflict.source (deleted, or not active yet).
func (s *Service) Prolong(ctx context.Context, actor access.Actor, wish idempotency.Key, by audit.By, id ident.ID) (src Source, replayed bool, err error) {
	prolong := func(tx *store.Tx) (Source, error) {
		known, err := idempotency.Recall(tx, wish)
		if err != nil {
			return Source{}, err
		}
		if replayed = known != ""; replayed {
			return getSource(tx, known)
		}
		idempotency.Remember(tx, wish, id)
		return s.Extend(tx, by, id)
	}
	if src, err = s.change(ctx, actor, id, prolong); idempotency.Taken(err) {
		src, err = s.change(ctx, actor, id, prolong)
	}
	return src, replayed, err
}

func (s *Service) change(ctx context.Context, actor access.Actor, id ident.ID, f func(tx *store.Tx) (Source, error)) (src Source, err error) {
	if err := actor.Need(access.Register); err != nil {
		return Source{}, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		old, err := getSource(tx, id)
		if err != nil {
			return err
		}
		if actor.NeedMerchant(old.Merchant) != nil {
			return fault.New("not_found.source", "no such payment source")
		}
		src, err = f(tx)
		return err
	})
	return src, err
}
