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
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// A migration is one numbered file, applied in a transaction of its own and
// never edited after its release.
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

// A migrator is a connection that migrations run on, one transaction at a
// time. begin also makes every other process wait.
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

// migrate applies what is missing, in order, and returns the names of it.
func migrate(ctx context.Context, db *DB, on migrator) (applied []string, err error) {
	all, err := migrations()
	if err != nil {
		return nil, err
	}
	if db.looks {
		return missing(ctx, on, all)
	}
	level := slog.LevelInfo
	for {
		name, err := migrateOne(ctx, db, on, all)
		if err != nil || name == "" {
			return applied, err
		}
		if name == all[0].name {
			level = slog.LevelDebug // a new database is no news
		}
		db.o.Log.Log(ctx, level, "schema changed", "migration", name)
		applied = append(applied, name)
	}
}

// missing names what migrate would apply.
func missing(ctx context.Context, on migrator, all []migration) (names []string, err error) {
	if err := on.begin(ctx); err != nil {
		return nil, err
	}
	defer on.rollback()
	known, err := appliedVersions(ctx, on)
	if err != nil {
		return nil, err
	}
	if _, err := compare(all, known); err != nil {
		return nil, err
	}
	for _, m := range all[len(known):] {
		names = append(names, m.name)
	}
	return names, nil
}

// migrateOne applies the first migration that is missing. What is applied is
// read again each time, for another process may have been faster.
func migrateOne(ctx context.Context, db *DB, on migrator, all []migration) (name string, err error) {
	if err := on.begin(ctx); err != nil {
		return "", fmt.Errorf("migrate: %w", err)
	}
	defer func() {
		if err != nil || name == "" {
			on.rollback()
		}
	}()
	known, err := appliedVersions(ctx, on)
	if err != nil {
		return "", err
	}
	next, err := compare(all, known)
	if err != nil || next == nil {
		return "", err
	}
	for _, s := range next.statements() {
		if err := on.exec(ctx, s); err != nil {
			return "", fmt.Errorf("migration %s: %w in %q", next.name, err, strings.TrimSpace(s))
		}
	}
	err = on.exec(ctx, `INSERT INTO schema_version (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)`,
		next.version, next.name, next.checksum, db.o.Clock().UnixMilli())
	if err != nil {
		return "", err
	}
	if err := on.commit(ctx); err != nil {
		return "", fmt.Errorf("migration %s: %w", next.name, err)
	}
	return next.name, nil
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

// compare finds the first migration that was not applied, nil if none, and
// refuses a database that this program does not know.
func compare(all, known []migration) (next *migration, err error) {
	for i, k := range known {
		if i >= len(all) {
			return nil, fmt.Errorf("the database has schema %s, which is newer than this program (it knows %d); use the newer program", k.name, len(all))
		}
		if a := all[i]; a.version != k.version || a.checksum != k.checksum {
			return nil, fmt.Errorf("migration %s differs from the one that was applied to this database (%s); a released migration is never edited", a.name, k.name)
		}
	}
	if len(known) < len(all) {
		return &all[len(known)], nil
	}
	return nil, nil
}
