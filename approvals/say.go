package approvals

import (
	"context"
	"errors"
)

// postOnce posts what Slack cannot take twice. Whether an earlier attempt was
// made is asked of the task's row, never of a counter; if one was, its post is
// looked for before another is made.
func (w *Workers) postOnce(ctx context.Context, t Task, r Request, post func() (string, error)) (string, error) {
	if !t.Tried.IsZero() {
		ts, found, err := w.Announcer.Find(ctx, r, t.Owed, t.Tried)
		if err != nil || found {
			return ts, err
		}
	}
	if err := w.Store.Try(ctx, t); err != nil {
		return "", err
	}
	return post()
}

// unclassified keeps a refused look from ending the work: that the look was
// refused says nothing of the attempt it looked for.
func unclassified(err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return errors.New(err.Error())
	}
	return err
}

func (w *Workers) announce(ctx context.Context, t Task, r Request) error {
	if r.CardTS != "" {
		return nil
	}
	if !r.State.Open() && t.Tried.IsZero() {
		return nil // ended before anyone was asked
	}
	ts, err := w.postOnce(ctx, t, r, func() (string, error) {
		if !r.State.Open() {
			return "", ErrNoMove // looked for and not there: now it never will be
		}
		return w.Announcer.Announce(ctx, r)
	})
	switch {
	case errors.Is(err, ErrNoMove), errors.Is(err, ErrLost):
		return err
	case err != nil:
		return w.hold(ctx, t, r, reasonOf(err), err)
	}
	return w.step(ctx, r, Posted{TS: ts}, &t)
}

// reply tells the end in the thread; where there never was a card, only the
// requester can be told.
func (w *Workers) reply(ctx context.Context, t Task, r Request) error {
	if t.Kind == Progress && (r.State != Approved || r.Stalled == "" || t.Subject != r.holdUp()) {
		return nil // true no more, whether it was said or not
	}
	return w.sayInThread(ctx, t, r, t.Owed)
}

// sayInThread posts once in the card's thread; where there is none, or none
// any more, the requester is told privately.
func (w *Workers) sayInThread(ctx context.Context, t Task, r Request, said Owed) error {
	if r.CardTS == "" {
		return w.notify(ctx, t, r, said)
	}
	_, err := w.postOnce(ctx, t, r, func() (string, error) {
		return "", w.Announcer.Reply(ctx, r, said)
	})
	var refusal *Refusal
	if errors.As(err, &refusal) { // the card is gone, and its thread with it, whatever was in it
		return w.notify(ctx, t, r, said)
	}
	return err
}

// notifyTries is how often a private notice is tried that Slack will not
// deliver: over some minutes, because it may have been a passing refusal.
const notifyTries = 8

// notify tells the requester privately. Nobody but its reader can see such a
// notice, so that one whose answer was lost is told again.
func (w *Workers) notify(ctx context.Context, t Task, r Request, said Owed) error {
	if err := w.Store.Try(ctx, t); err != nil {
		return err
	}
	err := w.Announcer.Notify(ctx, r, said)
	if t.Attempt < notifyTries {
		return unclassified(err)
	}
	return final(err)
}

func (w *Workers) seed(ctx context.Context, t Task, r Request) error {
	if r.State != Pending || r.CardTS == "" {
		return nil
	}
	if err := w.Store.Try(ctx, t); err != nil {
		return err
	}
	return final(w.Announcer.Seed(ctx, r))
}

// render draws the card as it stands. Who lost the lease must not: a card drawn
// late would show what is past, for good.
func (w *Workers) render(ctx context.Context, t Task, r Request) error {
	if r.CardTS == "" {
		return nil
	}
	if err := w.Store.Try(ctx, t); err != nil {
		return err
	}
	return final(w.Announcer.Render(ctx, r))
}

// tell is tried once: a notice that only its reader sees cannot be looked
// for, and saying it twice is worse than its loss.
func (w *Workers) tell(ctx context.Context, t Task, r Request) error {
	if !t.Tried.IsZero() {
		return nil
	}
	if err := w.Store.Try(ctx, t); err != nil {
		return err
	}
	return final(w.Announcer.Tell(ctx, r, t.Subject, Standing(t.Note)))
}

// refused reports whether an error is a no that asking again does not change.
func refused(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal)
}

// final lets a refusal end the task: saying it again cannot help.
func final(err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return ErrNoMove
	}
	return err
}

// reasonOf is the clause that people are told when an effect is held up.
func reasonOf(err error) string {
	var delay *Delay
	var refusal *Refusal
	switch {
	case errors.As(err, &delay):
		return delay.Why
	case errors.As(err, &refusal):
		return refusal.Said
	}
	return "no clear answer came back"
}
