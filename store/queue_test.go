package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// hold keeps the lane busy until the returned function is called.
func hold(t *testing.T, db *store.DB) (release func()) {
	t.Helper()
	gate, open := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		var once sync.Once
		if err := update(db, func(*store.Tx) error { once.Do(func() { close(gate) }); <-open; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-gate
	return func() { close(open); done.Wait() }
}

// A full queue refuses at once, and what waits in it is done nevertheless.
func TestQueueFull(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		release := hold(t, db)
		var wg sync.WaitGroup
		var done, refused atomic.Int64
		for range store.QueueLength + 50 {
			wg.Go(func() {
				switch err := update(db, func(*store.Tx) error { return nil }); {
				case err == nil:
					done.Add(1)
				case errors.Is(err, store.ErrUnavailable) && fault.Is(err, fault.Unavailable):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		for refused.Load() < 50 {
			runtime.Gosched()
		}
		release()
		wg.Wait()
		if done.Load() != store.QueueLength || refused.Load() != 50 {
			t.Errorf("%d done and %d refused, want %d and 50", done.Load(), refused.Load(), store.QueueLength)
		}
	})
}

// Whoever gives up while waiting is not served; afterwards it is too late.
func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		release := hold(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- db.Update(ctx, realmA, func(tx *store.Tx) error { addNote(tx, "cancelled", 1, ""); return nil })
		}()
		for db.Waiting(realmA) == 0 {
			runtime.Gosched()
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want a cancelled context", err)
		}
		release()

		ctx, cancel = context.WithCancel(context.WithValue(t.Context(), realmA, "value"))
		must(t, db.Update(ctx, realmA, func(tx *store.Tx) error {
			cancel()
			if tx.Context().Err() != nil || tx.Context().Value(realmA) != "value" {
				t.Error("the context of an Update carries values and is not cancelled")
			}
			addNote(tx, "late", 1, "")
			_, _, err := readNote(tx, "late")
			return err
		}))
		if err := db.Update(ctx, realmA, func(*store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want a cancelled context", err)
		}
		if a, b := noteOf(t, db, realmA, "cancelled"), noteOf(t, db, realmA, "late"); a != -1 || b != 1 {
			t.Errorf("notes %d and %d, want none and 1", a, b)
		}
	})
}

// Close lets those who wait finish, and refuses all others.
func TestClose(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			var o store.Options
			db := storetest.Open(t, engine, func(given *store.Options) { o = *given })
			makeNotes(t, db)
			release := hold(t, db)
			var wg sync.WaitGroup
			for i := range 10 {
				wg.Go(func() {
					if err := update(db, func(tx *store.Tx) error { addNote(tx, fmt.Sprint(i), 1, ""); return nil }); err != nil {
						t.Error(err)
					}
				})
			}
			for db.Waiting(realmA) < 10 {
				runtime.Gosched()
			}
			wg.Go(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			for db.Ready(t.Context()) == nil {
				time.Sleep(time.Millisecond)
			}
			release()
			wg.Wait()
			if err := update(db, func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
			if err := db.View(t.Context(), realmA, func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
			again, err := store.Open(t.Context(), o)
			must(t, err)
			defer again.Close()
			for i := range 10 {
				if got := noteOf(t, again, realmA, fmt.Sprint(i)); got != 1 {
					t.Errorf("note %d is %d, want 1", i, got)
				}
			}
		})
	}
}

// Inline, everything happens in the caller, who may even leave.
func TestInline(t *testing.T) {
	names := map[string]string{"sqlite": "sqlite", "postgres": "postgres", "memory": "sqlite"}
	for name, engine := range names {
		t.Run(name, func(t *testing.T) {
			db := storetest.Open(t, engine, func(o *store.Options) {
				o.Inline = true
				if name == "memory" {
					o.Database = ":memory:"
				}
			})
			makeNotes(t, db)
			must(t, update(db, func(tx *store.Tx) error {
				if !strings.Contains(string(debug.Stack()), "testing.tRunner") {
					t.Error("the function runs on another goroutine")
				}
				addNote(tx, "x", 1, "")
				return nil
			}))
			left := make(chan struct{})
			go func() {
				defer close(left)
				if err := update(db, func(tx *store.Tx) error { must(t, bump(tx, "x")); runtime.Goexit(); return nil }); err != nil {
					t.Error(err)
				}
				t.Error("Update went on after a Goexit")
			}()
			<-left
			must(t, update(db, func(tx *store.Tx) error { return bump(tx, "x") }))
			if got := noteOf(t, db, realmA, "x"); got != 2 {
				t.Errorf("got %d, want 2", got)
			}
		})
	}
}

// A database in memory keeps the same promises to many callers.
func TestMemory(t *testing.T) {
	db := storetest.Open(t, "sqlite", func(o *store.Options) { o.Database = ":memory:" })
	makeNotes(t, db)
	must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 0, ""); return nil }))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				if err := update(db, func(tx *store.Tx) error { return bump(tx, "x") }); err != nil {
					t.Error(err)
				}
				if noteOf(t, db, realmA, "x") < 1 {
					t.Error("the note is not there")
				}
			}
		})
	}
	wg.Wait()
	if got := noteOf(t, db, realmA, "x"); got != 320 {
		t.Errorf("got %d, want 320", got)
	}
}
