package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
)

// isHead is true of a job that is in no lane, or whose turn it is: it is under
// lease itself, or no other job of its lane is and none has to go first. Ids
// alone would not do: of two transactions, the one with the higher id may commit
// first. In a lane that is not in order, a job that was tried goes before all
// that were not, and of two that were tried the earlier goes first.
const isHead = `(lane IS NULL OR NOT EXISTS (SELECT 1 FROM jobs AS mate
	WHERE mate.lane = jobs.lane AND mate.id <> jobs.id
	AND (mate.leased = 1 OR jobs.leased = 0 AND CASE WHEN jobs.in_order = 1
		THEN mate.id < jobs.id
		ELSE mate.tried_at IS NOT NULL AND (jobs.tried_at IS NULL OR mate.id < jobs.id) END)))`

// jobDetail is the part of a job that no query asks for.
type jobDetail struct {
	Number  int               `json:"number,omitempty"`
	Person  string            `json:"person,omitempty"`
	Payload approvals.Payload `json:"payload,omitzero"`
}

// enqueue adds a job. A job that waits already is hastened, not doubled; one that
// runs at the moment runs once more.
func (t *tx) enqueue(ctx context.Context, r approvals.Request, j approvals.Job) error {
	due := j.Due
	if due.IsZero() {
		due = t.now
	}
	detail, err := json.Marshal(jobDetail{Number: j.Number, Person: j.Person, Payload: j.Payload})
	if err != nil {
		return err
	}
	lane := j.LaneOf(r)
	_, err = t.ExecContext(ctx, `INSERT INTO jobs (request_id, kind, key, detail, lane, in_order, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (request_id, kind, key) DO UPDATE SET
			revision = jobs.revision + 1,
			detail = excluded.detail,
			due_at = CASE WHEN jobs.leased = 1 OR jobs.due_at < excluded.due_at THEN jobs.due_at ELSE excluded.due_at END`,
		r.ID, string(j.Kind), j.Key(), string(detail),
		sql.NullString{String: lane.Name, Valid: lane.Name != ""}, flag(lane.InOrder), micros(due))
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", j.Kind, err)
	}
	t.wake = append(t.wake, j.Kind)
	return nil
}

// unreadablePause is how long a job waits whose request cannot be decoded,
// perhaps because a newer version wrote it.
const unreadablePause = 5 * time.Minute

