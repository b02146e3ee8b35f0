package storetest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/florinpay/florin/store"
)

// Dump is all that a PostgreSQL database holds, every table of every schema that
// is not its own: a line of JSON for each row, then each of the row's bytea
// values as the bytes they are. It is for searching, not for reading back.
func Dump(t testing.TB, db *store.DB) []byte {
	t.Helper()
	var out bytes.Buffer
	err := db.Snapshot(t.Context(), store.System, func(tx *store.Tx) error {
		out.Reset()
		var tables []string
		err := tx.All(`SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables
			WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE' ORDER BY 1`, nil,
			func(scan func(...any) error) error {
				var table string
				err := scan(&table)
				tables = append(tables, table)
				return err
			})
		if err != nil {
			return err
		}
		for _, table := range tables {
			if err := dumpTable(tx, table, &out); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func dumpTable(tx *store.Tx, table string, out *bytes.Buffer) error {
	fmt.Fprintln(out, table)
	return tx.All(`SELECT CAST(row_to_json(r) AS TEXT) FROM `+table+` r`, nil, func(scan func(...any) error) error {
		var line string
		if err := scan(&line); err != nil {
			return err
		}
		fmt.Fprintln(out, line)
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
		for _, value := range row {
			text, ok := value.(string)
			if !ok {
				continue
			}
			digits, isBytes := strings.CutPrefix(text, `\x`)
			if raw, err := hex.DecodeString(digits); isBytes && err == nil {
				out.Write(raw)
				out.WriteByte('\n')
			}
		}
		return nil
	})
}
