package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"licensebot/approvals"
)

// Options change how a store behaves; the zero value is for production.
type Options struct {
	// Now is the clock of leases and deadlines. Nil means time.Now for SQLite.
	// For PostgreSQL it means the database's own clock, because the clocks of
	// replicas differ.
	Now func() time.Time

	// Elapsed is how much time has really passed, whatever the clocks say; steps of
	// the clock are found by it. Nil means the process's own measure, or where Now is
	// set, that no step is looked for.
	Elapsed func() time.Duration

	// Observe is told each transition of a request after its commit. It must not block.
	// Nil means that it is not told. A transition may be missing whose commit is in doubt.
	Observe func(approvals.Transition)

	// NameOf is what Slack calls a person, as far as that is known from memory; the journal
	// keeps it. Nil means that no name is known.
	NameOf func(person string) string

	// MaxOpen is how many open requests one person may have. Zero sets no bound.
	MaxOpen int

	// Connections is how many connections to PostgreSQL this process opens at most,
	// the listening one included. It is at least MinConnections; zero means
	// DefaultConnections.
	Connections int
}

// Bounds of Options.Connections. While one connection listens, a migration takes two:
// one holds the lock.
const (
	DefaultConnections = 4
	MinConnections     = 3
)

// Open opens a database by its URL and brings its schema up to date. A SQLite store
// also releases the leases of a dead process. URLs are
// sqlite://licensebot.db, sqlite:///var/lib/licensebot/licensebot.db and
// postgres://user:password@host/database.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	if err := CheckURL(url); err != nil {
		return nil, fmt.Errorf("database URL %s %w", redactURL(url), err)
	}
	if file, isFile := strings.CutPrefix(url, "sqlite://"); isFile {
		return openSQLite(ctx, file, opts)
	}
	return openPostgres(ctx, url, opts)
}

// redactURL keeps a password out of the error.
func redactURL(url string) string {
	scheme, _, found := strings.Cut(url, "://")
	if !found {
		return "…"
	}
	return scheme + "://…"
}
