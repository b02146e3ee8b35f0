package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

const realmA, realmB ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb"

var noteTable = &store.Table{Name: "note", Key: 2, Columns: []string{"realm", "id", "version", "n", "text", "done", "raw"}}

// each runs fn on both engines, beside a table of notes.
func each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		makeNotes(t, db)
		fn(t, db)
	})
}

func makeNotes(t testing.TB, db *store.DB) {
	t.Helper()
	must(t, db.Update(context.Background(), store.System, func(tx *store.Tx) error {
		for _, text := range []string{
			`CREATE TABLE note (realm TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, n BIGINT NOT NULL, text TEXT NOT NULL,
				done BOOLEAN NOT NULL, raw BYTEA NOT NULL, PRIMARY KEY (realm, id), CHECK (n >= 0))`,
			`CREATE UNIQUE INDEX note_text ON note (realm, text) WHERE text <> ''`} {
			if _, err := tx.Exec(text); err != nil {
				return err
			}
		}
		return nil
	}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func addNote(tx *store.Tx, id string, n int64, text string) {
	tx.Insert(noteTable, tx.Realm(), id, 1, n, text, false, []byte{1, 0, 2})
}

// readNote returns version 0 when there is none.
func readNote(tx *store.Tx, id string) (version, n int64, err error) {
	_, err = tx.Get([]any{&version, &n}, `SELECT version, n FROM note WHERE realm = $1 AND id = $2`, tx.Realm(), id)
	return version, n, err
}

// bump adds one to a note that is there.
func bump(tx *store.Tx, id string) error {
	version, n, err := readNote(tx, id)
	if err == nil {
		tx.Swap(noteTable, version, tx.Realm(), id, version+1, n+1, "", true, []byte(nil))
	}
	return err
}

// noteOf reads a note's n outside of an Update, -1 when there is none.
func noteOf(t testing.TB, db *store.DB, realm ident.ID, id string) (n int64) {
	t.Helper()
	must(t, db.View(context.Background(), realm, func(tx *store.Tx) error {
		version, got, err := readNote(tx, id)
		if n = got; version == 0 {
			n = -1
		}
		return err
	}))
	return n
}

func update(db *store.DB, fn func(tx *store.Tx) error) error {
	return db.Update(context.Background(), realmA, fn)
}

// together has all fns wait in the queue, so that they make one batch, and
// returns what each Update came to. A panic is returned as an error, a Goexit
// as errGone.
func together(t *testing.T, db *store.DB, fns ...func(tx *store.Tx) error) []error {
	t.Helper()
	gate, open := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		var once sync.Once
		if err := update(db, func(*store.Tx) error { once.Do(func() { close(gate) }); <-open; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-gate
	errs := make([]error, len(fns))
	for i, fn := range fns {
		all.Go(func() {
			errs[i] = errGone
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			errs[i] = update(db, fn)
		})
		for db.Waiting(realmA) <= i {
			time.Sleep(10 * time.Microsecond)
		}
	}
	close(open)
	all.Wait()
	return errs
}

var errGone = errors.New("the goroutine ended")

func TestValues(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error {
			tx.Insert(noteTable, tx.Realm(), "a", 1, int64(1)<<60, "Ærøskøbing \"'\\", true, []byte{0, 255})
			tx.Insert(noteTable, tx.Realm(), "b", 1, 0, "", false, []byte(nil))
			return nil
		}))
		type row struct {
			id   ident.ID
			n    int64
			text string
			done bool
			raw  string
		}
		var got []row
		must(t, db.View(t.Context(), realmA, func(tx *store.Tx) error {
			return tx.All(`SELECT id, n, text, done, raw FROM note WHERE realm = $1 ORDER BY id`, []any{tx.Realm()}, func(scan func(...any) error) error {
				var r row
				var raw []byte
				err := scan(&r.id, &r.n, &r.text, &r.done, &raw)
				r.raw = string(raw)
				got = append(got, r)
				return err
			})
		}))
		want := []row{{"a", 1 << 60, "Ærøskøbing \"'\\", true, "\x00\xff"}, {"b", 0, "", false, ""}}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// No update is lost: 32 goroutines add one to the same row.
func TestLostUpdate(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 0, ""); return nil }))
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				for range 20 {
					if err := update(db, func(tx *store.Tx) error { return bump(tx, "x") }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := noteOf(t, db, realmA, "x"); got != 640 {
			t.Errorf("640 additions came to %d", got)
		}
	})
}

