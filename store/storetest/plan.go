package storetest

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/store"
)

// Plan is how SQLite means to run a query, a step a line. args are of no
// account but for their number.
func Plan(t testing.TB, db *store.DB, query string, args ...any) string {
	t.Helper()
	var steps []string
	err := db.View(t.Context(), store.System, func(tx *store.Tx) error {
		return tx.All("EXPLAIN QUERY PLAN "+query, args, func(scan func(...any) error) error {
			var id, parent, unused int64
			var step string
			err := scan(&id, &parent, &unused, &step)
			steps = append(steps, step)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}
