package storetest_test

import (
	"bytes"
	"testing"

	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// What is in a database is in its dump: text as it is, bytes as they are and in
// hex, in any schema and under any name.
func TestDump(t *testing.T) {
	db := storetest.Open(t, "postgres", nil)
	err := db.Update(t.Context(), store.System, func(tx *store.Tx) error {
		for _, query := range []string{
			`CREATE SCHEMA apart`,
			`CREATE TABLE apart."odd Name" (note TEXT, sealed BYTEA, n BIGINT)`,
			`INSERT INTO apart."odd Name" VALUES ('a canary sings', 'a hidden canary'::bytea, 4711)`,
		} {
			if _, err := tx.Exec(query); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := storetest.Dump(t, db)
	for _, want := range []string{`apart."odd Name"`, "a canary sings", "\na hidden canary\n", "68696464656e", "4711", "public.payment", "public.job"} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("no %q in the dump", want)
		}
	}
	if bytes.Contains(got, []byte("a canary that was never there")) {
		t.Error("the dump holds what is nowhere")
	}
}
