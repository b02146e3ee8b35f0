package job_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	realmA ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa"
	realmB ident.ID = "bbbbbbbbbbbbbbbbbbbbbbbb"
	object ident.ID = "65a000000000000000000001"
)

// desk is a queue on a wall clock that the test moves.
type desk struct {
	*job.Queue
	t     *testing.T
	clock *storetest.Clock
	log   bytes.Buffer
}

func each(t *testing.T, fn func(d *desk)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			d := &desk{t: t, clock: storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))}
			db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = d.clock.Now })
			d.Queue = &job.Queue{DB: db, Clock: d.clock.Now, Log: slog.New(slog.NewTextHandler(&d.log, nil))}
			fn(d)
		})
	}
}

func (d *desk) update(realm ident.ID, fn func(tx *store.Tx) error) {
	d.t.Helper()
	if err := d.DB.Update(context.Background(), realm, fn); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) add(realm ident.ID, in time.Duration) {
	d.t.Helper()
	d.update(realm, func(tx *store.Tx) error {
		job.Add(tx, "test.work", object, tx.Now().Add(in))
		return nil
	})
}

func (d *desk) claim(n int) []job.Job {
	d.t.Helper()
	list, err := d.Claim(context.Background(), n)
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

func (d *desk) finish(j job.Job) error {
	return d.DB.Update(context.Background(), j.Realm, func(tx *store.Tx) error { return job.Done(tx, j) })
}

func TestWorkFallsDueByItsRealmsClock(t *testing.T) {
	each(t, func(d *desk) {
		d.add(realmA, time.Hour)
		d.add(realmB, time.Hour)
		if got := d.claim(10); len(got) != 0 {
			d.t.Fatalf("an hour too early: got %v", got)
		}
		d.update(realmB, func(tx *store.Tx) error { _, err := tx.Advance(2 * time.Hour); return err })
		got := d.claim(10)
		if len(got) != 1 || got[0].Realm != realmB || got[0].Kind != "test.work" || got[0].Object != object {
			d.t.Fatalf("got %+v, want the job of the realm that was moved ahead", got)
		}
		if err := d.finish(got[0]); err != nil {
			d.t.Fatal(err)
		}
		d.clock.Add(time.Hour)
		if got = d.claim(10); len(got) != 1 || got[0].Realm != realmA {
			d.t.Fatalf("an hour later: got %+v, want the other realm's", got)
		}
	})
}

// Two workers, one of whom sleeps through its lease: the work goes to the
// other, and whatever the sleeper does on waking changes nothing.
func TestAWorkerThatSleepsThroughItsLease(t *testing.T) {
	each(t, func(d *desk) {
		d.add(realmA, 0)
		sleeper := d.claim(10)[0]
		if got := d.claim(10); len(got) != 0 {
			d.t.Fatalf("a leased job was handed out again: %+v", got)
		}
		d.clock.Add(job.Lease + time.Second)
		second := d.claim(10)
		if len(second) != 1 || second[0].ID != sleeper.ID || second[0].Fence <= sleeper.Fence {
			d.t.Fatalf("got %+v, want the job with a newer fence than %d", second, sleeper.Fence)
		}
		if err := d.finish(sleeper); fault.Code(err) != "conflict.lease" {
			d.t.Errorf("the sleeper's Done: got %v, want conflict.lease", err)
		}
		err := d.DB.Update(context.Background(), realmA, func(tx *store.Tx) error { return job.Again(tx, sleeper, tx.Now()) })
		if fault.Code(err) != "conflict.lease" {
			d.t.Errorf("the sleeper's Again: got %v, want conflict.lease", err)
		}
		d.Handle("test.work", func(context.Context, job.Job) error { return errors.New("too late") })
		d.Run(context.Background(), sleeper) // a failed try of the sleeper is nobody's
		if err := d.finish(second[0]); err != nil {
			d.t.Errorf("the second worker's Done: %v", err)
		}
		d.clock.Add(24 * time.Hour)
		if got := d.claim(10); len(got) != 0 {
			d.t.Errorf("a job that is done came back: %+v", got)
		}
	})
}

// What a handler did in its transaction does not stay if its lease is gone.
func TestTheEffectOfAStaleWorkerIsUndone(t *testing.T) {
	each(t, func(d *desk) {
		d.add(realmA, 0)
		sleeper := d.claim(1)[0]
		d.clock.Add(job.Lease + time.Second)
		d.claim(1)
		d.Handle("test.work", func(ctx context.Context, j job.Job) error {
			return d.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
				job.Add(tx, "test.effect", object, tx.Now())
				return job.Done(tx, j)
			})
		})
		d.Run(context.Background(), sleeper)
		for _, j := range d.claim(10) {
			if j.Kind == "test.effect" {
				d.t.Error("the stale worker's effect was kept")
			}
		}
	})
}

