package worker

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// reconcileEvery is how often the workers look for orphaned requests. A job is
// written in one transaction with its state, so it stays by itself. A database
// restored in part or changed by hand may lack one, and a request must not wait for
// ever.
const reconcileEvery = 5 * time.Minute

// keepReconciling looks for orphaned requests at the start and on a timer, until
// ctx ends.
func (w *Runner) keepReconciling(ctx context.Context) {
	for {
		if err := w.reconcile(ctx); err != nil && ctx.Err() == nil {
			w.OnError(Problem{During: Reconciling, Err: err})
		}
		if !sleep.For(ctx, reconcileEvery) {
			return
		}
	}
}

// reconcile gives each orphaned request the job that carries it on.
func (w *Runner) reconcile(ctx context.Context) error {
	ids, err := w.Store.ListOrphaned(ctx)
	for _, id := range ids {
		_, failed := w.Store.ApplyEvent(ctx, id, approvals.Orphaned{}, nil)
		switch {
		case failed == nil:
			w.OnError(Problem{During: OrphanFound, RequestID: id, Err: approvals.ErrOrphaned})
		case !errors.Is(failed, approvals.ErrNoTransition):
			err = errors.Join(err, failed)
		}
	}
	return err
}
