package worker

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
)

// postOnce posts what Slack cannot take twice. The job's row, and no counter, tells
// whether an earlier attempt was made; then its post is looked for first, until it is
// old enough for a look to be believed. stop is why the post is not to be made any
// more, or nil.
func (w *Runner) postOnce(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, stop error, post func() (string, error),
) (string, error) {
	if t.WasTried() {
		ts, found, err := w.findEarlier(ctx, t, r)
		if err != nil || found {
			return ts, err
		}
	}
	if stop != nil && !t.WasTried() {
		return "", stop
	}
	if t.WasTried() {
		if err := w.noteMissing(ctx, t, r); err != nil {
			return "", err
		}
	}
	if stop != nil {
		return "", stop
	}
	if err := w.markTried(ctx, t); err != nil {
		return "", err
	}
	ts, err := post()
	err = lookOnce(err)
	if t.WasTried() && err != nil {
		err = &settledError{err}
	}
	return ts, err
}

// lookOnce has a post that an answer refused looked for once, when a look can be believed. It is
// hardly there, and under a storm of limits a second look at each would itself meet limits.
func lookOnce(err error) error {
	unknown, ok := errors.AsType[*approvals.UnknownEffectError](err)
	if !ok {
		return err
	}
	later := *unknown
	later.After = max(unknown.After, approvals.PostSettles)
	return &later
}

// markTried records an attempt right before it, unless the transaction that handed the job over
// has done so a moment ago. On ErrLeaseLost the attempt must not be made.
func (w *Runner) markTried(ctx context.Context, t approvals.LeasedJob) error {
	if t.IsMarked(time.Now()) {
		return nil
	}
	return w.Store.MarkTried(ctx, t)
}

// findEarlier looks for the post of an earlier attempt. While that may still turn
// up, its absence is a delay.
func (w *Runner) findEarlier(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
) (ts string, found bool, err error) {
	now, err := w.Store.NowSince(ctx, t.TriedAt) // before the look, which must be late enough
	if err != nil {
		return "", false, err
	}
	age, err := w.ageOf(ctx, t.TriedAt)
	if err != nil {
		return "", false, err
	}
	ts, found, err = w.Messenger.FindPost(ctx, r, t, age)
	if wait := t.UntilSettled(now); err == nil && !found && wait > 0 {
		err = &approvals.DelayError{
			After: wait, Reason: "Slack did not confirm the post", Err: errPostInDoubt,
		}
	}
	return ts, found, err
}

// ageOf is how long ago a moment of the store's clock was, at the most. That is nothing where
// the clock was put back since.
func (w *Runner) ageOf(ctx context.Context, moment time.Time) (time.Duration, error) {
	now, err := w.Store.Now(ctx)
	return max(0, now.Sub(moment)), err
}

// noteMissing has the channel searched later for a post that was not found.
func (w *Runner) noteMissing(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	return w.applyEvent(ctx, r, approvals.PostMissing{Post: t.Kind}, t.KeepLeased())
}

var errPostInDoubt = errors.New("whether the message was posted is unknown yet; looking again before it is posted anew")

// A settledError is of an attempt before which all earlier ones were looked for long
// enough. If it had no effect itself, the next attempt may skip the look.
type settledError struct{ err error }

func (e *settledError) Error() string { return e.err.Error() }

func (e *settledError) Unwrap() error { return e.err }

// keepTrying keeps a refused look from ending the job: the refusal is silent about
// the earlier attempt.
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
	t, r, err := w.redirectCard(ctx, t, r)
	if err != nil {
		return err
	}
	var stop error
	if !r.State.Open() { // closed before the card was posted, or before it was found
		stop = approvals.ErrNoTransition
	}
	var begun time.Time // of this attempt
	ts, err := w.postOnce(ctx, t, r, stop, func() (string, error) {
		begun = time.Now()
		return w.Messenger.PostCard(ctx, r)
	})
	switch {
	case errors.Is(err, approvals.ErrNoTransition), errors.Is(err, approvals.ErrLeaseLost):
		return err
	case err != nil:
		return w.recordDelay(ctx, t, r, approvals.DelayReason(err), err)
	}
	return w.recordCard(ctx, t, r, ts, begun)
}

// recordCard records the card that an attempt put in the channel. Where begun is zero, an
// earlier attempt did.
func (w *Runner) recordCard(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, ts string, begun time.Time,
) error {
	posted := approvals.CardPosted{TS: ts, Age: time.Since(begun)}
	if begun.IsZero() {
		var err error
		if posted.Age, err = w.ageOf(ctx, t.TriedAt); err != nil {
			return err
		}
	}
	return w.applyEvent(ctx, r, posted, &t)
}

// postInThread posts once in the card's thread, while it is still true. Where the
// thread is missing, the requester is told privately. Where it stays closed to the
// bot, the requester is told as well, and the post waits for it.
func (w *Runner) postInThread(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !t.IsRelevant(r) {
		return w.awaitOverdue(ctx, t, r)
	}
	shutOut := approvals.ShutOut{Said: t.Job}
	if r.CardTS == "" {
		return w.applyEvent(ctx, r, shutOut, &t)
	}
	said, err := w.dateWords(ctx, t.Job, r)
	if err != nil {
		return err
	}
	ts, err := w.postOnce(ctx, t, r, nil, func() (string, error) {
		return w.Messenger.PostInThread(ctx, r, said)
	})
	err = w.judgeRefusal(ctx, t, r, err)
	switch {
	case err == nil:
		return w.completePosted(ctx, t, ts)
	case approvals.IsRefused(err): // the card is gone, and its thread with it
		return w.applyEvent(ctx, r, shutOut, &t)
	case t.IsShutOut(err):
		return errors.Join(err, w.applyIfNew(ctx, r.ID, shutOut))
	}
	return err
}

