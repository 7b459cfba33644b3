package worker

import (
	"context"
	"errors"

	"licensebot/approvals"
)

// postOnce posts what Slack cannot take twice. The job's row, and no counter,
// tells whether an earlier attempt was made; then its post is looked for first.
func (w *Runner) postOnce(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, post func() (string, error),
) (string, error) {
	if t.WasTried() {
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

// keepTrying keeps a refused look from ending the job: the refusal says nothing
// of the attempt that was looked for.
func keepTrying(err error) error {
	if approvals.IsRefused(err) {
		return errors.New(err.Error())
	}
	return err
}

func (w *Runner) postCard(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.CardTS != "" {
		return nil
	}
	if !r.State.Open() && !t.WasTried() {
		return nil // closed before the card was posted
	}
	ts, err := w.postOnce(ctx, t, r, func() (string, error) {
		if !r.State.Open() {
			return "", approvals.ErrNoTransition // looked for and not found: it is not needed any more
		}
		return w.Messenger.PostCard(ctx, r)
	})
	switch {
	case errors.Is(err, approvals.ErrNoTransition), errors.Is(err, approvals.ErrLeaseLost):
		return err
	case err != nil:
		return w.recordDelay(ctx, t, r, approvals.DelayReason(err), err)
	}
	return w.applyEvent(ctx, r, approvals.CardPosted{TS: ts}, &t)
}

// postInThread posts once in the card's thread, while it is still true. Where
// the thread is missing, the requester is told privately.
func (w *Runner) postInThread(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !t.IsRelevant(r) {
		return nil
	}
	if r.CardTS == "" {
		return w.tellRequester(ctx, t, r)
	}
	_, err := w.postOnce(ctx, t, r, func() (string, error) {
		return "", w.Messenger.PostInThread(ctx, r, t.Job)
	})
	if approvals.IsRefused(err) { // the card is gone, and its thread with it
		return w.tellRequester(ctx, t, r)
	}
	return err
}

// noticeAttempts is how often a private notice is tried that Slack will not
// deliver: over some minutes, because the refusal may be a passing one.
const noticeAttempts = 8

// tellRequester tells the requester privately. Only its reader can see such a
// notice, so it is told again after a lost answer.
func (w *Runner) tellRequester(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	err := w.Messenger.TellRequester(ctx, r, t.Job)
	if t.Attempt < noticeAttempts {
		return keepTrying(err)
	}
	return stopIfRefused(err)
}

func (w *Runner) addReactions(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Pending || r.CardTS == "" {
		return nil
	}
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	return stopIfRefused(w.Messenger.AddReactions(ctx, r))
}

// updateCard draws the card as the request stands. It checks the lease first: a
// card drawn by a late worker would show the past, for good.
func (w *Runner) updateCard(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.CardTS == "" {
		return nil
	}
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	return stopIfRefused(w.Messenger.UpdateCard(ctx, r))
}

// tellVoter is tried once: a private notice cannot be looked for, and saying it
// twice is worse than its loss.
func (w *Runner) tellVoter(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if t.WasTried() {
		return nil
	}
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	return stopIfRefused(w.Messenger.TellVoter(ctx, r, t.Person, t.Payload.Eligibility))
}

// stopIfRefused lets a refusal end the job: saying it again cannot help.
func stopIfRefused(err error) error {
	if approvals.IsRefused(err) {
		return approvals.ErrNoTransition
	}
	return err
}
