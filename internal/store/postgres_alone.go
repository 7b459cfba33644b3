package store

import (
	"context"
	"errors"
	"fmt"
)

// giveBackLocks comes before the end of a session. The server ends a session a moment after
// its client has left, and until then a program that starts would find its locks.
const giveBackLocks = `SELECT pg_advisory_unlock_all()`

// refuseWhileMoved refuses to start on a database that a move reads or writes.
func (s *Store) refuseWhileMoved(ctx context.Context) error {
	var free bool
	err := s.write.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock_shared(`+replicaLock+`)`).Scan(&free)
	if err == nil && !free {
		err = errors.New("licensebot migrate is moving it: start again when that is done")
	}
	return err
}

// openPostgresAlone opens a database on which no bot runs. It keeps bots away until
// the store is closed.
func openPostgresAlone(ctx context.Context, url string) (*Store, error) {
	config, err := parsePostgresURL(url)
	if err != nil {
		return nil, err
	}
	s, engine := connectPostgres(config, Options{})
	err = checkPool(ctx, engine.db, 2) // the lock belongs to a session
	if err == nil {
		err = engine.lockAlone(ctx)
	}
	if err == nil {
		err = s.preparePostgres(ctx) // the lock comes first: replicas may be at work on an older schema
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database %s on %s: %w", config.Database, config.Host, err), s.Close())
	}
	return s, nil
}

// lockAlone takes the lock of a move, in a session of its own.
func (e *postgres) lockAlone(ctx context.Context) (err error) {
	if e.alone, err = e.db.Conn(ctx); err != nil {
		return err
	}
	var alone bool
	err = e.alone.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(`+replicaLock+`)`).Scan(&alone)
	if err == nil && !alone {
		err = errors.New("a licensebot runs on it: stop all replicas first")
	}
	return err
}
