// Package store keeps florin's rows, in SQLite or in PostgreSQL, with one SQL
// text for both. It owns connections, transactions, group commit, migrations
// and the realms' clocks; what the rows mean is the nouns' business, each in
// its own rows.go.
//
// A function given to Update may be run more than once: it changes nothing but
// rows and its own results, and does not call the DB again.
package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/ident"
)

// System is the realm of the rows that belong to the whole installation.
var System ident.ID = ""

// Options say which database to open and how.
type Options struct {
	Database string        // a path, ":memory:", or a postgres:// URL
	Clock    clock.Clock   // the wall time; time.Now when nil
	IDs      *ident.Source // one with a random start when nil
	Inline   bool          // no goroutine: every Update runs and commits in its caller
	Twice    bool          // every Update runs its function twice, the first effect undone
	Lanes    int           // writers on PostgreSQL, 2 when 0; SQLite has one
	VFS      string        // the file system that SQLite uses, by its name there; "" is the machine's
	Log      *slog.Logger  // slog.Default() when nil
	// Boundary is for simulations, and needs Inline: it is called on both sides
	// of every commit. It may not return at all (the process dies there), run
	// other Updates after a commit, or return an error: before the commit that
	// undoes it (ErrUnavailable), after it the answer is lost (ErrUnknown).
	Boundary func(b Boundary) error

	limits limits // the usual ones when zero
}

// Boundary is a side of a commit.
type Boundary int

// Before a commit nothing of it is there; After it all of it is, and nobody
// has been told.
const (
	Before Boundary = iota
	After
)

// How long things may take on PostgreSQL before the store gives up on them.
type limits struct {
	connect   time.Duration // reaching the database
	statement time.Duration // an answer of the database, but for a commit's
	commit    time.Duration // a commit's answer
	resolve   time.Duration // finding out what became of an unanswered commit
}

var usual = limits{connect: 5 * time.Second, statement: 10 * time.Second, commit: 15 * time.Second, resolve: 20 * time.Second}

const (
	queueLength  = 4096 // Updates that may wait for a lane
	batchLength  = 256  // Updates that share a commit, at most
	retries      = 5    // runs of a function whose rows others keep changing, beyond the first
	maxAhead     = 100 * 365 * 24 * time.Hour
	defaultLanes = 2
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	o      Options
	limits limits
	looks  bool // the schema is looked at and left alone
	engine engine
	lanes  []*lane
	clocks *clocks // nil where other processes may move a clock

	failOnce sync.Once
	failed   chan struct{}
	closed   atomic.Bool
	working  sync.WaitGroup
}

// An engine is what SQLite and PostgreSQL do differently: opening writers and
// readers. Everything about batches, reruns and realms stands above it.
type engine interface {
	migrate(ctx context.Context) ([]string, error)
	// writers opens the writers and whatever stands beside them.
	writers(ctx context.Context) ([]writer, error)
	// lead is how far ahead a realm is, as far as this process knows.
	lead(realm ident.ID) int64
	// read calls fn with a connection for reading; whole asks for one moment.
	read(ctx context.Context, whole bool, fn func(s session) error) error
	close() error
}

// Open opens the database, refuses one that would lose what was acknowledged,
// and brings its schema up to date. Faults, in this order: the database cannot
// be reached or another process has it (ErrUnavailable or a plain error), it
// is too old or set to forget, its schema is newer than this program, or a
// migration differs from the one that was applied.
func Open(ctx context.Context, o Options) (*DB, error) {
	db, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	if _, err := db.engine.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.engine.close())
	}
	if err := db.start(ctx); err != nil {
		return nil, errors.Join(err, db.engine.close())
	}
	return db, nil
}

// Migrate brings the schema up to date and returns the names of the migrations
// that it has applied. Faults are those of Open.
func Migrate(ctx context.Context, o Options) (applied []string, err error) {
	db, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	applied, err = db.engine.migrate(ctx)
	return applied, errors.Join(err, db.engine.close())
}

// Missing returns the names of the migrations that Migrate would apply, and
// leaves the schema as it is. Faults are those of Open.
func Missing(ctx context.Context, o Options) (names []string, err error) {
	db, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	db.looks = true
	names, err = db.engine.migrate(ctx)
	return names, errors.Join(err, db.engine.close())
}

