package approvals

import (
	"slices"
	"time"
)

// claims has the requests that hold each code, the first to be done first.
type claims map[string][]Request

// claimsOf follows requests in the order in which they came into effect. A request to
// add a code found it missing, so earlier holders had lost it. If its answer was
// lost, another request that was done meanwhile may have added the code, and then
// both hold it.
func claimsOf(done []Request) claims {
	c := claims{}
	for _, r := range done {
		change := r.Proposal.Change
		if r.EffectInPart {
			change = Change{Add: r.Grant.Codes}
		}
		for _, code := range change.Remove {
			delete(c, code)
		}
		for _, code := range change.Add {
			c[code] = append(c.holdersMeanwhile(r, code), r)
		}
		for _, code := range change.Extend {
			c[code] = append(c[code], r)
		}
	}
	return c
}

// clockStep is by how much a clock may have been put back between two compared
// requests.
const clockStep = 15 * time.Minute

// holdersMeanwhile lists the holders of a code since r found it missing.
func (c claims) holdersMeanwhile(r Request, code string) []Request {
	if r.Outcome.Reason != ReasonReadBack && !r.WriteAttempted && !r.EffectFound {
		return nil
	}
	since := r.FiledAt.Add(-clockStep)
	return slices.DeleteFunc(slices.Clone(c[code]), func(other Request) bool { return other.ClosedAt.Before(since) })
}

// endsByCode has the end of each code that the group has for a time only: the
// end of its last grant.
func (c claims) endsByCode() map[string]time.Time {
	ends := map[string]time.Time{}
	for code, requests := range c {
		forGood := slices.ContainsFunc(requests, func(r Request) bool { return r.Grant == nil })
		for _, r := range requests {
			if !forGood && r.HoldsGrant() && r.Grant.Until.After(ends[code]) {
				ends[code] = r.Grant.Until
			}
		}
	}
	return ends
}

// otherHolder tells which request other than r holds a code longest from now on.
func (c claims) otherHolder(r Request, code string, now time.Time) (KeptCode, bool) {
	var longest KeptCode
	found := false
	for _, other := range c[code] {
		switch {
		case other.ID == r.ID:
		case other.Grant == nil:
			return KeptCode{Code: code, Request: other.ID, Foreign: other.IsForeign()}, true
		case other.HoldsGrant() && other.Grant.Until.After(now) && other.Grant.Until.After(longest.Until):
			longest = KeptCode{Code: code, Request: other.ID, Until: other.Grant.Until, Foreign: other.IsForeign()}
			found = true
		}
	}
	return longest, found
}

func (c claims) isHeldBy(r Request, code string) bool {
	return slices.ContainsFunc(c[code], func(other Request) bool { return other.ID == r.ID })
}

// split sorts the codes of r's grant: those to take out of the allocation now,
// and what became of the others.
func (c claims) split(r Request, allocation Allocation, now time.Time) (take []string, rest Revocation) {
	rest = Revocation{Allocation: allocation.Codes}
	for _, code := range r.Grant.Codes {
		other, held := c.otherHolder(r, code, now)
		switch {
		case !slices.Contains(allocation.Codes, code):
			rest.Absent = append(rest.Absent, code)
		case held:
			rest.Kept = append(rest.Kept, other)
		case !c.isHeldBy(r, code):
			rest.Kept = append(rest.Kept, KeptCode{Code: code})
		default:
			take = append(take, code)
		}
	}
	return take, rest
}

// endsOf is the part of ends that concerns the codes.
func endsOf(ends map[string]time.Time, codes []string) map[string]time.Time {
	if len(codes) == 0 {
		return nil
	}
	part := make(map[string]time.Time, len(codes))
	for _, code := range codes {
		part[code] = ends[code]
	}
	return part
}

// GrantEnds has the end of each code that a group has for a time only, as its
// done requests tell.
func GrantEnds(holders []Request) map[string]time.Time { return claimsOf(holders).endsByCode() }
