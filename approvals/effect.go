package approvals

import "time"

// lateEffectAfter is how long after a request closed its allocation is read once
// more, where a write may have had an effect that no read showed yet.
const lateEffectAfter = ReadLag

// MayHaveEffect reports whether a request that closed without success may have its
// change in effect nevertheless.
func (r Request) MayHaveEffect() bool {
	if r.State.Open() || r.State == Done || r.EffectFound || r.Proposal == nil {
		return false
	}
	switch r.Outcome.Reason {
	case ReasonUiPathRefused, ReasonIncomplete:
		return true
	case ReasonFromChannel: // the channel told the end; what a read showed since is lost
		return r.WriteAttempted
	}
	return r.Outcome.Uncertain
}

// AwaitLateEffect is how long a write has to wait, at a time when now was read: another one
// closed a moment ago, or its grant could not be ended, and it may have changed the group's
// allocation. Reads may lag, so a write on top of this one might undo that. Zero: there is
// nothing to wait for.
func AwaitLateEffect(r, other Request, now Allocation, at time.Time) time.Duration {
	if other.ID == r.ID || !other.mayChange(now) {
		return 0
	}
	return AwaitShown(other.LateLookSince(), at)
}

// mayChange reports whether a write of a request that is over may have had an effect that an
// allocation, read a moment ago, does not show.
func (r Request) mayChange(now Allocation) bool {
	if r.LeftCodes() {
		return r.FoundGone(now) == nil
	}
	return r.MayHaveEffect() && r.Outcome.Reason != ReasonIncomplete && !r.Proposal.Change.IsShownBy(now)
}

// lateEffectLook is the job that reads the allocation once more.
func (r Request) lateEffectLook() []Job {
	if !r.MayHaveEffect() {
		return nil
	}
	return []Job{{Kind: JobFindEffect, Due: r.ClosedAt.Add(lateEffectAfter)}}
}

// slowLook is the pause between two late looks that have failed for long.
const slowLook = 10 * time.Minute

// LateLookSince is since when UiPath may show a change late.
func (r Request) LateLookSince() time.Time {
	if r.LeftCodes() {
		return r.Grant.Revocation.At
	}
	return r.ClosedAt
}

// LateLookPause is the pause after a late look that failed; zero: choose. UiPath may
// not answer for long, or the bot may have been down. What was asked for a time would stay
// for ever, so the look is never given up. After the request's life, or an hour, it takes its time.
func (r Request) LateLookPause(now time.Time) time.Duration {
	if now.Before(r.LateLookSince().Add(max(r.Terms.TTL, time.Hour))) {
		return 0
	}
	return slowLook
}

// LateEffect is the event of a later look at the allocation; nil if it shows no effect
// of the request. others are the requests in effect of the group since it was filed: what
// they changed is theirs, unless it has ended. A part of the change matters only if it has to
// end.
func (r Request) LateEffect(now Allocation, others []Request) Event {
	var theirs []string
	for _, other := range others {
		if other.ID != r.ID && (other.Grant == nil || !other.Grant.IsOver()) {
			theirs = Union(theirs, other.Proposal.Change.AllCodes())
		}
	}
	change := r.Proposal.Change
	if change.isShownBeside(theirs, now) {
		return EffectFound{Allocation: now.Codes, Codes: change.GrantedCodes()}
	}
	if part := Without(Common(change.Add, now.Codes), theirs); r.Ask.IsTimed() && len(part) > 0 {
		return EffectFound{Allocation: now.Codes, Codes: part, InPart: true}
	}
	return nil
}

// A change that took effect after all is told, and its grant holds: otherwise nothing
// would end what was asked for a time.
func (e EffectFound) move(r Request, now time.Time) (Step, error) {
	if !r.MayHaveEffect() {
		return Step{}, ErrNoTransition
	}
	r.EffectFound, r.EffectInPart = true, e.InPart
	told := Job{Kind: JobPostEffect, Payload: Payload{Codes: e.Allocation}}
	return startGrant(Step{Request: r, Enqueue: []Job{told, {Kind: JobUpdateCard}}}, e.Codes, now), nil
}

// FoundGone is the event of a later look at an allocation, where the end of a grant was
// refused; nil if a code that should be out is still there.
func (r Request) FoundGone(now Allocation) Event {
	if !r.LeftCodes() || len(Common(r.Grant.Revocation.Remaining, now.Codes)) > 0 {
		return nil
	}
	return RemainingGone{Allocation: now.Codes}
}

// LeftCodes reports whether the end of the request's grant left codes behind.
func (r Request) LeftCodes() bool {
	return r.Grant != nil && r.Grant.Revocation != nil && len(r.Grant.Revocation.Remaining) > 0
}

// Codes that UiPath refused to take out and that are out after all are told.
func (e RemainingGone) move(r Request, now time.Time) (Step, error) {
	if !r.LeftCodes() {
		return Step{}, ErrNoTransition
	}
	g := *r.Grant
	g.Attempts++
	g.Retrying = false
	g.Revocation = &Revocation{
		At: now, Absent: Union(g.Revocation.Absent, g.Revocation.Remaining), Removed: g.Revocation.Removed,
		Kept: g.Revocation.Kept, ReadBack: true, Allocation: e.Allocation,
	}
	r.Grant = &g
	told := Job{Kind: JobPostRevocation, Number: g.attemptNumber()}
	return Step{Request: r, Drop: []JobKind{JobGrantExpiry, JobRevoke}, Enqueue: []Job{told, {Kind: JobUpdateCard}}}, nil
}
