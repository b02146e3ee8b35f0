package payment

import (
	"context"
	"errors"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Noticed takes a provider's callback whose signature has been checked. It is
// still only a claim: connector, account, amount, currency and state are
// compared before anything changes. A repeat changes nothing and is no fault.
//
// Faults: not_found.payment (also when the callback speaks for another
// connector or account: foreign looks like missing), conflict.callback (it is
// about another charge than the attempt's), unavailable.early (the provider has
// to say it again: what it is about is not known yet), conflict.amount.
func (s *Service) Noticed(ctx context.Context, realm ident.ID, connectorName string, n connector.Notice) (Outcome, error) {
	if n.Kind == connector.Transfer {
		return s.arrived(ctx, realm, connectorName, n)
	}
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
		if n.Result.State == connector.Approved && cur.unnumbered() {
			return fault.New("unavailable.early", "the slip is not known yet: say it again later")
		}
		if another := n.Result.Reference; another != "" && cur.Attempt.ProviderRef != "" && another != cur.Attempt.ProviderRef {
			out, err = s.surplus(tx, cur, n)
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

// arrived takes a callback that tells of a bank transfer. Its outcome is of the
// payment that was paid, if one was meant.
func (s *Service) arrived(ctx context.Context, realm ident.ID, connectorName string, n connector.Notice) (Outcome, error) {
	return s.takeArrivals(ctx, realm, connectorName, n.Account, n.Result.Arrivals)
}

// takeArrivals takes in what is new of a list of bank transfers. When somebody
// else writes the same one down at the same moment, theirs is the one.
func (s *Service) takeArrivals(ctx context.Context, realm ident.ID, connectorName, account string, list []connector.Arrival) (Outcome, error) {
	var out Outcome
	take := func(tx *store.Tx) (err error) {
		for _, in := range list {
			if out, err = s.arrive(tx, connectorName, account, in); err != nil {
				return err
			}
		}
		return nil
	}
	err := s.DB.Update(context.WithoutCancel(ctx), realm, take)
	var exists *store.Exists
	if errors.As(err, &exists) && exists.Table == arrivalTable.Name {
		err = s.DB.Update(context.WithoutCancel(ctx), realm, take)
	}
	return out, err
}

// unnumbered says whether this is a slip whose number never reached us. It may
// be paid more than once, and without the number the first and the second time
// cannot be told apart: the resolver finds out first.
func (o Outcome) unnumbered() bool {
	return o.Payment.Method == method.Voucher && o.Attempt.Kind == connector.Debit && o.Attempt.open() && o.Attempt.ProviderRef == ""
}

// surplus books money that came in once more than was asked: the payer paid a
// slip twice, and we may hear of the second time first. It belongs to nobody
// yet, and a human is asked. Any other word about a charge that is not the
// attempt's is refused.
func (s *Service) surplus(tx *store.Tx, cur Outcome, n connector.Notice) (Outcome, error) {
	p, amount := cur.Payment, n.Result.Amount
	paid := cur.Attempt.State == Approved || p.Method == method.Voucher && cur.Attempt.open()
	if cur.Attempt.Kind != connector.Debit || !paid || n.Kind != connector.Debit || n.Result.State != connector.Approved {
		return cur, fault.New("conflict.callback", "the callback is about another charge")
	}
	if amount.Currency != p.Amount.Currency || amount.Minor < 1 {
		return cur, fault.New("conflict.amount", "the callback names another amount")
	}
	if known, err := booked(tx, p.ID, n); known || err != nil {
		return cur, err
	}
	a := Attempt{ID: tx.NewID(), Payment: p.ID, Version: 1, Kind: n.Kind, State: LateSuccess, Amount: amount, Original: cur.Attempt.ID,
		ProviderRef: n.Result.Reference, ProviderCode: n.Result.Provider, SentAt: tx.Now(), DoneAt: tx.Now()}
	if err := addAttempt(tx, a); err != nil {
		return cur, err
	}
	c := change{p: p, a: a, event: "payment.review"}
	c.p.State = Review
	c.book(p.deal().Late(amount))
	return s.write(tx, c, Outcome{Payment: p, Attempt: a})
}

// booked says whether what the bank did stands in our books already, by a callback
// with another id.
func booked(tx *store.Tx, payment ident.ID, n connector.Notice) (bool, error) {
	list, err := AttemptsOf(tx, payment)
	for _, a := range list {
		if a.Kind == n.Kind && a.ProviderRef == n.Result.Reference && a.ProviderRef != "" {
			return true, err
		}
	}
	return false, err
}

// charged books a chargeback, or its reversal, as an attempt of its own that
// the bank made.
func (s *Service) charged(tx *store.Tx, cur Outcome, n connector.Notice) (Outcome, error) {
	p := cur.Payment
	if known, err := booked(tx, p.ID, n); known || err != nil {
		return cur, err
	}
	amount := n.Result.Amount
	limit := p.Captured - p.Refunded - p.Disputed - p.Lost
	if n.Kind == ChargebackReversal {
		limit = p.Disputed + p.Lost
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
		c.event = "payment.chargeback_reversed"
		c.comesHome(amount)
	}
	out, err := s.write(tx, c, Outcome{Payment: p, Attempt: a})
	switch {
	case err != nil:
	case n.Kind == Chargeback:
		err = s.openDispute(tx, out.Payment, a)
	default:
		err = s.wonBack(tx, out.Payment, amount.Minor)
	}
	return out, err
}

// comesHome books disputed money that the payer's bank gives back: what is still
// disputed first, then what was lost before.
func (c *change) comesHome(a money.Amount) {
	open := money.Of(min(a.Minor, c.p.Disputed), a.Currency)
	lost := money.Of(a.Minor-open.Minor, a.Currency)
	c.p.Disputed -= open.Minor
	c.p.Lost -= lost.Minor
	if open.Minor > 0 {
		c.book(c.deal().ChargebackReversed(open))
	}
	if lost.Minor > 0 {
		c.book(c.deal().ChargebackReturned(lost))
	}
}
