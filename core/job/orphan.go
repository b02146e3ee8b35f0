package job

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// OrphanAge is how long a question to a provider may be without an answer
// written before its process is presumed dead. It is longer than any provider
// may take.
const OrphanAge = 30 * time.Second

// orphanBatch is how many are found at a time.
const orphanBatch = 200

// Orphan is a record whose process may have died between the commit of what it
// was about to ask and that of the answer.
type Orphan struct{ Realm, Object ident.ID }

// Orphans finds such records of one package and brings them back to where they
// are looked up like any other without an answer. It is safe at any moment: an
// answer that arrives after all is judged like any other.
type Orphans struct {
	DB *store.DB
	// List reads up to limit of those asked for before a wall time, by each
	// realm's clock, in a transaction of store.System.
	List func(tx *store.Tx, before time.Time, limit int) ([]Orphan, error)
	// Settle writes one down as unknown.
	Settle func(ctx context.Context, o Orphan) error
}

// Recover settles all that were asked for before the given wall time.
func (s Orphans) Recover(ctx context.Context, before time.Time) error {
	for {
		var list []Orphan
		err := s.DB.View(ctx, store.System, func(tx *store.Tx) (err error) {
			list, err = s.List(tx, before, orphanBatch)
			return err
		})
		if err != nil {
			return err
		}
		for _, o := range list {
			if err := s.Settle(ctx, o); err != nil {
				return err
			}
		}
		if len(list) < orphanBatch {
			return nil
		}
	}
}

// Resume is Recover at the start of a process, before it serves. now is the wall
// time. Where this process has the database for itself, nobody can still be
// asking a provider; otherwise another process may be, and OrphanAge counts.
func (s Orphans) Resume(ctx context.Context, now time.Time) error {
	if !s.DB.Alone() {
		now = now.Add(-OrphanAge)
	}
	return s.Recover(ctx, now)
}

// Watch is the job that recovers again and again. now is the wall clock.
func (s Orphans) Watch(now clock.Clock) Handler {
	return func(ctx context.Context, j Job) error {
		if err := s.Recover(ctx, now().Add(-OrphanAge)); err != nil {
			return err
		}
		return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error { return Again(tx, j, tx.Now().Add(OrphanAge/3)) })
	}
}
