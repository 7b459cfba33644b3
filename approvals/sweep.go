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
const Sweep Kind = "sweep"

// ErrForgotten is the trouble with a request of which nothing was owed.
var ErrForgotten = errors.New("nothing was owed that carries this request on; it is owed again")

// keepSweeping looks for forgotten requests at the start and on a timer, until
// ctx ends.
func (w *Workers) keepSweeping(ctx context.Context) {
	for {
		if err := w.sweep(ctx); err != nil && ctx.Err() == nil {
			w.Trouble(Task{Owed: Owed{Kind: Sweep}}, err)
		}
		if !rest(ctx, sweepEvery) {
			return
		}
	}
}

// sweep owes again what carries on the requests that were forgotten.
func (w *Workers) sweep(ctx context.Context) error {
	ids, err := w.Store.Forgotten(ctx)
	for _, id := range ids {
		_, failed := w.Store.Step(ctx, id, Forgotten{}, nil)
		switch {
		case failed == nil:
			w.Trouble(Task{Request: id, Owed: Owed{Kind: Sweep}}, ErrForgotten)
		case !errors.Is(failed, ErrNoMove):
			err = errors.Join(err, failed)
		}
	}
	return err
}

// forgotten owes again what a request owes all the while that it is in its
// state. What is owed already stays as it is.
func forgotten(r Request) (Step, error) {
	deadline := Owed{Kind: Expire, Due: r.Deadline}
	switch {
	case r.State == Filed:
		return Step{Request: r, Owe: []Owed{{Kind: Vet}, deadline}}, nil
	case r.State == Pending && r.CardTS == "":
		return Step{Request: r, Owe: []Owed{{Kind: Announce}, deadline}}, nil
	case r.State == Pending:
		return Step{Request: r, Owe: []Owed{{Kind: Weigh}, deadline}}, nil
	case r.State == Approved:
		return Step{Request: r, Owe: []Owed{{Kind: Apply}}}, nil
	case r.ending():
		return Step{Request: r, Owe: []Owed{{Kind: Elapse, Due: r.Grant.Until}}}, nil
	}
	return Step{}, ErrNoMove
}
