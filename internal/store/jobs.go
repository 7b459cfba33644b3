package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"licensebot/approvals"
)

// isLaneHead is true of a job without a lane, and of the next job of a lane. A job
// under lease is the next one. Otherwise the next job is the earliest in an ordered
// lane. In any other lane it is the earliest tried job, or any job if none was
// tried. The order of ids alone would not do, because a transaction with a higher id
// may commit first.
//
// The lanes with a job under lease are few, and read once for all jobs. So it costs little to
// pass over the many that wait in one of them.
const isLaneHead = `(lane IS NULL OR jobs.leased = 1
	OR lane NOT IN (SELECT mate.lane FROM jobs AS mate WHERE mate.leased = 1 AND mate.lane IS NOT NULL)
	AND NOT EXISTS (SELECT 1 FROM jobs AS mate WHERE mate.lane = jobs.lane AND mate.id <> jobs.id
		AND CASE WHEN jobs.in_order = 1 THEN mate.id < jobs.id
		ELSE mate.tried_at IS NOT NULL AND (jobs.tried_at IS NULL OR mate.id < jobs.id) END))`

// jobDetail is the part of a job without columns of its own.
type jobDetail struct {
	Number  int               `json:"number,omitempty"`
	Person  string            `json:"person,omitempty"`
	Payload approvals.Payload `json:"payload,omitzero"`
}

// enqueueJob adds a job. If the same job already waits, it becomes due at the
// earlier of the two times. If it is running, it runs once more.
func (t *tx) enqueueJob(ctx context.Context, r approvals.Request, j approvals.Job) error {
	due := j.Due
	if due.IsZero() {
		due = t.now
	}
	payload, err := t.anchor(ctx, r.ID, j)
	if err != nil {
		return err
	}
	detail, err := json.Marshal(jobDetail{Number: j.Number, Person: j.Person, Payload: payload})
	if err != nil {
		return err
	}
	turn, person, err := t.nextTurn(ctx, r, j.Kind)
	if err != nil {
		return err
	}
	lane := j.LaneOf(r)
	added := enqueuedJob{kind: j.Kind, wait: due.Sub(t.now)}
	err = t.QueryRowContext(ctx, `INSERT INTO jobs (request_id, kind, key, detail, lane, in_order, due_at, turn, requester)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (request_id, kind, key) DO UPDATE SET
			revision = jobs.revision + 1,
			detail = excluded.detail,
			due_at = CASE WHEN jobs.leased = 1 OR jobs.due_at < excluded.due_at THEN jobs.due_at ELSE excluded.due_at END
		RETURNING id`,
		r.ID, string(j.Kind), j.Key(), string(detail), nullText(lane.Name), boolToInt(lane.InOrder), toMicros(due),
		turn, person).Scan(&added.id)
	if err != nil {
		return fmt.Errorf("enqueue job %s: %w", j.Kind, err)
	}
	t.wrote, t.enqueued = true, append(t.enqueued, added)
	return nil
}

// unreadableDelay is how long a job waits if the store cannot decode its request.
// A newer version may have written it.
const unreadableDelay = 5 * time.Minute

// ClaimJob leases the most urgent due job, by the order of kinds and then of due
// times; of a fair kind people take turns. If the store cannot decode the job or its
// request, it postpones the job to let other jobs go on, and returns
// approvals.ErrUnreadable with the job.
func (s *Store) ClaimJob(
	ctx context.Context, lease time.Duration, kinds ...approvals.JobKind,
) (approvals.LeasedJob, approvals.Request, error) {
	var job approvals.LeasedJob
	var request approvals.Request
	var unreadable error
	err := s.runInTx(ctx, func(tx *tx) (err error) {
		unreadable = nil
		job, err = tx.claimFirst(ctx, lease, kinds)
		if err == nil {
			request, err = scanRequest(tx.QueryRowContext(ctx, requestByID, job.RequestID))
		}
		if errors.Is(err, approvals.ErrUnreadable) {
			unreadable = err
			return tx.postponeJob(ctx, job, unreadableDelay, false)
		}
		return err
	})
	if err != nil {
		return approvals.LeasedJob{}, approvals.Request{}, err
	}
	return job, request, unreadable
}

// claimFirst leases a due job of the first possible kind. A job that cannot be decoded
// comes with the error.
func (t *tx) claimFirst(
	ctx context.Context, lease time.Duration, kinds []approvals.JobKind,
) (approvals.LeasedJob, error) {
	for _, kind := range kinds {
		job, err := t.claimKind(ctx, kind, lease)
		switch {
		case err == nil:
			return job, nil
		case !errors.Is(err, sql.ErrNoRows):
			return job, fmt.Errorf("claim job %s: %w", kind, err)
		}
	}
	return approvals.LeasedJob{}, approvals.ErrNoJob
}

