package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

var errNegative = errors.New("below zero")

// sum is a gatherer that adds numbers to the note "sum" of the realm. It
// refuses to let it fall below zero.
type sum struct {
	store.Gatherer
	mu    sync.Mutex
	items [][]any // of each flush that was run
}

func newSum() *sum {
	s := &sum{}
	s.Name, s.Flush = "sum", s.flush
	return s
}

func (s *sum) flush(tx *store.Tx, items []any) error {
	s.mu.Lock()
	s.items = append(s.items, items)
	s.mu.Unlock()
	version, n, err := readNote(tx, "sum")
	if err != nil {
		return err
	}
	for _, item := range items {
		if n += int64(item.(int)); n < 0 {
			return errNegative
		}
	}
	if version == 0 {
		addNote(tx, "sum", n, "")
	} else {
		tx.Swap(noteTable, version, tx.Realm(), "sum", version+1, n, "", true, []byte{})
	}
	return nil
}

// What a batch gathers is written once, in order, and only for its realm.
func TestGatherOnce(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		s, other := newSum(), newSum()
		var fns []func(tx *store.Tx) error
		for i := range 20 {
			fns = append(fns, func(tx *store.Tx) error {
				tx.Gather(&s.Gatherer, i)
				if i == 7 {
					return errNegative // its item goes with it
				}
				return nil
			})
		}
		for i, err := range together(t, db, fns...) {
			if (err != nil) != (i == 7) {
				t.Errorf("member %d: %v", i, err)
			}
		}
		want := "[[0 1 2 3 4 5 6 8 9 10 11 12 13 14 15 16 17 18 19]]"
		if twice() {
			want = want[:len(want)-1] + " " + want[1:]
		}
		if got := fmt.Sprint(s.items); got != want {
			t.Errorf("gathered %s, want %s", got, want)
		}
		if got := noteOf(t, db, realmA, "sum"); got != 183 {
			t.Errorf("got %d, want 183", got)
		}
		must(t, db.Update(t.Context(), realmB, func(tx *store.Tx) error { tx.Gather(&other.Gatherer, 5); return nil }))
		if a, b := noteOf(t, db, realmA, "sum"), noteOf(t, db, realmB, "sum"); a != 183 || b != 5 {
			t.Errorf("realms have %d and %d, want 183 and 5", a, b)
		}
	})
}

// A gatherer that refuses is the fault of one member.
func TestGatherFault(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		s := newSum()
		var fns []func(tx *store.Tx) error
		for i := range 11 {
			fns = append(fns, func(tx *store.Tx) error {
				addNote(tx, fmt.Sprint("g", i), int64(i), "")
				if i == 5 {
					tx.Gather(&s.Gatherer, -1000)
				} else {
					tx.Gather(&s.Gatherer, 1)
				}
				return nil
			})
		}
		for i, err := range together(t, db, fns...) {
			if (err != nil) != (i == 5) || i == 5 && !errors.Is(err, errNegative) {
				t.Errorf("member %d: %v", i, err)
			}
		}
		if got := noteOf(t, db, realmA, "sum"); got != 10 {
			t.Errorf("got %d, want 10", got)
		}
		if got := noteOf(t, db, realmA, "g5"); got != -1 {
			t.Errorf("the member at fault has left %d", got)
		}
	})
}

// A gatherer may write what members of the batch have written before it.
func TestGatherMeetsMembers(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		s := newSum()
		errs := together(t, db,
			func(tx *store.Tx) error { addNote(tx, "sum", 100, ""); return nil },
			func(tx *store.Tx) error { tx.Gather(&s.Gatherer, 1); return nil },
			func(tx *store.Tx) error { tx.Gather(&s.Gatherer, 2); return bump(tx, "sum") })
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if got := noteOf(t, db, realmA, "sum"); got != 104 {
			t.Errorf("got %d, want 104", got)
		}
	})
}

// A gatherer that panics or leaves is answered for by a member, not the lane.
func TestGatherPanic(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		g := &store.Gatherer{Name: "bad", Flush: func(*store.Tx, []any) error { panic("boom") }}
		errs := together(t, db,
			func(tx *store.Tx) error { addNote(tx, "x", 1, ""); return nil },
			func(tx *store.Tx) error { addNote(tx, "y", 1, ""); tx.Gather(g, 1); return nil })
		if errs[0] != nil || errs[1] == nil {
			t.Errorf("got %v", errs)
		}
		if x, y := noteOf(t, db, realmA, "x"), noteOf(t, db, realmA, "y"); x != 1 || y != -1 {
			t.Errorf("notes %d and %d, want 1 and none", x, y)
		}
	})
}

// What is to run after the commit runs once, when others can see the rows, and
// not at all when there was none.
func TestCommitted(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		runs := 0
		must(t, update(db, func(tx *store.Tx) error {
			addNote(tx, "x", 3, "")
			tx.Committed(func() {
				runs++
				if got := noteOf(t, db, realmA, "x"); got != 3 {
					t.Errorf("after the commit the note is %d, want 3", got)
				}
			})
			return nil
		}))
		if runs != 1 {
			t.Errorf("run %d times, want once", runs)
		}
		err := update(db, func(tx *store.Tx) error {
			addNote(tx, "x", 3, "")
			tx.Committed(func() { t.Error("run without a commit") })
			return nil
		})
		var exists *store.Exists
		if !errors.As(err, &exists) || exists.Table != "note" || fault.Code(err) != "conflict.exists" {
			t.Errorf("got %v, want Exists in note", err)
		}
	})
}

// Every Update's function runs twice, and its effects are there once.
func TestTwice(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			db := storetest.Open(t, engine, func(o *store.Options) { o.Twice = true })
			makeNotes(t, db)
			runs, after := 0, 0
			s := newSum()
			must(t, update(db, func(tx *store.Tx) error {
				runs++
				addNote(tx, "x", 1, "")
				if err := bump(tx, "x"); err != nil {
					return err
				}
				if _, err := tx.Advance(time.Hour); err != nil {
					return err
				}
				tx.Gather(&s.Gatherer, 4)
				tx.Committed(func() { after++ })
				return nil
			}))
			if runs != 2 || after != 1 || len(s.items) != 2 {
				t.Errorf("run %d times, after the commit %d, flushed %d; want 2, 1, 2", runs, after, len(s.items))
			}
			if x, n := noteOf(t, db, realmA, "x"), noteOf(t, db, realmA, "sum"); x != 2 || n != 4 {
				t.Errorf("notes %d and %d, want 2 and 4", x, n)
			}
			if got := aheadOf(t, db, realmA); got != time.Hour.Milliseconds() {
				t.Errorf("the clock is %d ms ahead, want an hour", got)
			}
		})
	}
}

func aheadOf(t testing.TB, db *store.DB, realm ident.ID) (ms int64) {
	t.Helper()
	must(t, db.View(t.Context(), realm, func(tx *store.Tx) error {
		_, err := tx.Get([]any{&ms}, `SELECT ahead_ms FROM clock WHERE realm = $1`, realm)
		return err
	}))
	return ms
}
