package store

import (
	"context"
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

// Open opens a database by its URL and brings its schema up to date. A SQLite store
// also releases the leases of a dead process. URLs are
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
	return nil, fmt.Errorf("database URL %q is not supported: use sqlite://FILE, for example sqlite://licensebot.db, "+
		"or postgres://USER:PASSWORD@HOST/DATABASE", redactURL(url))
}

// redactURL keeps a password out of the error.
func redactURL(url string) string {
	scheme, _, found := strings.Cut(url, "://")
	if !found {
		return "…"
	}
	return scheme + "://…"
}

// Ping reports whether the store can still write.
func (s *Store) Ping(ctx context.Context) error {
	return s.runInTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET leased = leased WHERE id = -1`)
		return err
	})
}
