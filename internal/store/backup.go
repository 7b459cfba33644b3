package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ErrNotSQLite says that a database is copied by its own tools.
var ErrNotSQLite = errors.New("only a SQLite database is a file that can be copied: use pg_dump for PostgreSQL")

// Backup copies a SQLite database to a new file while a bot may be running on it. The
// copy is one state of all tables, and complete without a log. It is checked before
// Backup returns.
func Backup(ctx context.Context, url, file string) (err error) {
	name, isFile := strings.CutPrefix(url, "sqlite://")
	if !isFile {
		return ErrNotSQLite
	}
	if _, err := os.Stat(name); err != nil {
		return fmt.Errorf("the database: %w", err)
	}
	copied, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) // SQLite would let others read it
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: name a new file", file)
	}
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, copied.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(file))
		}
	}()
	if err := runOn(ctx, dataSourceName(name, "deferred")+"&mode=rw", `VACUUM INTO $1`, file); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := checkIntegrity(ctx, file); err != nil {
		return fmt.Errorf("the copy: %w", err)
	}
	return copied.Sync()
}

// runOn runs one statement on a SQLite file.
func runOn(ctx context.Context, source, statement string, args ...any) error {
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement, args...)
	return errors.Join(err, db.Close())
}

// checkIntegrity reads a file that no process writes, and leaves no log beside it.
func checkIntegrity(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", dataSource(file, "mode=ro&immutable=1"))
	if err != nil {
		return err
	}
	var verdict string
	err = errors.Join(db.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&verdict), db.Close())
	if err == nil && verdict != "ok" {
		err = errors.New(verdict)
	}
	return err
}
