package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options change how a store behaves; the zero value is for production.
type Options struct {
	// Now is the clock of leases and deadlines. Nil means time.Now for SQLite.
	// For PostgreSQL it means the database's own clock, because the clocks of
	// replicas differ.
	Now func() time.Time
}

// Open opens the database that a URL names and brings its schema up to date.
// A SQLite store also releases the leases of a process that died. URLs are
// sqlite://licensebot.db, sqlite:///var/lib/licensebot/licensebot.db and
// postgres://user:password@host/database.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	scheme, rest, _ := strings.Cut(url, "://")
	switch {
	case scheme == "sqlite" && rest != "":
		return openSQLite(ctx, rest, opts.Now)
	case scheme == "postgres" && rest != "", scheme == "postgresql" && rest != "":
		return openPostgres(ctx, url, opts.Now)
	}
	return nil, fmt.Errorf("database URL %q is not supported: use sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE, "+
		"for example sqlite://licensebot.db", redactURL(url))
}

// redactURL keeps a password out of the error.
func redactURL(url string) string {
	scheme, _, found := strings.Cut(url, "://")
	if !found {
		return "…"
	}
	return scheme + "://…"
}

// Close releases the database. It may be called more than once. The engine is
// closed last, because its lock keeps other processes out.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return errors.Join(err, s.engine.close())
}

// Ping reports whether the store can still write.
func (s *Store) Ping(ctx context.Context) error {
	return s.runInTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET leased = leased WHERE id = -1`)
		return err
	})
}
