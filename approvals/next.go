package approvals

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNoMove is returned by Next for an event that means nothing to a request
// in its state: it came late, twice, or lost a race. Nothing is changed.
var ErrNoMove = errors.New("the request's state does not take this event")

// ErrNotYours is returned by Next when someone cancels another's request that
// they may not approve either.
var ErrNotYours = errors.New("only the requester and the approvers can cancel a request")

// ErrNoReason is returned by Next when an approver cancels another's request
// without saying why.
var ErrNoReason = errors.New("an approver who cancels a request has to say why")

// A Step is what an event makes of a request.
type Step struct {
	Request Request
	Owe     []Owed
	Drop    []Kind // owed work that became pointless
}

// Next decides what event e, happening now, makes of request r. It is the
// whole of the state machine and has no effect of its own.
func Next(r Request, e Event, now time.Time) (Step, error) {
	switch e := e.(type) {
	case Vetted:
		return vetted(r, e, now)
	case Unfit:
		return unfit(r, e, now)
	case Posted:
		return posted(r, e, now)
	case Weighed:
		return weighed(r, e, now)
	case Cancel:
		return cancelled(r, e, now)
	case Lapse:
		return lapsed(r, e, now)
	case Gone:
		return gone(r, e, now)
	case Rechecked:
		return rechecked(r, e, now)
	case Carried:
		return carried(r, e, now)
	case Held:
		return held(r, e)
	case Missed:
		return missed(r)
	case Settled:
		return settled(r, e, now)
	case Reminded:
		return reminded(r, e, now)
	case Elapsed:
		return elapsed(r, now)
	case EndEarly:
		return endEarly(r, e, now)
	case Ended:
		return ended(r, e, now)
	case Forgotten:
		return forgotten(r)
	}
	return Step{}, fmt.Errorf("unknown event %T", e)
}

// File is the first step of a request's life: what is owed once r is durable.
func File(r Request) Step {
	r.State = Filed
	return Step{Request: r, Owe: []Owed{{Kind: Vet}, {Kind: Expire, Due: r.Deadline}}}
}

// vetted fixes what is asked and who decides; the time to decide begins now.
func vetted(r Request, e Vetted, now time.Time) (Step, error) {
	if r.State != Filed {
		return Step{}, ErrNoMove
	}
	r.State = Pending
	r.Proposal = &e.Proposal
	r.Sole = e.Proposal.sole(r.Ask)
	r.Terms = e.Terms
	r.Deadline = now.Add(e.Terms.TTL)
	r.Stalled = ""
	return Step{
		Request: r, Drop: []Kind{Expire},
		Owe: []Owed{{Kind: Announce}, {Kind: Expire, Due: r.Deadline}},
	}, nil
}

func unfit(r Request, e Unfit, now time.Time) (Step, error) {
	if r.State != Filed {
		return Step{}, ErrNoMove
	}
	return end(r, Refused, e.Outcome, now), nil
}

// posted is a fact, not a move: the card may reach the channel when the
// request has already ended, and then still has to show that.
func posted(r Request, e Posted, now time.Time) (Step, error) {
	if r.CardTS != "" || r.State == Filed || r.State == Refused {
		return Step{}, ErrNoMove
	}
	r.CardTS = e.TS
	if !r.State.Open() {
		return Step{Request: r, Owe: []Owed{{Kind: Render}}}, nil
	}
	r.Stalled = ""
	switch auto := r.State == Pending && r.Terms.Auto; {
	case auto && !now.Before(r.Deadline):
		return end(r, Expired, Outcome{Reason: ReasonDeadline}, now), nil
	case auto: // the channel has seen it: that is all that was missing
		r.State, r.Decided = Approved, now
		return Step{Request: r, Owe: []Owed{{Kind: Apply}, {Kind: Render}}, Drop: []Kind{Remind}}, nil
	}
	owe := []Owed{{Kind: Seed}, {Kind: Weigh}}
	if r.State == Pending {
		owe = append(owe, r.nextReminder(now)...)
	}
	return Step{Request: r, Owe: owe}, nil
}

