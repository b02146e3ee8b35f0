package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
)

// A session runs statements on a connection.
type session interface {
	// query calls each for every row until it says that it has enough.
	query(tx *Tx, query string, args []any, each func(scan func(dest ...any) error) (more bool, err error)) error
	exec(tx *Tx, query string, args []any) (int64, error)
}

// Tx is a transaction, or a View's or Snapshot's reads. It serves the function
// it was given to, on that function's goroutine, and ends with it. A query sees
// what the function has written before. What others of the same batch write it
// may see or not, as with any transactions that run at the same time; a Swap
// never goes over a version that the function has not seen.
type Tx struct {
	db      *DB
	ctx     context.Context
	realm   ident.ID
	s       session
	w       writer // nil for reads
	now     time.Time
	moved   bool  // Advance was called
	ahead   int64 // milliseconds, once now is known
	err     error // the database's first complaint; nothing runs after it
	reading bool  // inside All's function
	flushes bool  // a gatherer's transaction

	items     []item
	committed []func()
	memory    any // of a gatherer's transaction, from the last batch or for the next
}

// Realm is whose transaction this is.
func (tx *Tx) Realm() ident.ID { return tx.realm }

// Now is the realm's time: the wall's, or ahead of it in a test realm whose
// clock was moved; UTC, whole milliseconds, the same throughout a transaction.
func (tx *Tx) Now() time.Time {
	if tx.now.IsZero() { // reads look the clock up when they first need it
		tx.ahead = tx.lookAhead()
		tx.now = tx.db.moment(tx.ahead)
	}
	return tx.now
}

func (tx *Tx) lookAhead() (ms int64) {
	if tx.db.clocks != nil {
		return tx.db.clocks.get(tx.realm)
	}
	if _, err := tx.Get([]any{&ms}, `SELECT ahead_ms FROM clock WHERE realm = $1`, string(tx.realm)); err != nil {
		return 0 // the error is kept and comes out of the View
	}
	return ms
}

// NewID makes an id dated at the realm's time.
func (tx *Tx) NewID() ident.ID { return tx.db.o.IDs.New(tx.Now()) }

// Context carries the caller's values. In an Update nothing cancels it.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Get reads one row into dest. It returns false when there is none.
func (tx *Tx) Get(dest []any, query string, args ...any) (found bool, err error) {
	err = tx.query(query, args, func(scan func(dest ...any) error) (bool, error) {
		found = true
		return false, scan(dest...)
	})
	return found, err
}

// All calls each for every row, in order, until one returns an error. While it
// runs, each may Insert and Swap but not query.
func (tx *Tx) All(query string, args []any, each func(scan func(dest ...any) error) error) error {
	return tx.query(query, args, func(scan func(dest ...any) error) (bool, error) { return true, each(scan) })
}

func (tx *Tx) query(query string, args []any, each func(scan func(dest ...any) error) (bool, error)) error {
	if err := tx.ready(); err != nil {
		return err
	}
	values, err := plainAll(args)
	if err != nil {
		return err
	}
	var own error // of each, which is none of the database's business
	tx.reading = true
	defer func() { tx.reading = false }()
	err = tx.s.query(tx, query, values, func(scan func(dest ...any) error) (more bool, err error) {
		more, own = each(scan)
		return more, own
	})
	if own == nil {
		tx.keep(err)
	}
	return err
}

// Exec runs a statement at once and returns how many rows it changed. It is
// for what Insert and Swap cannot say: they are merged with those of others.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	if err := tx.ready(); err != nil {
		return 0, err
	}
	values, err := plainAll(args)
	if err != nil {
		return 0, err
	}
	n, err := tx.s.exec(tx, query, values)
	tx.keep(err)
	return n, err
}

// ready says whether a statement may run now.
func (tx *Tx) ready() error {
	switch {
	case tx.err != nil:
		return tx.err
	case tx.reading:
		return errors.New("a query inside the function of All: collect first, then query")
	case tx.w == nil:
		return tx.ctx.Err()
	}
	return nil
}

// Insert writes a row, its values in the order of t.Columns. It may be
// buffered until the function is done or queries; a row that exists then makes
// Update return *Exists.
func (tx *Tx) Insert(t *Table, row ...any) { tx.write(write{t: t, row: row}) }

