package worker

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
)

// What a request owes is written in one transaction with its state, so that
// nothing can go missing by itself. A database that was restored in part or
// mended by hand is another matter: no request may wait for ever because of it.
const sweepEvery = 5 * time.Minute

// keepSweeping looks for forgotten requests at the start and on a timer, until
// ctx ends.
func (w *Workers) keepReconciling(ctx context.Context) {
	for {
		if err := w.reconcile(ctx); err != nil && ctx.Err() == nil {
			w.OnError(approvals.LeasedJob{Job: approvals.Job{Kind: approvals.JobReconcile}}, err)
		}
		if !rest(ctx, sweepEvery) {
			return
		}
	}
}

// sweep owes again what carries on the requests that were forgotten.
func (w *Workers) reconcile(ctx context.Context) error {
	ids, err := w.Store.ListOrphaned(ctx)
	for _, id := range ids {
		_, failed := w.Store.ApplyEvent(ctx, id, approvals.Orphaned{}, nil)
		switch {
		case failed == nil:
			w.OnError(approvals.LeasedJob{RequestID: id, Job: approvals.Job{Kind: approvals.JobReconcile}}, approvals.ErrOrphaned)
		case !errors.Is(failed, approvals.ErrNoTransition):
			err = errors.Join(err, failed)
		}
	}
	return err
}
