package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/pressly/goose/v3"

	"licensebot/approvals"
)

// readConnections is how many connections read. One more writes.
const readConnections = 4

// A sqlite is the engine of a file for one process. The store has one writing
// connection, so each transaction runs alone.
type sqlite struct {
	now    func() time.Time
	unlock func() error
}

// openSQLite opens the file for this process alone. Under its lock all leases are
// those of dead processes, so openSQLite releases them at once.
func openSQLite(ctx context.Context, name string, opts Options) (*Store, error) {
	file, err := findFile(name)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w (does its folder exist, and may this user write there?)", name, err)
	}
	if err := errors.Join(file.checkAccess(), file.refuseMount()); err != nil {
		return nil, err
	}
	unlock, err := file.lock()
	if err != nil {
		return nil, err
	}
	now := time.Now
	if opts.Now != nil {
		now = opts.Now
	}
	s := connectSQLite(file.path, sqlite{now: now, unlock: unlock})
	s.clock, s.maxOpen, s.observe, s.nameOf = watchClock(opts), opts.MaxOpen, opts.Observe, opts.NameOf
	if err := errors.Join(s.prepareSQLite(ctx), file.checkUnchanged()); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare database %s: %w", name, err), s.Close())
	}
	return s, nil
}

// connectSQLite makes a store with one writing and several reading connections.
func connectSQLite(path string, engine sqlite) *Store {
	s := &Store{engine: engine, begin: beginSQLite, disk: watchDisk(), alone: true, place: path}
	s.filings.turn = make(chan struct{}, 1)
	s.write = sql.OpenDB(&sqliteConnector{source: dataSourceName(path, "immediate")})
	readOnly := dataSourceName(path, "deferred") + "&_pragma=query_only(1)"
	s.read = &readPool{DB: sql.OpenDB(&sqliteConnector{source: readOnly})}
	s.write.SetMaxOpenConns(1) // a second writer would only wait for the first
	s.read.SetMaxOpenConns(readConnections)
	s.read.SetMaxIdleConns(readConnections)
	return s
}

// prepareSQLite migrates the schema and releases the leases of an earlier process.
func (s *Store) prepareSQLite(ctx context.Context) error {
	if err := s.migrateSchema(ctx, goose.DialectSQLite3, "sqlite"); err != nil {
		return err
	}
	now, _, err := s.engine.readClock(ctx, s.read)
	if err != nil {
		return err
	}
	_, err = s.write.ExecContext(ctx, `UPDATE jobs SET leased = 0, due_at = $1 WHERE leased = 1`, toMicros(now))
	return err
}

// dataSourceName sets what every connection needs. A commit is on the disk when it
// returns (WAL with synchronous FULL), references hold, and deleted rows are
// overwritten.
func dataSourceName(path, txlock string) string {
	q := url.Values{"_txlock": {txlock}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "secure_delete(1)",
	}}
	return dataSource(path, q.Encode())
}

// dataSource is SQLite's own URL of a file.
func dataSource(path, query string) string {
	return (&url.URL{Scheme: "file", Opaque: escapePath(path), RawQuery: query}).String()
}

func escapePath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// readClock reads the clock on the wall, as exactly as columns keep it. A reading of the process's
// own clock beside it would hide a step: what is subtracted from it follows no one who sets the time.
func (e sqlite) readClock(context.Context, querier) (time.Time, string, error) {
	return e.now().Truncate(time.Microsecond), "", nil
}

func (sqlite) forUpdate() string  { return "" }
func (sqlite) skipLocked() string { return "" }

func (sqlite) lockName(context.Context, transaction, string) error { return nil }

func (sqlite) notifyReplicas(context.Context, transaction, []approvals.JobKind) error { return nil }

// classifyFailure never retries: each transaction runs alone, so none loses a race,
// and a failed commit changes nothing.
func (sqlite) classifyFailure(context.Context, string, bool, error) txOutcome { return txFailed }

func (e sqlite) close() error { return e.unlock() }
