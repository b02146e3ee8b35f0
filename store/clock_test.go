package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func timeOf(t testing.TB, db *store.DB, realm ident.ID) (view, update time.Time) {
	t.Helper()
	must(t, db.View(t.Context(), realm, func(tx *store.Tx) error { view = tx.Now(); return nil }))
	must(t, db.Update(t.Context(), realm, func(tx *store.Tx) error { update = tx.Now(); return nil }))
	return view, update
}

// A realm's clock moves by itself, forward, for all who look, and for good.
func TestAdvance(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			start := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))
			wall := storetest.NewClock(start)
			var o store.Options
			db := storetest.Open(t, engine, func(given *store.Options) { given.Clock = wall.Now; o = *given })
			begin := start.UTC().Truncate(time.Millisecond)
			want := func(db *store.DB, a, b time.Time) {
				t.Helper()
				for realm, at := range map[ident.ID]time.Time{realmA: a, realmB: b} {
					if view, update := timeOf(t, db, realm); view != at || update != at {
						t.Errorf("realm %s: %v in a View, %v in an Update, want %v", realm[:1], view, update, at)
					}
				}
			}
			want(db, begin, begin)
			for _, d := range []time.Duration{time.Hour, 0, 365 * 24 * time.Hour} {
				must(t, update(db, func(tx *store.Tx) error {
					was := tx.Now()
					now, err := tx.Advance(d)
					if now != was.Add(d) || tx.Now() != now {
						t.Errorf("Advance(%v) from %v gave %v, then %v", d, was, now, tx.Now())
					}
					return err
				}))
			}
			ahead := 366*24*time.Hour - 23*time.Hour
			want(db, begin.Add(ahead), begin)
			wall.Add(time.Minute)
			want(db, begin.Add(ahead+time.Minute), begin.Add(time.Minute))

			boom := errors.New("boom")
			err := update(db, func(tx *store.Tx) error { _, err := tx.Advance(time.Hour); return errors.Join(err, boom) })
			if !errors.Is(err, boom) {
				t.Error(err)
			}
			for _, d := range []time.Duration{-1, 1 << 62, 99 * 366 * 24 * time.Hour} {
				err := update(db, func(tx *store.Tx) error { _, err := tx.Advance(d); return err })
				if fault.Code(err) != "invalid.advance" {
					t.Errorf("Advance(%v): %v, want invalid.advance", d, err)
				}
			}
			want(db, begin.Add(ahead+time.Minute), begin.Add(time.Minute))

			must(t, db.Close())
			again, err := store.Open(t.Context(), o)
			must(t, err)
			defer again.Close()
			want(again, begin.Add(ahead+time.Minute), begin.Add(time.Minute))
		})
	}
}

// Outside of a transaction the realm's time is the same, as far as this process
// has written in it.
func TestNowOutside(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error { _, err := tx.Advance(time.Hour); return err }))
		before := db.Now(realmA)
		_, inside := timeOf(t, db, realmA)
		after := db.Now(realmA)
		if inside.Before(before) || after.Before(inside) || after.Sub(before) > time.Minute {
			t.Errorf("%v outside, %v inside, then %v", before, inside, after)
		}
	})
}

// In one batch, those behind a move see the realm's new time.
func TestAdvanceInBatch(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		var before, after time.Time
		errs := together(t, db,
			func(tx *store.Tx) error { before = tx.Now(); return nil },
			func(tx *store.Tx) error { _, err := tx.Advance(time.Hour); return err },
			func(tx *store.Tx) error { after = tx.Now(); return nil })
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if got := after.Sub(before); got < time.Hour || got > 2*time.Hour {
			t.Errorf("%v passed, want an hour", got)
		}
	})
}

// Ids carry the realm's time.
func TestNewID(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		var now, later ident.ID
		must(t, update(db, func(tx *store.Tx) error {
			now = tx.NewID()
			if _, err := tx.Advance(time.Hour); err != nil {
				return err
			}
			later = tx.NewID()
			return nil
		}))
		if !now.Valid() || !later.Valid() || now >= later || now[:8] == later[:8] {
			t.Errorf("ids %s and %s, want an hour between them", now, later)
		}
	})
}
