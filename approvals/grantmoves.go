package approvals

import (
	"strconv"
	"time"
)

// granted begins the grant of a request that is done, if it is for a time.
func granted(step Step, now time.Time) Step {
	r := step.Request
	codes := r.Proposal.Change.Granted()
	if !r.Ask.Timed() || len(codes) == 0 {
		return step
	}
	r.Grant = &Grant{Codes: codes, Until: r.Ask.ends(now)}
	step.Request = r
	step.Owe = append(step.Owe, Owed{Kind: Elapse, Due: r.Grant.Until})
	for _, hours := range []int{firstWarning, lastWarning} {
		if due := r.Grant.Until.Add(-time.Duration(hours) * time.Hour); due.After(now) {
			step.Owe = append(step.Owe, Owed{Kind: Warn, Subject: strconv.Itoa(hours), Due: due})
		}
	}
	return step
}

// elapsed has the codes taken out when the grant's time is over. A clock that
// was put back meanwhile has it wait again.
func elapsed(r Request, now time.Time) (Step, error) {
	if !r.ending() {
		return Step{}, ErrNoMove
	}
	if now.Before(r.Grant.Until) {
		return Step{Request: r, Owe: []Owed{{Kind: Elapse, Due: r.Grant.Until}}}, nil
	}
	return Step{Request: r, Owe: []Owed{{Kind: End}}, Drop: []Kind{Warn}}, nil
}

// endEarly makes the end due now, or has an end tried again that left
// something behind.
func endEarly(r Request, e EndEarly, now time.Time) (Step, error) {
	if e.By != r.Requester && !e.Authorised {
		return Step{}, ErrNotYours
	}
	if !r.Holds() || r.Grant.Ending == nil && !now.Before(r.Grant.Until) {
		return Step{}, ErrNoMove
	}
	g := *r.Grant
	if g.Ending == nil {
		g.Until, g.By = now, e.By // what holds an end up that was due by another clock still does
	} else {
		g.Tries++
		g.Ending, g.Stalled, g.Misses = nil, "", 0
	}
	r.Grant = &g
	return Step{Request: r, Owe: []Owed{{Kind: End}, {Kind: Render}}, Drop: []Kind{Warn, Elapse}}, nil
}

func endHeld(r Request, e Held) (Step, error) {
	if r.Grant.Stalled != "" {
		return Step{}, ErrNoMove
	}
	g := *r.Grant
	g.Stalled = e.Why
	r.Grant = &g
	return Step{Request: r, Owe: []Owed{{Kind: Overdue, Subject: g.try()}, {Kind: Render}}}, nil
}

func endMissed(r Request) (Step, error) {
	g := *r.Grant
	g.Misses++
	r.Grant = &g
	return Step{Request: r}, nil
}

// ended records what an end did, whatever the clock says by then: it was put
// back perhaps, and what was done is done.
func ended(r Request, e Ended, now time.Time) (Step, error) {
	if !r.ending() {
		return Step{}, ErrNoMove
	}
	g := *r.Grant
	e.Ending.At = now
	g.Ending = &e.Ending
	r.Grant = &g
	return Step{Request: r, Owe: []Owed{{Kind: Conclude, Subject: g.try()}, {Kind: Render}}, Drop: []Kind{Warn, Elapse, End}}, nil
}
