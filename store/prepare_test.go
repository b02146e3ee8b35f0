package store_test

import (
	"database/sql"
	"path/filepath"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite/vtab"

	"github.com/florinpay/florin/store"
)

// planned is an empty table that counts how often a query of it is planned.
type planned struct{ times atomic.Int64 }

func (p *planned) Create(c vtab.Context, _ []string) (vtab.Table, error) {
	return p, c.Declare(`CREATE TABLE x (n)`)
}
func (p *planned) Connect(c vtab.Context, args []string) (vtab.Table, error) {
	return p.Create(c, args)
}
func (p *planned) BestIndex(*vtab.IndexInfo) error        { p.times.Add(1); return nil }
func (p *planned) Open() (vtab.Cursor, error)             { return p, nil }
func (p *planned) Disconnect() error                      { return nil }
func (p *planned) Destroy() error                         { return nil }
func (p *planned) Filter(int, string, []vtab.Value) error { return nil }
func (p *planned) Next() error                            { return nil }
func (p *planned) Eof() bool                              { return true }
func (p *planned) Column(int) (vtab.Value, error)         { return nil, nil }
func (p *planned) Rowid() (int64, error)                  { return 0, nil }
func (p *planned) Close() error                           { return nil }

// TestPreparedOnce: a query keeps its plan whatever its values are, its limit
// among them. SQLite would plan it anew for each limit that it is given.
func TestPreparedOnce(t *testing.T) {
	counts := &planned{}
	file := filepath.Join(t.TempDir(), "florin.db")
	pool, err := sql.Open("sqlite", file)
	must(t, err)
	must(t, vtab.RegisterModule(pool, "planned", counts))
	db, err := store.Open(t.Context(), store.Options{Database: file})
	must(t, err)
	defer db.Close()
	_, err = pool.ExecContext(t.Context(), `CREATE VIRTUAL TABLE planned USING planned`)
	must(t, err)
	must(t, pool.Close())
	for limit := range int64(50) {
		must(t, db.View(t.Context(), realmA, func(tx *store.Tx) error {
			return tx.All(`SELECT n FROM planned WHERE n <> $1 LIMIT $2`, []any{limit, limit}, func(func(...any) error) error { return nil })
		}))
	}
	if n := counts.times.Load(); n < 1 || n > 10 { // once or twice for each connection that has read
		t.Errorf("planned %d times", n)
	}
}
