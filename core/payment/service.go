package payment

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Service is what callers may ask about payments.
type Service struct {
	DB         *store.DB
	Events     *event.Log
	Vault      *vault.Service
	Mandates   *mandate.Service // whose mandates are told of refusals; nil: nobody's
	Connectors map[string]connector.Connector
	Log        *slog.Logger

	// Environment tells which environment a realm is in.
	Environment func(ctx context.Context, realm ident.ID) (access.Environment, error)
	// Gates are asked in the transaction in which a payment begins; a fault of
	// one of them keeps it from beginning. They are set before the first payment.
	Gates []Gate
	// ReturnURL is where a provider sends the payer's browser back to.
	ReturnURL func(realm, payment ident.ID) string
	// Patience is how long after the intent an answer is waited for; then the
	// attempt is unknown. Zero means connector.Patience, which is the longest.
	Patience time.Duration
}

// Gate lets a payment begin, or says with a fault why not. What it writes
// stands or falls with the payment.
type Gate func(tx *store.Tx, p Payment) error

// pass asks every gate.
func (s *Service) pass(tx *store.Tx, p Payment) error {
	for _, g := range s.Gates {
		if err := g(tx, p); err != nil {
			return err
		}
	}
	return nil
}

// begin commits an intent: what write decides, together with its idempotency
// row. A key that is known answers with what it led to; write is not called.
// Faults: conflict.idempotency (the key was used for something else), then
// those of write.
func (s *Service) begin(ctx context.Context, realm ident.ID, key idempotency.Key, write func(tx *store.Tx) (Outcome, error)) (Outcome, error) {
	var out Outcome
	intent := func(tx *store.Tx) error {
		attempt, err := idempotency.Recall(tx, key)
		if err != nil {
			return err
		}
		if attempt != "" {
			out, err = load(tx, attempt)
			out.Replayed = true
			return err
		}
		if out, err = write(tx); err != nil {
			return err
		}
		idempotency.Remember(tx, key, out.Attempt.ID)
		return nil
	}
	err := s.DB.Update(ctx, realm, intent)
	if idempotency.Taken(err) {
		// Somebody said the same at the same moment: now it can be recalled.
		err = s.DB.Update(ctx, realm, intent)
	}
	return out, err
}

// settle writes what a provider's word means. known is what the caller has in
// hand from committing the intent; if somebody else (a callback, a resolver)
// was faster, the rows are read again and the word is judged against them.
func (s *Service) settle(ctx context.Context, realm ident.ID, known Outcome, r connector.Result) (Outcome, error) {
	out, inHand := known, true
	err := s.DB.Update(context.WithoutCancel(ctx), realm, func(tx *store.Tx) error {
		cur := known
		if !inHand {
			var err error
			if cur, err = load(tx, known.Attempt.ID); err != nil {
				return err
			}
		}
		inHand = false
		c := apply(cur.Payment, cur.Attempt, r, s.limits(cur.Payment), tx.Now())
		var err error
		out, err = s.write(tx, c, cur)
		return err
	})
	return out, err
}

// write turns a change into rows, transfers, an event and a job.
func (s *Service) write(tx *store.Tx, c change, was Outcome) (Outcome, error) {
	if c.event != "" {
		c.p.UpdatedAt = tx.Now()
		if err := errors.Join(s.keepSource(tx, &c), s.follow(tx, c)); err != nil {
			return was, err
		}
		for _, t := range c.transfers {
			if _, err := ledger.Post(tx, t); err != nil {
				return was, err
			}
		}
		c.p.Seq++
		if err := savePayment(tx, c.p); err != nil {
			return was, err
		}
		c.p.Version++
	}
	if c.a.State != was.Attempt.State || c.a.Code != was.Attempt.Code || c.a.ProviderRef != was.Attempt.ProviderRef {
		if err := saveAttempt(tx, c.a); err != nil {
			return was, err
		}
		c.a.Version++
	}
	if c.check > 0 && !was.Attempt.resolving() {
		job.Add(tx, "payment.resolve", c.a.ID, tx.Now().Add(c.check))
	}
	if c.expire {
		job.Add(tx, "payment.expire", c.p.ID, c.p.ExpiresAt)
	}
	if c.recheck > 0 {
		job.Add(tx, "payment.recheck", c.a.ID, tx.Now().Add(c.recheck))
	}
	out := Outcome{Payment: c.p, Attempt: c.a, Replayed: was.Replayed}
	if c.event == "" {
		return out, nil
	}
	return out, s.Events.Add(tx, event.Event{Object: c.p.ID, Seq: c.p.Seq, Type: c.event, Merchant: c.p.Merchant,
		Data: summary(c.p, c.a, c.ruling), Subject: out})
}

// resolving says whether a resolver's job exists for the attempt already.
func (a Attempt) resolving() bool { return a.State == AttemptPending || a.State == AttemptUnknown }

// connector finds who carries a payment. A test realm reaches test connectors
// alone and a live one never does.
func (s *Service) connector(name string, env access.Environment) (connector.Connector, error) {
	c := s.Connectors[name]
	if c == nil || c.Spec().TestOnly != (env == access.Test) {
		return nil, fault.New("invalid.method.not_set_up", "no provider is set up for this way to pay")
	}
	return c, nil
}

func (s *Service) limits(p Payment) limits {
	lim := limits{settle: time.Minute, horizon: 24 * time.Hour}
	if c := s.Connectors[p.Connector]; c != nil {
		spec := c.Spec()
		lim.settle, lim.returns = time.Duration(spec.SettleSeconds)*time.Second, spec.ReturnSeconds
	}
	if p.Method.ByBank() { // five banking days, with a weekend and a holiday
		lim.horizon = 8 * 24 * time.Hour
	}
	return lim
}

// send asks the provider for what the attempt a is, once, and in time
// (connector.Left).
func (s *Service) send(ctx context.Context, realm ident.ID, a Attempt, request func(ctx context.Context) connector.Result) connector.Result {
	if left := connector.Left(s.patience(), a.SentAt, s.DB.Now(realm)); left > 0 {
		return s.ask(ctx, left, request)
	}
	s.Log.Error("too late to ask the provider; nothing was sent", "attempt", a.ID, "at", a.SentAt)
	return connector.Result{State: connector.Refused, Code: "unavailable.provider", Provider: "not sent"}
}

func (s *Service) patience() time.Duration {
	if s.Patience == 0 {
		return connector.Patience
	}
	return s.Patience
}

// ask runs one question to a provider, with no transaction open.
func (s *Service) ask(ctx context.Context, patience time.Duration, question func(ctx context.Context) connector.Result) connector.Result {
	r, broken := connector.Ask(ctx, patience, s.Log, question)
	if broken {
		r = connector.Result{State: connector.Unknown, Provider: "panic"}
	}
	return r
}

// answered settles a provider's answer on the request path. If even that
// cannot be written, the intent stands, the client hears "pending" and the
// resolver finds out.
func (s *Service) answered(ctx context.Context, realm ident.ID, known Outcome, r connector.Result) Outcome {
	out, err := s.settle(ctx, realm, known, r)
	if err != nil {
		s.Log.Error("answer not written; the resolver will ask again", "payment", known.Payment.ID, "attempt", known.Attempt.ID, "err", err)
		return known
	}
	return out
}
