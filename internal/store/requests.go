package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"licensebot/approvals"
)

// isStored reports whether the store has a request. It has its own time limit,
// because the caller's time may be over.
func (s *Store) isStored(ctx context.Context, id string) bool {
	ctx, cancel := withOutcomeTime(ctx)
	defer cancel()
	_, err := s.Request(ctx, id)
	return err == nil
}

// Request reads one request.
func (s *Store) Request(ctx context.Context, id string) (approvals.Request, error) {
	return scanRequest(s.read.QueryRowContext(ctx, requestByID, id))
}

// ApplyEvent applies an event to a request. If the event comes from a job, done, the
// same transaction completes it. ErrVotedSince if a vote fails the guard of the job.
func (s *Store) ApplyEvent(
	ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob,
) (approvals.Request, error) {
	var after approvals.Request
	err := s.runInTx(ctx, func(tx *tx) (err error) {
		after, err = tx.applyEvent(ctx, id, e, done)
		return err
	})
	return after, err
}

func (t *tx) applyEvent(
	ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob,
) (approvals.Request, error) {
	before, err := t.lockRequest(ctx, `id = $1`, id)
	if err != nil {
		return approvals.Request{}, err
	}
	step, err := approvals.Next(before, e, t.now.UTC())
	if err != nil {
		return approvals.Request{}, err
	}
	after := step.Request
	if err := t.completeGuarded(ctx, before, done); err != nil {
		return approvals.Request{}, err
	}
	if err := t.refuseDuplicate(ctx, before, after); err != nil {
		return after, err
	}
	if before.CardTS != after.CardTS {
		if err := t.lockCard(ctx, after.Channel, after.CardTS); err != nil {
			return after, err
		}
	}
	if err := t.updateRequest(ctx, after); err != nil {
		return after, err
	}
	if confirmation, ok := approvals.ConfirmationBy(e, after); ok {
		if err := t.recordConfirmation(ctx, after.Proposal.Group.ID, confirmation); err != nil {
			return after, err
		}
	}
	if err := t.journalStep(ctx, before, e.Kind(), e.Actor(), e, step); err != nil {
		return after, err
	}
	if rejected, ok := e.(approvals.Rejected); ok && rejected.Outcome.Violation != nil {
		return after, t.journalRefusal(ctx, after, rejected)
	}
	if step.File == nil {
		return after, nil
	}
	return after, t.fileAnew(ctx, *step.File)
}

// completeGuarded completes the job of an event, if there is one and no vote on the card of its
// locked request fails its guard.
func (t *tx) completeGuarded(ctx context.Context, r approvals.Request, done *approvals.LeasedJob) error {
	if done == nil {
		return nil
	}
	if done.Guard != nil {
		if err := t.checkGuard(ctx, r, *done.Guard); err != nil {
			return err
		}
	}
	return t.completeJob(ctx, *done)
}

// fileAnew files the request that takes the place of another one.
func (t *tx) fileAnew(ctx context.Context, r approvals.Request) error {
	step := approvals.File(r)
	inserted, err := t.insertRequest(ctx, step.Request)
	if err != nil {
		return err
	}
	if !inserted {
		return fmt.Errorf("file request %s anew: it is there already", r.ID)
	}
	return t.journalStep(ctx, approvals.Request{}, "filed", r.Requester, r.Ask, step)
}

// refuseDuplicate returns a *approvals.DuplicateError if another open request asks
// for the same change. It blocks requests for that change until the transaction ends. A request
// that stands for the change already keeps the others out by itself: its key is unique.
func (t *tx) refuseDuplicate(ctx context.Context, before, r approvals.Request) error {
	if r.DedupKey == "" || r.DedupKey == before.DedupKey || !r.State.Open() {
		return nil
	}
	if err := t.engine.lockName(ctx, t.transaction, "dedup "+r.DedupKey); err != nil {
		return err
	}
	var other string
	err := t.QueryRowContext(ctx, `SELECT id FROM requests WHERE dedup_key = $1 AND id <> $2`, r.DedupKey, r.ID).
		Scan(&other)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for a duplicate of request %s: %w", r.ID, err)
	}
	return &approvals.DuplicateError{RequestID: other}
}

// journalBeside adds a row about a request, locked by this transaction, that stays as it is.
func (t *tx) journalBeside(ctx context.Context, r approvals.Request, kind, actor string, event any) error {
	err := t.appendJournal(ctx, entry{
		RequestID: r.ID, Kind: kind, Actor: actor, Before: r.State, After: r.State, Event: event,
	})
	if err != nil {
		return fmt.Errorf("journal %s of request %s: %w", kind, r.ID, err)
	}
	return nil
}

// journalStep writes a step to the journal, and drops and enqueues its jobs.
func (t *tx) journalStep(
	ctx context.Context, before approvals.Request, kind, actor string, event any, step approvals.Step,
) error {
	if happened, ok := event.(approvals.Event); ok {
		event = approvals.JournalEntry(before, happened)
	}
	r := step.Request
	t.steps = append(t.steps, approvals.Transition{Before: before, After: r, Event: kind})
	err := t.appendJournal(ctx, entry{
		RequestID: r.ID, Kind: kind, Actor: actor, Before: before.State, After: r.State, Event: event,
	})
	if err != nil {
		return fmt.Errorf("journal event %s: %w", kind, err)
	}
	enqueue := step.Enqueue
	posted, err := t.dropJobs(ctx, r.ID, step.Drop)
	if err != nil {
		return err
	}
	if posted {
		enqueue = slices.Concat(enqueue, r.SearchLater(t.now)) // what it posted may turn up below the truth
	}
	for _, job := range enqueue {
		if err := t.enqueueJob(ctx, r, job); err != nil {
			return err
		}
	}
	return nil
}

// dropJobs removes the jobs of some kinds, and reports whether one of them may have posted.
func (t *tx) dropJobs(ctx context.Context, requestID string, kinds []approvals.JobKind) (posted bool, err error) {
	if len(kinds) == 0 {
		return false, nil
	}
	tried, err := collect(readRows(ctx, t, scanValue[string],
		`DELETE FROM jobs WHERE request_id = $1 AND kind IN (`+quoteKinds(kinds)+`)
		RETURNING CASE WHEN tried_at IS NULL THEN '' ELSE kind END`, requestID))
	if err != nil {
		return false, fmt.Errorf("drop jobs %v: %w", kinds, err)
	}
	return slices.ContainsFunc(tried, func(kind string) bool {
		return approvals.JobKind(kind).Spec().Pace == approvals.PacePosts
	}), nil
}
