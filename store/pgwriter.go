package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/florinpay/florin/core/ident"
)

// pgwriter buffers what functions write, and sends it with the commit: one
// round trip for each query, one for everything else, the beginning included.
type pgwriter struct {
	e     *pgEngine
	db    *DB
	name  string // the heartbeat row of this lane
	conn  *pgx.Conn
	line  pgline // on conn
	plans map[*Table]*pgplan

	batch  int64
	exact  bool     // a batch of one: its writes go in the order in which they were made
	open   bool     // a transaction is open
	ready  []any    // what the transaction will begin with: realms and how far ahead they are held to be, as texts of arrays
	unsure bool     // the server gave up waiting for its standby
	lost   error    // why this batch cannot be committed
	first  []string // to be sent before anything else
	grown  []string // tables that have become large enough to be measured
	marked bool     // the function has a savepoint
	own    buffer   // what the function has written
	shared buffer   // what earlier functions of the batch have written
}

// A buffer holds writes that were not sent.
type buffer struct {
	writes []pgwrite
	held   map[string]bool // by key; true when it was swapped
}

type pgwrite struct {
	write
	plan *pgplan
	key  string
}

func (b *buffer) add(w pgwrite) {
	if b.held == nil {
		b.held = map[string]bool{}
	}
	b.held[w.key] = b.held[w.key] || w.swap
	b.writes = append(b.writes, w)
}

func (b *buffer) clear() {
	b.writes = b.writes[:0]
	clear(b.held)
}

// The heartbeat row is the first that a transaction writes, and only upwards:
// a batch that was given up for lost, and comes late all the same, finds the
// row beyond its own number and fails. So does one for which a realm's clock
// stands elsewhere than it was thought to: its functions had the wrong time.
const (
	beat = `WITH b AS (INSERT INTO heartbeat (writer, batch, at) VALUES ($1, $2, $3)
		ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at = excluded.at WHERE heartbeat.batch < excluded.batch RETURNING 1)
		SELECT 1 / count(*) FROM b`
	lookUp  = `SELECT realm, ahead_ms FROM clock WHERE realm = ANY($1::text[])`
	unmoved = `SELECT 1 / (CASE WHEN EXISTS (SELECT 1 FROM unnest($1::text[], $2::bigint[]) AS v (realm, ahead)
		LEFT JOIN clock AS c ON c.realm = v.realm WHERE COALESCE(c.ahead_ms, 0) <> v.ahead) THEN 0 ELSE 1 END)`
)

// connect opens the lane's connection if it has none.
func (w *pgwriter) connect(ctx context.Context) error {
	if w.conn != nil && !w.conn.IsClosed() {
		return nil
	}
	w.conn = nil
	config := w.e.config.Copy()
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		// The commit stands here but may be on no standby.
		w.unsure = w.unsure || n.Routine == "SyncRepWaitForLSN"
	}
	conn, err := w.e.connect(ctx, config)
	if err != nil {
		return err
	}
	if err := w.e.restrict(ctx, conn); err != nil {
		return errors.Join(unavailable(err), conn.Close(ctx))
	}
	w.conn = conn
	w.line = pgline{conn: conn.PgConn(), prepared: map[string]*pgconn.StatementDescription{}, room: make([]byte, 0, 1<<12)}
	return nil
}

func (w *pgwriter) disconnect() {
	if w.conn != nil {
		ctx, cancel := w.timeout(time.Second)
		defer cancel()
		if err := w.conn.Close(ctx); err != nil {
			w.db.o.Log.Debug("a connection was not closed in order", "err", err)
		}
		w.conn = nil
	}
}

func (w *pgwriter) timeout(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}

// begin prepares a transaction, which opens with the first thing that is sent.
// How far ahead its realms are is known from the last time, and is checked then.
func (w *pgwriter) begin(calls int, realms []ident.ID) (map[ident.ID]int64, error) {
	w.batch += 2 // the number between is resolve's
	w.exact, w.unsure, w.lost, w.marked, w.first = calls == 1, false, nil, false, nil
	w.own.clear()
	w.shared.clear()
	ahead, known := w.e.ahead.all(realms)
	if w.conn == nil || w.conn.IsClosed() || !known {
		var err error
		if ahead, err = w.lookAhead(realms); err != nil {
			w.disconnect()
			if !errors.Is(err, ErrUnavailable) {
				err = unavailable(err)
			}
			return nil, err
		}
		w.e.ahead.set(ahead)
	}
	names, values := make([]string, len(realms)), make([]string, len(realms))
	for i, r := range realms {
		names[i], values[i] = strconv.Quote(string(r)), strconv.FormatInt(ahead[r], 10)
	}
	w.ready = []any{"{" + strings.Join(names, ",") + "}", "{" + strings.Join(values, ",") + "}"}
	return ahead, nil
}

