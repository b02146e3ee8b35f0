package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// An op is a small transaction, chosen by chance and the same on both engines.
// None depends on merely reading what another may write at the same time.
type op struct {
	kind string
	old  string // a note that is there from the beginning
	id   string // one that may be
	text string
	own  string // nobody else's
}

var kinds = []string{"upsert", "insert", "named", "bump", "bump twice", "stale", "error", "late error", "panic", "exec", "gather", "overdraw"}

func (o op) run(s *sum) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		switch o.kind {
		case "insert":
			addNote(tx, o.id, 1, "")
		case "named": // may collide in another unique index than the key
			addNote(tx, o.id, 1, o.text)
		case "upsert":
			version, _, err := readNote(tx, o.id)
			if err != nil || version > 0 {
				return errors.Join(err, bump(tx, o.id))
			}
			addNote(tx, o.id, 1, "")
		case "bump", "bump twice":
			version, n, err := readNote(tx, o.old)
			if err != nil || version == 0 {
				return errors.Join(err, fmt.Errorf("no %s", o.old))
			}
			tx.Swap(noteTable, version, tx.Realm(), o.old, version+1, n+1, "", true, []byte{})
			if o.kind == "bump twice" {
				tx.Swap(noteTable, version+1, tx.Realm(), o.old, version+2, n+2, "", true, []byte{})
			}
		case "stale":
			tx.Swap(noteTable, 1000, tx.Realm(), o.old, 1001, 5, "", true, []byte{})
		case "error", "late error", "panic":
			addNote(tx, o.own, 1, "")
			if o.kind == "late error" {
				if err := bump(tx, o.own); err != nil {
					return err
				}
			}
			if o.kind == "panic" {
				panic("boom")
			}
			return errors.New("boom")
		case "exec":
			_, err := tx.Exec(`UPDATE note SET n = n + 10, version = version + 1 WHERE realm = $1 AND id = $2`, tx.Realm(), o.old)
			return err
		case "gather":
			tx.Gather(&s.Gatherer, 3)
		case "overdraw":
			addNote(tx, o.own, 1, "")
			tx.Gather(&s.Gatherer, -4)
		}
		return nil
	}
}

// Whatever shares a batch, both engines come to what one transaction after the
// other would come to: the same answers, the same rows.
func TestEnginesAgree(t *testing.T) {
	for seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			var results []string
			for _, engine := range []string{"sqlite", "postgres", "alone"} {
				results = append(results, play(t, engine, uint64(seed)))
			}
			for i, name := range []string{"postgres", "one by one"} {
				if results[i+1] != results[0] {
					t.Errorf("SQLite in batches and %s part:\n%s", name, apart(results[0], results[i+1]))
				}
			}
		})
	}
}

// seeds are as many as FLORIN_TEST_SEEDS says.
func seeds() int {
	if n, err := strconv.Atoi(os.Getenv("FLORIN_TEST_SEEDS")); err == nil {
		return n
	}
	return 6
}

// apart shows the lines up to the first that differs.
func apart(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	n := 0
	for n < min(len(x), len(y))-1 && x[n] == y[n] {
		n++
	}
	return strings.Join(x[max(0, n-30):n], "\n") + "\n< " + x[n] + "\n> " + y[n]
}

// play runs ops that depend on the seed alone and tells what came of them.
func play(t *testing.T, engine string, seed uint64) string {
	db := storetest.Open(t, strings.Replace(engine, "alone", "sqlite", 1), nil)
	makeNotes(t, db)
	must(t, update(db, func(tx *store.Tx) error {
		for i := range 3 {
			addNote(tx, fmt.Sprint("old", i), 0, "")
		}
		return nil
	}))
	r := rand.New(rand.NewPCG(seed, 1))
	s := newSum()
	var out strings.Builder
	for round := range 12 {
		var ops []op
		var fns []func(tx *store.Tx) error
		for i := range 1 + r.IntN(12) {
			o := op{kinds[r.IntN(len(kinds))], fmt.Sprint("old", r.IntN(3)), fmt.Sprint("n", r.IntN(5)), fmt.Sprint("t", r.IntN(3)), fmt.Sprint("own", round, i)}
			ops = append(ops, o)
			fns = append(fns, o.run(s))
		}
		var errs []error
		if engine == "alone" {
			for _, fn := range fns {
				errs = append(errs, together(t, db, fn)...)
			}
		} else {
			errs = together(t, db, fns...)
		}
		for i, err := range errs {
			fmt.Fprintln(&out, round, ops[i], class(err))
		}
		out.WriteString(rowsOf(t, db))
	}
	return out.String()
}

func class(err error) string {
	var exists *store.Exists
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &exists):
		return "exists " + exists.Table
	case errors.Is(err, store.ErrConflict):
		return "conflict"
	case strings.HasPrefix(err.Error(), "panic: boom"):
		return "panic"
	}
	return err.Error()
}

func rowsOf(t *testing.T, db *store.DB) string {
	t.Helper()
	var rows []string
	must(t, db.View(t.Context(), realmA, func(tx *store.Tx) error {
		return tx.All(`SELECT id, n, text FROM note`, nil, func(scan func(...any) error) error {
			var id, text string
			var n int64
			err := scan(&id, &n, &text)
			rows = append(rows, fmt.Sprintf("  %s=%d %s\n", id, n, text))
			return err
		})
	}))
	slices.Sort(rows)
	return strings.Join(rows, "")
}
