package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// A migration is one numbered file, never edited after its release.
type migration struct {
	version  int64
	name     string // NNNN_word
	checksum string
	text     string
}

var migrationName = regexp.MustCompile(`^(\d{4})_([a-z]+)\.sql$`)

func migrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, name := range names {
		m := migrationName.FindStringSubmatch(path.Base(name))
		if m == nil {
			return nil, fmt.Errorf("migration %s: the name is not NNNN_word.sql", name)
		}
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		version, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		all = append(all, migration{version, strings.TrimSuffix(path.Base(name), ".sql"), hex.EncodeToString(sum[:]), string(text)})
	}
	return all, nil
}

var sqlComment = regexp.MustCompile(`(?m)--.*$`)

// statements splits a migration. Each statement ends with a semicolon at the
// end of a line.
func (m migration) statements() []string {
	var all []string
	for _, s := range strings.Split(sqlComment.ReplaceAllString(m.text, "")+"\n", ";\n") {
		if strings.TrimSpace(s) != "" {
			all = append(all, s)
		}
	}
	return all
}

// A migrator is a connection that migrations run on, in one transaction.
// begin also makes every other process wait.
type migrator interface {
	begin(ctx context.Context) error
	exec(ctx context.Context, text string, args ...any) error
	query(ctx context.Context, text string, each func(scan func(dest ...any) error) error) error
	commit(ctx context.Context) error
	rollback()
}

const schemaTable = `CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (version)
)`

// migrate applies what is missing (or, if db.looks, leaves it), in order and in
// one transaction, and returns the names of it: an upgrade that fails half way
// changes nothing. Of several processes the first does it, and the others find
// it done.
func migrate(ctx context.Context, db *DB, on migrator) (applied []string, err error) {
	all, err := migrations()
	if err != nil {
		return nil, err
	}
	if err := on.begin(ctx); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	defer on.rollback() // of nothing, after a commit
	known, err := appliedVersions(ctx, on)
	if err != nil {
		return nil, err
	}
	missing, err := compare(all, known)
	if err != nil {
		return nil, err
	}
	for _, m := range missing {
		applied = append(applied, m.name)
	}
	if db.looks || len(missing) == 0 {
		return applied, nil
	}
	for _, m := range missing {
		if err := m.apply(ctx, on, db.o.Clock()); err != nil {
			return nil, err
		}
	}
	if err := on.commit(ctx); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	level := slog.LevelInfo
	if len(known) == 0 {
		level = slog.LevelDebug // a new database is no news
	}
	for _, name := range applied {
		db.o.Log.Log(ctx, level, "schema changed", "migration", name)
	}
	return applied, nil
}

func (m migration) apply(ctx context.Context, on migrator, at time.Time) error {
	for _, s := range m.statements() {
		if err := on.exec(ctx, s); err != nil {
			return fmt.Errorf("migration %s: %w in %q", m.name, err, strings.TrimSpace(s))
		}
	}
	return on.exec(ctx, `INSERT INTO schema_version (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)`, m.version, m.name, m.checksum, at.UnixMilli())
}

func appliedVersions(ctx context.Context, on migrator) (known []migration, err error) {
	err = on.query(ctx, `SELECT version, name, checksum FROM schema_version ORDER BY version`, func(scan func(...any) error) error {
		var m migration
		err := scan(&m.version, &m.name, &m.checksum)
		known = append(known, m)
		return err
	})
	return known, err
}

// compare finds the migrations that were not applied, and refuses a database
// that this program does not know.
func compare(all, known []migration) (missing []migration, err error) {
	for i, k := range known {
		if i >= len(all) {
			return nil, fmt.Errorf("the database has schema %s, which is newer than this program (it knows %d); use the newer program", k.name, len(all))
		}
		if a := all[i]; a.version != k.version || a.checksum != k.checksum {
			return nil, fmt.Errorf("migration %s differs from the one that was applied to this database (%s); a released migration is never edited", a.name, k.name)
		}
	}
	return all[len(known):], nil
}
