package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

var noteTable = &store.Table{Name: "note", Key: 2, Columns: []string{"realm", "id", "version", "n", "text", "done", "raw"}}

const realmA, realmB ident.ID = "aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb"

func setup(t testing.TB, db *store.DB) {
	t.Helper()
	err := db.Update(t.Context(), store.System, func(tx *store.Tx) error {
		_, err := tx.Exec(`CREATE TABLE note (realm TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, n BIGINT NOT NULL,
			text TEXT NOT NULL, done BOOLEAN NOT NULL, raw BYTEA NOT NULL, PRIMARY KEY (realm, id))`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestQuick(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		setup(t, db)
		err := db.Update(t.Context(), realmA, func(tx *store.Tx) error {
			tx.Insert(noteTable, realmA, "x", 1, 0, "hi", true, []byte{1})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				for range 10 {
					err := db.Update(t.Context(), realmA, func(tx *store.Tx) error {
						var v, n int64
						if ok, err := tx.Get([]any{&v, &n}, `SELECT version, n FROM note WHERE realm = $1 AND id = 'x'`, string(realmA)); err != nil || !ok {
							return errors.Join(fmt.Errorf("no row: %v", ok), err)
						}
						tx.Swap(noteTable, v, realmA, "x", v+1, n+1, "hi", false, []byte(nil))
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		err = db.Update(t.Context(), realmA, func(tx *store.Tx) error {
			tx.Insert(noteTable, realmA, "x", 1, 0, "hi", true, []byte{1})
			return nil
		})
		var exists *store.Exists
		if !errors.As(err, &exists) || exists.Table != "note" {
			t.Error(err)
		}
		var n int64
		if err := db.View(t.Context(), realmA, func(tx *store.Tx) error {
			_, err := tx.Get([]any{&n}, `SELECT n FROM note WHERE realm = $1 AND id = 'x'`, string(realmA))
			return err
		}); err != nil || n != 320 {
			t.Error(n, err)
		}
	})
}