// weighed counts the votes of a request that still waits. After its deadline
// only the last look decides, see lapsed.
func weighed(r Request, e Weighed, now time.Time) (Step, error) {
	if r.State != Pending || !now.Before(r.Deadline) {
		return Step{}, ErrNoMove
	}
	return count(r, e.Ballots, now), nil
}

// count makes of a pending request what the ballots on its card decide: one ❌
// denies it, a quorum of ✅ approves it, and less leaves it waiting.
func count(r Request, ballots []Ballot, now time.Time) Step {
	if user, ok := denier(ballots); ok {
		return end(r, Denied, Outcome{Reason: ReasonVoted, By: user}, now)
	}
	before := Voters(r.Votes)
	r.Votes = consents(r.Votes, ballots, now)
	step := tellIgnored(r, ballots)
	switch {
	case r.Terms.Met(r.Votes):
		step.Request.State = Approved
		step.Request.Decided = now
		step.Owe = append(step.Owe, Owed{Kind: Apply}, Owed{Kind: Render})
		step.Drop = append(step.Drop, Remind)
	case !slices.Equal(before, Voters(r.Votes)):
		step.Owe = append(step.Owe, Owed{Kind: Render})
	}
	return step
}

// tellIgnored owes a word to everyone whose reaction does not count, once for
// each reason. Bots and deactivated people cannot read one.
func tellIgnored(r Request, ballots []Ballot) Step {
	step := Step{Request: r}
	for _, b := range ballots {
		if b.Standing == Counts || b.Standing == IsBot || b.Standing == Deactivated {
			continue
		}
		mark := b.User + ":" + string(b.Standing)
		if slices.Contains(step.Request.Told, mark) {
			continue
		}
		step.Request.Told = append(slices.Clone(step.Request.Told), mark)
		step.Owe = append(step.Owe, Owed{Kind: Tell, Subject: b.User, Note: string(b.Standing)})
	}
	return step
}

func cancelled(r Request, e Cancel, now time.Time) (Step, error) {
	outcome := Outcome{Reason: ReasonWithdrawn, By: e.By, Why: e.Why}
	if e.By != r.Requester {
		outcome.Reason = ReasonCalledOff
	}
	switch {
	case e.By != r.Requester && !e.Authorised:
		return Step{}, ErrNotYours
	case r.State != Filed && r.State != Pending:
		return Step{}, ErrNoMove
	case e.By != r.Requester && strings.TrimSpace(e.Why) == "":
		return Step{}, ErrNoReason
	}
	step := end(r, Cancelled, outcome, now)
	if r.Proposal == nil {
		step.Owe = nil // the answer to the command told the only one who knew
	}
	return step, nil
}

// lapsed ends a request whose deadline has passed, unless the last look at its
// card found what decides it: a vote that was given in time and not heard of,
// because the bot was down or deaf, still counts.
func lapsed(r Request, e Lapse, now time.Time) (Step, error) {
	if (r.State != Filed && r.State != Pending) || now.Before(r.Deadline) {
		return Step{}, ErrNoMove
	}
	unshown := r.Terms.Auto && r.CardTS == "" // nobody has to agree, but the channel has to have seen it
	if r.State == Pending && !e.Unseen && !unshown {
		step := count(r, e.Ballots, now)
		if step.Request.State != Pending {
			return step, nil
		}
		r.Votes = step.Request.Votes
	}
	return end(r, Expired, Outcome{Reason: ReasonDeadline}, now), nil
}

// gone ends a request whose card was deleted. Its thread went with the card,
// so the requester is told privately.
func gone(r Request, e Gone, now time.Time) (Step, error) {
	if r.State != Pending && (r.State != Approved || e.Waiting) {
		return Step{}, ErrNoMove
	}
	r.Attempted = r.Attempted || e.Attempted
	step := end(r, Cancelled, Outcome{Reason: ReasonCardDeleted, By: Bot}, now)
	step.Owe = []Owed{{Kind: Notify}}
	step.Drop = append(step.Drop, Apply, Seed, Render)
	return step, nil
}

