package approvals

import (
	"time"
)

// granted begins the grant of a request that is done, if it is for a time.
func startGrant(step Step, now time.Time) Step {
	r := step.Request
	codes := r.Proposal.Change.GrantedCodes()
	if !r.Ask.IsTimed() || len(codes) == 0 {
		return step
	}
	r.Grant = &Grant{Codes: codes, Until: r.Ask.endsAt(now)}
	step.Request = r
	step.Enqueue = append(step.Enqueue, Job{Kind: JobGrantExpiry, Due: r.Grant.Until})
	for _, hours := range []int{firstWarning, lastWarning} {
		if due := r.Grant.Until.Add(-time.Duration(hours) * time.Hour); due.After(now) {
			step.Enqueue = append(step.Enqueue, Job{Kind: JobWarnExpiry, Number: hours, Due: due})
		}
	}
	return step
}

// elapsed has the codes taken out when the grant's time is over. A clock that
// was put back meanwhile has it wait again.
func grantExpired(r Request, now time.Time) (Step, error) {
	if !r.AwaitsRevocation() {
		return Step{}, ErrNoTransition
	}
	if now.Before(r.Grant.Until) {
		return Step{Request: r, Enqueue: []Job{{Kind: JobGrantExpiry, Due: r.Grant.Until}}}, nil
	}
	return Step{Request: r, Enqueue: []Job{{Kind: JobRevoke}}, Drop: []JobKind{JobWarnExpiry}}, nil
}

// endEarly makes the end due now, or has an end tried again that left
// something behind.
func revokeEarly(r Request, e RevokeEarly, now time.Time) (Step, error) {
	if e.By != r.Requester && !e.Authorized {
		return Step{}, ErrNotPermitted
	}
	if !r.HoldsGrant() || r.Grant.Revocation == nil && !now.Before(r.Grant.Until) {
		return Step{}, ErrNoTransition
	}
	g := *r.Grant
	if g.Revocation == nil {
		g.Until, g.EndedBy = now, e.By // what holds an end up that was due by another clock still does
	} else {
		g.Attempts++
		g.Revocation, g.DelayReason, g.Mismatches = nil, "", 0
	}
	r.Grant = &g
	return Step{Request: r, Enqueue: []Job{{Kind: JobRevoke}, {Kind: JobUpdateCard}}, Drop: []JobKind{JobWarnExpiry, JobGrantExpiry}}, nil
}

func revocationDelayed(r Request, e Delayed) (Step, error) {
	if r.Grant.DelayReason != "" {
		return Step{}, ErrNoTransition
	}
	g := *r.Grant
	g.DelayReason = e.Reason
	r.Grant = &g
	return Step{Request: r, Enqueue: []Job{{Kind: JobPostRevocationDelay, Number: g.attemptNumber()}, {Kind: JobUpdateCard}}}, nil
}

func revocationMismatched(r Request) (Step, error) {
	g := *r.Grant
	g.Mismatches++
	r.Grant = &g
	return Step{Request: r}, nil
}

// ended records what an end did, whatever the clock says by then: it was put
// back perhaps, and what was done is done.
func revoked(r Request, e Revoked, now time.Time) (Step, error) {
	if !r.AwaitsRevocation() {
		return Step{}, ErrNoTransition
	}
	g := *r.Grant
	e.Revocation.At = now
	g.Revocation = &e.Revocation
	r.Grant = &g
	return Step{Request: r, Enqueue: []Job{{Kind: JobPostRevocation, Number: g.attemptNumber()}, {Kind: JobUpdateCard}}, Drop: []JobKind{JobWarnExpiry, JobGrantExpiry, JobRevoke}}, nil
}
