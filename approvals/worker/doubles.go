package worker

import (
	"cmp"
	"context"
	"errors"

	"licensebot/approvals"
)

// removeDoubles deletes what the channel shows twice about a request. The denials on
// a double of the card are recorded first.
func (w *Runner) removeDoubles(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	age, err := w.ageOf(ctx, r.Proposal.ReadAt) // before the card was posted
	if err != nil {
		return err
	}
	posts, err := w.Messenger.ListPosts(ctx, r, age)
	if err != nil {
		return giveUpOnDoubles(t, err)
	}
	if ts, found := approvals.FindLateCard(r, posts); found {
		return w.applyEvent(ctx, r, approvals.CardPosted{TS: ts}, t.KeepLeased())
	}
	for _, double := range approvals.FindDoubles(r, posts) {
		if double.EventType == approvals.CardEventType {
			if err := w.adoptDenials(ctx, r, double.TS); err != nil {
				return giveUpOnDoubles(t, err)
			}
		}
		if err := w.Messenger.RemoveDouble(ctx, r, double); err != nil {
			return giveUpOnDoubles(t, err)
		}
	}
	return nil
}

// doubleAttempts is how often it is tried to remove doubles. They grant nothing, so a
// lasting one is harmless.
const doubleAttempts = 8

func giveUpOnDoubles(t approvals.LeasedJob, err error) error {
	if t.Attempt < doubleAttempts {
		return keepTrying(err)
	}
	return approvals.ErrNoTransition
}

// adoptDenials records the denials that a double of the card shows: its events may
// have been missed.
func (w *Runner) adoptDenials(ctx context.Context, r approvals.Request, ts string) error {
	shown, cut, err := w.Directory.CardReactions(ctx, r.Channel, ts)
	if errors.Is(err, approvals.ErrCardDeleted) {
		return nil
	}
	if err = cmp.Or(err, r.CheckCut(cut)); err != nil {
		return err
	}
	for _, reaction := range shown {
		if deny, _ := r.Terms.Emoji.Meaning(reaction.Name); !deny {
			continue
		}
		denial := approvals.Denial{TS: ts, User: reaction.User, Name: reaction.Name}
		if err := w.applyIfNew(ctx, r.ID, approvals.DeniedOnDouble{Denial: denial}); err != nil {
			return err
		}
	}
	return nil
}

// reportDoubles has the surplus cards of a survey removed.
func (w *Runner) reportDoubles(ctx context.Context, doubles map[string]string) error {
	var failed error
	for ts, id := range doubles {
		failed = errors.Join(failed, w.applyIfNew(ctx, id, approvals.DoubleSeen{TS: ts}))
	}
	return failed
}

// applyIfNew applies an event. It is fine if the double is known already, or its
// request unknown.
func (w *Runner) applyIfNew(ctx context.Context, id string, e approvals.Event) error {
	_, err := w.Store.ApplyEvent(ctx, id, e, nil)
	if errors.Is(err, approvals.ErrNoTransition) || errors.Is(err, approvals.ErrNotFound) {
		return nil
	}
	return err
}