// weighAgain is how long after consent was found gone it is weighed anew.
const weighAgain = 5 * time.Second

// rechecked takes an approval back: consent that is gone before the write is
// no consent. The request waits again for as long as it may.
func rechecked(r Request, e Rechecked, now time.Time) (Step, error) {
	if r.State != Approved {
		return Step{}, ErrNoMove
	}
	r.Attempted = r.Attempted || e.Attempted
	if user, ok := denier(e.Ballots); ok {
		return end(r, Denied, Outcome{Reason: ReasonVoted, By: user}, now), nil
	}
	lost := lossesOf(r.Votes, e.Ballots)
	r.State = Pending
	r.Decided = time.Time{}
	r.Votes = consents(r.Votes, e.Ballots, now)
	r.Stalled = ""
	if !now.Before(r.Deadline) {
		return lapsed(r, Lapse{Ballots: e.Ballots}, now)
	}
	r.Reopened++
	step := tellIgnored(r, e.Ballots)
	// What was heard since the look was weighed in vain, so it is weighed again; a
	// little later, lest what is heard and what is seen chase each other.
	step.Owe = append(step.Owe, reopening(r, lost), Owed{Kind: Render}, Owed{Kind: Weigh, Due: now.Add(weighAgain)}, Owed{Kind: Expire, Due: r.Deadline})
	step.Owe = append(step.Owe, r.nextReminder(now)...)
	return step, nil
}

// carried puts those down whose consent a write rests on: they are named as who
// approved it, also where its answer is lost.
func carried(r Request, e Carried, now time.Time) (Step, error) {
	if r.State != Approved {
		return Step{}, ErrNoMove
	}
	r.Votes = consents(r.Votes, e.Ballots, now)
	return Step{Request: r, Owe: []Owed{{Kind: Render}}}, nil
}

// held tells people, once for each state, that an effect is held up.
func held(r Request, e Held) (Step, error) {
	if r.ending() {
		return endHeld(r, e)
	}
	if !r.State.Open() || r.Stalled != "" {
		return Step{}, ErrNoMove
	}
	r.Stalled = e.Why
	if r.State == Approved {
		return Step{Request: r, Owe: []Owed{{Kind: Progress, Subject: r.holdUp()}}}, nil
	}
	return Step{Request: r, Owe: []Owed{{Kind: Notify}}}, nil
}

func missed(r Request) (Step, error) {
	if r.ending() {
		return endMissed(r)
	}
	if r.State != Approved {
		return Step{}, ErrNoMove
	}
	r.Misses++
	r.Attempted = true
	return Step{Request: r}, nil
}

func settled(r Request, e Settled, now time.Time) (Step, error) {
	if r.State != Approved {
		return Step{}, ErrNoMove
	}
	if e.State != Done && e.State != Failed && e.State != Superseded {
		return Step{}, fmt.Errorf("a write cannot settle as %q", e.State)
	}
	step := end(r, e.State, e.Outcome, now)
	if e.State == Done {
		step = granted(step, now)
	}
	return step, nil
}

// end closes a request. After a write that was tried it is said of no end but
// success what UiPath's rule is now. Before there is a proposal nobody but the requester
// has seen it, so only they are told; afterwards the thread is.
func end(r Request, state State, outcome Outcome, now time.Time) Step {
	r.State = state
	outcome.Uncertain = outcome.Uncertain || r.Attempted && state != Done
	r.Outcome = &outcome
	r.Ended = now
	r.Sole = ""
	step := Step{Request: r, Drop: []Kind{Expire, Weigh, Vet, Remind}}
	if r.Proposal == nil {
		step.Owe = []Owed{{Kind: Notify}}
		return step
	}
	step.Owe = []Owed{{Kind: Reply}, {Kind: Render}}
	return step
}
