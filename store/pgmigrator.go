package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// pgmigrator runs migrations on PostgreSQL. Whoever holds the lock on
// schema_version migrates; all others wait.
type pgmigrator struct {
	conn *pgx.Conn
	tx   pgx.Tx
}

func (m *pgmigrator) begin(ctx context.Context) error {
	// IF NOT EXISTS looks and makes in two steps: of two processes, one may
	// fail in between, and then finds the table made.
	if _, err := m.conn.Exec(ctx, schemaTable); err != nil {
		if _, err = m.conn.Exec(ctx, schemaTable); err != nil {
			return err
		}
	}
	tx, err := m.conn.Begin(ctx)
	if err != nil {
		return err
	}
	m.tx = tx
	if err := m.exec(ctx, "LOCK TABLE schema_version IN EXCLUSIVE MODE"); err != nil {
		m.rollback()
		return err
	}
	// A migration that waits for a busy table holds up everybody behind it.
	if err := m.exec(ctx, "SET LOCAL lock_timeout = '10s'"); err != nil {
		m.rollback()
		return err
	}
	return nil
}

func (m *pgmigrator) exec(ctx context.Context, text string, args ...any) error {
	_, err := m.tx.Exec(ctx, text, args...)
	return err
}

func (m *pgmigrator) query(ctx context.Context, text string, each func(func(...any) error) error) error {
	rows, err := m.tx.Query(ctx, text)
	if err != nil {
		return err
	}
	return walk(rows, func(scan func(...any) error) (bool, error) { return true, each(scan) })
}

func (m *pgmigrator) commit(ctx context.Context) error { return m.tx.Commit(ctx) }

func (m *pgmigrator) rollback() {
	if err := m.tx.Rollback(context.Background()); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
		// The error that led here is the one to report; a connection that
		// cannot roll back is of no further use.
		_ = m.conn.Close(context.Background())
	}
}
