package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/florinpay/florin/core/ident"
)

// oldestPostgres is 15, as the server counts.
const oldestPostgres = 150000

// pgEngine is a PostgreSQL database: connections that write, one per lane, and
// a pool that reads.
type pgEngine struct {
	db     *DB
	config *pgx.ConnConfig // of the writers
	pool   *pgxpool.Pool

	ahead clocks // when last looked at; another process may have moved them

	measuring sync.WaitGroup
	open      context.Context // until close, which waits for what is measured
	shut      func()
}

func openPostgres(ctx context.Context, db *DB) (engine, error) {
	pool, err := pgxpool.ParseConfig(db.o.Database)
	if err != nil {
		return nil, err // pgx leaves the password out of it
	}
	e := &pgEngine{db: db, config: pool.ConnConfig.Copy(), ahead: clocks{ahead: map[ident.ID]int64{}}}
	e.open, e.shut = context.WithCancel(context.WithoutCancel(ctx))
	for _, c := range []*pgx.ConnConfig{e.config, pool.ConnConfig} {
		if share := db.limits.connect / addresses(c); c.ConnectTimeout == 0 || c.ConnectTimeout > share {
			c.ConnectTimeout = share // a host that says nothing must leave time for the next
		}
		if c.RuntimeParams["application_name"] == "" {
			c.RuntimeParams["application_name"] = "florin"
		}
		if len(c.Fallbacks) > 0 && c.ValidateConnect == nil { // several hosts: the one that takes writes
			c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
		}
	}
	if !strings.Contains(db.o.Database, "pool_max_conns") {
		pool.MaxConns = int32(max(8, 4*runtime.GOMAXPROCS(0)))
	}
	pool.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, byIndex+", set_config('default_transaction_read_only', 'on', false)")
		return err
	}
	conn, err := e.connect(ctx, e.config) // checks; nothing is begun on a database that forgets
	if err != nil {
		return nil, err
	}
	if err := conn.Close(ctx); err != nil {
		return nil, err
	}
	if e.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), pool); err != nil {
		return nil, err
	}
	return e, nil
}

// addresses is how many servers a configuration names.
func addresses(c *pgx.ConnConfig) time.Duration {
	named := map[string]bool{fmt.Sprint(c.Host, c.Port): true}
	for _, f := range c.Fallbacks { // some are the same server without TLS
		named[fmt.Sprint(f.Host, f.Port)] = true
	}
	return time.Duration(len(named))
}

