package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
)

// head is true of a row that is in no lane, or whose turn it is: it is under
// lease itself, or nobody is and no earlier row waits. Ids alone would not do:
// of two transactions the one with the higher id may commit first. A change of
// a rule waits for no other that was not tried, which may be held up for as
// long as an approval holds: each reads the rule for itself. It waits for one
// that was tried, until whose end nobody knows what the rule is and who holds
// what. Where two were tried, the earlier goes first, or both would wait.
const head = `(lane IS NULL OR NOT EXISTS (SELECT 1 FROM owed AS mate
	WHERE mate.lane = owed.lane AND mate.id <> owed.id
	AND (mate.leased = 1 OR owed.leased = 0 AND CASE WHEN owed.kind IN ('apply', 'end')
		THEN mate.tried_at IS NOT NULL AND (owed.tried_at IS NULL OR mate.id < owed.id)
		ELSE mate.id < owed.id END)))`

// owe adds owed work. What already waits is hastened, not doubled; what runs
// at the moment is wanted once more.
func (t *tx) enqueue(ctx context.Context, r approvals.Request, o approvals.Job) error {
	due := o.Due
	if due.IsZero() {
		due = t.now
	}
	var lane any
	if name := o.Lane(r); name != "" {
		lane = name
	}
	_, err := t.ExecContext(ctx, `INSERT INTO owed (request_id, kind, subject, note, lane, due_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (request_id, kind, subject) DO UPDATE SET
			wanted = owed.wanted + 1,
			note = excluded.note,
			due_at = CASE WHEN owed.leased = 1 OR owed.due_at < excluded.due_at THEN owed.due_at ELSE excluded.due_at END`,
		r.ID, string(o.Kind), o.Key, o.Note, lane, micros(due))
	if err != nil {
		return fmt.Errorf("owe %s: %w", o.Kind, err)
	}
	t.wake = append(t.wake, o.Kind)
	return nil
}

// unreadRest is how long what a request owes rests whose row is not understood,
// perhaps because a newer version wrote it.
const unreadRest = 5 * time.Minute

