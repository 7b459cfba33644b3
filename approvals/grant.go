package approvals

import (
	"slices"
	"time"
)

// When people are warned before a grant ends, in hours.
const (
	firstWarning = 24
	lastWarning  = 1
)

// A Grant is what a done request holds in a group's rule for a time. Its end
// takes the codes out again, unless another request holds them by then.
type Grant struct {
	Codes       []string    `json:"codes"` // put in by the request, or let stay for longer
	Until       time.Time   `json:"until"`
	EndedBy     string      `json:"ended_by,omitempty"`     // who ended it before its time
	DelayReason string      `json:"delay_reason,omitempty"` // why its end is held up
	Mismatches  int         `json:"mismatches,omitempty"`   // answers to its end that were not what was asked
	Revocation  *Revocation `json:"revocation,omitempty"`   // what its end did
	Attempts    int         `json:"attempts,omitempty"`     // how often its end was given up and tried again
}

// An Ending is what became of each code of a grant, as far as UiPath told.
type Revocation struct {
	At        time.Time  `json:"at"`
	Removed   []string   `json:"removed,omitempty"`   // taken out, as UiPath confirmed
	Absent    []string   `json:"absent,omitempty"`    // not in the rule when it was read
	Kept      []KeptCode `json:"kept,omitempty"`      // still there, and why
	Remaining []string   `json:"remaining,omitempty"` // to be taken out, and there all the same
	Answer    string     `json:"answer,omitempty"`    // UiPath's words about what is left
	ReadBack  bool       `json:"read_back,omitempty"` // an answer was lost, so that some of Gone was taken out by this end

	QuotasUnknown bool     `json:"quotas_unknown,omitempty"` // Left, because UiPath does not tell what limits of seats are to stay
	NotPreserved  bool     `json:"not_preserved,omitempty"`  // the rule lost other things that were to stay
	Uncertain     bool     `json:"uncertain,omitempty"`      // what is Left may be out: an answer was lost, and the rule cannot be read
	Allocation    []string `json:"allocation,omitempty"`     // the group's rule as last read or answered
}

// A Holding says which request lets a code stay. Request is empty where it was
// put in by nobody's request; Until is zero where it stays for good.
type KeptCode struct {
	Code    string    `json:"code"`
	Request string    `json:"request,omitempty"`
	Until   time.Time `json:"until,omitzero"`
}

// attemptNumber tells apart what the thread is told about each attempt to end
// the grant.
func (g Grant) attemptNumber() int { return g.Attempts + 1 }

// Over reports whether the grant ended and left nothing behind.
func (g Grant) IsOver() bool { return g.Revocation != nil && len(g.Revocation.Remaining) == 0 }

// Holds reports whether the request holds codes for a time: it is done, and
// its grant is not over.
func (r Request) HoldsGrant() bool { return r.State == Done && r.Grant != nil && !r.Grant.IsOver() }

// ending reports whether the end of the request's grant is still to come.
func (r Request) AwaitsRevocation() bool { return r.HoldsGrant() && r.Grant.Revocation == nil }

// ends is when a grant that begins now would end; zero: never.
func (a Ask) endsAt(now time.Time) time.Time {
	if !a.IsTimed() {
		return time.Time{}
	}
	return now.Add(a.Duration(now))
}

// passed reports whether the time asked for is over already.
func (a Ask) hasPassed(now time.Time) bool { return a.IsTimed() && !a.endsAt(now).After(now) }

// claims tell which requests hold a code, as far as grants for a time are
// concerned, the first to be done first.
type claims map[string][]Request

// claimsOf follows done requests in the order in which they were done. To put
// a code in, a request must have found it missing: so whoever held it before
// holds it no more, whatever took it out. Only where an answer was lost it may
// have been put in by one that was done meanwhile, and then both hold it.
func claimsOf(done []Request) claims {
	c := claims{}
	for _, r := range done {
		change := r.Proposal.Change
		for _, code := range change.Remove {
			delete(c, code)
		}
		for _, code := range change.Add {
			c[code] = append(c.meanwhile(r, code), r)
		}
		for _, code := range change.Extend {
			c[code] = append(c[code], r)
		}
	}
	return c
}

// setBack is by how much a clock may have been put back between two requests
// whose order is told by it.
const setBack = 15 * time.Minute

// meanwhile are the holders of a code who may have put it in since r, which
// found it missing, was filed.
func (c claims) meanwhile(r Request, code string) []Request {
	if r.Outcome.Reason != ReasonReadBack && !r.WriteAttempted {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c[code]), func(other Request) bool { return other.ClosedAt.Before(r.FiledAt.Add(-setBack)) })
}

// ends tells, of each code that is in the rule for a time only, when the last
// grant of it ends.
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

// besides tells which request other than r holds a code longest from now on.
func (c claims) besides(r Request, code string, now time.Time) (KeptCode, bool) {
	var best KeptCode
	found := false
	for _, other := range c[code] {
		switch {
		case other.ID == r.ID:
		case other.Grant == nil:
			return KeptCode{Code: code, Request: other.ID}, true
		case other.HoldsGrant() && other.Grant.Until.After(now) && other.Grant.Until.After(best.Until):
			best, found = KeptCode{Code: code, Request: other.ID, Until: other.Grant.Until}, true
		}
	}
	return best, found
}

// by reports whether r is among those that hold a code.
func (c claims) by(r Request, code string) bool {
	return slices.ContainsFunc(c[code], func(other Request) bool { return other.ID == r.ID })
}

// part sorts the codes of r's grant: what is to be taken out of the rule at
// this moment, and what became of the others.
func (c claims) split(r Request, rule Allocation, now time.Time) (take []string, rest Revocation) {
	rest = Revocation{Allocation: rule.Codes}
	for _, code := range r.Grant.Codes {
		other, held := c.besides(r, code, now)
		switch {
		case !slices.Contains(rule.Codes, code):
			rest.Absent = append(rest.Absent, code)
		case held:
			rest.Kept = append(rest.Kept, other)
		case !c.by(r, code):
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
