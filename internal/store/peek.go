package store

import (
	"context"
	"database/sql"
	"errors"
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
	s := connectSQLite(file, sqlite{now: time.Now, unlock: func() error { return nil }})
	found, err := s.peek(ctx, limit)
	return found, errors.Join(err, s.read.Close(), s.write.Close())
}

func (s *Store) peek(ctx context.Context, limit int) (found Peek, err error) {
	if found.Requests, err = s.listRequests(ctx,
		`SELECT `+requestColumns+` FROM requests ORDER BY filed_at DESC, id DESC LIMIT $1`, limit); err != nil {
		return found, err
	}
	jobs := readRows(ctx, s.read, scanPeekedJob,
		`SELECT request_id, kind, due_at, attempt, leased FROM jobs ORDER BY due_at, id LIMIT $1`, limit)
	if found.Jobs, err = collect(jobs); err != nil {
		return found, err
	}
	entries := journalRows(ctx, s.read, `WHERE j.id IN (SELECT id FROM journal ORDER BY id DESC LIMIT $1)`, limit)
	for row, err := range entries {
		if err != nil {
			return found, err
		}
		found.Journal = append(found.Journal,
			PeekedEntry{RequestID: row.RequestID, Kind: row.Kind, Actor: row.Actor, At: row.At})
	}
	return found, nil
}

func scanPeekedJob(rows *sql.Rows) (j PeekedJob, err error) {
	var due int64
	err = rows.Scan(&j.RequestID, &j.Kind, &due, &j.Attempt, &j.Leased)
	j.Due = fromMicros(due)
	return j, err
}
