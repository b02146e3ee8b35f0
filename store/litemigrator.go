package store

import (
	"context"
	"database/sql"
	"errors"
)

// litemigrator runs migrations on SQLite, where the lock file keeps other
// processes out.
type litemigrator struct{ conn *sql.Conn }

func (m litemigrator) begin(ctx context.Context) error {
	if err := m.exec(ctx, schemaTable); err != nil {
		return err
	}
	return m.exec(ctx, "BEGIN IMMEDIATE")
}

func (m litemigrator) exec(ctx context.Context, text string, args ...any) error {
	_, err := m.conn.ExecContext(context.WithoutCancel(ctx), text, args...)
	return errors.Join(ctx.Err(), err)
}

func (m litemigrator) query(ctx context.Context, text string, each func(func(...any) error) error) error {
	rows, err := m.conn.QueryContext(context.WithoutCancel(ctx), text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (m litemigrator) commit(ctx context.Context) error { return m.exec(ctx, "COMMIT") }

func (m litemigrator) rollback() {
	// Nothing was begun, or SQLite has rolled back already; the error that led
	// here is the one to report.
	_, _ = m.conn.ExecContext(context.Background(), "ROLLBACK")
}
