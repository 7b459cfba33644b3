package worker

import (
	"context"
	"time"

	"licensebot/approvals"
)

// yieldLane lets other writes to the group go first, where this one fails again and
// again. What is known of its attempts is kept.
func (w *Runner) yieldLane(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	now, err := w.Store.NowSince(ctx, t.TriedAt)
	if err != nil || !t.YieldsLane(now) {
		return err
	}
	if err := w.applyEvent(ctx, r, approvals.LaneYielded{}, t.KeepLeased()); err != nil {
		return err
	}
	return &postponed{approvals.YieldPause}
}

// An unsettledError is of a write that left in this attempt, and may have had an effect.
type unsettledError struct{ error }

func (e *unsettledError) Unwrap() error { return e.error }

func unsettled(err error) error {
	if approvals.EffectIsUnknown(err) {
		return &unsettledError{err}
	}
	return err
}

// restBeforeWrite returns a delay for a write that failed often and is not settled yet.
func restBeforeWrite(t approvals.LeasedJob, now time.Time) error {
	if wait := t.RestsUntilYield(now); wait > 0 {
		return &approvals.DelayError{After: wait, Reason: "UiPath did not make the change in several attempts"}
	}
	return nil
}
