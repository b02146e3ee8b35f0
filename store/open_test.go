package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// A schema that this program does not know is not touched.
func TestSchemaRefused(t *testing.T) {
	for _, engine := range storetest.Engines {
		for name, c := range map[string]struct{ change, says string }{
			"newer":   {`INSERT INTO schema_version (version, name, checksum, applied_at) VALUES (9999, '9999_future', 'x', 1)`, "9999_future, which is newer"},
			"edited":  {`UPDATE schema_version SET checksum = 'x' WHERE version = 1`, "0001_store differs"},
			"foreign": {`UPDATE schema_version SET version = 0 WHERE version = 1`, "0001_store differs"},
		} {
			t.Run(engine+"/"+name, func(t *testing.T) {
				var o store.Options
				db := storetest.Open(t, engine, func(given *store.Options) { o = *given })
				must(t, update(db, func(tx *store.Tx) error { _, err := tx.Exec(c.change); return err }))
				must(t, db.Close())
				db, err := store.Open(t.Context(), o)
				if err == nil {
					db.Close()
				}
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %q in it", err, c.says)
				}
				if _, err := store.Migrate(t.Context(), o); err == nil {
					t.Error("Migrate takes what Open refuses")
				}
			})
		}
	}
}

// Migrations are applied once, by one of those who come at the same time.
func TestMigrateOnce(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	must(t, err)
	t.Run("sqlite", func(t *testing.T) {
		o := store.Options{Database: filepath.Join(t.TempDir(), "a ?#%.db")}
		for n, want := range []int{len(files), 0} {
			applied, err := store.Migrate(t.Context(), o)
			if err != nil || len(applied) != want {
				t.Errorf("run %d applied %v (%v), want %d", n, applied, err, want)
			}
		}
		info, err := os.Stat(o.Database)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v, want a file for the owner alone", info, err)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		var o store.Options
		db := storetest.Open(t, "postgres", func(given *store.Options) { o = *given })
		must(t, update(db, func(tx *store.Tx) error {
			for _, text := range []string{`DROP SCHEMA public CASCADE`, `CREATE SCHEMA public`} {
				if _, err := tx.Exec(text); err != nil {
					return err
				}
			}
			return nil
		}))
		must(t, db.Close())
		var all []string
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				applied, err := store.Migrate(t.Context(), o)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				all = append(all, applied...)
				mu.Unlock()
			})
		}
		wg.Wait()
		if len(all) != len(files) {
			t.Errorf("applied %v, want each of %d once", all, len(files))
		}
	})
}

// An upgrade that fails half way changes nothing: here 0025 is missing and can
// be applied, and 0026 cannot.
func TestMigrateAllOrNothing(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			var o store.Options
			db := storetest.Open(t, engine, func(given *store.Options) { o = *given })
			for _, text := range []string{`DELETE FROM schema_version WHERE version >= 25`, `DROP TABLE webhook_unlisted`, `DROP INDEX reconcile_bank_matched`,
				`ALTER TABLE reconcile_bank DROP COLUMN expected`, `ALTER TABLE reconcile_bank DROP COLUMN expected_currency`, `CREATE TABLE coupon_next (x BIGINT)`} {
				must(t, update(db, func(tx *store.Tx) error { _, err := tx.Exec(text); return err }))
			}
			must(t, db.Close())
			if applied, err := store.Migrate(t.Context(), o); err == nil || !strings.Contains(err.Error(), "0026_offer") || applied != nil {
				t.Errorf("applied %v (%v), want 0026_offer to fail", applied, err)
			}
			if missing, err := store.Missing(t.Context(), o); err != nil || len(missing) < 2 || missing[0] != "0025_operator" {
				t.Errorf("got %v (%v) missing, want all from 0025_operator on", missing, err)
			}
		})
	}
}

// One process at a time has the file, and keeps it from a second one.
func TestSecondProcess(t *testing.T) {
	var o store.Options
	db := storetest.Open(t, "sqlite", func(given *store.Options) { o = *given })
	if out, err := start(t, "open", o.Database).CombinedOutput(); err == nil || !strings.Contains(string(out), "open in another process") {
		t.Errorf("the second process says %q (%v)", out, err)
	}
	if _, err := store.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "open in another process") {
		t.Errorf("a second Open in the process says %v", err)
	}
	must(t, db.Close())
	if out, err := start(t, "open", o.Database).CombinedOutput(); err != nil {
		t.Errorf("after the first has gone, the second says %q (%v)", out, err)
	}
}

func TestNoDatabase(t *testing.T) {
	for name, database := range map[string]string{
		"none": "", "folder": t.TempDir(), "missing": filepath.Join(t.TempDir(), "no", "florin.db"),
		"address": "postgres://127.0.0.1:1/none?connect_timeout=1", "bad address": "postgres://%zz",
	} {
		if db, err := store.Open(t.Context(), store.Options{Database: database}); err == nil {
			t.Errorf("%s: opened", name)
			db.Close()
		}
	}
	file := filepath.Join(t.TempDir(), "text.db")
	must(t, os.WriteFile(file, []byte(strings.Repeat("this is no database\n", 100)), 0o600))
	if db, err := store.Open(t.Context(), store.Options{Database: file}); err == nil {
		t.Error("a text file was opened")
		db.Close()
	}
}

// A password does not come out in errors.
func TestPassword(t *testing.T) {
	for _, database := range []string{"postgres://florin:hunter2@127.0.0.1:1/none", "postgres://florin:hunter2@[::bad/none", "postgres://florin:hunter2@127.0.0.1:port/none"} {
		_, err := store.Open(t.Context(), store.Options{Database: database})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
	}
}
