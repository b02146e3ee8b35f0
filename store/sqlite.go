package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	lite "modernc.org/sqlite/lib"

	"github.com/florinpay/florin/core/ident"
)

// The oldest SQLite that is trusted: before it, a race at the reset of the WAL
// could corrupt the file.
const oldestSQLite = 3*1000000 + 51*1000 + 3

const memory = ":memory:"

// sqliteEngine is one file, which this process alone has open: a connection
// that writes, a few that read, and one that moves the WAL into the file.
type sqliteEngine struct {
	db      *DB
	path    string // "" for memory
	lock    *os.File
	writing *litesession
	readers chan *litesession // nil for one that is opened when it is first needed
	wal     *checkpointer     // nil for memory and inline
}

func openSQLite(ctx context.Context, db *DB) (_ engine, err error) {
	if v := lite.SQLITE_VERSION_NUMBER; v < oldestSQLite {
		return nil, fmt.Errorf("this program contains SQLite %s, which is older than 3.51.3 and may corrupt a file", lite.SQLITE_VERSION)
	}
	e := &sqliteEngine{db: db}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if db.o.Database == "" {
		return nil, errors.New("no database named: a path, :memory:, or a postgres:// URL")
	}
	if db.o.Database != memory {
		e.path = db.o.Database
		if db.o.VFS == "" { // no other process reaches another file system
			if err := e.own(); err != nil {
				return nil, err
			}
		}
	}
	if e.writing, err = e.connect(ctx, e.writerPragmas()); err != nil {
		return nil, err
	}
	if err := e.check(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// own takes the lock file, and makes the database file readable to nobody else.
func (e *sqliteEngine) own() error {
	lock, err := os.OpenFile(e.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("%s is open in another process, which has to be stopped first (its lock file is held): %w", e.path, err), lock.Close())
	}
	e.lock = lock
	file, err := os.OpenFile(e.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// writerPragmas: the WAL is moved into the file by the checkpointer, outside
// of the writer's path, except where there is no goroutine for it.
func (e *sqliteEngine) writerPragmas() []string {
	if e.path == "" {
		return nil
	}
	p := []string{"journal_mode(wal)", "synchronous(full)", "cache_size(-32000)"}
	if !e.db.o.Inline {
		p = append(p, "wal_autocheckpoint(0)")
	}
	return p
}

// connect opens a connection with its pragmas in the address, where the driver
// applies them to every connection that it makes.
func (e *sqliteEngine) connect(ctx context.Context, pragmas []string) (*litesession, error) {
	q := url.Values{"_pragma": append([]string{"busy_timeout(5000)", "foreign_keys(1)", "temp_store(memory)"}, pragmas...)}
	if e.db.o.VFS != "" {
		q.Set("vfs", e.db.o.VFS)
	}
	name := memory + "?" + q.Encode()
	if e.path != "" {
		name = "file:" + (&url.URL{Path: e.path}).EscapedPath() + "?" + q.Encode()
	}
	pool, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", e.db.o.Database, err), pool.Close())
	}
	return &litesession{db: e.db, pool: pool, conn: conn, texts: map[string]*sql.Stmt{}}, nil
}

// check reads back what the pragmas have come to.
func (e *sqliteEngine) check(ctx context.Context) error {
	var foreign, synchronous int
	var journal string
	for pragma, dest := range map[string]any{"foreign_keys": &foreign, "synchronous": &synchronous, "journal_mode": &journal} {
		if err := e.writing.conn.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(dest); err != nil {
			return fmt.Errorf("read pragma %s: %w", pragma, err)
		}
	}
	if foreign != 1 {
		return errors.New("SQLite does not enforce foreign keys")
	}
	if e.path != "" && (synchronous != 2 || journal != "wal") {
		return fmt.Errorf("SQLite runs with journal_mode=%s and synchronous=%d instead of wal and 2 (FULL): a power cut could take back what was acknowledged", journal, synchronous)
	}
	return nil
}

func (e *sqliteEngine) migrate(ctx context.Context) ([]string, error) {
	return migrate(ctx, e.db, litemigrator{e.writing.conn})
}

func (e *sqliteEngine) writers(ctx context.Context) ([]writer, error) {
	if err := e.loadClocks(ctx); err != nil {
		return nil, err
	}
	if e.path == "" {
		e.readers = make(chan *litesession, 1)
		e.readers <- e.writing
		return []writer{&litewriter{litesession: e.writing, e: e}}, nil
	}
	n := max(4, runtime.GOMAXPROCS(0))
	e.readers = make(chan *litesession, n)
	for range n {
		e.readers <- nil
	}
	if !e.db.o.Inline {
		s, err := e.connect(ctx, []string{"synchronous(full)"})
		if err != nil {
			return nil, err
		}
		e.wal = newCheckpointer(e.db, s)
	}
	return []writer{&litewriter{litesession: e.writing, e: e}}, nil
}

// loadClocks reads the few realms whose clock was moved. No other process can
// move one while this one has the file.
func (e *sqliteEngine) loadClocks(ctx context.Context) error {
	ahead := map[ident.ID]int64{}
	rows, err := e.writing.conn.QueryContext(ctx, `SELECT realm, ahead_ms FROM clock`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var realm ident.ID
		var ms int64
		if err := rows.Scan(&realm, &ms); err != nil {
			return err
		}
		ahead[realm] = ms
	}
	e.db.clocks = &clocks{ahead: ahead}
	return rows.Err()
}

func (e *sqliteEngine) lead(realm ident.ID) int64 { return e.db.clocks.get(realm) }

// read lets each statement of a View take a connection for itself, so that no
// View waits for one while it holds one. A Snapshot keeps its own.
func (e *sqliteEngine) read(ctx context.Context, whole bool, fn func(s session) error) error {
	if !whole {
		return fn(reader{e})
	}
	return e.with(ctx, func(s *litesession) error {
		if err := s.plain("BEGIN"); err != nil {
			return err
		}
		defer func() {
			if err := s.plain("ROLLBACK"); err != nil {
				e.db.o.Log.Error("a snapshot did not end", "err", err)
			}
		}()
		return fn(snapshot{s})
	})
}

// with waits for a connection that reads.
func (e *sqliteEngine) with(ctx context.Context, fn func(s *litesession) error) error {
	select {
	case s := <-e.readers:
		defer func() { e.readers <- s }()
		if s == nil {
			var err error
			if s, err = e.connect(context.WithoutCancel(ctx), []string{"query_only(1)", "cache_size(-8000)"}); err != nil {
				return unavailable(err)
			}
			s.reads = true
		}
		return fn(s)
	case <-ctx.Done():
		return ctx.Err()
	}
}

type reader struct{ e *sqliteEngine }

func (r reader) query(tx *Tx, query string, args []any, each func(func(...any) error) (bool, error)) error {
	return r.e.with(tx.ctx, func(s *litesession) error { return snapshot{s}.query(tx, query, args, each) })
}

func (r reader) exec(*Tx, string, []any) (int64, error) { return 0, errReads }

type snapshot struct{ s *litesession }

func (r snapshot) query(tx *Tx, query string, args []any, each func(func(...any) error) (bool, error)) error {
	err, _ := r.s.sort(r.s.query(tx, query, args, each))
	return err
}

func (r snapshot) exec(*Tx, string, []any) (int64, error) { return 0, errReads }

func (e *sqliteEngine) close() error {
	var errs []error
	if e.wal != nil {
		e.wal.stop()
	}
	if e.readers != nil && e.path != "" {
		for range cap(e.readers) {
			if s := <-e.readers; s != nil {
				errs = append(errs, s.close())
			}
		}
	}
	if e.wal != nil {
		errs = append(errs, e.wal.s.close())
	}
	if e.writing != nil {
		errs = append(errs, e.writing.close())
	}
	if e.lock != nil {
		errs = append(errs, e.lock.Close())
	}
	return errors.Join(errs...)
}

// litesession is a connection with its prepared statements.
type litesession struct {
	db    *DB
	pool  *sql.DB // of this connection alone
	conn  *sql.Conn
	texts map[string]*sql.Stmt
	reads bool // for Views: its errors lose nothing
}

// maxTexts bounds the prepared statements of a connection. Queries are
// constants, so the bound is not met unless somebody builds them.
const maxTexts = 2000

func (s *litesession) prepare(text string) (*sql.Stmt, error) {
	if st := s.texts[text]; st != nil {
		return st, nil
	}
	if len(s.texts) >= maxTexts {
		for old, st := range s.texts {
			delete(s.texts, old)
			if err := st.Close(); err != nil {
				return nil, err
			}
		}
	}
	st, err := s.conn.PrepareContext(context.Background(), unpeeked(text))
	if err != nil {
		return nil, err
	}
	s.texts[text] = st
	return st, nil
}

// unpeeked hides a limit from the planner. SQLite looks at the value of one that
// is a parameter and nothing else, and plans the query anew each time that it is
// given, which costs more than most queries do.
func unpeeked(text string) string { return strings.ReplaceAll(text, "LIMIT $", "LIMIT +$") }

// plain runs a statement without arguments.
func (s *litesession) plain(text string) error {
	st, err := s.prepare(text)
	if err == nil {
		_, err = st.Exec()
	}
	return err
}

// query does not pass a context on: the driver would start a goroutine for
// each statement to watch it.
func (s *litesession) query(_ *Tx, query string, args []any, each func(func(...any) error) (bool, error)) error {
	st, err := s.prepare(query)
	if err != nil {
		return fmt.Errorf("%w in %q", err, query)
	}
	rows, err := st.Query(args...)
	if err != nil {
		return fmt.Errorf("%w in %q", err, query)
	}
	for more := true; more && rows.Next(); {
		if more, err = each(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

func (s *litesession) exec(_ *Tx, query string, args []any) (int64, error) {
	st, err := s.prepare(query)
	if err != nil {
		return 0, fmt.Errorf("%w in %q", err, query)
	}
	result, err := st.Exec(args...)
	if err != nil {
		return 0, fmt.Errorf("%w in %q", err, query)
	}
	return result.RowsAffected()
}

func (s *litesession) close() error {
	errs := []error{}
	for _, st := range s.texts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, s.conn.Close(), s.pool.Close())...)
}

// liteCode is the extended result code of an error of SQLite, 0 for others.
func liteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// sort tells what is a statement's own error (a constraint, a wrong text) from
// what its batch cannot survive, and from what the process cannot.
func (s *litesession) sort(err error) (sorted error, lost bool) {
	code := liteCode(err)
	switch code {
	case 0:
		return err, false
	case lite.SQLITE_CONSTRAINT_UNIQUE, lite.SQLITE_CONSTRAINT_PRIMARYKEY:
		return &Exists{Table: existing(err)}, false
	case lite.SQLITE_IOERR_SHMSIZE: // no room for the WAL's index, which holds nothing durable
		return unavailable(err), true
	}
	if s.reads && code&0xff == lite.SQLITE_READONLY { // a View that tries to write
		return err, false
	}
	switch code & 0xff {
	case lite.SQLITE_FULL, lite.SQLITE_BUSY, lite.SQLITE_NOMEM:
		return unavailable(err), true
	case lite.SQLITE_IOERR, lite.SQLITE_CORRUPT, lite.SQLITE_NOTADB, lite.SQLITE_READONLY, lite.SQLITE_CANTOPEN:
		if !s.reads {
			s.db.fail(err)
		}
		return unavailable(err), true
	}
	return err, false
}

// existing finds the table in "UNIQUE constraint failed: event.realm, event.seq".
func existing(err error) string {
	_, columns, _ := strings.Cut(err.Error(), "constraint failed: ")
	if _, after, again := strings.Cut(columns, "constraint failed: "); again {
		columns = after // the driver's own words come first
	}
	table, _, _ := strings.Cut(columns, ".")
	return table
}
