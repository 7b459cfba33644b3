package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver named "sqlite", without cgo

	"licensebot/approvals"
)

// readers is how many connections read beside the one that writes.
const readers = 4

// A sqlite is the engine of a file that one process has for itself. Its one
// writing connection makes every transaction the only one.
type sqlite struct {
	now    func() time.Time
	unlock func() error
}

// openSQLite opens the file for this process alone. The lock lets it take
// every lease back at once: nobody else can be holding one.
func openSQLite(ctx context.Context, path string, opts Options) (*Store, error) {
	lock := flock.New(path + ".lock")
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock database %s: %w (does its folder exist, and may this user write there?)", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("database %s is in use by another licensebot: stop that one first, or give this one a file of its own", path)
	}
	// Created here because SQLite would let others read it.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), lock.Unlock())
	}
	_ = file.Close()

	engine := sqlite{now: opts.Now, unlock: lock.Unlock}
	if engine.now == nil {
		engine.now = time.Now
	}
	s := &Store{engine: engine}
	if s.write, err = sql.Open("sqlite", dsn(path, "immediate")); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "deferred")+"&_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, s.write.Close(), lock.Unlock())
	}
	s.write.SetMaxOpenConns(1) // a second writer would only wait behind the busy handler
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	if err := s.prepareSQLite(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare database %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *Store) prepareSQLite(ctx context.Context) error {
	if err := s.migrate(ctx, goose.DialectSQLite3, "sqlite"); err != nil {
		return err
	}
	now, _, err := s.engine.clock(ctx, s.read)
	if err != nil {
		return err
	}
	_, err = s.write.ExecContext(ctx, `UPDATE jobs SET leased = 0, due_at = $1 WHERE leased = 1`, micros(now))
	return err
}

// dsn sets what every connection needs: a commit is on the disk when it
// returns (WAL with synchronous FULL), references hold, and deleted rows are
// overwritten.
func dsn(path, txlock string) string {
	q := url.Values{"_txlock": {txlock}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "secure_delete(1)",
	}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func (e sqlite) clock(context.Context, querier) (time.Time, string, error) { return e.now(), "", nil }

func (sqlite) forUpdate() string  { return "" }
func (sqlite) skipLocked() string { return "" }

func (sqlite) exclude(context.Context, *sql.Tx, string) error { return nil }

func (sqlite) announce(context.Context, *sql.Tx, []approvals.JobKind) error { return nil }

// judge: a transaction that has the database for itself loses no races, and a
// commit that fails has not happened.
func (sqlite) judge(context.Context, string, bool, error) verdict { return lost }

func (e sqlite) close() error { return e.unlock() }
