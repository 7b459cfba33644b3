package approvals

import (
	"cmp"
	"time"
)

// startGrant begins the grant of a done request, if it is for a time.
func startGrant(step Step, codes []string, now time.Time) Step {
	return startGrantUntil(step, codes, step.Request.Ask.endsAt(now), now)
}

func startGrantUntil(step Step, codes []string, until, now time.Time) Step {
	r := step.Request
	if !r.Ask.IsTimed() || len(codes) == 0 {
		return step
	}
	r.Grant = &Grant{Codes: codes, Until: until}
	step.Request = r
	step.Enqueue = append(step.Enqueue, Job{Kind: JobGrantExpiry, Due: r.Grant.Until})
	for _, hours := range []int{firstWarning, lastWarning} {
		if due := r.Grant.Until.Add(-time.Duration(hours) * time.Hour); due.After(now) {
			step.Enqueue = append(step.Enqueue, Job{Kind: JobWarnExpiry, Number: hours, Due: due})
		}
	}
	return step
}

// The end of a grant's time makes its revocation due, or due again where one left codes
// behind. If a clock was put back meanwhile, the grant waits again.
func (GrantExpired) move(r Request, now time.Time) (Step, error) {
	if r.LeftCodes() && !r.Grant.Retrying {
		g := r.Grant.endAgain()
		g.Retrying, g.Retries, g.Attempts, g.Revocation = true, g.Retries+1, r.Grant.Attempts, r.Grant.Revocation
		g.DelayReason = cmp.Or(r.Grant.DelayReason, "an earlier attempt left codes behind") // people know
		r.Grant = &g
		return Step{Request: r, Enqueue: []Job{{Kind: JobRevoke}}, Drop: []JobKind{JobGrantExpiry}}, nil
	}
	if !r.AwaitsRevocation() {
		return Step{}, ErrNoTransition
	}
	if now.Before(r.Grant.Until) && !r.Grant.Retrying {
		return Step{Request: r, Enqueue: []Job{{Kind: JobGrantExpiry, Due: r.Grant.Until}}}, nil
	}
	return Step{Request: r, Enqueue: []Job{{Kind: JobRevoke}}, Drop: []JobKind{JobWarnExpiry}}, nil
}

// An early end makes the revocation due now, or due again where one left codes
// behind.
func (e RevokeEarly) move(r Request, now time.Time) (Step, error) {
	if e.By != r.Requester && !e.Authorized {
		return Step{}, ErrNotPermitted
	}
	if !r.HoldsGrant() || r.Grant.Revocation == nil && !now.Before(r.Grant.Until) {
		return Step{}, ErrNoTransition
	}
	g := *r.Grant
	if g.Revocation == nil {
		g.Until, g.EndedBy = now, e.By // a delay from before stays: its cause may last
	} else {
		g = g.endAgain()
	}
	r.Grant = &g
	return Step{
		Request: r, Drop: []JobKind{JobWarnExpiry, JobGrantExpiry},
		Enqueue: []Job{{Kind: JobRevoke}, {Kind: JobUpdateCard}},
	}, nil
}

// endAgain is a grant whose end is tried anew. What is unknown of the last attempt stays unknown.
func (g Grant) endAgain() Grant {
	return Grant{
		Codes: g.Codes, Until: g.Until, EndedBy: g.EndedBy, Attempts: g.Attempts + 1, Retries: g.Retries,
		WriteAttempted: g.Revocation != nil && g.Revocation.Uncertain,
	}
}

// endAgainAfter is the pause before an end that left codes behind is tried again by itself. It
// grows from an hour to a day.
func (g Grant) endAgainAfter() time.Duration {
	return min(time.Hour<<min(g.Retries, 5), 24*time.Hour)
}

func delayRevocation(r Request, reason string) (Step, error) {
	if r.Grant.DelayReason != "" {
		return Step{}, ErrNoTransition
	}
	g := *r.Grant
	g.DelayReason = reason
	r.Grant = &g
	told := Job{Kind: JobPostRevocationDelay, Number: g.attemptNumber()}
	return Step{Request: r, Enqueue: []Job{told, {Kind: JobUpdateCard}}}, nil
}

func countRevocationMismatch(r Request) (Step, error) {
	g := *r.Grant
	g.Mismatches++
	g.AnsweredAt = time.Time{}
	r.Grant = &g
	return Step{Request: r}, nil
}

// A revocation is recorded whatever the clock says by then: the clock may have
// been put back, and what was done is done.
func (e Revoked) move(r Request, now time.Time) (Step, error) {
	if !r.AwaitsRevocation() {
		return Step{}, ErrNoTransition
	}
	g := *r.Grant
	e.Revocation.At = now
	isTold := g.Retrying && e.Revocation.leavesSame(*g.Revocation)
	if g.Retrying && !isTold {
		g.Attempts++
	}
	g.Revocation, g.Retrying = &e.Revocation, false
	r.Grant = &g
	step := Step{Request: r, Drop: []JobKind{JobWarnExpiry, JobGrantExpiry, JobRevoke}}
	if !isTold {
		step.Enqueue = []Job{{Kind: JobPostRevocation, Number: g.attemptNumber()}, {Kind: JobUpdateCard}}
	}
	if r.LeftCodes() {
		step.Enqueue = append(step.Enqueue, Job{Kind: JobFindEffect, Due: now.Add(lateEffectAfter)},
			Job{Kind: JobGrantExpiry, Due: now.Add(g.endAgainAfter())})
	}
	return step, nil
}
