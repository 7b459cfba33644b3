package approvals

import (
	"context"
	"errors"
	"time"
)

// What a request owes is written in one transaction with its state, so that
// nothing can go missing by itself. A database that was restored in part or
// mended by hand is another matter: no request may wait for ever because of it.
const sweepEvery = 5 * time.Minute

// Sweep names the search for forgotten requests to Workers.Trouble, and each
// that was found. It is never owed.
const JobReconcile JobKind = "sweep"

// ErrForgotten is the trouble with a request of which nothing was owed.
var ErrOrphaned = errors.New("nothing was owed that carries this request on; it is owed again")

// keepSweeping looks for forgotten requests at the start and on a timer, until
// ctx ends.
func (w *Workers) keepReconciling(ctx context.Context) {
	for {
		if err := w.reconcile(ctx); err != nil && ctx.Err() == nil {
			w.OnError(LeasedJob{Job: Job{Kind: JobReconcile}}, err)
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
		_, failed := w.Store.ApplyEvent(ctx, id, Orphaned{}, nil)
		switch {
		case failed == nil:
			w.OnError(LeasedJob{RequestID: id, Job: Job{Kind: JobReconcile}}, ErrOrphaned)
		case !errors.Is(failed, ErrNoTransition):
			err = errors.Join(err, failed)
		}
	}
	return err
}

// forgotten owes again what a request owes all the while that it is in its
// state. What is owed already stays as it is.
func orphaned(r Request) (Step, error) {
	deadline := Job{Kind: JobExpire, Due: r.Deadline}
	switch {
	case r.State == Filed:
		return Step{Request: r, Enqueue: []Job{{Kind: JobPrepare}, deadline}}, nil
	case r.State == Pending && r.CardTS == "":
		return Step{Request: r, Enqueue: []Job{{Kind: JobPostCard}, deadline}}, nil
	case r.State == Pending:
		return Step{Request: r, Enqueue: []Job{{Kind: JobCountVotes}, deadline}}, nil
	case r.State == Approved:
		return Step{Request: r, Enqueue: []Job{{Kind: JobApply}}}, nil
	case r.awaitsRevocation():
		return Step{Request: r, Enqueue: []Job{{Kind: JobGrantExpiry, Due: r.Grant.Until}}}, nil
	}
	return Step{}, ErrNoTransition
}