// Claim takes the most urgent due task of the first kind that has one. A task
// whose request is not understood is put off, so that it holds up no other, and
// the error comes with it.
func (s *Store) ClaimJob(ctx context.Context, lease time.Duration, kinds ...approvals.JobKind) (approvals.LeasedJob, approvals.Request, error) {
	var task approvals.LeasedJob
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
			task = found
			request, err = one(tx.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM requests WHERE id = $1`, task.RequestID))
			if errors.Is(err, errUnread) {
				unread = err
				return tx.putOff(ctx, task, unreadRest, false)
			}
			return err
		}
		return approvals.ErrNoJob
	})
	if err != nil {
		return approvals.LeasedJob{}, approvals.Request{}, err
	}
	return task, request, unread
}

func (t *tx) claim(ctx context.Context, kind approvals.JobKind, lease time.Duration) (approvals.LeasedJob, error) {
	task := approvals.LeasedJob{Job: approvals.Job{Kind: kind}}
	var tried sql.NullInt64
	err := t.QueryRowContext(ctx, `UPDATE owed SET leased = 1, attempt = attempt + 1, due_at = $3
		WHERE id = (SELECT id FROM owed WHERE kind = $1 AND due_at <= $2 AND `+head+` ORDER BY due_at, id LIMIT 1`+t.engine.skipLocked()+`)
		RETURNING id, request_id, subject, note, attempt, wanted, tried_at`,
		string(kind), micros(t.now), micros(t.now.Add(lease)),
	).Scan(&task.ID, &task.RequestID, &task.Key, &task.Note, &task.Attempt, &task.Revision, &tried)
	task.TriedAt = fromNullMicros(tried)
	return task, err
}

// Wait tells how long until the next task of these kinds may be due.
func (s *Store) NextDue(ctx context.Context, kinds ...approvals.JobKind) (time.Duration, bool, error) {
	var next int64
	var owed bool
	for _, kind := range kinds {
		var due int64
		err := s.read.QueryRowContext(ctx, `SELECT due_at FROM owed WHERE kind = $1 AND `+head+`
			ORDER BY due_at LIMIT 1`, string(kind)).Scan(&due)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return 0, false, fmt.Errorf("look for owed %s: %w", kind, err)
		case !owed || due < next:
			next, owed = due, true
		}
	}
	if !owed {
		return 0, false, nil
	}
	now, err := s.Now(ctx)
	return time.Duration(next-micros(now)) * time.Microsecond, true, err
}

// Try records that the task's effect is about to be attempted.
func (s *Store) MarkTried(ctx context.Context, task approvals.LeasedJob) error {
	return s.inTx(ctx, func(tx *tx) error {
		return tx.fenced(ctx, `UPDATE owed SET tried_at = coalesce(tried_at, $3)
			WHERE id = $1 AND attempt = $2 AND leased = 1 AND due_at > $3`,
			task.ID, task.Attempt, micros(tx.now))
	})
}

// Settle ends a task that changed nothing.
func (s *Store) CompleteJob(ctx context.Context, task approvals.LeasedJob) error {
	return s.inTx(ctx, func(tx *tx) error { return tx.settle(ctx, task) })
}

// settle removes the task, or leaves it due again if it was owed once more
// while it ran. A task that is kept stays under its lease.
func (t *tx) settle(ctx context.Context, task approvals.LeasedJob) error {
	if task.Unfinished {
		return t.fenced(ctx, `UPDATE owed SET attempt = attempt WHERE id = $1 AND attempt = $2 AND leased = 1`, task.ID, task.Attempt)
	}
	t.wake = append(t.wake, laneMates(task.Kind)...)
	err := t.fenced(ctx, `DELETE FROM owed WHERE id = $1 AND attempt = $2 AND leased = 1 AND wanted = $3`,
		task.ID, task.Attempt, task.Revision)
	if !errors.Is(err, approvals.ErrLeaseLost) {
		return err
	}
	return t.fenced(ctx, `UPDATE owed SET leased = 0, tried_at = NULL, due_at = $3 WHERE id = $1 AND attempt = $2 AND leased = 1`,
		task.ID, task.Attempt, micros(t.now))
}

// Defer gives a task back until later.
func (s *Store) RetryJob(ctx context.Context, task approvals.LeasedJob, after time.Duration, untry bool) error {
	return s.inTx(ctx, func(tx *tx) error { return tx.putOff(ctx, task, after, untry) })
}

func (t *tx) putOff(ctx context.Context, task approvals.LeasedJob, after time.Duration, untry bool) error {
	t.wake = append(t.wake, task.Kind)
	return t.fenced(ctx, `UPDATE owed SET leased = 0, due_at = $3,
		tried_at = CASE WHEN $4 THEN NULL ELSE tried_at END WHERE id = $1 AND attempt = $2 AND leased = 1`,
		task.ID, task.Attempt, micros(t.now.Add(after)), untry)
}

// fenced runs a statement that must change the task's own row.
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

// laneMates are the kinds that may be next in line when one of kind is over.
func laneMates(kind approvals.JobKind) []approvals.JobKind {
	switch kind {
	case approvals.JobApply, approvals.JobRevoke:
		return []approvals.JobKind{approvals.JobApply, approvals.JobRevoke}
	case approvals.JobPostCard, approvals.JobPostDelay, approvals.JobPostOutcome, approvals.JobPostConsentLost, approvals.JobWarnExpiry, approvals.JobPostRevocationDelay, approvals.JobPostRevocation:
		return []approvals.JobKind{approvals.JobPostDelay, approvals.JobPostOutcome, approvals.JobPostConsentLost, approvals.JobWarnExpiry, approvals.JobPostRevocationDelay, approvals.JobPostRevocation}
	case approvals.JobAddReactions, approvals.JobUpdateCard:
		return []approvals.JobKind{approvals.JobAddReactions, approvals.JobUpdateCard}
	}
	return []approvals.JobKind{kind}
}
