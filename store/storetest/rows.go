package storetest

import (
	"testing"

	"github.com/florinpay/florin/store"
)

// Rows counts the rows of tables, in all realms: a test that nothing was made
// counts before and after.
func Rows(t testing.TB, db *store.DB, tables ...string) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	err := db.View(t.Context(), store.System, func(tx *store.Tx) error {
		for _, table := range tables {
			var n int64
			if _, err := tx.Get([]any{&n}, `SELECT count(*) FROM `+table); err != nil {
				return err
			}
			counts[table] = n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}