// prepare connects and checks, but neither migrates nor starts writers.
func prepare(ctx context.Context, o Options) (*DB, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.IDs == nil {
		var seed [9]byte
		if _, err := rand.Read(seed[:]); err != nil {
			return nil, err
		}
		o.IDs = ident.NewSource([5]byte(seed[:5]), binary.BigEndian.Uint32(seed[5:]))
	}
	if o.Lanes <= 0 {
		o.Lanes = defaultLanes
	}
	if o.limits == (limits{}) {
		o.limits = usual
	}
	db := &DB{o: o, limits: o.limits, failed: make(chan struct{})}
	var err error
	if strings.HasPrefix(o.Database, "postgres://") || strings.HasPrefix(o.Database, "postgresql://") {
		db.engine, err = openPostgres(ctx, db)
	} else {
		db.engine, err = openSQLite(ctx, db)
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}

func (db *DB) start(ctx context.Context) error {
	writers, err := db.engine.writers(ctx)
	if err != nil {
		return err
	}
	for _, w := range writers {
		l := &lane{db: db, w: w, memories: map[subject]any{}}
		db.lanes = append(db.lanes, l)
		if !db.o.Inline {
			l.queue = make(chan *call, queueLength)
			db.working.Add(1)
			go l.loop()
		}
	}
	return nil
}

// Update runs fn in a transaction of the realm and returns once its effects
// are durable. fn may be run more than once, on another goroutine; other
// Updates may share its commit. ctx counts while the call waits for its turn;
// from then on nothing cancels it. Faults: ErrUnavailable when the queue is
// full, ctx's error, the error of fn (its effects undone), *Exists, ErrConflict,
// ErrUnavailable, ErrUnknown. A panic of fn goes on in the caller.
func (db *DB) Update(ctx context.Context, realm ident.ID, fn func(tx *Tx) error) error {
	if err := db.usable(ctx); err != nil {
		return err
	}
	c := &call{ctx: context.WithoutCancel(ctx), realm: realm, fn: fn}
	l := db.lanes[laneOf(realm, len(db.lanes))]
	if db.o.Inline {
		l.inline(c)
	} else if err := l.wait(ctx, c); err != nil {
		return err
	}
	switch err := c.err.(type) {
	case nil:
	case *panicked:
		panic(err)
	default:
		if err == errExited {
			runtime.Goexit()
		}
		return err
	}
	if err := db.boundary(After); err != nil {
		return unknown(err)
	}
	for _, f := range c.committed {
		f()
	}
	return nil
}

// boundary tells a simulation where an inline store stands.
func (db *DB) boundary(b Boundary) error {
	if db.o.Boundary == nil || !db.o.Inline {
		return nil
	}
	return db.o.Boundary(b)
}

// View runs fn with reads of the realm; each statement sees what is committed
// when it starts. Faults: ctx's error, ErrUnavailable, the error of fn.
func (db *DB) View(ctx context.Context, realm ident.ID, fn func(tx *Tx) error) error {
	return db.read(ctx, realm, false, fn)
}

// Snapshot is View with all statements seeing one moment.
func (db *DB) Snapshot(ctx context.Context, realm ident.ID, fn func(tx *Tx) error) error {
	return db.read(ctx, realm, true, fn)
}

func (db *DB) read(ctx context.Context, realm ident.ID, whole bool, fn func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if db.closed.Load() {
		return errClosed
	}
	return db.engine.read(ctx, whole, func(s session) error {
		tx := &Tx{db: db, ctx: ctx, realm: realm, s: s}
		return tx.outcome(fn(tx))
	})
}

func (db *DB) usable(ctx context.Context) error {
	select {
	case <-db.failed:
		return errFailed
	default:
	}
	if db.closed.Load() {
		return errClosed
	}
	return ctx.Err()
}

// Failed is closed when the database can no longer be trusted to keep what it
// was given, after an error of a write or of a flush to disk. The process must
// end; a restart recovers.
func (db *DB) Failed() <-chan struct{} { return db.failed }

// fail makes the store refuse all further Updates.
func (db *DB) fail(err error) {
	db.failOnce.Do(func() {
		db.o.Log.Error("the database failed to keep a write; no further write is accepted, restart the process", "err", err)
		close(db.failed)
	})
}

// Ready says whether the database answers. Faults: ErrUnavailable.
func (db *DB) Ready(ctx context.Context) error {
	if err := db.usable(ctx); err != nil {
		return err
	}
	return db.View(ctx, System, func(tx *Tx) error {
		var one int64
		_, err := tx.Get([]any{&one}, `SELECT 1`)
		return err
	})
}

// Close lets the Updates that wait finish, and lets go of the database.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	for _, l := range db.lanes {
		l.close()
	}
	db.working.Wait()
	return db.engine.close()
}

// laneOf spreads realms over n lanes; a realm keeps to its lane.
func laneOf(realm ident.ID, n int) int {
	h := fnv.New32a()
	h.Write([]byte(realm)) // never fails
	return int(h.Sum32() % uint32(n))
}

// Alone says whether no other process can have the database open while this one
// has: SQLite's lock file sees to it. Whatever says that somebody is at work in
// it was then left behind by a process that is gone.
func (db *DB) Alone() bool { return db.clocks != nil }

// clocks holds how far realms are ahead, as far as this process knows.
type clocks struct {
	mu    sync.RWMutex
	ahead map[ident.ID]int64
}

func (c *clocks) get(realm ident.ID) int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.ahead[realm]
}

// all is get for several realms, if all of them are known.
func (c *clocks) all(realms []ident.ID) (ahead map[ident.ID]int64, known bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ahead = make(map[ident.ID]int64, len(realms))
	for _, r := range realms {
		if ahead[r], known = c.ahead[r]; !known {
			return nil, false
		}
	}
	return ahead, true
}

func (c *clocks) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.ahead)
}

func (c *clocks) set(moved map[ident.ID]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for realm, ms := range moved {
		c.ahead[realm] = ms
	}
}

// moment is the wall time moved ahead: UTC, whole milliseconds.
func (db *DB) moment(aheadMillis int64) time.Time {
	return clock.FromMillis(db.o.Clock().UnixMilli() + aheadMillis)
}

// Now is the realm's time outside of any transaction, without asking the
// database: what a transaction that starts now would see, unless another process
// has moved a test realm's clock since this one last wrote in it.
func (db *DB) Now(realm ident.ID) time.Time { return db.moment(db.engine.lead(realm)) }

func mismatch(t *Table, what string, args ...any) error {
	return fmt.Errorf("table %s: "+what, append([]any{t.Name}, args...)...)
}
