// Package store keeps requests, reactions, the journal and owed work: in an
// embedded SQLite file, durable before anything is acknowledged.
//
// One transaction makes one transition: the request's row, its journal line
// and the owed work change together or not at all. What happens is decided by
// approvals.Next, which runs inside the transaction; this package only makes
// its result last. Whoever waits for owed work is woken when it commits.
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
)

//go:embed migrations/*.sql
var migrations embed.FS

// A Store is safe for concurrent use. It is made by Open.
type Store struct {
	write  *sql.DB // one connection: a second writer would only wait behind the busy handler
	read   *sql.DB
	now    func() time.Time
	bell   bell
	unlock func() error
}

// Options change how a store behaves; the zero value is for production.
type Options struct {
	Now func() time.Time // the clock of leases and deadlines; time.Now when nil
}

// Open opens the database that a URL such as sqlite://licensebot.db or
// sqlite:///var/lib/licensebot/licensebot.db names, brings its schema up to
// date, and takes back what a process that died held under lease.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	path, ok := strings.CutPrefix(url, "sqlite://")
	if !ok || path == "" {
		return nil, fmt.Errorf("database URL %q: want sqlite://FILE, for example sqlite://licensebot.db", redactURL(url))
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s, err := openSQLite(path, opts)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare database %s: %w", path, err), s.Close())
	}
	return s, nil
}

// redactURL keeps a password in a URL that was meant for another database out
// of the error.
func redactURL(url string) string {
	scheme, _, _ := strings.Cut(url, "://")
	return scheme + "://…"
}

func (s *Store) prepare(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, s.write, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	_, err = s.write.ExecContext(ctx, `UPDATE owed SET leased = 0, due_at = $1 WHERE leased = 1`, micros(s.now()))
	return err
}

// Close releases the database. It may be called more than once.
func (s *Store) Close() error {
	return errors.Join(s.read.Close(), s.write.Close(), s.unlock())
}

// Ping reports whether the store can still be written to.
func (s *Store) Ping(ctx context.Context) error {
	return s.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE owed SET leased = leased WHERE id = -1`)
		return err
	})
}

// Now is the store's clock.
func (s *Store) Now(context.Context) (time.Time, error) { return s.now(), nil }

// Listen signals whenever work of these kinds may have become due.
func (s *Store) Listen(kinds ...approvals.Kind) (<-chan struct{}, func()) {
	return s.bell.listen(kinds)
}

// A tx is one transaction with its own now and the kinds of work to wake the
// workers for once it is durable.
type tx struct {
	*sql.Tx
	now  time.Time
	wake []approvals.Kind
}

// inTx runs work in one immediate write transaction.
func (s *Store) inTx(ctx context.Context, work func(*tx) error) error {
	sqlTx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	t := &tx{Tx: sqlTx, now: s.now()}
	if err := work(t); err != nil {
		return errors.Join(err, ignoreDone(sqlTx.Rollback()))
	}
	if err := sqlTx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.bell.ring(t.wake)
	return nil
}

// ignoreDone drops the error of rolling back what a lost context ended already.
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
