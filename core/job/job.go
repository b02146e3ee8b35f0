// Package job is work that falls due: a row with a moment, written in the
// transaction that made the work necessary. Moments are the realm's own, so a
// test realm whose clock moves ahead sees its work fall due. A worker leases a
// job; the lease carries a fencing token, and whoever finishes with an old
// token changes nothing, so a worker that slept through its lease does no harm.
package job

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Job is one piece of due work.
type Job struct {
	Realm     ident.ID
	ID        ident.ID
	Kind      string   // whose work: payment.resolve ...
	Object    ident.ID // what it is about
	DueAt     time.Time
	Tries     int64
	Fence     int64
	LastError string
}

// Handler does the work of one kind. It finishes the job itself, with Done or
// Again in the transaction that holds the work's effect; a handler that
// returns nil without either leaves the lease to run out and is called again.
// An error or a panic is a failed try.
type Handler func(ctx context.Context, j Job) error

// How long a worker may take, and after how many failed tries a job is set
// aside for a human.
const (
	Lease    = 2 * time.Minute
	MaxTries = 20
)

// Queue hands out due work.
type Queue struct {
	DB    *store.DB
	Clock clock.Clock
	Log   *slog.Logger

	handlers map[string]Handler
}

// Handle registers the handler of a kind, while the app is put together.
func (q *Queue) Handle(kind string, h Handler) {
	if q.handlers == nil {
		q.handlers = map[string]Handler{}
	}
	q.handlers[kind] = h
}

// Add writes a job in the caller's transaction.
func Add(tx *store.Tx, kind string, object ident.ID, due time.Time) {
	addJob(tx, Job{ID: tx.NewID(), Kind: kind, Object: object, DueAt: due})
}

// Done finishes a job in the caller's transaction. Faults: conflict.lease when
// the lease went to somebody else.
func Done(tx *store.Tx, j Job) error { return owned(removeJob(tx, j)) }

// Again makes the job due once more, its tries forgotten. Faults: conflict.lease.
func Again(tx *store.Tx, j Job, due time.Time) error { return owned(releaseJob(tx, j, due, 0, "")) }

func owned(rows int64, err error) error {
	if err == nil && rows == 0 {
		err = fault.New("conflict.lease", "this job's lease has gone to another worker")
	}
	return err
}

// Every makes sure that an installation-wide job of this kind exists; its
// handler calls Again with the next moment.
func (q *Queue) Every(ctx context.Context, kind string) error {
	return q.DB.Update(ctx, store.System, func(tx *store.Tx) error { return seedJob(tx, kind, tx.Now()) })
}

// Release takes leases back at the start of a process, before it claims any: all
// of them where this process has the database for itself, as whoever held them
// is gone; otherwise those of the installation-wide jobs, which are safe to run
// twice at once. The fence keeps a holder that lives after all from finishing.
func (q *Queue) Release(ctx context.Context) error {
	alone, now := q.DB.Alone(), q.Clock()
	return q.DB.Update(ctx, store.System, func(tx *store.Tx) error { return freeJobs(tx, now, alone) })
}

// Claim leases up to n due jobs.
func (q *Queue) Claim(ctx context.Context, n int) ([]Job, error) {
	now := q.Clock()
	due := false
	err := q.DB.View(ctx, store.System, func(tx *store.Tx) (err error) {
		due, err = anyDue(tx, now)
		return err
	})
	if err != nil || !due { // an idle installation writes nothing
		return nil, err
	}
	var jobs []Job
	err = q.DB.Update(ctx, store.System, func(tx *store.Tx) (err error) {
		jobs, err = claimJobs(tx, now, now.Add(Lease), n)
		return err
	})
	return jobs, err
}

// Run calls the handler of a leased job. A failed try is written down and
// repeated with growing pauses; after MaxTries the job is quarantined: it
// stays visible and blocks nobody.
func (q *Queue) Run(ctx context.Context, j Job) {
	err := q.call(ctx, j)
	if err == nil || fault.Is(err, "conflict.lease") {
		return
	}
	q.Log.Error("job failed", "kind", j.Kind, "job", j.ID, "realm", j.Realm, "tries", j.Tries+1, "err", err)
	back := func(tx *store.Tx) error {
		_, err := releaseJob(tx, j, tx.Now().Add(pause(j.Tries)), j.Tries+1, fault.Code(err))
		return err
	}
	if err := q.DB.Update(context.WithoutCancel(ctx), j.Realm, back); err != nil {
		q.Log.Error("failed job not released; its lease will run out", "job", j.ID, "err", err)
	}
}

func (q *Queue) call(ctx context.Context, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fmt.Errorf("panic: %v", p), "a job of kind %s panicked", j.Kind)
		}
	}()
	h := q.handlers[j.Kind]
	if h == nil {
		return fault.New(fault.Internal, "nobody handles jobs of kind %s", j.Kind)
	}
	return h(ctx, j)
}

// pause grows from five seconds to an hour.
func pause(tries int64) time.Duration {
	d := 5 * time.Second << min(tries, 10)
	return min(d, time.Hour)
}

// Quarantined lists the jobs that were set aside.
func (q *Queue) Quarantined(ctx context.Context) (jobs []Job, err error) {
	err = q.DB.View(ctx, store.System, func(tx *store.Tx) error {
		jobs, err = listQuarantined(tx)
		return err
	})
	return jobs, err
}