// The same through two processes' worth of stores, which share no lane.
func TestLostUpdateTwoProcesses(t *testing.T) {
	var o store.Options
	first := storetest.Open(t, "postgres", func(given *store.Options) { o = *given })
	second, err := store.Open(t.Context(), o)
	must(t, err)
	defer second.Close()
	makeNotes(t, first)
	must(t, update(first, func(tx *store.Tx) error { addNote(tx, "x", 0, ""); return nil }))
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := int64(0)
	for _, db := range []*store.DB{first, second} {
		for range 8 {
			wg.Go(func() {
				for range 10 {
					switch err := update(db, func(tx *store.Tx) error { return bump(tx, "x") }); {
					case err == nil:
						mu.Lock()
						done++
						mu.Unlock()
					case !errors.Is(err, store.ErrConflict):
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	if got := noteOf(t, first, realmA, "x"); got != done {
		t.Errorf("%d acknowledged additions came to %d", done, got)
	}
	if done < 80 {
		t.Errorf("only %d of 160 went through", done)
	}
}

// A version that was read long ago is refused in the end.
func TestConflict(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 5, ""); return nil }))
		runs := 0
		err := update(db, func(tx *store.Tx) error {
			runs++
			tx.Swap(noteTable, 7, tx.Realm(), "x", 8, 6, "", true, []byte{})
			return nil
		})
		if !errors.Is(err, store.ErrConflict) || fault.Code(err) != "conflict.version" {
			t.Errorf("got %v, want ErrConflict", err)
		}
		if runs < 6 {
			t.Errorf("run %d times, want 6 or more", runs)
		}
		if got := noteOf(t, db, realmA, "x"); got != 5 {
			t.Errorf("got %d, want 5", got)
		}
	})
}

// A fixed column keeps its value: a swap with another one finds no row.
func TestFixed(t *testing.T) {
	fixed := &store.Table{Name: noteTable.Name, Key: noteTable.Key, Columns: noteTable.Columns, Fixed: []string{"text"}}
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 5, "kept"); return nil }))
		swap := func(text string, n int64) error {
			return update(db, func(tx *store.Tx) error {
				tx.Swap(fixed, 1, tx.Realm(), "x", 2, n, text, true, []byte{})
				return nil
			})
		}
		if err := swap("other", 6); !errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
		must(t, swap("kept", 7))
		if got := noteOf(t, db, realmA, "x"); got != 7 {
			t.Errorf("got %d, want 7", got)
		}
	})
}

// A function sees what it has written, whatever order it writes in.
func TestOwnWrites(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error {
			addNote(tx, "x", 10, "")
			if err := bump(tx, "x"); err != nil {
				return err
			}
			tx.Swap(noteTable, 2, tx.Realm(), "x", 3, 12, "", true, []byte{}) // over a swap that may still be buffered
			tx.Swap(noteTable, 3, tx.Realm(), "x", 4, 13, "", true, []byte{})
			if n, err := tx.Exec(`UPDATE note SET n = n + 1 WHERE realm = $1 AND id = $2 AND n = 13`, tx.Realm(), "x"); n != 1 || err != nil {
				t.Errorf("Exec changed %d rows (%v), want 1", n, err)
			}
			var n int64
			found, err := tx.Get([]any{&n}, `UPDATE note SET n = n + 1 WHERE realm = $1 AND id = $2 RETURNING n`, tx.Realm(), "x")
			if !found || n != 15 {
				t.Errorf("got %d %v, want 15", n, found)
			}
			return err
		}))
		if got := noteOf(t, db, realmA, "x"); got != 15 {
			t.Errorf("got %d, want 15", got)
		}
	})
}

// What a swap frees, an insert after it may take.
func TestOrder(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "x", 0, "name"); return nil }))
		must(t, update(db, func(tx *store.Tx) error {
			tx.Swap(noteTable, 1, tx.Realm(), "x", 2, 0, "other", true, []byte{})
			addNote(tx, "y", 0, "name")
			return nil
		}))
		errs := together(t, db,
			func(tx *store.Tx) error { addNote(tx, "z", 0, ""); return nil },
			func(tx *store.Tx) error {
				tx.Swap(noteTable, 1, tx.Realm(), "y", 2, 0, "", true, []byte{})
				addNote(tx, "w", 0, "name")
				return nil
			})
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
	})
}

