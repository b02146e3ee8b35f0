package store

import (
	"fmt"
	"strings"

	"github.com/florinpay/florin/core/ident"
)

// litewriter writes each row at once, inside the savepoint of its function.
type litewriter struct {
	*litesession
	e     *sqliteEngine
	lost  error // why this batch cannot be committed
	inTx  bool
	plans map[*Table]liteplan
}

// liteplan is a table's two statements.
type liteplan struct {
	kinds        []kind
	insert, swap string
}

func (w *litewriter) begin(int, []ident.ID) (map[ident.ID]int64, error) {
	if w.e.path == "" {
		<-w.e.readers // the one connection there is
	}
	w.inTx, w.lost = true, nil
	if w.e.wal != nil {
		w.e.wal.finish(w)
	}
	return nil, w.check(w.plain("BEGIN IMMEDIATE"))
}

func (w *litewriter) mark() error { return w.check(w.plain("SAVEPOINT m")) }

func (w *litewriter) keep() error { return w.check(w.plain("RELEASE m")) }

func (w *litewriter) undo() error {
	if err := w.check(w.plain("ROLLBACK TO m")); err != nil {
		return err
	}
	return w.keep()
}

func (w *litewriter) flush() error { return nil }

func (w *litewriter) confirm() error { return nil }

func (w *litewriter) broken() error { return w.lost }

func (w *litewriter) query(tx *Tx, query string, args []any, each func(func(...any) error) (bool, error)) error {
	return w.check(w.litesession.query(tx, query, args, each))
}

func (w *litewriter) exec(tx *Tx, query string, args []any) (int64, error) {
	n, err := w.litesession.exec(tx, query, args)
	return n, w.check(err)
}

func (w *litewriter) write(tx *Tx, r write) error {
	plan := w.plan(r)
	if err := r.fits(plan.kinds); err != nil {
		return err
	}
	if !r.swap {
		_, err := w.litesession.exec(tx, plan.insert, r.row)
		return w.check(err)
	}
	n, err := w.litesession.exec(tx, plan.swap, append(r.row[:len(r.row):len(r.row)], r.version))
	if err == nil && n != 1 {
		return errStale
	}
	return w.check(err)
}

func (w *litewriter) plan(r write) liteplan {
	t := r.t
	p, known := w.plans[t]
	if known {
		return p
	}
	p.kinds = kindsOf(r.row)
	var places, where, set []string
	for i := range t.Columns {
		places = append(places, fmt.Sprintf("$%d", i+1))
	}
	sets, wheres := t.parts()
	for _, i := range sets {
		set = append(set, fmt.Sprintf("%s = $%d", t.Columns[i], i+1))
	}
	for _, i := range wheres {
		where = append(where, fmt.Sprintf("%s = $%d", t.Columns[i], i+1))
	}
	p.insert = "INSERT INTO " + t.Name + " (" + strings.Join(t.Columns, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")"
	p.swap = "UPDATE " + t.Name + " SET " + strings.Join(set, ", ") + " WHERE " + strings.Join(where, " AND ") +
		fmt.Sprintf(" AND version = $%d", len(t.Columns)+1)
	if w.plans == nil {
		w.plans = map[*Table]liteplan{}
	}
	w.plans[t] = p
	return p
}

func (w *litewriter) commit() error {
	err := w.plain("COMMIT")
	if err == nil {
		w.end()
		if w.e.wal != nil {
			w.e.wal.wake()
		}
		return nil
	}
	checked := w.check(err)
	select {
	case <-w.db.failed: // written or not, a restart will tell
		return unknown(err)
	default:
		return checked
	}
}

func (w *litewriter) rollback() {
	if !w.inTx {
		return
	}
	// SQLite has rolled back by itself after some errors, which leaves nothing
	// to roll back.
	if err := w.plain("ROLLBACK"); err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		w.db.fail(fmt.Errorf("roll back: %w", err))
	}
	w.end()
}

func (w *litewriter) end() {
	w.inTx = false
	if w.e.path == "" {
		w.e.readers <- w.litesession
	}
}

func (w *litewriter) moved(ahead map[ident.ID]int64) { w.db.clocks.set(ahead) }

func (w *litewriter) close() {}

// check notes when an error is the end of the whole batch.
func (w *litewriter) check(err error) error {
	err, lost := w.sort(err)
	if lost {
		w.lost = err
	}
	return err
}