// connect opens a connection that will write, and checks that what is
// acknowledged on it is kept. Each new connection is checked, for after a
// failover it is to another server.
func (e *pgEngine) connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.db.limits.connect)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, unavailable(err)
	}
	if err := e.check(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

func (e *pgEngine) check(ctx context.Context, conn *pgx.Conn) error {
	var version int
	var fsync, pages, commit string
	var standby bool
	err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('fsync'), current_setting('full_page_writes'),
		current_setting('synchronous_commit'), pg_is_in_recovery()`).Scan(&version, &fsync, &pages, &commit, &standby)
	if err != nil {
		return unavailable(err)
	}
	switch {
	case version < oldestPostgres:
		return fmt.Errorf("PostgreSQL %d is too old, florin needs %d or newer", version/10000, oldestPostgres/10000)
	case fsync != "on" || pages != "on":
		return fmt.Errorf("PostgreSQL runs with fsync=%s and full_page_writes=%s: a power cut could take back what was acknowledged; set both to on", fsync, pages)
	case standby:
		return unavailable(errors.New("the server is a standby, which takes no writes"))
	case commit == "on" || commit == "remote_write" || commit == "remote_apply":
		return nil
	}
	// off acknowledges before the disk has it, local before a standby has it.
	if _, err := conn.Exec(ctx, "SET synchronous_commit = on"); err != nil {
		return unavailable(err)
	}
	if err := conn.QueryRow(ctx, "SHOW synchronous_commit").Scan(&commit); err != nil {
		return unavailable(err)
	}
	if commit != "on" {
		return fmt.Errorf("PostgreSQL keeps synchronous_commit=%s: it acknowledges what is not on disk", commit)
	}
	return nil
}

// Every query here finds its rows through a key. A plan that was made while a
// table was small reads the whole table and is kept until statistics are next
// taken, which on a growing table cost three quarters of the writes per second;
// so plans are held to indexes. A query that has none still runs, and is not
// worth compiling for that. Nor is planning it each time anew: what it is asked
// with makes no difference to the index.
const byIndex = "SELECT set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false)"

// restrict prepares a lane's connection: a statement that hangs must not hang
// its lane, and a process that was stopped must not hold rows for ever.
func (e *pgEngine) restrict(ctx context.Context, conn *pgx.Conn) error {
	ms := strconv.FormatInt(e.db.limits.statement.Milliseconds(), 10)
	_, err := conn.Exec(ctx, byIndex+", set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false), "+
		"set_config('statement_timeout', $1, false), set_config('lock_timeout', $1, false), "+
		"set_config('idle_in_transaction_session_timeout', '60000', false)", ms)
	return err
}

func (e *pgEngine) migrate(ctx context.Context) ([]string, error) {
	conn, err := e.connect(ctx, e.config)
	if err != nil {
		return nil, err
	}
	applied, err := migrate(ctx, e.db, &pgmigrator{conn: conn})
	return applied, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// writers gives each lane a name under which its batches are noted. Names of
// processes that ended long ago are swept out.
func (e *pgEngine) writers(ctx context.Context) ([]writer, error) {
	var process [8]byte
	if _, err := rand.Read(process[:]); err != nil {
		return nil, err
	}
	var all []writer
	for n := range e.db.o.Lanes {
		w := &pgwriter{e: e, db: e.db, name: hex.EncodeToString(process[:]) + "/" + strconv.Itoa(n), plans: map[*Table]*pgplan{}}
		if n == 0 {
			if err := w.sweep(ctx); err != nil {
				return nil, err
			}
		}
		all = append(all, w)
	}
	return all, nil
}

func (e *pgEngine) lead(realm ident.ID) int64 { return e.ahead.get(realm) }

func (e *pgEngine) read(ctx context.Context, whole bool, fn func(s session) error) error {
	if !whole {
		return fn(pgreader{e.pool})
	}
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return away(ctx, err)
	}
	defer conn.Release()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return away(ctx, err)
	}
	defer func() {
		if err := tx.Rollback(context.WithoutCancel(ctx)); err != nil && !conn.Conn().IsClosed() {
			e.db.o.Log.Error("a snapshot did not end", "err", err)
		}
	}()
	return fn(pgreader{tx})
}

func (e *pgEngine) close() error {
	e.shut()
	e.measuring.Wait()
	if e.pool != nil {
		e.pool.Close()
	}
	return nil
}

// A pgquerier is a pool or one of its transactions.
type pgquerier interface {
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
}

// pgreader is a session of a View. Without a snapshot each statement takes a
// connection for itself, so that no View waits for one while it holds one.
type pgreader struct{ q pgquerier }

func (r pgreader) query(tx *Tx, query string, args []any, each func(func(...any) error) (bool, error)) error {
	rows, err := r.q.Query(tx.ctx, query, args...)
	if err == nil {
		err = walk(rows, each)
	}
	return away(tx.ctx, err)
}

func (r pgreader) exec(*Tx, string, []any) (int64, error) { return 0, errReads }

// walk hands rows to each until it has enough.
func walk(rows pgx.Rows, each func(func(...any) error) (bool, error)) error {
	defer rows.Close()
	for more := true; more && rows.Next(); {
		var err error
		if more, err = each(rows.Scan); err != nil {
			return err
		}
	}
	rows.Close()
	return rows.Err()
}

// away turns what a read meets when the database is not there into
// ErrUnavailable. The caller's own giving up is not the database's doing.
func away(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.As(err, &server) && server.Code != pgReadOnly && absent(server) {
		return unavailable(err)
	}
	if server == nil && (pgconn.SafeToRetry(err) || isNetwork(err)) {
		return unavailable(err)
	}
	return err
}
