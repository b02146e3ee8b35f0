package payment

import (
	"context"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Cancel withdraws a payment that is pending: a direct debit before it is sent,
// a bank transfer nobody has paid, a wallet's page that is open. It is a
// question, not an operation: the provider tells what became of the payment,
// which a repeat changes no further, and an answer that is lost is looked up
// like any other. A payment that has failed already is answered as it stands.
//
// Faults: forbidden.permission, not_found.payment, conflict.not_pending (it went
// through, or is not answered yet), unavailable.operation (the provider cannot
// withdraw), conflict.cancel (too late: the payment stays pending).
func (s *Service) Cancel(ctx context.Context, actor access.Actor, id ident.ID) (Outcome, error) {
	if err := actor.Need(access.Pay); err != nil {
		return Outcome{}, err
	}
	var known Outcome
	var at time.Time
	err := s.DB.View(ctx, actor.Realm, func(tx *store.Tx) (err error) {
		at = tx.Now()
		known, err = load(tx, id)
		return err
	})
	p, own := known.Payment, known.Attempt
	switch {
	case err != nil:
		return Outcome{}, err
	case actor.NeedMerchant(p.Merchant) != nil:
		return Outcome{}, missing()
	case p.State == Failed:
		return known, nil
	case own.ID != p.ID || own.State != AttemptPending:
		return known, fault.New("conflict.not_pending", "only a payment that is pending can be withdrawn")
	}
	conn, err := s.connector(p.Connector, actor.Environment)
	if err != nil {
		return known, err
	}
	c, ok := conn.(connector.Canceller)
	if !ok {
		return known, fault.New("unavailable.operation", "payments of this kind cannot be withdrawn")
	}
	r := s.ask(ctx, s.patience(), func(ctx context.Context) connector.Result {
		return c.Cancel(ctx, connector.Question{Attempt: own.ID, Kind: own.Kind, Account: p.Details.Account, Reference: own.ProviderRef, At: at})
	})
	out := s.answered(ctx, actor.Realm, known, r)
	if r.State == connector.Pending && out.Attempt.State == AttemptPending {
		return out, fault.New("conflict.cancel", "it is too late to withdraw the payment")
	}
	return out, nil
}
