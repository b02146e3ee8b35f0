package errand

import (
	"context"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/subscription"
	"github.com/florinpay/florin/store"
)

// change is an errand that needs no third party: it is done at once, or waits
// for the bank, or for the payer's account, where the bank is asked with it.
func (s *Service) change(ctx context.Context, o Owner, e Errand, account *bankfile.Account) (Step, error) {
	asks := false
	var late error
	err := s.DB.Update(ctx, o.Realm, func(tx *store.Tx) error {
		asks, late = false, nil
		now, _, err := get(tx, e.Number)
		if err != nil || now.State.Final() {
			e = now
			return err
		}
		e = now
		_, waits, err := s.Subscriptions.Change(tx, audit.By{Actor: string(e.Person), Origin: subscription.Surface}, e.Person, e.Product, e.Method, "", account)
		switch {
		case fault.Code(err) == "conflict.method": // it was changed meanwhile
			err = nil
		case account == nil && fault.Is(err, "invalid.account") && !tx.Now().Before(e.ExpiresAt):
			late = fault.New("conflict.errand.expired", "the time to do this is over")
			return s.move(tx, &e, Expired)
		case account == nil && fault.Is(err, "invalid.account"):
			asks = true
			return nil
		}
		if err != nil || waits {
			return err
		}
		return s.move(tx, &e, Finished)
	})
	if err == nil {
		err = late
	}
	if err != nil && late == nil {
		return Step{}, s.fail(ctx, o.Realm, e, err)
	}
	return Step{Errand: e, Account: asks}, err
}

// GiveAccount carries on a change to direct debit with the payer's account: the
// bank is asked with the next file. Faults: those of Open.
func (s *Service) GiveAccount(ctx context.Context, o Owner, number int64, account *bankfile.Account) (Step, error) {
	e, err := s.asking(ctx, o, number)
	if err != nil || e.State.Final() {
		return Step{Errand: e}, err
	}
	if step, err := s.change(ctx, o, e, nil); err != nil || !step.Account {
		return step, err // too late, or the account is not asked for
	}
	return s.change(ctx, o, e, account)
}

// Leave ends a change whose payer does not tell the account. Faults: those of
// Open.
func (s *Service) Leave(ctx context.Context, o Owner, number int64) (Step, error) {
	e, err := s.asking(ctx, o, number)
	if err != nil || e.State.Final() {
		return Step{Errand: e}, err
	}
	if step, err := s.change(ctx, o, e, nil); err != nil || !step.Account {
		return step, err
	}
	e, err = s.become(ctx, o.Realm, number, Cancelled)
	return Step{Errand: e}, err
}

// asking finds a change for its owner that has been begun.
func (s *Service) asking(ctx context.Context, o Owner, number int64) (Errand, error) {
	e, err := s.look(ctx, o, number)
	if err == nil && (e.Kind != Change || e.Method != subscription.ByBank || e.State == Created) {
		err = missing()
	}
	return e, err
}