// lookAhead asks how far ahead realms are. A connection that went away while
// it was idle is made anew.
func (w *pgwriter) lookAhead(realms []ident.ID) (map[ident.ID]int64, error) {
	ctx, cancel := w.timeout(w.db.limits.statement)
	defer cancel()
	fresh := w.conn == nil || w.conn.IsClosed()
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	ahead := map[ident.ID]int64{}
	names := make([]string, len(realms))
	for i, r := range realms {
		ahead[r], names[i] = 0, string(r)
	}
	rows, err := w.conn.Query(ctx, lookUp, names)
	if err == nil {
		err = walk(rows, func(scan func(...any) error) (bool, error) {
			var realm ident.ID
			var ms int64
			err := scan(&realm, &ms)
			ahead[realm] = ms
			return true, err
		})
	}
	if err != nil && !fresh && w.conn.IsClosed() {
		return w.lookAhead(realms)
	}
	return ahead, err
}

// finish closes a pipeline, whose own error is but the first one once more.
func finish(results pgx.BatchResults, err error) error {
	if closing := results.Close(); err == nil {
		return closing
	}
	return err
}

// mark costs nothing until the function does something that has to be undone
// on the server.
func (w *pgwriter) mark() error {
	w.own.clear()
	w.marked = false
	return nil
}

func (w *pgwriter) keep() error {
	for _, r := range w.own.writes {
		w.shared.add(r)
	}
	w.own.clear()
	if w.marked {
		w.first = append(w.first, "RELEASE SAVEPOINT m")
		w.marked = false
	}
	return nil
}

func (w *pgwriter) undo() error {
	w.own.clear()
	if !w.marked {
		return nil
	}
	w.marked = false
	return w.simple("ROLLBACK TO SAVEPOINT m; RELEASE SAVEPOINT m")
}

// simple runs a text that must not depend on prepared statements: in a failed
// transaction none can be prepared.
func (w *pgwriter) simple(text string) error {
	ctx, cancel := w.timeout(w.db.limits.statement)
	defer cancel()
	_, err := w.conn.PgConn().Exec(ctx, text).ReadAll()
	if err != nil {
		err, _ = w.sort(err)
		w.lost = err
	}
	return err
}

func (w *pgwriter) broken() error { return w.lost }

func (w *pgwriter) write(tx *Tx, r write) error {
	p := pgwrite{write: r, key: keyOf(r)}
	var err error
	if p.plan, err = w.plan(r); err != nil {
		return err
	}
	if _, held := w.shared.held[p.key]; held {
		return errHeld
	}
	if r.swap && w.own.held[p.key] { // twice in one function: the second is over the first
		if tx.reading {
			return mismatch(r.t, "a second swap of a row inside the function of All")
		}
		if err := w.send(nil, nil); err != nil {
			return err
		}
	}
	w.own.add(p)
	return nil
}

func keyOf(r write) string {
	var b strings.Builder
	b.WriteString(r.t.Name)
	for _, v := range r.row[:r.t.Key] {
		b.WriteByte(0)
		switch x := v.(type) {
		case string:
			b.WriteString(x)
		default:
			fmt.Fprint(&b, x)
		}
	}
	return b.String()
}

func (w *pgwriter) query(_ *Tx, query string, args []any, each func(func(...any) error) (bool, error)) error {
	read := func(results pgx.BatchResults) error {
		rows, err := results.Query()
		if err != nil {
			return err
		}
		return walk(rows, each)
	}
	if strings.HasPrefix(strings.TrimSpace(query), "SELECT") && len(w.own.writes) == 0 {
		return w.failed(w.pipeline(&w.own, w.db.limits.statement, &statement{query, args}, read))
	}
	return w.send(&statement{query, args}, read)
}

