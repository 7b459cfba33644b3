package worker

import (
	"context"
	"errors"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// findEffect reads the allocation once more, a while after a write with a refusal or
// an unknown effect: UiPath may show an effect late.
func (w *Runner) findEffect(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !r.MayHaveEffect() && !r.LeftCodes() {
		return nil
	}
	now, err := w.Store.NowSince(ctx, r.LateLookSince())
	if err != nil {
		return err
	}
	if wait := approvals.AwaitShown(r.LateLookSince(), now); wait > 0 {
		return &approvals.DelayError{After: wait, Reason: "UiPath may show the change later"}
	}
	allocation, err := w.readAllocation(ctx, r.Proposal.Group.ID)
	if isGone(err) && sleep.For(ctx, approvals.SecondLookAfter) {
		allocation, err = w.readAllocation(ctx, r.Proposal.Group.ID)
	}
	switch {
	case isGone(err) && ctx.Err() == nil:
		return nil // by two looks in a row
	case err != nil:
		return w.lookLater(ctx, r, err)
	}
	event := r.FoundGone(allocation)
	if !r.LeftCodes() {
		event, err = w.findLateEffect(ctx, r, allocation)
	}
	if event == nil || err != nil {
		return err
	}
	return w.applyEvent(ctx, r, event, &t)
}

// isGone reports whether UiPath says that there is no such group. Any other refusal may pass.
func isGone(err error) bool { return approvals.IsNotFound(err) && !approvals.ConcernsOperator(err) }

// findLateEffect judges an allocation that was just read. What another write is changing at
// this moment is not known yet, so it waits for that.
func (w *Runner) findLateEffect(
	ctx context.Context, r approvals.Request, read approvals.Allocation,
) (approvals.Event, error) {
	changing, err := w.Store.ListUnsettledWrites(ctx, r.Proposal.Group.ID)
	if err != nil {
		return nil, err
	}
	others, err := w.Store.ListInEffectSince(ctx, r.Proposal.Group.ID, r.FiledAt)
	if err != nil {
		return nil, err
	}
	event := r.LateEffect(read, others)
	if event != nil && r.Ask.IsDisturbed(read, changing) {
		return nil, &approvals.DelayError{Reason: approvals.ErrBeingChanged.Error(), Err: approvals.ErrBeingChanged}
	}
	return event, nil
}

// lookLater keeps a late look that failed, at its own pace.
func (w *Runner) lookLater(ctx context.Context, r approvals.Request, cause error) error {
	now, err := w.Store.Now(ctx)
	if err != nil {
		return errors.Join(cause, err)
	}
	cause = keepTrying(cause)
	if pause := r.LateLookPause(now); pause > 0 {
		return &slowed{error: cause, after: pause}
	}
	return cause
}