// claimKind leases a due job of a kind. An attempt from the future was made before the
// clock was put back. It counts as made now, so that its age goes on from here.
func (t *tx) claimKind(
	ctx context.Context, kind approvals.JobKind, lease time.Duration,
) (approvals.LeasedJob, error) {
	const tried = `CASE WHEN tried_at > $1 THEN $1 ELSE tried_at END`
	return t.claim(ctx, kind, lease, tried, `kind = $3`, orderOfClaims(kind), string(kind))
}

// claim leases the first due job of a condition about $3, and of a kind. tried is what it has
// for its last attempt then.
func (t *tx) claim(
	ctx context.Context, kind approvals.JobKind, lease time.Duration, tried, condition, order string, value any,
) (approvals.LeasedJob, error) {
	var id, attempt, revision int64
	var request, text string
	var triedAt sql.NullInt64
	err := t.QueryRowContext(ctx, `UPDATE jobs SET leased = 1, attempt = attempt + 1, due_at = $2,
			tried_at = `+tried+`
		WHERE id = (SELECT id FROM jobs WHERE `+condition+` AND due_at <= $1 AND `+isLaneHead+order+`
			LIMIT 1`+t.engine.skipLocked()+`)
		RETURNING id, request_id, detail, attempt, revision, tried_at`,
		toMicros(t.now), toMicros(t.now.Add(lease)), value,
	).Scan(&id, &request, &text, &attempt, &revision, &triedAt)
	if err != nil {
		return approvals.LeasedJob{}, err
	}
	job := approvals.LeasedJob{
		ID: id, RequestID: request, Attempt: int(attempt), Revision: int(revision), TriedAt: fromNullMicros(triedAt),
		Job: approvals.Job{Kind: kind},
	}
	var detail jobDetail
	if err := decodeJSON(text, &detail); err != nil {
		return job, fmt.Errorf("read job %d: %w", id, err)
	}
	job.Number, job.Person, job.Payload = detail.Number, detail.Person, detail.Payload
	return job, nil
}

// nextDueQuery finds when the next job of each kind is due. It is one row, because
// workers ask it most often of all.
func nextDueQuery(kinds []approvals.JobKind) string {
	looks := make([]string, len(kinds))
	for i := range kinds {
		looks[i] = `(SELECT due_at FROM jobs WHERE kind = ` + quoteKinds(kinds[i:i+1]) + ` AND ` + isLaneHead +
			` ORDER BY due_at LIMIT 1)`
	}
	return `SELECT ` + strings.Join(looks, ", ")
}

// NextDue tells how long until the next job of these kinds may be due.
func (s *Store) NextDue(ctx context.Context, kinds ...approvals.JobKind) (time.Duration, bool, error) {
	due, into := make([]sql.NullInt64, len(kinds)), make([]any, len(kinds))
	for i := range due {
		into[i] = &due[i]
	}
	if err := s.read.QueryRowContext(ctx, nextDueQuery(kinds)).Scan(into...); err != nil {
		return 0, false, fmt.Errorf("look for jobs: %w", err)
	}
	var next int64
	var found bool
	for _, one := range due {
		if one.Valid && (!found || one.Int64 < next) {
			next, found = one.Int64, true
		}
	}
	if !found {
		return 0, false, nil
	}
	now, err := s.Now(ctx)
	return time.Duration(next-toMicros(now)) * time.Microsecond, true, err
}

// MarkTried records an attempt at the job's effect, just before it. The last attempt
// counts: how old it is says whether its effect may still turn up.
func (s *Store) MarkTried(ctx context.Context, job approvals.LeasedJob) error {
	return s.runInTx(ctx, func(tx *tx) error {
		if job.Writing != nil {
			if _, err := tx.lockRequest(ctx, `id = $1`, job.RequestID); err != nil {
				return err
			}
		}
		return tx.markTried(ctx, job)
	})
}

// markTried journals what is about to be written. Its caller has locked the request then.
func (t *tx) markTried(ctx context.Context, job approvals.LeasedJob) error {
	if err := t.execMarkTried(ctx, job); err != nil || job.Writing == nil {
		return err
	}
	r, err := t.readRequest(ctx, job.RequestID)
	if err != nil {
		return err
	}
	return t.journalBeside(ctx, r, approvals.KindWriteTried, approvals.Bot, approvals.WriteEntry{
		Codes: job.Writing.Codes, Quotas: job.Writing.Quotas, UseExternalLicense: job.Writing.UseExternalLicense,
	})
}

