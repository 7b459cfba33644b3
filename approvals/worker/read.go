package worker

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
)

// readAllocation reads a group's allocation from UiPath. A reading that contradicts
// what UiPath confirmed a moment ago is a *DelayError, and comes with it. A limit that it
// confirmed longer ago is believed gone after two looks.
func (w *Runner) readAllocation(ctx context.Context, groupID string) (approvals.Allocation, error) {
	earlier, err := w.Store.LastConfirmed(ctx, groupID)
	if err != nil {
		return approvals.Allocation{}, err
	}
	w.Licenses.ExpectLimits(groupID, earlier.LimitedCodes())
	read, err := w.Licenses.ReadAllocation(ctx, groupID)
	if err != nil {
		return approvals.Allocation{}, err
	}
	confirmed, err := w.Store.LastConfirmed(ctx, groupID)
	if err != nil {
		return approvals.Allocation{}, err
	}
	now, err := w.Store.NowSince(ctx, confirmed.At)
	if err != nil {
		return approvals.Allocation{}, err
	}
	return read, confirmed.CheckRead(read, now)
}

// awaitLateEffects returns a delay while a request that closed a moment ago may have
// changed the allocation after all, and the reading does not show it.
func (w *Runner) awaitLateEffects(ctx context.Context, r approvals.Request, read approvals.Allocation) error {
	others, err := w.Store.ListLateEffects(ctx, r.Proposal.Group.ID)
	if err != nil {
		return err
	}
	for _, other := range others {
		now, err := w.Store.NowSince(ctx, other.LateLookSince())
		if err != nil {
			return err
		}
		if wait := approvals.AwaitLateEffect(r, other, read, now); wait > 0 {
			return &approvals.DelayError{
				After: wait, Reason: "whether an earlier change to this group took effect is unknown for up to a minute",
			}
		}
	}
	return nil
}

// readSince is readForWrite. UiPath said yes to the last write at answeredAt; zero: it did not.
func (w *Runner) readSince(
	ctx context.Context, r approvals.Request, answeredAt time.Time,
) (approvals.Allocation, error) {
	if answeredAt.IsZero() {
		return w.readForWrite(ctx, r, nil)
	}
	accepted, err := w.Store.LastWrite(ctx, r)
	if err != nil {
		return approvals.Allocation{}, err
	}
	return w.readForWrite(ctx, r, accepted)
}

// readForWrite reads the allocation before a change to it, or after one. What UiPath said yes
// to is accepted, or nil: a read of exactly that is on time, although an older confirmation
// contradicts it. It takes two looks to believe that a limit is gone that the card shows: a write
// would lift it.
func (w *Runner) readForWrite(
	ctx context.Context, r approvals.Request, accepted *approvals.Allocation,
) (approvals.Allocation, error) {
	w.Licenses.ExpectLimits(r.Proposal.Group.ID, r.LimitedCodes())
	read, err := w.readAllocation(ctx, r.Proposal.Group.ID)
	if errors.Is(err, approvals.ErrReadIsLate) && accepted != nil && approvals.SameSet(read.Codes, accepted.Codes) {
		err = nil
	}
	if err != nil {
		return read, err
	}
	return read, w.checkShown(ctx, r.Proposal.Group.ID, read)
}

// checkShown returns a delay where a reading leaves out a setting that UiPath has shown before,
// to this process or to another one. Limits are believed gone once a second look agrees.
func (w *Runner) checkShown(ctx context.Context, groupID string, read approvals.Allocation) error {
	if !read.LeavesOut() {
		return nil
	}
	before, err := w.Store.ShownBefore(ctx, groupID)
	if err != nil {
		return err
	}
	err = approvals.CheckShown(before, read)
	if errors.Is(err, approvals.ErrQuotasUnknown) && read.LimitsLeftOut {
		w.Licenses.ExpectLimits(groupID, read.Codes) // which of them had a limit is not recorded
	}
	return err
}
