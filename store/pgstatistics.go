package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// grown is after how many rows a lane sees to it that a table has statistics.
const grown = 64

// count notes rows that are on their way into a table. A table that has just
// grown is looked at when they are committed.
func (w *pgwriter) count(p *pgplan, rows int) {
	before := p.rows
	p.rows += rows
	if before < grown && p.rows >= grown {
		w.grown = append(w.grown, p.t.Name)
	}
}

// measure takes statistics of tables that nobody has taken any of. Without them
// PostgreSQL thinks that a realm is one row in two hundred and that any index
// which begins with it is as good as the primary key: a row was then looked for
// among all of its realm. Its own autovacuum comes once a minute.
func (e *pgEngine) measure(tables []string) {
	e.measuring.Go(func() {
		ctx, cancel := context.WithTimeout(e.open, e.db.limits.statement)
		defer cancel()
		conn, err := e.connect(ctx, e.config)
		for _, table := range tables {
			var never bool
			if err == nil {
				err = conn.QueryRow(ctx, `SELECT reltuples < 0 FROM pg_class WHERE oid = to_regclass($1)`, table).Scan(&never)
			}
			if err == nil && never {
				_, err = conn.Exec(ctx, "ANALYZE (SKIP_LOCKED) "+pgx.Identifier{table}.Sanitize())
			}
		}
		if conn != nil {
			err = errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
		}
		if err != nil { // autovacuum will come
			e.db.o.Log.Debug("no statistics were taken", "tables", tables, "err", err)
		}
	})
}
