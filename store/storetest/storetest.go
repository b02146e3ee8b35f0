// Package storetest opens throw-away databases for tests: a fresh SQLite file,
// a fresh PostgreSQL database. It owns the cluster that the latter live in,
// when none is given to it.
package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/disk"
)

// Engines are the names that Open takes.
var Engines = []string{"sqlite", "postgres"}

// Each runs fn on a fresh database of each engine, as a subtest named after it.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(engine, func(t *testing.T) { fn(t, Open(t, engine, nil)) })
	}
}

// Open opens a fresh database of an engine, closed and dropped when the test
// ends. mod may change the options, whose Database is set already. With
// FLORIN_TEST_TWICE=1 every Update runs its function twice; with
// FLORIN_TEST_DISK=1 SQLite works on a simulated disk.
func Open(t testing.TB, engine string, mod func(o *store.Options)) *store.DB {
	t.Helper()
	o := store.Options{
		Database: fresh(t, engine),
		Twice:    os.Getenv("FLORIN_TEST_TWICE") == "1",
		Log:      quiet,
	}
	if engine == "sqlite" && os.Getenv("FLORIN_TEST_DISK") == "1" {
		o.VFS = disk.New(t).Name()
	}
	if mod != nil {
		mod(&o)
	}
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Database makes a fresh database of an engine, migrated, and returns its path or
// address, for a test that has another process open it.
func Database(t testing.TB, engine string) string { return fresh(t, engine) }

func fresh(t testing.TB, engine string) string {
	t.Helper()
	if engine == "sqlite" {
		return freshSQLite(t)
	}
	return freshPostgres(t)
}

// template is a migrated SQLite file. Making one takes over a second under the
// race detector, copying it nothing.
var template struct {
	sync.Once
	file []byte
	err  error
}

func freshSQLite(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "florin.db")
	template.Do(func() {
		made := filepath.Join(t.TempDir(), "template.db")
		if _, template.err = store.Migrate(context.Background(), store.Options{Database: made, Log: quiet}); template.err == nil {
			template.file, template.err = os.ReadFile(made)
		}
	})
	if template.err != nil {
		t.Fatal(template.err)
	}
	if err := os.WriteFile(path, template.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Clock is a wall clock that a test sets. It stands still in between.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock starts a clock.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now is what goes into store.Options.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Set puts the clock to a moment.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// Add moves the clock by d.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Main runs a package's tests and stops the cluster that was started for them;
// call it from TestMain. Without it the cluster ends soon after the process.
func Main(m interface{ Run() int }) {
	code := m.Run()
	if err := stopCluster(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}
