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
	wrote := r.Outcome.Reason == ReasonUiPathRefused || r.Outcome.Reason == ReasonIncomplete
	return r.Outcome.Uncertain || wrote
}

// lateEffectLook is the job that reads the allocation once more.
func (r Request) lateEffectLook() []Job {
	if !r.MayHaveEffect() {
		return nil
	}
	return []Job{{Kind: JobFindEffect, Due: r.ClosedAt.Add(lateEffectAfter)}}
}

// LateEffectExpires is when the look for a late effect is given up, if UiPath could
// not be read until then.
func (r Request) LateEffectExpires() time.Time { return r.ClosedAt.Add(r.Terms.TTL) }

// A change that took effect after all is told, and its grant holds: otherwise nothing
// would end what was asked for a time.
func (e EffectFound) move(r Request, now time.Time) (Step, error) {
	if !r.MayHaveEffect() {
		return Step{}, ErrNoTransition
	}
	r.EffectFound = true
	told := Job{Kind: JobPostEffect, Payload: Payload{Codes: e.Allocation}}
	return startGrant(Step{Request: r, Enqueue: []Job{told, {Kind: JobUpdateCard}}}, now), nil
}

// IsInEffect reports whether the request's change was made, as far as is known.
func (r Request) IsInEffect() bool { return r.State == Done || r.EffectFound }
