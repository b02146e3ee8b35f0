package store_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// A simulation may end the process on either side of a commit, refuse it, or
// lose its answer; what is in the database is then what it ought to be.
func TestBoundary(t *testing.T) {
	var seen []store.Boundary
	act := func(store.Boundary) error { return nil }
	db := storetest.Open(t, "sqlite", func(o *store.Options) {
		o.Database, o.Inline = ":memory:", true
		o.Boundary = func(b store.Boundary) error {
			seen = append(seen, b)
			return act(b)
		}
	})
	makeNotes(t, db)
	at := func(side store.Boundary, do func() error) func(store.Boundary) error {
		return func(b store.Boundary) error {
			if b != side {
				return nil
			}
			return do()
		}
	}
	goexit := func() error { runtime.Goexit(); return nil }
	lost := errors.New("made up")
	for n, tt := range []struct {
		name string
		act  func(store.Boundary) error
		want error
		dies bool
		kept bool
	}{
		{name: "nothing", act: at(store.Before, func() error { return nil }), kept: true},
		{name: "refused", act: at(store.Before, func() error { return lost }), want: store.ErrUnavailable},
		{name: "unanswered", act: at(store.After, func() error { return lost }), want: store.ErrUnknown, kept: true},
		{name: "dies before", act: at(store.Before, goexit), dies: true},
		{name: "dies after", act: at(store.After, goexit), dies: true, kept: true},
	} {
		id := fmt.Sprint("n", n)
		seen, act = nil, tt.act
		told, returned := false, false
		var err error
		var life sync.WaitGroup
		life.Go(func() {
			err = update(db, func(tx *store.Tx) error {
				addNote(tx, id, 1, "")
				tx.Committed(func() { told = true })
				return nil
			})
			returned = true
		})
		life.Wait()
		act = func(store.Boundary) error { return nil }
		if !errors.Is(err, tt.want) || returned == tt.dies || told != (tt.name == "nothing") {
			t.Errorf("%s: got %v, returned %v, told %v", tt.name, err, returned, told)
		}
		if seen[0] != store.Before || len(seen) == 2 && seen[1] != store.After || len(seen) > 2 {
			t.Errorf("%s: boundaries %v", tt.name, seen)
		}
		var version int64
		must(t, db.View(t.Context(), realmA, func(tx *store.Tx) (err error) { version, _, err = readNote(tx, id); return err }))
		if kept := version == 1; kept != tt.kept {
			t.Errorf("%s: kept %v, want %v", tt.name, kept, tt.kept)
		}
	}
}
