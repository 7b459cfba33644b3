package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// A tx is one write transaction with its own time. It collects the kinds of jobs
// to signal after the commit.
type tx struct {
	transaction
	engine   engine
	alone    bool // no other transaction is under way
	name     string
	begun    time.Time // by this process, before now was read
	now      time.Time
	enqueued []enqueuedJob
	locked   []approvals.Request // as they were read under lock
	steps    []approvals.Transition
	nameOf   func(person string) string // nil: no name is known
	wrote    bool                       // a statement changed a row

	handovers []handover
}

// ExecContext runs a statement and notes whether it changed a row.
func (t *tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := t.transaction.ExecContext(ctx, query, args...)
	if err == nil {
		rows, _ := result.RowsAffected()
		t.wrote = t.wrote || rows > 0
	}
	return result, err
}

// maxAttempts bounds how often a transaction is begun after it lost a race or
// its connection.
const maxAttempts = 6

// runInTx runs work in one write transaction. It runs work again after a lost
// race or a lost connection, so work must keep nothing from an earlier run.
func (s *Store) runInTx(ctx context.Context, work func(*tx) error) error {
	for attempt := 1; ; attempt++ {
		t := &tx{engine: s.engine, alone: s.alone, nameOf: s.nameOf, begun: time.Now()}
		committing, err := s.runOnce(ctx, t, work, attempt == 1)
		s.disk.noteEnd(t.wrote, err)
		if err == nil {
			s.announce(t)
			return nil
		}
		if errors.Is(err, errClockStepped) {
			continue
		}
		outcome := s.engine.classifyFailure(ctx, t.name, committing, err)
		switch outcome {
		case txCommitted:
			s.announce(t)
			return nil
		case txUnknown:
			err = fmt.Errorf("%w: %w", approvals.ErrCommitUnknown, err)
			s.signals.finishHandovers(t, err)
			s.signals.signalJobs(t.enqueued) // a signal without a job does no harm
			return err
		}
		s.signals.undoHandovers(t)
		if outcome != txRetryable || attempt == maxAttempts || !waitToRetry(ctx, attempt) {
			return err
		}
	}
}

// runOnce runs work in one transaction. Each statement sees earlier commits of other
// transactions. committing reports whether the commit was sent. After a lost race no job is
// handed over, because its lease may be what lost the race.
func (s *Store) runOnce(ctx context.Context, t *tx, work func(*tx) error, handOver bool) (committing bool, err error) {
	s.begun.Add(1)
	t.transaction, err = s.begin(ctx, s.write)
	if err != nil {
		return false, fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = t.Rollback() }() // after a panic: the next transaction waits for this one's end
	committed, stepped, err := s.startClock(ctx, t)
	if err == nil && !stepped {
		err = work(t)
	}
	if err == nil && handOver {
		err = t.handOver(ctx, &s.signals)
	}
	if err == nil {
		err = s.engine.notifyReplicas(ctx, t.transaction, kindsOf(t.enqueued))
	}
	if err != nil {
		return false, errors.Join(err, ignoreTxDone(t.Rollback()))
	}
	if err := t.Commit(); err != nil {
		return true, fmt.Errorf("commit transaction: %w", err)
	}
	committed()
	if stepped {
		return true, errClockStepped
	}
	return true, nil
}

// readClock sets the transaction's time. After a wait for a lock the transaction reads
// the clock again, because the deadline may have passed meanwhile.
func (t *tx) readClock(ctx context.Context) (err error) {
	t.now, t.name, err = t.engine.readClock(ctx, t)
	return err
}

// waitToRetry waits a moment before the next attempt: 2, 4, 8, ... milliseconds.
// It reports false if ctx ended first.
func waitToRetry(ctx context.Context, attempt int) bool {
	return sleep.For(ctx, time.Millisecond<<attempt)
}

// ignoreTxDone drops the error of a rollback after a lost context or a lost
// connection has already ended the transaction.
func ignoreTxDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// Bounds of the time for finding out a transaction's outcome, while the server
// restarts or the network is away. The store asks within the caller's remaining
// time. After that it asks for a moment more, because the caller still has to hear
// the truth and a person may be waiting for it.
const (
	outcomeLimit   = 2 * time.Second
	outcomeMinimum = 250 * time.Millisecond
)

// withOutcomeTime is a context for finding out what became of the caller's
// transaction. It outlives the caller's own.
func withOutcomeTime(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := outcomeLimit
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, max(time.Until(end), outcomeMinimum))
	}
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}
