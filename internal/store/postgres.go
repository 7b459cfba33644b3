package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"licensebot/internal/silence"
)

// sessionDefaults hold unless the URL says otherwise. A commit is on the disk when
// it returns. A replica loses its locks if it stalls inside a transaction.
var sessionDefaults = map[string]string{
	"application_name":                    "licensebot",
	"synchronous_commit":                  "on",
	"lock_timeout":                        "5s",
	"statement_timeout":                   "10s",
	"idle_in_transaction_session_timeout": "10s",
}

// A postgres is the engine of a shared database. The database's clock decides leases
// and deadlines on all replicas.
type postgres struct {
	db        *sql.DB
	now       func() time.Time // nil: the database's clock
	replicaID string           // tells this process's own notifications from others'
	listener  *replicaListener
	alone     *sql.Conn // holds the lock of a move; nil in a bot
}

// openPostgres opens a database, which other replicas may have open as well.
func openPostgres(ctx context.Context, url string, opts Options) (*Store, error) {
	config, err := parsePostgresURL(url)
	if err != nil {
		return nil, err
	}
	s, engine := connectPostgres(config, opts)
	err = checkPool(ctx, engine.db, opts.connections())
	for _, prepare := range []func(context.Context) error{s.refuseWhileMoved, s.preparePostgres} {
		if err == nil {
			err = prepare(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare database %s on %s: %w", config.Database, config.Host, err), s.Close())
	}
	engine.listener = startListening(config, engine.replicaID, &s.signals)
	return s, nil
}

// connections is how many a replica has to PostgreSQL.
func (o Options) connections() int {
	return max(cmp.Or(o.Connections, DefaultConnections), MinConnections)
}

// connectPostgres makes a store with a pool of connections. None is opened yet.
func connectPostgres(config *pgx.ConnConfig, opts Options) (*Store, *postgres) {
	db := stdlib.OpenDB(*config, stdlib.OptionResetSession(rejectReadOnly), stdlib.OptionShouldPing(isDead))
	pool := opts.connections() - 1 // one more listens
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	db.SetConnMaxIdleTime(5 * time.Minute)

	engine := &postgres{db: db, now: opts.Now, replicaID: uuid.NewString()}
	return &Store{
		engine: engine, begin: beginPostgres, write: db, read: &readPool{DB: db}, clock: watchClock(opts),
		maxOpen: opts.MaxOpen, observe: opts.Observe, nameOf: opts.NameOf,
		place: config.Database + " on " + config.Host,
	}, engine
}

// parsePostgresURL reads the URL and adds the defaults. Its errors leave the URL out,
// because it may hold a password.
func parsePostgresURL(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, postgresURLError(url, err)
	}
	if misplaced := passwordInPlace(config); misplaced != "" {
		return nil, errors.New(misplaced)
	}
	for name, value := range sessionDefaults {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	config.DialFunc = silence.NewDialer(answerLimit(config.RuntimeParams["statement_timeout"]))
	return config, nil
}

// rejectReadOnly gives up a connection from a time when the database was read-only.
// Its session would stay read-only after the database has recovered.
func rejectReadOnly(_ context.Context, conn *pgx.Conn) error {
	for _, name := range []string{"default_transaction_read_only", "in_hot_standby"} {
		if conn.PgConn().ParameterStatus(name) == "on" { // servers report both since version 14
			return driver.ErrBadConn
		}
	}
	return nil
}

// preparePostgres migrates under a session lock. If several replicas start at once,
// one migrates and the others wait for it.
func (s *Store) preparePostgres(ctx context.Context) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // every second, for five minutes
	if err != nil {
		return err
	}
	return s.migrateSchema(ctx, goose.DialectPostgres, "postgres", goose.WithSessionLocker(locker))
}

// readClock reads the clock, and names the transaction in the same query. It uses
// clock_timestamp, because now() stands still inside a transaction.
func (e *postgres) readClock(ctx context.Context, q querier) (time.Time, string, error) {
	if _, inTx := q.(*tx); !inTx { // outside a transaction, pg_current_xact_id would use up a number
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
		concat_ws(' ', pg_current_xact_id(), extract(epoch FROM now()), extract(epoch FROM pg_postmaster_start_time()))`,
	).Scan(&us, &name)
	if e.now != nil {
		return e.now(), name, err
	}
	return fromMicros(us), name, err
}

func (*postgres) forUpdate() string  { return " FOR UPDATE" }
func (*postgres) skipLocked() string { return " FOR UPDATE SKIP LOCKED" }

func beginPostgres(ctx context.Context, db *sql.DB) (transaction, error) {
	return db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
}

func (*postgres) lockName(ctx context.Context, tx transaction, name string) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, name)
	return err
}

func (e *postgres) close() error {
	if e.alone != nil {
		ending, cancel := context.WithTimeout(context.Background(), reconnectDelay)
		defer cancel()
		_, _ = e.alone.ExecContext(ending, giveBackLocks)
		return e.alone.Close() // ends the session, since the pool is closed by now
	}
	return e.listener.stopListening()
}