// dateWords tells the words about a grant what time it is: Slack may have been busy until
// after its end.
func (w *Runner) dateWords(ctx context.Context, said approvals.Job, r approvals.Request) (approvals.Job, error) {
	if r.Grant == nil {
		return said, nil
	}
	var err error
	said.SaidAt, err = w.Store.Now(ctx)
	return said, err
}

// completePosted ends a job with the timestamp of its message, which stands.
func (w *Runner) completePosted(ctx context.Context, t approvals.LeasedJob, ts string) error {
	t.Carried, t.PostedTS = true, ts
	err := w.Store.CompleteJob(context.WithoutCancel(ctx), t)
	if err == nil {
		w.completed.Store(leaseOf(t), true)
	}
	return err
}

// awaitOverdue keeps the thread's lane until an earlier attempt's post, by now out of date,
// was found or has to be taken for lost. Otherwise it might stand below what is said next.
func (w *Runner) awaitOverdue(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !t.WasTried() || r.CardTS == "" {
		return nil
	}
	ts, found, err := w.findEarlier(ctx, t, r)
	switch {
	case found && err == nil:
		return w.completePosted(ctx, t, ts)
	case approvals.IsRefused(err):
		return approvals.ErrNoTransition // nothing was said
	case err != nil:
		return err
	}
	if err := w.noteMissing(ctx, t, r); err != nil {
		return err
	}
	return approvals.ErrNoTransition
}

// tellRequester tells the requester privately, while it is still true. Only its reader can
// see such a notice, so after a lost answer it is told again, though rarely.
func (w *Runner) tellRequester(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !t.IsRelevant(r) {
		return approvals.ErrNoTransition
	}
	said, err := w.dateWords(ctx, t.Job, r)
	if err != nil {
		return err
	}
	if err := w.markTried(ctx, t); err != nil {
		return err
	}
	err = w.Messenger.TellRequester(ctx, r, said)
	if err == nil || approvals.IsDelay(err) {
		return err
	}
	passed := time.Duration(0)
	if t.WasTried() {
		now, clockErr := w.Store.NowSince(ctx, t.TriedAt)
		if clockErr != nil {
			return errors.Join(err, clockErr)
		}
		passed = now.Sub(t.TriedAt)
	}
	after, again := approvals.RepeatNotice(t.Attempt, passed)
	if !again {
		w.OnError(Problem{During: TellingRequester, Job: t, RequestID: r.ID, Err: err})
		return nil
	}
	return &slowed{error: keepTrying(err), after: approvals.RetryAfter(err, after)}
}

// A slowed error asks for a pause after an attempt that may have had its effect.
type slowed struct {
	error
	after time.Duration
}

func (e *slowed) Unwrap() error { return e.error }

func (w *Runner) addReactions(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.State != approvals.Pending || r.CardTS == "" {
		return nil
	}
	if err := w.markTried(ctx, t); err != nil {
		return err
	}
	return stopIfRefused(w.judgeRefusal(ctx, t, r, w.Messenger.AddReactions(ctx, r)))
}

// updateCard draws the card as the request stands. It checks the lease first: a
// card drawn by a late worker would show the past, for good.
func (w *Runner) updateCard(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if r.CardTS == "" {
		return nil
	}
	if err := w.markTried(ctx, t); err != nil {
		return err
	}
	return stopIfRefused(w.judgeRefusal(ctx, t, r, w.Messenger.UpdateCard(ctx, r)))
}

// tellVoter is tried once: a private notice cannot be looked for, and saying it
// twice is worse than its loss. An answer that refuses it most likely kept it from its
// reader, so it is said a few times then.
func (w *Runner) tellVoter(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	counts := t.Payload.Eligibility == approvals.Counts
	if t.WasTried() || counts && w.isLeftOutToday(ctx, r, t.Person) {
		return nil
	}
	if err := w.markTried(ctx, t); err != nil {
		return err
	}
	err := w.Messenger.TellVoter(ctx, r, t.Person, t.Payload.Eligibility)
	unknown, ok := errors.AsType[*approvals.UnknownEffectError](err)
	if ok && t.Attempt < voterAttempts {
		return &approvals.DelayError{After: unknown.After, Reason: unknown.Reason, Err: unknown.Err}
	}
	return stopIfRefused(err)
}

// voterAttempts bounds the copies of a notice to a voter.
const voterAttempts = 3

// isLeftOutToday reports whether an approval, which counts by the card, is going to be lost
// before the write: the policy has changed since, and does not name its giver.
func (w *Runner) isLeftOutToday(ctx context.Context, r approvals.Request, user string) bool {
	if inForce := w.Policy().SHA256; inForce != "" && inForce == r.Terms.PolicySHA256 {
		return false
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return false
	}
	today, people, err := w.findTermsToday(ctx, r, now)
	return err == nil && len(people) > 0 && !today.MayApprove(r, user, people)
}

// stopIfRefused lets a refusal end the job: saying it again cannot help.
func stopIfRefused(err error) error {
	if approvals.IsRefused(err) {
		return approvals.ErrNoTransition
	}
	return err
}