// Swap writes a whole row over the one with the same key and the given
// version. The row's own version column holds version+1. If the version is
// another by now, the function is run again, and after five times Update
// returns ErrConflict.
func (tx *Tx) Swap(t *Table, version int64, row ...any) {
	if v := t.version(); v < 0 || v >= len(row) || plainInt(row[v]) != version+1 {
		tx.keep(mismatch(t, "a swap of version %d carries version+1 in its version column", version))
		return
	}
	tx.write(write{t: t, swap: true, version: version, row: row})
}

// A write is one Insert or Swap.
type write struct {
	t       *Table
	swap    bool
	version int64 // the one to be written over
	row     []any // plain values
}

func (tx *Tx) write(w write) {
	t := w.t
	if tx.err != nil {
		return
	}
	if tx.w == nil {
		tx.keep(mismatch(t, "%w", errReads))
		return
	}
	if len(w.row) != len(t.Columns) || t.Key < 1 || t.Key > len(w.row) {
		tx.keep(mismatch(t, "%d values for %d columns, %d of them the key", len(w.row), len(t.Columns), t.Key))
		return
	}
	var err error
	if w.row, err = plainAll(w.row); err != nil {
		tx.keep(mismatch(t, "%w", err))
		return
	}
	tx.keep(tx.w.write(tx, w))
}

// keep remembers the first error, which Update will return.
func (tx *Tx) keep(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

// outcome is what the transaction comes to when its function returned err: a
// complaint of the database is not lost when the function swallows it.
func (tx *Tx) outcome(err error) error {
	if err == nil || errors.Is(tx.err, errStale) || errors.Is(tx.err, errHeld) {
		return tx.err
	}
	return err
}

// Gatherer writes what many transactions of a realm gather, once per batch and
// before the commit: a balance is added to once, however many payments move it.
type Gatherer struct {
	Name string
	// Flush gets the items in the order in which they were gathered. It may
	// run more than once, and its queries need not see what the transactions
	// of the batch have written. An error undoes the transaction at fault.
	Flush func(tx *Tx, items []any) error
}

// Remembered is what the Flush of this realm's last batch left with Remember,
// or nil: when there was none, when it failed, or when batches have failed
// lately. It is only as good as the versions that are swapped with it, since
// other processes write too.
func (tx *Tx) Remembered() any { return tx.memory }

// Remember leaves v for the next Flush of the realm, if this one is committed.
func (tx *Tx) Remember(v any) { tx.memory = v }

type item struct {
	g     *Gatherer
	value any
}

// Gather hands an item to a gatherer, which sees it only if this transaction's
// function succeeds.
func (tx *Tx) Gather(g *Gatherer, value any) {
	if tx.w == nil || tx.flushes {
		tx.keep(fmt.Errorf("gather for %s outside of an Update's function", g.Name))
		return
	}
	tx.items = append(tx.items, item{g, value})
}

// Committed has fn run once after the commit, before Update returns.
func (tx *Tx) Committed(fn func()) { tx.committed = append(tx.committed, fn) }

// Advance moves the realm's clock ahead, for good, and returns the new time.
// Faults: invalid.advance when d is negative, or the clock would be more than
// a hundred years ahead.
func (tx *Tx) Advance(d time.Duration) (time.Time, error) {
	tx.Now()
	if d < 0 || d > maxAhead-time.Duration(tx.ahead)*time.Millisecond {
		return time.Time{}, fault.New("invalid.advance", "a clock goes forward, at most a hundred years")
	}
	var ahead int64
	_, err := tx.Get([]any{&ahead}, `INSERT INTO clock (realm, ahead_ms) VALUES ($1, $2)
		ON CONFLICT (realm) DO UPDATE SET ahead_ms = clock.ahead_ms + excluded.ahead_ms RETURNING ahead_ms`,
		string(tx.realm), d.Milliseconds())
	if err != nil {
		return time.Time{}, err
	}
	tx.now = clock.FromMillis(tx.now.UnixMilli() + ahead - tx.ahead)
	tx.ahead, tx.moved = ahead, true
	return tx.now, nil
}