// ClaimJob leases the most urgent due job of the first kind that has one. A job
// whose request cannot be decoded is put off, so that it holds up no other, and
// the error comes with it.
func (s *Store) ClaimJob(ctx context.Context, lease time.Duration, kinds ...approvals.JobKind) (approvals.LeasedJob, approvals.Request, error) {
	var job approvals.LeasedJob
	var request approvals.Request
	var unread error
	err := s.inTx(ctx, func(tx *tx) error {
		unread = nil
		for _, kind := range kinds {
			found, err := tx.claim(ctx, kind, lease)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return fmt.Errorf("claim %s: %w", kind, err)
			}
			job = found
			request, err = scanRequest(tx.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM requests WHERE id = $1`, job.RequestID))
			if errors.Is(err, errUnread) {
				unread = err
				return tx.putOff(ctx, job, unreadablePause, false)
			}
			return err
		}
		return approvals.ErrNoJob
	})
	if err != nil {
		return approvals.LeasedJob{}, approvals.Request{}, err
	}
	return job, request, unread
}

func (t *tx) claim(ctx context.Context, kind approvals.JobKind, lease time.Duration) (approvals.LeasedJob, error) {
	var id, attempt, revision int64
	var request, text string
	var tried sql.NullInt64
	err := t.QueryRowContext(ctx, `UPDATE jobs SET leased = 1, attempt = attempt + 1, due_at = $3
		WHERE id = (SELECT id FROM jobs WHERE kind = $1 AND due_at <= $2 AND `+isHead+` ORDER BY due_at, id LIMIT 1`+t.engine.skipLocked()+`)
		RETURNING id, request_id, detail, attempt, revision, tried_at`,
		string(kind), micros(t.now), micros(t.now.Add(lease)),
	).Scan(&id, &request, &text, &attempt, &revision, &tried)
	if err != nil {
		return approvals.LeasedJob{}, err
	}
	var detail jobDetail
	if err := json.Unmarshal([]byte(text), &detail); err != nil {
		return approvals.LeasedJob{}, fmt.Errorf("read job %d: %w", id, err)
	}
	return approvals.LeasedJob{
		ID: id, RequestID: request, Attempt: int(attempt), Revision: int(revision), TriedAt: fromNullMicros(tried),
		Job: approvals.Job{Kind: kind, Number: detail.Number, Person: detail.Person, Payload: detail.Payload},
	}, nil
}

// NextDue tells how long until the next job of these kinds may be due.
func (s *Store) NextDue(ctx context.Context, kinds ...approvals.JobKind) (time.Duration, bool, error) {
	var next int64
	var found bool
	for _, kind := range kinds {
		var due int64
		err := s.read.QueryRowContext(ctx, `SELECT due_at FROM jobs WHERE kind = $1 AND `+isHead+`
			ORDER BY due_at LIMIT 1`, string(kind)).Scan(&due)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return 0, false, fmt.Errorf("look for %s jobs: %w", kind, err)
		case !found || due < next:
			next, found = due, true
		}
	}
	if !found {
		return 0, false, nil
	}
	now, err := s.Now(ctx)
	return time.Duration(next-micros(now)) * time.Microsecond, true, err
}

// MarkTried records that the job's effect is about to be attempted.
func (s *Store) MarkTried(ctx context.Context, job approvals.LeasedJob) error {
	return s.inTx(ctx, func(tx *tx) error {
		return tx.fenced(ctx, `UPDATE jobs SET tried_at = coalesce(tried_at, $3)
			WHERE id = $1 AND attempt = $2 AND leased = 1 AND due_at > $3`,
			job.ID, job.Attempt, micros(tx.now))
	})
}

// CompleteJob ends a job that changed nothing.
func (s *Store) CompleteJob(ctx context.Context, job approvals.LeasedJob) error {
	return s.inTx(ctx, func(tx *tx) error { return tx.complete(ctx, job) })
}

// complete removes the job, or leaves it due again if it was enqueued once more
// while it ran. An unfinished job stays under its lease.
func (t *tx) complete(ctx context.Context, job approvals.LeasedJob) error {
	if job.Unfinished {
		return t.fenced(ctx, `UPDATE jobs SET attempt = attempt WHERE id = $1 AND attempt = $2 AND leased = 1`, job.ID, job.Attempt)
	}
	t.wake = append(t.wake, approvals.LaneMates(job.Kind)...)
	err := t.fenced(ctx, `DELETE FROM jobs WHERE id = $1 AND attempt = $2 AND leased = 1 AND revision = $3`,
		job.ID, job.Attempt, job.Revision)
	if !errors.Is(err, approvals.ErrLeaseLost) {
		return err
	}
	return t.fenced(ctx, `UPDATE jobs SET leased = 0, tried_at = NULL, due_at = $3 WHERE id = $1 AND attempt = $2 AND leased = 1`,
		job.ID, job.Attempt, micros(t.now))
}

// RetryJob gives a job back until later.
func (s *Store) RetryJob(ctx context.Context, job approvals.LeasedJob, after time.Duration, untry bool) error {
	return s.inTx(ctx, func(tx *tx) error { return tx.putOff(ctx, job, after, untry) })
}

func (t *tx) putOff(ctx context.Context, job approvals.LeasedJob, after time.Duration, untry bool) error {
	t.wake = append(t.wake, job.Kind)
	return t.fenced(ctx, `UPDATE jobs SET leased = 0, due_at = $3,
		tried_at = CASE WHEN $4 THEN NULL ELSE tried_at END WHERE id = $1 AND attempt = $2 AND leased = 1`,
		job.ID, job.Attempt, micros(t.now.Add(after)), untry)
}

// fenced runs a statement that must change the job's own row.
func (t *tx) fenced(ctx context.Context, query string, args ...any) error {
	result, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = approvals.ErrLeaseLost
	}
	return err
}
