// Package store keeps requests, reactions, the journal and owed work: in an
// embedded SQLite file for one process, or in PostgreSQL for several replicas.
// What it keeps is durable before anything is acknowledged.
//
// One transaction makes one transition: the request's row, its journal line
// and the owed work change together or not at all. What happens is decided by
// approvals.Next, which runs inside the transaction; this package only makes
// its result last. Whoever waits for owed work is woken when it commits.
//
// One SQL text serves both databases. What they do differently (locks, clocks,
// waking other processes, what an error means) is an engine: sqlite.go and
// postgres.go.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

//go:embed migrations
var migrations embed.FS

// A Store is safe for concurrent use. It is made by Open.
type Store struct {
	engine  engine
	write   *sql.DB
	read    *sql.DB
	signals signals
}

// An engine is what one kind of database does in its own way.
type engine interface {
	// clock tells the time that decides leases and deadlines, and names the
	// transaction it is asked in, if the database can tell its fate later.
	clock(ctx context.Context, q querier) (now time.Time, tx string, err error)
	// forUpdate ends a SELECT of a row that the transaction will change, and
	// skipLocked one of a row that others may be taking as well.
	forUpdate() string
	skipLocked() string
	// exclude keeps out every other transaction that excludes the same name,
	// until this one ends.
	exclude(ctx context.Context, tx *sql.Tx, name string) error
	// announce wakes other processes when the transaction commits.
	announce(ctx context.Context, tx *sql.Tx, kinds []approvals.JobKind) error
	// judge says what is to be made of a transaction that failed.
	judge(ctx context.Context, tx string, committing bool, err error) verdict
	// close releases what the engine holds besides its connections.
	close() error
}

// A verdict is what became of a transaction that ended in an error.
type verdict int

const (
	lost      verdict = iota // it did not happen, and the caller has to know
	again                    // it did not happen; the same work may go well now
	committed                // it happened, though its answer was lost
	unknown                  // whether it happened could not be found out
)

// A querier is a transaction or a pool of connections.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Options change how a store behaves; the zero value is for production.
type Options struct {
	// Now is the clock of leases and deadlines. Nil: time.Now for SQLite, the
	// database's own clock for PostgreSQL, because clocks of replicas differ.
	Now func() time.Time
}

// Open opens the database that a URL names, brings its schema up to date, and
// takes back what a process that died held under lease. URLs are
// sqlite://licensebot.db, sqlite:///var/lib/licensebot/licensebot.db and
// postgres://user:password@host/database.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	scheme, rest, _ := strings.Cut(url, "://")
	switch {
	case scheme == "sqlite" && rest != "":
		return openSQLite(ctx, rest, opts)
	case scheme == "postgres" && rest != "", scheme == "postgresql" && rest != "":
		return openPostgres(ctx, url, opts)
	}
	return nil, fmt.Errorf("database URL %q: want sqlite://FILE or postgres://…, for example sqlite://licensebot.db", redactURL(url))
}

// redactURL keeps a password out of the error.
func redactURL(url string) string {
	scheme, _, found := strings.Cut(url, "://")
	if !found {
		return "…"
	}
	return scheme + "://…"
}

// migrate brings the schema up to date from the files in folder, and refuses
// one that is ahead of them: it would be misread, and written to as if it were
// not. That is looked at last, because a newer replica may be migrating at the
// same time; to one that is ahead nothing is done before.
func (s *Store) migrate(ctx context.Context, dialect goose.Dialect, folder string, opts ...goose.ProviderOption) error {
	if s.isPreRelease(ctx) {
		return errPreRelease
	}
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, s.write, files, append(opts, goose.WithLogger(goose.NopLogger()))...)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	found, known, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the schema's version: %w", err)
	case found > known:
		return fmt.Errorf("a newer licensebot has upgraded it (to schema %d, and this one knows %d): start that version, or restore a backup made before the upgrade", found, known)
	}
	return nil
}

// errPreRelease refuses a database whose tables have the names of before the
// first release.
var errPreRelease = errors.New("it was made by a pre-release of licensebot, which this version cannot read: " +
	"move it away and start with a new one")

// isPreRelease reports whether the database has a table that only pre-releases
// had.
func (s *Store) isPreRelease(ctx context.Context) bool {
	_, err := s.write.ExecContext(ctx, `SELECT 1 FROM owed`)
	return err == nil
}

// Close releases the database. It may be called more than once. What keeps
// other processes out goes last.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return errors.Join(err, s.engine.close())
}

// Ping reports whether the store can still be written to.
func (s *Store) Ping(ctx context.Context) error {
	return s.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET leased = leased WHERE id = -1`)
		return err
	})
}

// Now is the store's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	now, _, err := s.engine.clock(ctx, s.read)
	return now, err
}

// Listen signals whenever work of these kinds may have become due.
func (s *Store) Subscribe(kinds ...approvals.JobKind) (<-chan struct{}, func()) {
	return s.signals.subscribe(kinds)
}

// Wake wakes all who wait for work: the clock they wait by was put forward.
func (s *Store) SignalAll() { s.signals.signalAll() }

// A tx is one transaction with its own now and the kinds of work to wake the
// workers for once it is durable.
type tx struct {
	*sql.Tx
	engine engine
	name   string
	now    time.Time
	wake   []approvals.JobKind
}

// maxTries bounds how often a transaction is begun that lost a race or its
// connection.
const maxTries = 6

// inTx runs work in one write transaction, and once more if it lost a race
// that it may win the next time. work must not remember anything of an earlier
// run.
func (s *Store) inTx(ctx context.Context, work func(*tx) error) error {
	for try := 1; ; try++ {
		t := &tx{engine: s.engine}
		committing, err := s.once(ctx, t, work)
		if err == nil {
			s.signals.signal(t.wake)
			return nil
		}
		switch s.engine.judge(ctx, t.name, committing, err) {
		case committed:
			s.signals.signal(t.wake)
			return nil
		case again:
			if try < maxTries && waitToRetry(ctx, try) {
				continue
			}
		case unknown:
			s.signals.signal(t.wake) // looking for nothing does no harm
			return fmt.Errorf("%w: %w", approvals.ErrCommitUnknown, err)
		}
		return err
	}
}

// once runs work in one transaction, in which each statement sees what others
// committed before it. committing tells whether the commit was sent.
func (s *Store) once(ctx context.Context, t *tx, work func(*tx) error) (committing bool, err error) {
	t.Tx, err = s.write.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	if err = t.tick(ctx); err == nil {
		err = work(t)
	}
	if err == nil {
		err = s.engine.announce(ctx, t.Tx, t.wake)
	}
	if err != nil {
		return false, errors.Join(err, ignoreDone(t.Rollback()))
	}
	if err := t.Commit(); err != nil {
		return true, fmt.Errorf("commit: %w", err)
	}
	return true, nil
}

// tick reads the clock. It is read again once a transaction has waited for a
// lock, because what was a vote in time may then be none.
func (t *tx) tick(ctx context.Context) (err error) {
	t.now, t.name, err = t.engine.clock(ctx, t)
	return err
}

// waitToRetry waits a moment before another try: 2, 4, 8, ... milliseconds. It
// reports whether ctx left time for that.
func waitToRetry(ctx context.Context, try int) bool {
	return sleep.For(ctx, time.Millisecond<<try)
}

// ignoreDone drops the error of rolling back what a lost context or a lost
// connection ended already.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// nullMicros stores the zero time as NULL.
func nullMicros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return micros(t)
}

func fromNullMicros(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return fromMicros(us.Int64)
}

// flag stores a truth as 0 or 1, which both databases compare alike.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