func TestAHandlerThatFailsIsSetAsideInTheEnd(t *testing.T) {
	each(t, func(d *desk) {
		d.add(realmA, 0)
		d.add(realmB, 0)
		tries := 0
		d.Handle("test.work", func(_ context.Context, j job.Job) error {
			if j.Realm == realmB {
				return d.finish(j)
			}
			if tries++; tries%2 == 0 {
				panic("handler broke")
			}
			return fault.New("unavailable.provider", "card 4200000000000000 was refused")
		})
		pauses := []time.Duration{}
		last := d.clock.Now()
		for range 2000 {
			for _, j := range d.claim(10) {
				if j.Realm == realmA {
					pauses = append(pauses, d.clock.Now().Sub(last))
					last = d.clock.Now()
				}
				d.Run(context.Background(), j)
			}
			d.clock.Add(time.Minute)
		}
		if tries != job.MaxTries {
			d.t.Errorf("got %d tries, want %d", tries, job.MaxTries)
		}
		if !slices.IsSorted(pauses) || slices.Max(pauses) > time.Hour+time.Minute {
			d.t.Errorf("the pauses do not grow to an hour: %v", pauses)
		}
		list, err := d.Quarantined(context.Background())
		if err != nil || len(list) != 1 || list[0].Realm != realmA || list[0].Tries != job.MaxTries || list[0].LastError != "internal" {
			d.t.Errorf("in quarantine: got %+v (%v)", list, err)
		}
		if strings.Contains(list[0].LastError, "4200") {
			d.t.Error("an error's text stands in the row")
		}
	})
}

func TestAJobNobodyHandlesIsAFailedTry(t *testing.T) {
	each(t, func(d *desk) {
		d.add(realmA, 0)
		d.Run(context.Background(), d.claim(1)[0])
		d.clock.Add(time.Minute)
		if got := d.claim(1); len(got) != 1 || got[0].Tries != 1 {
			d.t.Errorf("got %+v, want the job again after one try", got)
		}
	})
}

// A handler that neither finishes nor fails is called again when its lease is over.
func TestAHandlerThatForgetsIsCalledAgain(t *testing.T) {
	each(t, func(d *desk) {
		d.add(realmA, 0)
		d.Handle("test.work", func(context.Context, job.Job) error { return nil })
		d.Run(context.Background(), d.claim(1)[0])
		if got := d.claim(1); len(got) != 0 {
			d.t.Errorf("got %+v before the lease was over", got)
		}
		d.clock.Add(job.Lease + time.Second)
		if got := d.claim(1); len(got) != 1 {
			d.t.Error("the job is lost")
		}
	})
}

// However many claim at once, a job has one holder.
func TestRacingClaims(t *testing.T) {
	each(t, func(d *desk) {
		const jobs = 40
		for range jobs {
			d.add(realmA, 0)
		}
		var mu sync.Mutex
		held := map[ident.ID]int{}
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				list, err := d.Claim(context.Background(), 5)
				if err != nil {
					d.t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, j := range list {
					held[j.ID]++
				}
			})
		}
		all.Wait()
		for id, n := range held {
			if n != 1 {
				d.t.Errorf("job %s has %d holders", id, n)
			}
		}
		if len(held) == 0 {
			d.t.Error("nobody got anything")
		}
	})
}

func TestAnInstallationsJobExistsOnce(t *testing.T) {
	each(t, func(d *desk) {
		for range 3 {
			if err := d.Every(context.Background(), "test.sweep"); err != nil {
				d.t.Fatal(err)
			}
		}
		list := d.claim(10)
		if len(list) != 1 || list[0].Kind != "test.sweep" || list[0].Realm != store.System {
			d.t.Fatalf("got %+v, want one", list)
		}
		d.update(store.System, func(tx *store.Tx) error { return job.Again(tx, list[0], tx.Now().Add(time.Minute)) })
		if err := d.Every(context.Background(), "test.sweep"); err != nil {
			d.t.Fatal(err)
		}
		if got := d.claim(10); len(got) != 0 {
			d.t.Errorf("a start made it due before its time: %+v", got)
		}
	})
}

// A process that starts takes up what one that was killed had leased: all of it
// where nobody else can be at work, otherwise the installation's own jobs.
func TestLeasesOfADeadProcess(t *testing.T) {
	each(t, func(d *desk) {
		if err := d.Every(context.Background(), "test.sweep"); err != nil {
			d.t.Fatal(err)
		}
		d.add(realmA, 0)
		d.update(realmB, func(tx *store.Tx) error { _, err := tx.Advance(time.Hour); return err })
		d.add(realmB, 0) // due by the realm's clock, an hour ahead of ours
		taken, err := d.Claim(context.Background(), 10)
		if err != nil || len(taken) != 3 {
			d.t.Fatalf("got %d jobs (%v), want 3", len(taken), err)
		}
		if err := d.Release(context.Background()); err != nil {
			d.t.Fatal(err)
		}
		want := 1
		if d.DB.Alone() {
			want = 3
		}
		again, err := d.Claim(context.Background(), 10)
		if err != nil || len(again) != want {
			d.t.Errorf("alone %v: got %d jobs (%v), want %d", d.DB.Alone(), len(again), err, want)
		}
		for _, j := range taken {
			if j.Realm != store.System {
				continue
			}
			d.update(store.System, func(tx *store.Tx) error {
				if err := job.Done(tx, j); fault.Code(err) != "conflict.lease" {
					d.t.Errorf("the old holder: got %v, want conflict.lease", err)
				}
				return nil
			})
		}
	})
}
