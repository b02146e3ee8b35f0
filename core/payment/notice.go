package payment

import (
	"context"
	"errors"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Noticed takes a provider's callback whose signature has been checked. It is
// still only a claim: connector, account, amount, currency and state are
// compared before anything changes. A repeat changes nothing and is no fault.
//
// Faults: not_found.payment (also when the callback speaks for another
// connector or account: foreign looks like missing), conflict.amount.
func (s *Service) Noticed(ctx context.Context, realm ident.ID, connectorName string, n connector.Notice) (Outcome, error) {
	var out Outcome
	err := s.DB.Update(context.WithoutCancel(ctx), realm, func(tx *store.Tx) error {
		cur, err := load(tx, n.Attempt)
		if err != nil {
			return err
		}
		if cur.Payment.Connector != connectorName || cur.Payment.Details.Account != n.Account {
			return missing()
		}
		if n.ID != "" {
			addNotice(tx, connectorName, n.ID)
		}
		if n.Kind == Chargeback || n.Kind == ChargebackReversal {
			out, err = s.charged(tx, cur, n)
			return err
		}
		if n.Result.State == connector.Approved && !agrees(cur.Attempt.Amount, n.Result.Amount) && !cur.Attempt.open() {
			return fault.New("conflict.amount", "the callback names another amount")
		}
		out, err = s.write(tx, apply(cur.Payment, cur.Attempt, n.Result, s.limits(cur.Payment), tx.Now()), cur)
		return err
	})
	var exists *store.Exists
	if errors.As(err, &exists) && exists.Table == noticeTable.Name {
		return s.get(ctx, realm, n.Attempt)
	}
	return out, err
}

// charged books a chargeback, or its reversal, as an attempt of its own that
// the bank made.
func (s *Service) charged(tx *store.Tx, cur Outcome, n connector.Notice) (Outcome, error) {
	p := cur.Payment
	amount := n.Result.Amount
	limit := p.Captured - p.Refunded - p.Disputed
	if n.Kind == ChargebackReversal {
		limit = p.Disputed
	}
	if amount.Currency != p.Amount.Currency || amount.Minor < 1 || amount.Minor > limit {
		return cur, fault.New("conflict.amount", "the callback names another amount")
	}
	a := Attempt{ID: tx.NewID(), Payment: p.ID, Version: 1, Kind: n.Kind, State: Approved, Amount: amount, Original: cur.Attempt.ID,
		ProviderRef: n.Result.Reference, ProviderCode: n.Result.Provider, SentAt: tx.Now(), DoneAt: tx.Now()}
	if err := addAttempt(tx, a); err != nil {
		return cur, err
	}
	c := change{p: p, a: a, event: "payment.charged_back"}
	if n.Kind == Chargeback {
		c.p.Disputed += amount.Minor
		c.book(p.deal().Chargeback(amount))
	} else {
		c.p.Disputed -= amount.Minor
		c.event = "payment.chargeback_reversed"
		c.book(p.deal().ChargebackReversed(amount))
	}
	return s.write(tx, c, Outcome{Payment: p, Attempt: a})
}
