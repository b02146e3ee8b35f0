package payment

import (
	"context"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// What time makes happen: open attempts are looked up at their provider,
// holds run out, attempts whose process died are found, old keys forgotten.

// Register hands the jobs of this package to the queue. now is the wall clock.
func (s *Service) Register(q *job.Queue, now clock.Clock) {
	q.Handle("payment.resolve", s.resolve)
	q.Handle("payment.recheck", s.recheck)
	q.Handle("payment.expire", s.expire)
	q.Handle("payment.give_back", s.giveBack)
	recover := s.Orphans().Watch(now)
	q.Handle("payment.recover", func(ctx context.Context, j job.Job) error {
		if err := s.forget(ctx, now); err != nil {
			return err
		}
		return recover(ctx, j)
	})
}

// forgetBatches is how many batches of old keys one run of the job drops at most.
// A run every ten seconds keeps pace with 6,000 keyed requests a second.
const forgetBatches = 60

// forget drops old idempotency keys, a transaction for each batch, so that
// payments get their turn in between.
func (s *Service) forget(ctx context.Context, now clock.Clock) error {
	for range forgetBatches {
		var n int64
		err := s.DB.Update(ctx, store.System, func(tx *store.Tx) (err error) {
			n, err = idempotency.Forget(tx, now())
			return err
		})
		if n < idempotency.Batch || err != nil {
			return err
		}
	}
	return nil
}

// Look asks the provider what became of an open attempt and writes it down;
// a settled attempt is answered as it stands. Faults: not_found.payment.
func (s *Service) Look(ctx context.Context, realm, attempt ident.ID) (Outcome, error) {
	var known Outcome
	var at time.Time
	err := s.DB.View(ctx, realm, func(tx *store.Tx) (err error) {
		at = tx.Now()
		known, err = load(tx, attempt)
		return err
	})
	if err != nil || !known.Attempt.open() {
		return known, err
	}
	r := s.lookup(ctx, known, at)
	if len(r.Arrivals) > 0 {
		if known, err = s.gather(ctx, realm, known, r.Arrivals); err != nil || !known.Attempt.open() {
			return known, err
		}
	}
	return s.settle(ctx, realm, known, r)
}

// gather takes in the money that a Lookup tells of: the callbacks about it may
// have been lost.
func (s *Service) gather(ctx context.Context, realm ident.ID, known Outcome, list []connector.Arrival) (Outcome, error) {
	p := known.Payment
	if _, err := s.takeArrivals(ctx, realm, p.Connector, p.Details.Account, list); err != nil {
		return known, err
	}
	return s.get(ctx, realm, known.Attempt.ID)
}

func (s *Service) lookup(ctx context.Context, known Outcome, at time.Time) connector.Result {
	conn := s.Connectors[known.Payment.Connector]
	if conn == nil {
		return connector.Result{State: connector.Unknown}
	}
	a := known.Attempt
	return s.ask(ctx, s.patience(), func(ctx context.Context) connector.Result {
		return conn.Lookup(ctx, connector.Question{Attempt: a.ID, Kind: a.Kind, Account: known.Payment.Details.Account, Reference: a.ProviderRef, At: at})
	})
}

// resolve is the job that follows an open attempt until it is settled.
func (s *Service) resolve(ctx context.Context, j job.Job) error {
	out, err := s.Look(ctx, j.Realm, j.Object)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		if !out.Attempt.open() {
			return job.Done(tx, j)
		}
		return job.Again(tx, j, tx.Now().Add(s.nextLook(out, tx.Now())))
	})
}

// recheck is the job that asks after a refund or credit that was approved: the
// bank may have sent the money back, and the callback that says so may be lost.
// It asks at the ages that the connector names, then no more. A question without
// an answer is a failed try, which the queue repeats with growing pauses.
func (s *Service) recheck(ctx context.Context, j job.Job) error {
	known, err := s.get(ctx, j.Realm, j.Object)
	if err != nil {
		return err
	}
	if known.Attempt.State == Approved {
		var at time.Time
		if err := s.DB.View(ctx, j.Realm, func(tx *store.Tx) error { at = tx.Now(); return nil }); err != nil {
			return err
		}
		r := s.lookup(ctx, known, at)
		if r.State == connector.Unknown {
			return fault.New("unavailable.provider", "the provider does not say what became of the refund")
		}
		if known, err = s.settle(ctx, j.Realm, known, r); err != nil {
			return err
		}
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		if next := s.nextReturn(known, tx.Now()); !next.IsZero() {
			return job.Again(tx, j, next)
		}
		return job.Done(tx, j)
	})
}

// nextReturn is the next moment after now at which the attempt's money may be
// known to have come back; zero when there is none.
func (s *Service) nextReturn(out Outcome, now time.Time) time.Time {
	if out.Attempt.State != Approved {
		return time.Time{}
	}
	for _, seconds := range s.limits(out.Payment).returns {
		if at := out.Attempt.DoneAt.Add(time.Duration(seconds) * time.Second); at.After(now) {
			return at
		}
	}
	return time.Time{}
}

// nextLook is when an attempt that is still open is worth another question:
// growing pauses, but not later than just after the payer's time is up.
func (s *Service) nextLook(out Outcome, now time.Time) time.Duration {
	wait := connector.NextLook(now.Sub(out.Attempt.SentAt))
	if left := out.Payment.ExpiresAt.Sub(now); left > 0 && out.Attempt.ID == out.Payment.ID {
		wait = min(wait, left+time.Second)
	}
	return wait
}

// expire ends a hold that ran out, unless it was captured or voided before. A
// hold of which a part was captured loses the rest.
func (s *Service) expire(ctx context.Context, j job.Job) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		p, err := getPayment(tx, j.Object)
		if err != nil {
			return err
		}
		if p.Capturing > 0 || p.Voiding > 0 { // an answer is on its way: it comes first
			return job.Again(tx, j, tx.Now().Add(time.Minute))
		}
		open := p.Open()
		if open == 0 || tx.Now().Before(p.ExpiresAt) {
			return job.Done(tx, j)
		}
		own, err := getAttempt(tx, p.ID)
		if err != nil {
			return err
		}
		c := change{p: p, a: own, event: "payment.expired"}
		c.p.Voided += open
		if c.p.Captured == 0 {
			c.become(Expired)
		}
		c.book(p.deal().Expire(money.Of(open, p.Amount.Currency)))
		if _, err := s.write(tx, c, Outcome{Payment: p, Attempt: own}); err != nil {
			return err
		}
		return job.Done(tx, j)
	})
}

// Orphans are attempts that were sent, and whose answer nobody wrote down.
func (s *Service) Orphans() job.Orphans {
	return job.Orphans{DB: s.DB, List: orphans, Settle: s.recover}
}

func (s *Service) recover(ctx context.Context, o job.Orphan) error {
	return s.DB.Update(ctx, o.Realm, func(tx *store.Tx) error {
		p, err := getPayment(tx, o.Object)
		if err != nil {
			return err
		}
		list, err := AttemptsOf(tx, o.Object)
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.State != Sent {
				continue
			}
			was := Outcome{Payment: p, Attempt: a}
			out, err := s.write(tx, apply(p, a, connector.Result{State: connector.Unknown}, s.limits(p), tx.Now()), was)
			if err != nil {
				return err
			}
			p = out.Payment
		}
		return nil
	})
}
