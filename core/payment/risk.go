package payment

import (
	"context"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// DecideRisk ends a risk review. A rejection gives the money back: a job voids
// the hold or refunds the capture. Faults: not_found.payment,
// conflict.not_in_review.
func (s *Service) DecideRisk(ctx context.Context, realm, payment ident.ID, accept bool) (Outcome, error) {
	var out Outcome
	err := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		was, err := load(tx, payment)
		if err == nil {
			out, err = s.decideRisk(tx, was, accept, ruling{})
		}
		return err
	})
	return out, err
}

func (s *Service) decideRisk(tx *store.Tx, was Outcome, accept bool, r ruling) (Outcome, error) {
	p := was.Payment
	if p.Risk != RiskReview {
		return was, fault.New("conflict.not_in_review", "the payment does not wait for a risk decision")
	}
	what := "payment.risk_accepted"
	p.Risk = RiskAccepted
	if !accept {
		p.Risk, what = RiskRejected, "payment.risk_rejected"
		job.Add(tx, "payment.give_back", p.ID, tx.Now())
	}
	p.Seq, p.UpdatedAt = p.Seq+2, tx.Now()
	if err := savePayment(tx, p); err != nil {
		return was, err
	}
	p.Version++
	out := Outcome{Payment: p, Attempt: was.Attempt}
	// The verdict and what it does to the payment are told apart.
	for n, typ := range []string{what, "payment.updated"} {
		e := event.Event{Object: p.ID, Seq: was.Payment.Seq + int64(n) + 1, Type: typ, Merchant: p.Merchant, Data: summary(p, was.Attempt, r), Subject: out}
		if err := s.Events.Add(tx, e); err != nil {
			return was, err
		}
	}
	return out, nil
}

// giveBack is the job that undoes a payment whose risk was rejected. Its wishes
// bear keys, so that a job that runs twice gives back once.
func (s *Service) giveBack(ctx context.Context, j job.Job) error {
	env, err := s.Environment(ctx, j.Realm)
	if err != nil {
		return err
	}
	out, err := s.get(ctx, j.Realm, j.Object)
	if err != nil {
		return err
	}
	p := out.Payment
	operator := access.Actor{Realm: j.Realm, Environment: env, Kind: "operator", May: access.Everything}
	op := Operation{Payment: p.ID, Idempotency: idempotency.Key{Surface: "risk", Key: "void/" + string(p.ID)}}
	if p.Kind == connector.Authorise && p.Open() > 0 {
		if _, err := s.Void(ctx, operator, op); err != nil {
			return err
		}
	}
	if rest := p.Refundable(); rest > 0 {
		op.Idempotency.Key = "refund/" + string(p.ID)
		op.Amount = money.Of(rest, p.Amount.Currency)
		if _, err := s.Refund(ctx, operator, op); err != nil {
			return err
		}
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Done(tx, j) })
}
