package approvals

import (
	"errors"
	"slices"
	"time"
)

// ErrReadIsLate means that a read may show what was so before the last change.
var ErrReadIsLate = errors.New("the read contradicts what UiPath confirmed a moment ago")

// ErrBeingChanged means that a write of another request is under way.
var ErrBeingChanged = errors.New("the allocation is being changed for another request at this moment")

// A Confirmation is the allocation of a group after the last change that the bot
// made there, as UiPath confirmed it.
type Confirmation struct {
	Codes  []string      // that the group had then
	Limits []QuotaChange // that the change set, or one shortly before it
	At     time.Time     // by the store's clock; zero: there is none

	Dropped bool // UiPath dropped a setting besides, which may be a limit set before
}

// ConfirmationBy is the confirmation that an event brings; r is the request after
// it. It is not ok if the event confirms no change of the allocation.
func ConfirmationBy(e Event, r Request) (c Confirmation, ok bool) {
	switch e := e.(type) {
	case WriteFinished:
		made := e.State == Done && e.Outcome.Reason != ReasonExtended
		return Confirmation{
			Codes: e.Outcome.Allocation, Limits: r.Proposal.Change.Quotas,
			Dropped: e.Outcome.Reason == ReasonNotPreserved,
		}, made
	case EffectFound:
		return Confirmation{Codes: e.Allocation, Limits: r.Proposal.Change.Quotas}, true
	case RemainingGone:
		return Confirmation{Codes: e.Allocation}, true
	case Revoked:
		made := len(e.Revocation.Removed) > 0 || e.Revocation.ReadBack
		return Confirmation{
			Codes: e.Revocation.Allocation, Dropped: e.Revocation.NotPreserved,
		}, made && !e.Revocation.Uncertain
	}
	return Confirmation{}, false
}

// After takes over the limits of the group's earlier confirmation while a read may still lack
// them: later changes may have put the codes back, so that a late read shows the codes that are
// confirmed now. A code that left the group has no limit any more.
func (c Confirmation) After(earlier Confirmation, now time.Time) Confirmation {
	if c.Dropped || !mayBeLate(earlier.At, now) {
		return c
	}
	limits := slices.Clone(c.Limits)
	for _, old := range earlier.Limits {
		isNewer := func(q QuotaChange) bool { return q.Code == old.Code }
		if slices.Contains(c.Codes, old.Code) && !slices.ContainsFunc(c.Limits, isNewer) {
			limits = append(limits, old)
		}
	}
	c.Limits = limits
	return c
}

// CheckRead returns a *DelayError for a reading of the allocation that contradicts
// the confirmation, while UiPath may still show what was so before it. A confirmation
// from the near future is fresh: the clock was put back since.
func (c Confirmation) CheckRead(read Allocation, now time.Time) error {
	if !mayBeLate(c.At, now) || c.isShownBy(read) {
		return nil
	}
	return &DelayError{
		Reason: "UiPath shows another allocation of this group than it confirmed a moment ago", Err: ErrReadIsLate,
	}
}

func (c Confirmation) isShownBy(read Allocation) bool {
	for _, limit := range c.Limits {
		if read.Quotas != nil && read.limitOf(limit.Code) != limit.To {
			return false
		}
	}
	return SameSet(c.Codes, read.Codes)
}
