package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// Each statement of a View sees what is committed by then, a Snapshot sees one
// moment, and neither sees what is not committed.
func TestReads(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 1, ""); return nil }))
		first := int64(1)
		for name, read := range map[string]func(context.Context, func(tx *store.Tx) error) error{
			"view": func(ctx context.Context, fn func(tx *store.Tx) error) error { return db.View(ctx, realmA, fn) },
			"snapshot": func(ctx context.Context, fn func(tx *store.Tx) error) error {
				return db.Snapshot(ctx, realmA, fn)
			}} {
			var before, during, after int64
			must(t, read(t.Context(), func(tx *store.Tx) (err error) {
				if _, before, err = readNote(tx, "x"); err != nil {
					return err
				}
				must(t, update(db, func(other *store.Tx) error {
					err := bump(other, "x")
					during = noteOf(t, db, realmA, "x")
					return err
				}))
				_, after, err = readNote(tx, "x")
				return err
			}))
			want := first
			if name == "view" {
				want++
			}
			if before != first || during != first || after != want {
				t.Errorf("%s: read %d, then %d before the commit and %d after it; want %d, %d, %d", name, before, during, after, first, first, want)
			}
			first++
		}
	})
}

// What only reads cannot write.
func TestReadsOnly(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 1, ""); return nil }))
		for name, fn := range map[string]func(tx *store.Tx) error{
			"insert":  func(tx *store.Tx) error { addNote(tx, "y", 1, ""); return nil },
			"swap":    func(tx *store.Tx) error { return bump(tx, "x") },
			"gather":  func(tx *store.Tx) error { tx.Gather(&store.Gatherer{Name: "g"}, 1); return nil },
			"exec":    func(tx *store.Tx) error { _, err := tx.Exec(`DELETE FROM note`); return err },
			"advance": func(tx *store.Tx) error { _, err := tx.Advance(1000000); return err },
			"query": func(tx *store.Tx) error {
				var n int64
				_, err := tx.Get([]any{&n}, `UPDATE note SET n = 99 WHERE id = 'x' RETURNING n`)
				return err
			},
			"nested": nested,
		} {
			for _, read := range []func(context.Context) error{
				func(ctx context.Context) error { return db.View(ctx, realmA, fn) },
				func(ctx context.Context) error { return db.Snapshot(ctx, realmA, fn) }} {
				if err := read(t.Context()); err == nil || errors.Is(err, store.ErrUnavailable) {
					t.Errorf("%s: got %v", name, err)
				}
			}
		}
		if x, y := noteOf(t, db, realmA, "x"), noteOf(t, db, realmA, "y"); x != 1 || y != -1 {
			t.Errorf("notes %d and %d, want 1 and none", x, y)
		}
	})
}

// Reads stop for a caller who has gone, and hand on errors as they are.
func TestReadErrors(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.View(ctx, realmA, func(tx *store.Tx) error {
			cancel()
			_, _, err := readNote(tx, "x")
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want a cancelled context", err)
		}
		boom := errors.New("boom")
		if err := db.View(t.Context(), realmA, func(*store.Tx) error { return boom }); err != boom {
			t.Errorf("got %v, want boom", err)
		}
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 1, ""); return nil }))
		err = db.View(t.Context(), realmA, func(tx *store.Tx) error {
			return tx.All(`SELECT id FROM note`, nil, func(func(...any) error) error { return boom })
		})
		if !errors.Is(err, boom) {
			t.Errorf("got %v, want boom", err)
		}
		if noteOf(t, db, realmA, "x") != 1 {
			t.Error("reading ended with the first error")
		}
	})
}

// Many Views inside one another need no more connections than there are.
func TestManyViews(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var nest func(n int) error
		nest = func(n int) error {
			return db.View(t.Context(), realmA, func(tx *store.Tx) error {
				var one int
				if _, err := tx.Get([]any{&one}, `SELECT 1`); err != nil || n == 0 {
					return err
				}
				return nest(n - 1)
			})
		}
		must(t, nest(50))
	})
}
