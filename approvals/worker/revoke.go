package worker

import (
	"context"
	"errors"

	"licensebot/approvals"
)

// revokeGrant takes the codes of a grant out once its time is over: only those, and
// only where no other request holds them. It reads the allocation before each write.
// The read also settles an earlier attempt with a lost answer. It goes on while
// UiPath is silent, because otherwise the codes stay for good.
func (w *Runner) revokeGrant(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !r.AwaitsRevocation() {
		return nil
	}
	if err := w.yieldLane(ctx, t, r); err != nil {
		return err
	}
	facts := approvals.RevocationFacts{Tried: t.WasTried() || r.Grant.WriteAttempted}
	if err := w.awaitExtension(ctx, r, facts.Tried && !r.Grant.Retrying || t.WasTried()); err != nil {
		return w.recordDelay(ctx, t, r, approvals.DelayReason(err), err)
	}
	var err error
	if facts.Now, err = w.Store.Now(ctx); err != nil {
		return err
	}
	if facts.Holders, err = w.Store.ListGrantHolders(ctx, r.Proposal.Group.ID); err != nil {
		return err
	}
	if facts.Allocation, err = w.readSince(ctx, r, r.Grant.AnsweredAt); err != nil {
		return w.revokedOrDelayed(ctx, t, r, approvals.DecideUnreadableRevocation(r, facts, err), err)
	}
	if !r.Grant.RefusedAt.IsZero() {
		if r, err = w.Store.ApplyEvent(ctx, r.ID, approvals.ReadShown{}, t.KeepLeased()); err != nil {
			return err
		}
	}
	plan := approvals.PlanRevocation(r, facts)
	switch {
	case plan.IsOver():
		return w.endRevocation(ctx, t, r, plan, facts.Allocation)
	case !r.Grant.AnsweredAt.IsZero():
		return w.awaitShown(ctx, t, r, r.Grant.AnsweredAt, facts.Allocation)
	}
	if err := restBeforeWrite(t, facts.Now); err != nil {
		return w.recordDelay(ctx, t, r, approvals.DelayReason(err), err)
	}
	if err := w.awaitLateEffects(ctx, r, facts.Allocation); err != nil {
		return w.recordDelay(ctx, t, r, approvals.DelayReason(err), err)
	}
	return w.takeOut(ctx, t, r, plan, approvals.Change{Remove: plan.Take}.ApplyTo(facts.Allocation))
}

// endRevocation records an end without anything left to write, perhaps after a write with a lost
// answer.
func (w *Runner) endRevocation(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
	plan approvals.RevocationPlan, read approvals.Allocation,
) error {
	if !plan.Result.ReadBack && len(plan.Result.Removed) == 0 {
		return w.applyEvent(ctx, r, approvals.Revoked{Revocation: plan.Result}, &t)
	}
	asked, err := w.Store.LastWrite(ctx, r)
	if err != nil {
		return err
	}
	return w.applyEvent(ctx, r, plan.AfterReading(read, asked), &t)
}

// awaitExtension returns a delay while an approved extension of a grant is to be carried out.
// A tried end waits for none, because the others of the group wait for it.
func (w *Runner) awaitExtension(ctx context.Context, r approvals.Request, tried bool) error {
	if tried {
		return nil
	}
	writes, err := w.Store.ListQueuedWrites(ctx, r.Proposal.Group.ID)
	if err != nil {
		return err
	}
	if extending, found := r.FindExtension(writes); found {
		reason := "request " + extending.ID + ", which extends it, is approved and not done yet"
		return &approvals.DelayError{After: approvals.YieldPause, Reason: reason}
	}
	return nil
}

// takeOut replaces the allocation by target: the one read, less the codes to take. A read
// settles the write, whatever UiPath answers.
func (w *Runner) takeOut(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
	plan approvals.RevocationPlan, target approvals.Allocation,
) error {
	t.Writing = &target
	if err := w.Store.MarkTried(ctx, t); err != nil {
		return err
	}
	return unsettled(w.writeWithout(ctx, t, r, plan, target))
}

// writeWithout is takeOut, after the attempt is recorded.
func (w *Runner) writeWithout(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
	plan approvals.RevocationPlan, target approvals.Allocation,
) error {
	answer, err := w.Licenses.WriteAllocation(ctx, r.Proposal.Group.ID, target)
	if err != nil && !approvals.EffectIsUnknown(err) { // the call never left
		return w.recordDelay(ctx, t, r, approvals.DelayReason(err), err)
	}
	return w.settleTakingOut(ctx, t, r, plan, answer, target, err)
}

// settleTakingOut reads the result of a write.
func (w *Runner) settleTakingOut(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
	plan approvals.RevocationPlan, answer, target approvals.Allocation, cause error,
) error {
	yes := cause == nil && approvals.SameSet(answer.Codes, target.Codes)
	var accepted *approvals.Allocation
	if yes {
		accepted = &target
	}
	read, err := w.readForWrite(ctx, r, accepted)
	switch {
	case yes && err == nil && plan.IsShownBy(read):
		return w.confirmTakenOut(ctx, t, r, plan, read, target)
	case yes && errors.Is(err, approvals.ErrReadIsLate):
		return w.recordAnswered(ctx, t, r, plan.Take, answer, read)
	case yes && err != nil:
		return w.keepTakenOut(ctx, t, r, plan, answer, err)
	case err != nil:
		failure := approvals.UnreadWrite(errors.Join(cause, err))
		return w.recordDelay(ctx, t, r, failure.Reason, failure.Err)
	case plan.IsShownBy(read):
		return w.applyEvent(ctx, r, plan.AfterReading(read, &target), &t)
	case cause == nil:
		return w.recordAnswered(ctx, t, r, plan.Take, answer, read)
	}
	return w.revokedOrDelayed(ctx, t, r, plan.AfterRefusal(cause, &read), cause)
}

// confirmTakenOut records an end that UiPath confirmed.
func (w *Runner) confirmTakenOut(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
	plan approvals.RevocationPlan, answer, target approvals.Allocation,
) error {
	preserved, err := w.preserved(ctx, r, approvals.Change{Remove: plan.Take}, answer, target)
	if err != nil && answer.Preserves(target) { // whether limits were lost is unknown
		return w.keepTakenOut(ctx, t, r, plan, answer, err)
	}
	return w.applyEvent(ctx, r, plan.AfterWrite(answer, preserved), &t)
}

// keepTakenOut is keepAnswered for the end of a grant.
func (w *Runner) keepTakenOut(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
	plan approvals.RevocationPlan, answer approvals.Allocation, cause error,
) error {
	failure := approvals.UnreadWrite(cause)
	return errors.Join(
		w.noteAnswered(ctx, t, r, plan.Take, answer), w.recordDelay(ctx, t, r, failure.Reason, failure.Err))
}

func (w *Runner) revokedOrDelayed(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, event approvals.Event, cause error,
) error {
	return w.applyOrDelay(ctx, t, r, event, approvals.DelayReason(cause), cause)
}

// warnExpiry announces the end of a grant, unless it is too late or all its codes
// stay.
func (w *Runner) warnExpiry(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !r.AwaitsRevocation() {
		return nil
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	holders, err := w.Store.ListGrantHolders(ctx, r.Proposal.Group.ID)
	if err != nil {
		return err
	}
	t.Payload.Codes = approvals.CodesToWarnOf(r, holders)
	if r.Grant.WarningIsLate(t.Number, now) || len(t.Payload.Codes) == 0 {
		return nil
	}
	return w.postInThread(ctx, t, r)
}