func (w *pgwriter) exec(_ *Tx, query string, args []any) (n int64, err error) {
	err = w.send(&statement{query, args}, func(results pgx.BatchResults) error {
		tag, err := results.Exec()
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

type statement struct {
	text string
	args []any
}

// send marks the transaction, writes what the function has buffered, and runs
// one more statement, all in one round trip.
func (w *pgwriter) send(last *statement, read func(pgx.BatchResults) error) error {
	w.first = w.before()
	err := w.pipeline(&w.own, w.db.limits.statement, last, read)
	w.own.clear()
	return w.failed(err)
}

// before is what has to be sent first, a savepoint included.
func (w *pgwriter) before() []string {
	if w.marked {
		return w.first
	}
	w.marked = true
	return append(w.first, "SAVEPOINT m")
}

// pipeline sends what stands first, the buffer and the last statement, waits
// for all of it, and hands the last result to read.
func (w *pgwriter) pipeline(buf *buffer, limit time.Duration, last *statement, read func(pgx.BatchResults) error) error {
	var all []statement
	if w.ready != nil {
		w.open = true
		all = append(all, statement{text: "BEGIN"}, statement{beat, []any{w.name, w.batch, w.db.o.Clock().UnixMilli()}}, statement{unmoved, w.ready})
	}
	begins := len(all)
	for _, text := range w.first {
		all = append(all, statement{text: text})
	}
	w.first = nil
	start := len(all)
	all, swaps := w.queue(all, buf)
	end := len(all)
	if last != nil {
		all = append(all, *last)
	}
	if len(all) == 0 {
		return nil
	}
	ctx, cancel := w.timeout(limit)
	defer cancel()
	at, err := w.run(ctx, all, read)
	switch {
	case err == nil || at >= begins:
		w.ready = nil
	case isCode(err, pgDivision):
		w.e.ahead.forget()
		err = errMoved
		w.lost = err
	}
	if err != nil && at >= start && at < end && swaps[at-start] && isCode(err, pgDivision) {
		err = errStale
	}
	return err
}

// run sends statements in one round trip; what the last one returns goes to
// read, if there is one.
func (w *pgwriter) run(ctx context.Context, all []statement, read func(pgx.BatchResults) error) (at int, err error) {
	if read == nil {
		return w.line.run(ctx, all)
	}
	b := &pgx.Batch{}
	for _, s := range all {
		b.Queue(s.text, s.args...)
	}
	results := w.conn.SendBatch(ctx, b)
	last := len(all) - 1
	for n := range last {
		if _, err := results.Exec(); err != nil {
			return n, finish(results, err)
		}
	}
	return last, finish(results, read(results))
}

func isCode(err error, code string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == code
}

// failed notes an error that the batch does not survive: the connection's, or
// one that has spoilt a transaction without a savepoint to go back to.
func (w *pgwriter) failed(err error) error {
	if err == nil || err == errStale {
		return err
	}
	sorted, lost := w.sort(err)
	if lost || !w.marked && w.conn.PgConn().TxStatus() == 'E' {
		w.lost = sorted
	}
	return sorted
}

func (w *pgwriter) flush() error {
	err := w.pipeline(&w.shared, w.db.limits.statement, nil, nil)
	w.shared.clear()
	if err == errStale {
		return err
	}
	err, _ = w.sort(err)
	return err
}

// commit sends all writes and the commit together. A swap that meets too few
// rows fails, and the server then skips the rest, the commit too.
func (w *pgwriter) commit() error {
	err := w.pipeline(&w.shared, w.db.limits.commit, &statement{text: "COMMIT"}, nil)
	switch {
	case err == nil && !w.unsure:
		w.open = false
		if w.grown != nil {
			w.e.measure(w.grown)
			w.grown = nil
		}
		return nil
	case err == nil, w.conn.IsClosed():
		w.open = false
		return w.resolve(err)
	case err == errStale:
		return err
	}
	err, _ = w.sort(err)
	return err
}

func (w *pgwriter) rollback() {
	if !w.open {
		return
	}
	w.open = false
	if w.conn == nil || w.conn.IsClosed() {
		return
	}
	if err := w.simple("ROLLBACK"); err != nil {
		w.disconnect()
	}
}

func (w *pgwriter) moved(ahead map[ident.ID]int64) { w.e.ahead.set(ahead) }

func (w *pgwriter) close() { w.disconnect() }
