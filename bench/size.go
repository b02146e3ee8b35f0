package bench

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Size is how many bytes a site takes on disk.
type Size struct {
	Database int64 `json:"databaseBytes"` // the SQLite file and its log, or PostgreSQL's tables and indexes
	Log      int64 `json:"logBytes"`      // of Database, SQLite's log; on PostgreSQL, beside it, what was ever written to the log
	Sandbox  int64 `json:"sandboxBytes"`  // the test provider's own books
}

// Less is what was added since.
func (z Size) Less(was Size) Size {
	return Size{z.Database - was.Database, z.Log - was.Log, z.Sandbox - was.Sandbox}
}

// PerPayment is the bytes of the database for each of n payments.
func (z Size) PerPayment(n int64) float64 { return float64(z.Database) / float64(max(n, 1)) }

// Size measures the site. Bytes that PostgreSQL has set free inside its files
// count, and so does SQLite's log: both are on the disk.
func (s *Site) Size(ctx context.Context) (z Size, err error) {
	if z.Sandbox, err = bytesOf(s.books("bench")); err != nil {
		return z, err
	}
	if isPostgres(s.Database) {
		return z, withPostgres(ctx, s.Database, func(c *pgx.Conn) error { return c.QueryRow(ctx, databaseSize).Scan(&z.Database, &z.Log) })
	}
	file, err := bytesOf(s.Database)
	if err != nil {
		return z, err
	}
	z.Log, err = bytesOf(s.Database + "-wal")
	z.Database = file + z.Log
	return z, err
}

func isPostgres(database string) bool { return strings.Contains(database, "://") }

// bytesOf is the size of a file, 0 of one that is not there.
func bytesOf(file string) (int64, error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// addressOf is the address of another database of a cluster.
func addressOf(cluster, name string) (string, error) {
	u, err := url.Parse(cluster)
	if err != nil {
		return "", errors.New("not a postgres:// address") // the error quotes it, with its password
	}
	u.Path = "/" + name
	return u.String(), nil
}

func withPostgres(ctx context.Context, url string, f func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.Close(ctx))
}