func (t *tx) execMarkTried(ctx context.Context, job approvals.LeasedJob) error {
	return t.execFenced(ctx, `UPDATE jobs SET tried_at = $3
		WHERE id = $1 AND attempt = $2 AND leased = 1 AND due_at > $3`,
		job.ID, job.Attempt, toMicros(t.now))
}

// CompleteJob ends a job without an event.
func (s *Store) CompleteJob(ctx context.Context, job approvals.LeasedJob) error {
	return s.runInTx(ctx, func(tx *tx) error {
		if job.Carried && job.TellsPeople() {
			if err := tx.journalTold(ctx, job); err != nil {
				return err
			}
		}
		return tx.completeJob(ctx, job)
	})
}

// journalTold keeps that a message went out. A job that was not tried had none to send.
func (t *tx) journalTold(ctx context.Context, job approvals.LeasedJob) error {
	r, err := t.lockRequest(ctx, `id = $1`, job.RequestID)
	if err != nil {
		return err
	}
	var tried bool
	err = t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE id = $1 AND tried_at IS NOT NULL)`, job.ID).
		Scan(&tried)
	if err != nil || !tried {
		return err
	}
	return t.journalBeside(ctx, r, approvals.KindTold, approvals.Bot, approvals.ToldEntry{
		Post: job.Kind, Number: job.Number, Person: job.Person, TS: job.PostedTS,
	})
}

// completeJob removes the job. If the job was enqueued again while it ran, it stays
// and is due at once. An unfinished job stays under its lease.
func (t *tx) completeJob(ctx context.Context, job approvals.LeasedJob) error {
	if job.Unfinished {
		return t.execFenced(ctx, `UPDATE jobs SET attempt = attempt WHERE id = $1 AND attempt = $2 AND leased = 1`,
			job.ID, job.Attempt)
	}
	var lane sql.NullString
	err := t.QueryRowContext(ctx, `DELETE FROM jobs WHERE id = $1 AND attempt = $2 AND leased = 1 AND revision = $3
		RETURNING lane`, job.ID, job.Attempt, job.Revision).Scan(&lane)
	if err == nil {
		t.wrote = true
		return t.signalLane(ctx, job.Kind, lane)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	t.signalMates(job.Kind)
	return t.execFenced(ctx, `UPDATE jobs SET leased = 0, tried_at = NULL, due_at = $3
		WHERE id = $1 AND attempt = $2 AND leased = 1`, job.ID, job.Attempt, toMicros(t.now))
}

// signalLane signals the jobs that waited for one of their lane. A transaction that runs at
// the same time may add a job unseen, which found its lane occupied.
func (t *tx) signalLane(ctx context.Context, kind approvals.JobKind, lane sql.NullString) error {
	waits := lane.Valid
	if waits && t.alone {
		err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE lane = $1)`, lane.String).Scan(&waits)
		if err != nil {
			return fmt.Errorf("look for jobs in a lane: %w", err)
		}
	}
	if waits {
		t.signalMates(kind)
	}
	return nil
}

func (t *tx) signalMates(kind approvals.JobKind) {
	for _, mate := range approvals.LaneMates(kind) {
		t.enqueued = append(t.enqueued, enqueuedJob{kind: mate})
	}
}

// RetryJob gives a job back until later. untry forgets earlier attempts.
func (s *Store) RetryJob(ctx context.Context, job approvals.LeasedJob, after time.Duration, untry bool) error {
	return s.runInTx(ctx, func(tx *tx) error { return tx.postponeJob(ctx, job, after, untry) })
}

func (t *tx) postponeJob(ctx context.Context, job approvals.LeasedJob, after time.Duration, untry bool) error {
	t.enqueued = append(t.enqueued, enqueuedJob{kind: job.Kind, wait: after})
	var lane sql.NullString
	err := t.QueryRowContext(ctx, `UPDATE jobs SET leased = 0, due_at = $3,
		tried_at = CASE WHEN $4 THEN NULL ELSE tried_at END WHERE id = $1 AND attempt = $2 AND leased = 1
		RETURNING lane`, job.ID, job.Attempt, toMicros(t.now.Add(after)), untry).Scan(&lane)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return approvals.ErrLeaseLost
	case err != nil:
		return err
	}
	t.wrote = true
	if lane.Valid { // another of the lane may be due now
		t.signalMates(job.Kind)
	}
	return nil
}

// execFenced runs a statement for the job's own row. If it changes no row, the lease
// is lost.
func (t *tx) execFenced(ctx context.Context, query string, args ...any) error {
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
