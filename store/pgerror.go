package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes that mean something to the store.
const (
	pgUnique        = "23505"
	pgDivision      = "22012" // how a swap says that it has met too few rows
	pgSerialization = "40001"
	pgDeadlock      = "40P01"
	pgLockTimeout   = "55P03"
	pgCancelled     = "57014"
	pgReadOnly      = "25006" // a server that has become a standby
)

// absent says whether the server cannot serve now, whatever it was asked: it
// goes down or comes up, it lacks memory, disk or connections, it is a
// standby, it waited too long.
func absent(e *pgconn.PgError) bool {
	switch e.Code {
	case pgLockTimeout, pgCancelled, pgReadOnly:
		return true
	}
	for _, class := range []string{"08", "53", "57P", "58", "XX"} {
		if strings.HasPrefix(e.Code, class) {
			return true
		}
	}
	return false
}

func isNetwork(err error) bool {
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// sort tells what an error of a statement means: for the function (Exists, a
// mistake in the text), or for the whole batch, which is then lost.
func (w *pgwriter) sort(err error) (sorted error, lost bool) {
	var server *pgconn.PgError
	switch {
	case err == nil:
		return nil, false
	case w.conn == nil || w.conn.IsClosed():
		if errors.Is(err, context.DeadlineExceeded) {
			return unavailable(err), true
		}
		return fmt.Errorf("%w: %w", errLost, err), true
	case !errors.As(err, &server): // the driver could not send it
		return err, false
	case server.Code == pgUnique:
		return &Exists{Table: server.TableName}, false
	case server.Code == pgSerialization, server.Code == pgDeadlock:
		return fmt.Errorf("%w: %w", errStale, err), true
	case absent(server):
		return unavailable(err), true
	}
	return err, false
}
