package worker

import (
	"context"

	"licensebot/approvals"
)

// findEffect reads the allocation of a request that closed without success once
// more, a while after its write: UiPath may show an effect late.
func (w *Runner) findEffect(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !r.MayHaveEffect() {
		return nil
	}
	allocation, err := w.readAllocation(ctx, r.Proposal.Group.ID)
	switch {
	case approvals.IsRefused(err):
		return nil // the group is gone
	case err != nil:
		return w.retryUntil(ctx, r.LateEffectExpires(), err)
	case !r.Proposal.Change.IsShownBy(allocation):
		return nil
	}
	return w.applyEvent(ctx, r, approvals.EffectFound{Allocation: allocation.Codes}, &t)
}
