package bench

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // to write by hand what florin writes

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// databaseSize is a PostgreSQL database's size, and what the cluster has
// written to its log since it was made.
const databaseSize = `SELECT pg_database_size(current_database()), (pg_current_wal_lsn() - '0/0')::bigint`

// cluster is what must be known of a cluster before its figures count.
type cluster struct{ version, fsync, pages, commit, buffers string }

func describe(ctx context.Context, url string) (c cluster, err error) {
	return c, withPostgres(ctx, url, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes'),
			current_setting('synchronous_commit'), current_setting('shared_buffers')`).Scan(&c.version, &c.fsync, &c.pages, &c.commit, &c.buffers)
	})
}

const databaseThere = `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`

func createDatabase(name string) string { return `CREATE DATABASE ` + name }

func dropDatabase(name string) string { return `DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)` }

// handMerchants are whom payments by hand are for. Each has two accounts.
const handMerchants = 1000

// The least that a payment is in SQL: the payment, its key, four postings, two
// balances, an event. $1 is its number, $2 its merchant. Rows carry about as
// much text as florin's.
var (
	handTables = []string{
		`CREATE TABLE hand_payment (id BIGINT PRIMARY KEY, merchant BIGINT NOT NULL, amount BIGINT NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL,
			reference BIGINT NOT NULL, created_at BIGINT NOT NULL, details TEXT NOT NULL)`,
		`CREATE TABLE hand_key (merchant BIGINT NOT NULL, word BIGINT NOT NULL, payment BIGINT NOT NULL, PRIMARY KEY (merchant, word))`,
		`CREATE TABLE hand_posting (payment BIGINT NOT NULL, n BIGINT NOT NULL, account BIGINT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (payment, n))`,
		`CREATE TABLE hand_balance (account BIGINT PRIMARY KEY, balance BIGINT NOT NULL)`,
		`CREATE TABLE hand_event (payment BIGINT NOT NULL, seq BIGINT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (payment, seq))`,
	}
	handPayment = []string{
		`INSERT INTO hand_payment VALUES (CAST($1 AS BIGINT), CAST($2 AS BIGINT), 9200, 'EUR', 'captured', CAST($1 AS BIGINT), 1795212937123,
			'{"card":{"bin":"420000","last4":"0000","holder":"Nora Lind","month":8,"year":2032},"account":"6560a1b2c3d4e5f601234567.BN000001"}')`,
		`INSERT INTO hand_key VALUES (CAST($2 AS BIGINT), CAST($1 AS BIGINT), CAST($1 AS BIGINT))`,
		`INSERT INTO hand_posting VALUES (CAST($1 AS BIGINT), 0, CAST($2 AS BIGINT), 9200), (CAST($1 AS BIGINT), 1, CAST($2 AS BIGINT) + 1000000, -9200),
			(CAST($1 AS BIGINT), 2, CAST($2 AS BIGINT) + 1000000, 120), (CAST($1 AS BIGINT), 3, CAST($2 AS BIGINT), -120)`,
		`UPDATE hand_balance SET balance = balance + CASE WHEN account < 1000000 THEN 9080 ELSE -9080 END
			WHERE account IN (CAST($2 AS BIGINT), CAST($2 AS BIGINT) + 1000000)`,
		`INSERT INTO hand_event VALUES (CAST($1 AS BIGINT), 1, 'payment.captured',
			'{"state":"captured","attempt":"6560a1b2c3d4e5f601234567","kind":"debit","amount":9200,"currency":"EUR"}')`,
	}
)

// handAccounts are the rows of the balances, all at zero.
func handAccounts() []string {
	var out []string
	for n := range handMerchants {
		out = append(out, fmt.Sprintf(`INSERT INTO hand_balance VALUES (%d, 0), (%d, 0)`, n, 1000000+n))
	}
	return out
}

// handScript is the payment as pgbench reads it. Its numbers ascend in each
// client and in each run.
func handScript(run int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\\set n :n + 1\n\\set id (%d * 1000 + :client_id) * 1000000000 + :n\n\\set merchant random(0, %d)\nBEGIN;\n", run, handMerchants-1)
	for _, text := range handPayment {
		b.WriteString(strings.NewReplacer("$1", ":id", "$2", ":merchant", "\n", " ").Replace(text))
		b.WriteString(";\n")
	}
	b.WriteString("COMMIT;\n")
	return b.String()
}

// What payments by hand have left must add up to nothing.
const (
	handPostings = `SELECT COUNT(*), CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM hand_posting`
	handBalances = `SELECT COUNT(*), CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM hand_balance`
)

// countPostings counts those of all realms.
func countPostings(tx *store.Tx) (n int64, err error) {
	_, err = tx.Get([]any{&n}, `SELECT COUNT(*) FROM posting`)
	return n, err
}

// everyPayment reads all ids of a realm's payments, oldest first.
func everyPayment(tx *store.Tx, each func(ident.ID)) error {
	return tx.All(`SELECT id FROM payment WHERE realm = $1 ORDER BY id`, []any{string(tx.Realm())}, func(scan func(...any) error) error {
		var id ident.ID
		err := scan(&id)
		each(id)
		return err
	})
}

// handFile opens an SQLite file for payments by hand, as durable as florin's.
func handFile(ctx context.Context, file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	for _, text := range append(handTables, handAccounts()...) {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return nil, err
		}
	}
	return db, nil
}
