package worker

import (
	"context"
	"errors"

	"licensebot/approvals"
)

// postOnce posts what Slack cannot take twice. Whether an earlier attempt was
// made is asked of the task's row, never of a counter; if one was, its post is
// looked for before another is made.
func (w *Workers) postOnce(ctx context.Context, t approvals.LeasedJob, r approvals.Request, post func() (string, error)) (string, error) {
	if !t.TriedAt.IsZero() {
		ts, found, err := w.Messenger.FindPost(ctx, r, t.Job, t.TriedAt)
		if err != nil || found {
			return ts, err
		}
	}
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return "", err
	}
	return post()
}

// unclassified keeps a refused look from ending the work: that the look was
// refused says nothing of the attempt it looked for.
func keepTrying(err error) error {
	var refusal *approvals.RefusedError
	if errors.As(err, &refusal) {
		return errors.New(err.Error())
	}
	return err
}

func (w *Workers) postCard(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.CardTS != "" {
		return nil
	}
	if !r.State.Open() && t.TriedAt.IsZero() {
		return nil // ended before anyone was asked
	}
	ts, err := w.postOnce(ctx, t, r, func() (string, error) {
		if !r.State.Open() {
			return "", approvals.ErrNoTransition // looked for and not there: now it never will be
		}
		return w.Messenger.PostCard(ctx, r)
	})
	switch {
	case errors.Is(err, approvals.ErrNoTransition), errors.Is(err, approvals.ErrLeaseLost):
		return err
	case err != nil:
		return w.recordDelay(ctx, t, r, delayReason(err), err)
	}
	return w.applyEvent(ctx, r, approvals.CardPosted{TS: ts}, &t)
}

// reply tells the end in the thread; where there never was a card, only the
// requester can be told.
func (w *Workers) postOutcome(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if t.Kind == approvals.JobPostDelay && (r.State != approvals.Approved || r.DelayReason == "" || t.Key != r.DelayKey()) {
		return nil // true no more, whether it was said or not
	}
	return w.sayInThread(ctx, t, r, t.Job)
}

// sayInThread posts once in the card's thread; where there is none, or none
// any more, the requester is told privately.
func (w *Workers) sayInThread(ctx context.Context, t approvals.LeasedJob, r approvals.Request, said approvals.Job) error {
	if r.CardTS == "" {
		return w.tellRequester(ctx, t, r, said)
	}
	_, err := w.postOnce(ctx, t, r, func() (string, error) {
		return "", w.Messenger.PostInThread(ctx, r, said)
	})
	var refusal *approvals.RefusedError
	if errors.As(err, &refusal) { // the card is gone, and its thread with it, whatever was in it
		return w.tellRequester(ctx, t, r, said)
	}
	return err
}

// notifyTries is how often a private notice is tried that Slack will not
// deliver: over some minutes, because it may have been a passing refusal.
const notifyTries = 8

// notify tells the requester privately. Nobody but its reader can see such a
// notice, so that one whose answer was lost is told again.
func (w *Workers) tellRequester(ctx context.Context, t approvals.LeasedJob, r approvals.Request, said approvals.Job) error {
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	err := w.Messenger.TellRequester(ctx, r, said)
	if t.Attempt < notifyTries {
		return keepTrying(err)
	}
	return stopIfRefused(err)
}

func (w *Workers) addReactions(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Pending || r.CardTS == "" {
		return nil
	}
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	return stopIfRefused(w.Messenger.AddReactions(ctx, r))
}

// render draws the card as it stands. Who lost the lease must not: a card drawn
// late would show what is past, for good.
func (w *Workers) updateCard(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.CardTS == "" {
		return nil
	}
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	return stopIfRefused(w.Messenger.UpdateCard(ctx, r))
}

// tell is tried once: a notice that only its reader sees cannot be looked
// for, and saying it twice is worse than its loss.
func (w *Workers) tellVoter(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !t.TriedAt.IsZero() {
		return nil
	}
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	return stopIfRefused(w.Messenger.TellVoter(ctx, r, t.Key, approvals.Eligibility(t.Note)))
}

// final lets a refusal end the task: saying it again cannot help.
func stopIfRefused(err error) error {
	var refusal *approvals.RefusedError
	if errors.As(err, &refusal) {
		return approvals.ErrNoTransition
	}
	return err
}

// reasonOf is the clause that people are told when an effect is held up.
func delayReason(err error) string {
	var delay *approvals.DelayError
	var refusal *approvals.RefusedError
	switch {
	case errors.As(err, &delay):
		return delay.Reason
	case errors.As(err, &refusal):
		return refusal.Answer
	}
	return "no clear answer came back"
}

// reopen says that an approved request waits again, while it does: once it is
// approved anew a write may be made at any moment, of which it would be said
// that there was none.
func (w *Workers) postConsentLost(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Pending {
		return nil // true no more, whether it was said or not
	}
	return w.sayInThread(ctx, t, r, t.Job)
}
