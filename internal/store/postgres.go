package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// connections is how many connections one replica opens at the most, beside
// the one that listens. PostgreSQL allows a hundred by default.
const connections = 16

// sessionDefaults hold unless the URL says otherwise. A commit is on the disk
// when it returns, and a replica that stands still inside a transaction does
// not hold its locks for ever.
var sessionDefaults = map[string]string{
	"application_name":                    "licensebot",
	"synchronous_commit":                  "on",
	"lock_timeout":                        "5s",
	"statement_timeout":                   "10s",
	"idle_in_transaction_session_timeout": "10s",
}

// A postgres is the engine of a database that several replicas share. Its
// clock decides leases and deadlines.
type postgres struct {
	db     *sql.DB
	now    func() time.Time // nil: the database's
	me     string           // tells this process's own notifications from others'
	listen *listening
}

func openPostgres(ctx context.Context, url string, opts Options) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("database URL postgres://…: it cannot be understood; want postgres://USER:PASSWORD@HOST/DATABASE")
	}
	if strings.Contains(config.Database, "@") { // it holds part of the password, and errors name the database
		return nil, errors.New("database URL postgres://…: write a / in the password percent-encoded, as %2F")
	}
	for name, value := range sessionDefaults {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	db := stdlib.OpenDB(*config, stdlib.OptionResetSession(writable))
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)

	engine := &postgres{db: db, now: opts.Now, me: uuid.NewString()}
	s := &Store{engine: engine, write: db, read: db}
	if err := s.preparePostgres(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare database %s on %s: %w", config.Database, config.Host, err), db.Close())
	}
	engine.listen = startListening(config, engine.me, &s.signals)
	return s, nil
}

// writable gives up a connection that was opened while the database took no
// writes: its session would stay like that after the database has recovered.
func writable(_ context.Context, conn *pgx.Conn) error {
	for _, name := range []string{"default_transaction_read_only", "in_hot_standby"} {
		if conn.PgConn().ParameterStatus(name) == "on" { // the server reports them, since version 14
			return driver.ErrBadConn
		}
	}
	return nil
}

// preparePostgres migrates under a session lock: of several replicas that
// start at once one migrates and the others wait for it.
func (s *Store) preparePostgres(ctx context.Context) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // every second, for five minutes
	if err != nil {
		return err
	}
	return s.migrate(ctx, goose.DialectPostgres, "postgres", goose.WithSessionLocker(locker))
}

// clock reads the clock, and names the transaction that asks, in one question.
// clock_timestamp moves on inside a transaction, unlike now().
func (e *postgres) clock(ctx context.Context, q querier) (time.Time, string, error) {
	if q == e.db { // no transaction: to ask for a number would use one up
		if e.now != nil {
			return e.now(), "", nil
		}
		var us int64
		err := q.QueryRowContext(ctx, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`).Scan(&us)
		return fromMicros(us), "", err
	}
	var us int64
	var name string
	err := q.QueryRowContext(ctx, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
		concat_ws(' ', pg_current_xact_id(), extract(epoch FROM now()), extract(epoch FROM pg_postmaster_start_time()))`).Scan(&us, &name)
	if e.now != nil {
		return e.now(), name, err
	}
	return fromMicros(us), name, err
}

func (*postgres) forUpdate() string  { return " FOR UPDATE" }
func (*postgres) skipLocked() string { return " FOR UPDATE SKIP LOCKED" }

func (*postgres) exclude(ctx context.Context, tx *sql.Tx, name string) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, name)
	return err
}

func (e *postgres) close() error { return e.listen.stop() }

// judge tells races, which may go well the next time, and lost connections
// from everything else. PostgreSQL remembers what became of a transaction
// whose commit it did not get to answer, or whose caller gave up waiting.
func (e *postgres) judge(ctx context.Context, tx string, committing bool, err error) verdict {
	var answer *pgconn.PgError
	answered := errors.As(err, &answer)
	switch {
	case answered && raced(answer):
		return again
	case committing && (!answered || disconnected(err)):
		return e.fate(ctx, tx)
	case disconnected(err):
		return again
	}
	return lost
}

// raced reports whether a transaction failed because of what others did at the
// same moment: it may go well if it is run again.
func raced(answer *pgconn.PgError) bool {
	switch answer.Code {
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock timeout
		return true
	case "23505":
		return answer.ConstraintName == "jobs_lane_leased" // another claim was quicker
	}
	return false
}

// disconnected reports whether an error says that the connection is gone, or
// that the server is going or not yet there.
func disconnected(err error) bool {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		switch answer.Code {
		case "57P01", "57P02", "57P03", "25P03": // shutdown, crash, starting, idle too long in a transaction
			return true
		}
		return false
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err)
}

// Bounds of the questions after a transaction's fate, while the server restarts
// or the network is away. They are asked in the time that the caller has left,
// and for a moment more if that is over: it has to hear the truth all the same,
// and somebody may be waiting for it.
const (
	fateLimit  = 2 * time.Second
	fateMoment = 250 * time.Millisecond
)

// afterwards is the time in which a caller's doubt is to be settled.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := fateLimit
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, max(time.Until(end), fateMoment))
	}
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}

// fate asks whether a transaction whose COMMIT was never answered committed. A
// server that has not noticed that the connection is gone is told so: the
// COMMIT might reach it later, after its caller was told that nothing happened.
//
// A server that crashed gives the number of a transaction that it lost to
// another one, so the answer holds only while there is a session older than the
// transaction, on the very same server.
func (e *postgres) fate(ctx context.Context, tx string) verdict {
	name := strings.Fields(tx) // number, beginning, server; see clock
	if len(name) != 3 {
		return unknown
	}
	ctx, cancel := afterwards(ctx)
	defer cancel()
	for try := 1; waitToRetry(ctx, try); try++ {
		var status sql.NullString
		err := e.db.QueryRowContext(ctx, `SELECT CASE
			WHEN extract(epoch FROM pg_postmaster_start_time())::text = $3
			AND EXISTS (SELECT 1 FROM pg_stat_activity WHERE extract(epoch FROM backend_start) < $2::numeric)
			THEN pg_xact_status($1::xid8) END`, name[0], name[1], name[2]).Scan(&status)
		switch {
		case err == nil && status.String == "committed":
			return committed
		case err == nil && status.String == "aborted":
			return again
		case err == nil && status.String == "in progress":
			_, _ = e.db.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid = $1::xid8::xid`, name[0])
		case err == nil || !disconnected(err):
			return unknown
		}
	}
	return unknown
}
