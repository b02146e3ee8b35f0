package main

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // to look beside florin
	_ "modernc.org/sqlite"             // and behind its back
)

const (
	addVersion    = `INSERT INTO schema_version (version, name, checksum, applied_at) VALUES (9999, '9999_later', '', 0)`
	forgetNewest  = `DELETE FROM schema_version WHERE version = (SELECT max(version) FROM schema_version)`
	countVersions = `SELECT count(*) FROM schema_version`
	payoutState   = `SELECT state FROM settlement_payout WHERE amount > 0`
	liveRealm     = `SELECT realm FROM realm WHERE environment = 'live'`
	countPayments = `SELECT count(*) FROM payment`
)

// tampering is what somebody could do to a database, one row at a time.
// $paid is the id of a payment of 92.00 of which 10.00 were refunded.
var tampering = []struct {
	what, text string
	says       []string
}{
	{"a payment's captured amount", `UPDATE payment SET captured = captured + 100 WHERE id = $paid`, []string{"payment $paid: captured is 9300, recomputed 9200"}},
	{"a payment's refunded amount", `UPDATE payment SET refunded = 0 WHERE id = $paid`, []string{"payment $paid: refunded is 0, recomputed 1000"}},
	{"an attempt's state", `UPDATE attempt SET state = 'refused' WHERE id = $paid`, []string{"payment $paid: captured is 9200, recomputed 0"}},
	{"an event that is gone", `DELETE FROM event WHERE object = $paid AND seq = 1`, []string{"payment $paid: the number of its events is"}},
	{"a balance", `UPDATE account SET posted = posted + 1 WHERE posted = (SELECT max(posted) FROM account)`, []string{"account"}},
	{"a posting's amount", `UPDATE posting SET amount = amount + 1 WHERE seq = 1 AND n = 1`, []string{"transfer", "1"}},
	{"a transfer that is gone", `DELETE FROM transfer WHERE seq = 2`, []string{"transfer", "2"}},
	{"a transfer's hash", `UPDATE transfer SET hash = zeroblob(32) WHERE seq = 2`, []string{"transfer", "2"}},
	{"a transfer's kind", `UPDATE transfer SET kind = 'gift' WHERE seq = 2`, []string{"transfer", "2"}},
	{"an entry of the audit trail", `UPDATE audit SET actor = 'nobody' WHERE seq = 1`, []string{"audit trail: entry 1 was changed"}},
	{"the head of the chain", `UPDATE ledger_head SET seq = seq - 1`, []string{"head"}},
}

// alter changes a database that no florin has open, and says how many rows.
func alter(t testing.TB, file, text string) (rows int64) {
	t.Helper()
	db := connect(t, file)
	defer db.Close()
	r, err := db.Exec(text)
	if err != nil {
		t.Fatal(err)
	}
	if rows, err = r.RowsAffected(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// count reads one number.
func count(t testing.TB, file, text string) (n int) {
	t.Helper()
	db := connect(t, file)
	defer db.Close()
	if err := db.QueryRow(text).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// attempt is what a row of attempt says of what was asked of a provider.
type attempt struct {
	kind, state, currency string
	amount                int64
}

// counted is a row of how often a key called, days ago.
type counted struct {
	ago              int
	key              string
	operation, agent string
	calls, faults    int64
}

// use writes down calls that nobody made, as their realm's day has them.
func use(t testing.TB, database, realm string, rows ...counted) {
	t.Helper()
	db := connect(t, database)
	defer db.Close()
	for _, r := range rows {
		if _, err := db.Exec(`INSERT INTO access_usage (realm, day, key, operation, agent, calls, faults, old, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)`,
			realm, daysAgo(r.ago), r.key, r.operation, r.agent, r.calls, r.faults); err != nil {
			t.Fatal(err)
		}
	}
}

// overlook writes down a server that payments named and nobody called.
func overlook(t testing.TB, database, realm, host string) {
	t.Helper()
	db := connect(t, database)
	defer db.Close()
	if _, err := db.Exec(`INSERT INTO webhook_unlisted (realm, merchant, host, messages, first_at, last_at) VALUES ($1, 'm', $2, 41, 43200000, 86400000)`, realm, host); err != nil {
		t.Fatal(err)
	}
}

// word reads one text.
func word(t testing.TB, database, query string) (s string) {
	t.Helper()
	db := connect(t, database)
	defer db.Close()
	if err := db.QueryRow(query).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// connect opens a database of either engine beside florin.
func connect(t testing.TB, database string) *sql.DB {
	t.Helper()
	driver := "sqlite"
	if strings.Contains(database, "://") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, database)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// attempts reads all of them.
func attempts(t testing.TB, database string) map[string]attempt {
	t.Helper()
	db := connect(t, database)
	defer db.Close()
	rows, err := db.Query(`SELECT id, kind, state, currency, amount FROM attempt`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]attempt{}
	for rows.Next() {
		var id string
		var a attempt
		if err := rows.Scan(&id, &a.kind, &a.state, &a.currency, &a.amount); err != nil {
			t.Fatal(err)
		}
		all[id] = a
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// paid sums up what was captured and refunded.
func paid(t testing.TB, database string) (captured, refunded int64) {
	t.Helper()
	db := connect(t, database)
	defer db.Close()
	if err := db.QueryRow(`SELECT coalesce(sum(captured), 0), coalesce(sum(refunded), 0) FROM payment`).Scan(&captured, &refunded); err != nil {
		t.Fatal(err)
	}
	return captured, refunded
}
