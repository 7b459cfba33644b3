package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
)

// A Peek is what a look at a SQLite file found beside the process that has it open:
// for people to see, never to act on.
type Peek struct {
	Jobs     []PeekedJob
	Requests []approvals.Request // newest first
	Journal  []PeekedEntry       // oldest first
}

// A PeekedJob is a job that waits or runs.
type PeekedJob struct {
	RequestID, Kind string
	Due             time.Time
	Attempt         int
	Leased          bool
}

// A PeekedEntry is a line of the journal.
type PeekedEntry struct {
	RequestID, Kind, Actor string
	At                     time.Time
}

// PeekAt reads up to limit of each from a SQLite file. It takes no lock and changes
// nothing.
func PeekAt(ctx context.Context, file string, limit int) (Peek, error) {
	s, err := connectSQLite(file, sqlite{now: time.Now, unlock: func() error { return nil }})
	if err != nil {
		return Peek{}, fmt.Errorf("peek at the database: %w", err)
	}
	found, err := s.peek(ctx, limit)
	return found, errors.Join(err, s.read.Close(), s.write.Close())
}

func (s *Store) peek(ctx context.Context, limit int) (found Peek, err error) {
	if found.Requests, err = s.listRequests(ctx,
		`SELECT `+requestColumns+` FROM requests ORDER BY filed_at DESC, id DESC LIMIT $1`, limit); err != nil {
		return found, err
	}
	if err := s.peekRows(ctx, `SELECT request_id, kind, due_at, attempt, leased FROM jobs ORDER BY due_at, id LIMIT $1`,
		limit, func(scan func(...any) error) error {
			var j PeekedJob
			var due int64
			err := scan(&j.RequestID, &j.Kind, &due, &j.Attempt, &j.Leased)
			j.Due = fromMicros(due)
			found.Jobs = append(found.Jobs, j)
			return err
		}); err != nil {
		return found, err
	}
	return found, s.peekRows(ctx, `SELECT request_id, kind, actor, at FROM
			(SELECT id, request_id, kind, actor, at FROM journal ORDER BY id DESC LIMIT $1) AS newest ORDER BY id`,
		limit, func(scan func(...any) error) error {
			var e PeekedEntry
			var at int64
			err := scan(&e.RequestID, &e.Kind, &e.Actor, &at)
			e.At = fromMicros(at)
			found.Journal = append(found.Journal, e)
			return err
		})
}

func (s *Store) peekRows(
	ctx context.Context, query string, limit int, add func(scan func(...any) error) error,
) error {
	rows, err := s.read.QueryContext(ctx, query, limit)
	if err != nil {
		return fmt.Errorf("peek at the database: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := add(rows.Scan); err != nil {
			return fmt.Errorf("peek at the database: %w", err)
		}
	}
	return rows.Err()
}