// A function that writes over a stale row, and adds a row that its rival has
// added too, has collided and runs again, also when a query in the middle of a
// batch sends what it has written so far.
func TestStaleBeforeExists(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "p", 0, ""); return nil }))
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "event", 0, ""); return bump(tx, "p") }))
		inHand := true
		errs := together(t, db,
			func(tx *store.Tx) error { addNote(tx, "neighbour", 0, ""); return nil },
			func(tx *store.Tx) error {
				version := int64(1) // read before the rival came
				if !inHand {
					var err error
					if version, _, err = readNote(tx, "p"); err != nil {
						return err
					}
				}
				inHand = false
				if version > 1 {
					return nil
				}
				tx.Swap(noteTable, version, tx.Realm(), "p", version+1, 1, "", true, []byte{})
				addNote(tx, "event", 0, "")
				_, _, err := readNote(tx, "neighbour")
				return err
			})
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
	})
}

// What one member does wrong is its own affair.
func TestNeighbours(t *testing.T) {
	boom := errors.New("boom")
	bad := map[string]func(tx *store.Tx) error{
		"error":      func(tx *store.Tx) error { addNote(tx, "bad", 1, ""); return boom },
		"late error": func(tx *store.Tx) error { addNote(tx, "bad", 1, ""); return errors.Join(bump(tx, "bad"), boom) },
		"panic":      func(tx *store.Tx) error { addNote(tx, "bad", 1, ""); panic("boom") },
		"exit":       func(tx *store.Tx) error { addNote(tx, "bad", 1, ""); runtime.Goexit(); return nil },
		"late exit":  func(tx *store.Tx) error { addNote(tx, "bad", 1, ""); bump(tx, "bad"); runtime.Goexit(); return nil },
		"exists":     func(tx *store.Tx) error { addNote(tx, "old", 1, ""); return nil },
		"unique":     func(tx *store.Tx) error { addNote(tx, "bad", 1, "old"); return nil },
		"late":       func(tx *store.Tx) error { addNote(tx, "bad", 1, "old"); _, _, err := readNote(tx, "bad"); return err },
		"check":      func(tx *store.Tx) error { addNote(tx, "bad", -1, ""); return nil },
		"text":       func(tx *store.Tx) error { _, err := tx.Exec(`UPDATE nothing`); return err },
		"query":      func(tx *store.Tx) error { return tx.All(`SELECT nothing`, nil, nil) },
		"swallowed":  func(tx *store.Tx) error { tx.Exec(`UPDATE nothing`); addNote(tx, "bad", 1, ""); return nil },
		"stale":      func(tx *store.Tx) error { return swap(tx, 9, 10) },
		"versions":   func(tx *store.Tx) error { return swap(tx, 1, 1) },
		"value": func(tx *store.Tx) error {
			tx.Insert(noteTable, tx.Realm(), "bad", 1, 1.5, "", true, []byte{})
			return nil
		},
		"kind": func(tx *store.Tx) error {
			tx.Insert(noteTable, tx.Realm(), "bad", 1, "one", "", true, []byte{})
			return nil
		},
		"columns": func(tx *store.Tx) error { tx.Insert(noteTable, tx.Realm(), "bad"); return nil },
		"nested":  nested,
	}
	each(t, func(t *testing.T, db *store.DB) {
		must(t, update(db, func(tx *store.Tx) error { addNote(tx, "old", 1, "old"); return nil }))
		for name, fn := range bad {
			t.Run(name, func(t *testing.T) {
				var fns []func(tx *store.Tx) error
				for i := range 9 {
					fns = append(fns, func(tx *store.Tx) error { addNote(tx, fmt.Sprint(name, i), int64(i), ""); return nil })
				}
				fns[4] = fn
				for i, err := range together(t, db, fns...) {
					if i == 4 && err == nil {
						t.Error("the bad member went through")
					}
					if got := noteOf(t, db, realmA, fmt.Sprint(name, i)); i != 4 && (err != nil || got != int64(i)) {
						t.Errorf("neighbour %d: %v, note %d", i, err, got)
					}
				}
				if got := noteOf(t, db, realmA, "bad"); got != -1 {
					t.Errorf("the bad member has left a note of %d", got)
				}
			})
		}
	})
}

func swap(tx *store.Tx, from, to int64) error {
	tx.Swap(noteTable, from, tx.Realm(), "old", to, 1, "", true, []byte{})
	return nil
}

// nested queries while it reads, which only one of the engines could do.
func nested(tx *store.Tx) error {
	return tx.All(`SELECT id FROM note WHERE realm = $1`, []any{tx.Realm()}, func(scan func(...any) error) error {
		_, _, err := readNote(tx, "old")
		return err
	})
}
