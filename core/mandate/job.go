package mandate

import (
	"context"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
)

// What time makes happen: open mandates are looked up at their provider, those
// whose time is up expire, cancellations without an answer are said again, and
// those whose process died are found.

// Register hands the jobs of this package to the queue. now is the wall clock.
func (s *Service) Register(q *job.Queue, now clock.Clock) {
	q.Handle("mandate.resolve", s.resolve)
	q.Handle("mandate.expire", s.expire)
	q.Handle("mandate.cancel", s.cancelAgain)
	q.Handle("mandate.stray", s.stray)
	q.Handle("mandate.recover", s.Orphans().Watch(now))
}

// resolve is the job that follows an open mandate until it is settled.
func (s *Service) resolve(ctx context.Context, j job.Job) error {
	m, err := s.Look(ctx, j.Realm, j.Object)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		if !m.open() {
			return job.Done(tx, j)
		}
		wait := connector.NextLook(tx.Now().Sub(m.CreatedAt))
		if left := m.ExpiresAt.Sub(tx.Now()); left > 0 {
			wait = min(wait, left+time.Second)
		}
		return job.Again(tx, j, tx.Now().Add(wait))
	})
}

// expire is the job that ends a mandate when its time is up. Of a pending one the
// provider is asked first: the payer may have agreed at the last moment.
func (s *Service) expire(ctx context.Context, j job.Job) error {
	var m Mandate
	err := s.DB.View(ctx, j.Realm, func(tx *store.Tx) (err error) {
		m, err = Find(tx, j.Object)
		return err
	})
	if err == nil && m.State == Pending {
		m, err = s.Look(ctx, j.Realm, j.Object)
	}
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		m, err := Find(tx, j.Object)
		if err != nil {
			return err
		}
		switch {
		case m.Ended() || !expired(m, tx.Now()):
			return job.Done(tx, j)
		case m.State == Pending && m.Code != "": // the provider does not answer: nothing is proved
			return job.Again(tx, j, tx.Now().Add(time.Minute))
		}
		if _, err := s.write(tx, m, apply(m, connector.Consent{State: connector.Lapsed}, settleAfter, tx.Now())); err != nil {
			return err
		}
		return job.Done(tx, j)
	})
}

// cancelAgain is the job that tells the provider once more that a mandate has
// ended, until its answer is known.
func (s *Service) cancelAgain(ctx context.Context, j job.Job) error {
	var m Mandate
	err := s.DB.View(ctx, j.Realm, func(tx *store.Tx) (err error) {
		m, err = Find(tx, j.Object)
		return err
	})
	if err == nil && !m.Ended() {
		m, err = s.revoke(ctx, j.Realm, m)
	}
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		if m.Ended() {
			return job.Done(tx, j)
		}
		return job.Again(tx, j, tx.Now().Add(connector.NextLook(tx.Now().Sub(m.UpdatedAt))))
	})
}

// stray is the job that ends, at the provider, an agreement that has ended with
// us before its provider said yes.
func (s *Service) stray(ctx context.Context, j job.Job) error {
	var m Mandate
	err := s.DB.View(ctx, j.Realm, func(tx *store.Tx) (err error) {
		m, err = Find(tx, j.Object)
		return err
	})
	conn, ok := s.Connectors[m.Connector].(connector.Mandater)
	if err == nil && ok && m.Ended() {
		var q connector.Inquiry
		if q, err = s.inquiry(ctx, j.Realm, m); err == nil {
			if c := s.ask(ctx, s.patience(), func(ctx context.Context) connector.Consent { return conn.Revoke(ctx, q) }); c.State == connector.Unknown {
				err = fault.New("unavailable.provider", "the provider does not say whether the agreement has ended")
			}
		}
	}
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return job.Done(tx, j) })
}

// Orphans are mandates that were asked for, and whose answer nobody wrote down.
func (s *Service) Orphans() job.Orphans {
	return job.Orphans{DB: s.DB, List: orphans, Settle: func(ctx context.Context, o job.Orphan) error {
		_, err := s.settle(ctx, o.Realm, o.Object, connector.Consent{State: connector.Unknown})
		return err
	}}
}
