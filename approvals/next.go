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
var ErrNoTransition = errors.New("the request's state does not take this event")

// ErrNotYours is returned by Next when someone cancels another's request that
// they may not approve either.
var ErrNotPermitted = errors.New("only the requester and the approvers can cancel a request")

// ErrNoReason is returned by Next when an approver cancels another's request
// without saying why.
var ErrReasonRequired = errors.New("an approver who cancels a request has to say why")

// A Step is what an event makes of a request.
type Step struct {
	Request Request
	Enqueue []Job
	Drop    []JobKind // owed work that became pointless
}

// Next decides what event e, happening now, makes of request r. It is the
// whole of the state machine and has no effect of its own.
func Next(r Request, e Event, now time.Time) (Step, error) {
	switch e := e.(type) {
	case Prepared:
		return prepared(r, e, now)
	case Rejected:
		return rejected(r, e, now)
	case CardPosted:
		return cardPosted(r, e, now)
	case VotesCounted:
		return votesCounted(r, e, now)
	case Cancel:
		return cancelled(r, e, now)
	case Expire:
		return expired(r, e, now)
	case CardDeleted:
		return cardDeleted(r, e, now)
	case ConsentLost:
		return consentLost(r, e, now)
	case ApproversChanged:
		return approversChanged(r, e, now)
	case Delayed:
		return delayed(r, e)
	case Mismatch:
		return mismatched(r)
	case WriteFinished:
		return writeFinished(r, e, now)
	case Reminded:
		return reminded(r, e, now)
	case GrantExpired:
		return grantExpired(r, now)
	case RevokeEarly:
		return revokeEarly(r, e, now)
	case Revoked:
		return revoked(r, e, now)
	case Orphaned:
		return orphaned(r)
	}
	return Step{}, fmt.Errorf("unknown event %T", e)
}

// File is the first step of a request's life: what is owed once r is durable.
func File(r Request) Step {
	r.State = Filed
	return Step{Request: r, Enqueue: []Job{{Kind: JobPrepare}, {Kind: JobExpire, Due: r.Deadline}}}
}

// vetted fixes what is asked and who decides; the time to decide begins now.
func prepared(r Request, e Prepared, now time.Time) (Step, error) {
	if r.State != Filed {
		return Step{}, ErrNoTransition
	}
	r.State = Pending
	r.Proposal = &e.Proposal
	r.DedupKey = e.Proposal.dedupKey(r.Ask)
	r.Terms = e.Terms
	r.Deadline = now.Add(e.Terms.TTL)
	r.DelayReason = ""
	return Step{
		Request: r, Drop: []JobKind{JobExpire},
		Enqueue: []Job{{Kind: JobPostCard}, {Kind: JobExpire, Due: r.Deadline}},
	}, nil
}

func rejected(r Request, e Rejected, now time.Time) (Step, error) {
	if r.State != Filed {
		return Step{}, ErrNoTransition
	}
	return closeRequest(r, Refused, e.Outcome, now), nil
}

// posted is a fact, not a move: the card may reach the channel when the
// request has already ended, and then still has to show that.
func cardPosted(r Request, e CardPosted, now time.Time) (Step, error) {
	if r.CardTS != "" || r.State == Filed || r.State == Refused {
		return Step{}, ErrNoTransition
	}
	r.CardTS = e.TS
	if !r.State.Open() {
		return Step{Request: r, Enqueue: []Job{{Kind: JobUpdateCard}}}, nil
	}
	r.DelayReason = ""
	switch auto := r.State == Pending && r.Terms.AutoApprove; {
	case auto && !now.Before(r.Deadline):
		return closeRequest(r, Expired, Outcome{Reason: ReasonDeadline}, now), nil
	case auto: // the channel has seen it: that is all that was missing
		r.State, r.DecidedAt = Approved, now
		return Step{Request: r, Enqueue: []Job{{Kind: JobApply}, {Kind: JobUpdateCard}}, Drop: []JobKind{JobRemind}}, nil
	}
	owe := []Job{{Kind: JobAddReactions}, {Kind: JobCountVotes}}
	if r.State == Pending {
		owe = append(owe, r.nextReminder(now)...)
	}
	return Step{Request: r, Enqueue: owe}, nil
}

// weighed counts the votes of a request that still waits. After its deadline
// only the last look decides, see lapsed.
func votesCounted(r Request, e VotesCounted, now time.Time) (Step, error) {
	if r.State != Pending || !now.Before(r.Deadline) {
		return Step{}, ErrNoTransition
	}
	return countBallots(r, e.Ballots, now), nil
}

// count makes of a pending request what the ballots on its card decide: one ❌
// denies it, a quorum of ✅ approves it, and less leaves it waiting.
func countBallots(r Request, ballots []Ballot, now time.Time) Step {
	if user, ok := findDenier(ballots); ok {
		return closeRequest(r, Denied, Outcome{Reason: ReasonDeniedByVote, By: user}, now)
	}
	before := Voters(r.Votes)
	r.Votes = consents(r.Votes, ballots, now)
	step := notifyIgnored(r, ballots)
	switch {
	case r.Terms.Met(r.Votes):
		step.Request.State = Approved
		step.Request.DecidedAt = now
		step.Enqueue = append(step.Enqueue, Job{Kind: JobApply}, Job{Kind: JobUpdateCard})
		step.Drop = append(step.Drop, JobRemind)
	case !slices.Equal(before, Voters(r.Votes)):
		step.Enqueue = append(step.Enqueue, Job{Kind: JobUpdateCard})
	}
	return step
}

// tellIgnored owes a word to everyone whose reaction does not count, once for
// each reason. Bots and deactivated people cannot read one.
func notifyIgnored(r Request, ballots []Ballot) Step {
	step := Step{Request: r}
	for _, b := range ballots {
		if b.Eligibility == Counts || b.Eligibility == IsBot || b.Eligibility == Deactivated {
			continue
		}
		mark := b.User + ":" + string(b.Eligibility)
		if slices.Contains(step.Request.Notified, mark) {
			continue
		}
		step.Request.Notified = append(slices.Clone(step.Request.Notified), mark)
		step.Enqueue = append(step.Enqueue, Job{
			Kind: JobTellVoter, Person: b.User, Payload: Payload{Eligibility: b.Eligibility},
		})
	}
	return step
}

func cancelled(r Request, e Cancel, now time.Time) (Step, error) {
	outcome := Outcome{Reason: ReasonWithdrawn, By: e.By, Comment: e.Reason}
	if e.By != r.Requester {
		outcome.Reason = ReasonCancelledByApprover
	}
	switch {
	case e.By != r.Requester && !e.Authorized:
		return Step{}, ErrNotPermitted
	case r.State != Filed && r.State != Pending:
		return Step{}, ErrNoTransition
	case e.By != r.Requester && strings.TrimSpace(e.Reason) == "":
		return Step{}, ErrReasonRequired
	}
	step := closeRequest(r, Cancelled, outcome, now)
	if r.Proposal == nil {
		step.Enqueue = nil // the answer to the command told the only one who knew
	}
	return step, nil
}

// lapsed ends a request whose deadline has passed, unless the last look at its
// card found what decides it: a vote that was given in time and not heard of,
// because the bot was down or deaf, still counts.
func expired(r Request, e Expire, now time.Time) (Step, error) {
	if (r.State != Filed && r.State != Pending) || now.Before(r.Deadline) {
		return Step{}, ErrNoTransition
	}
	unshown := r.Terms.AutoApprove && r.CardTS == "" // nobody has to agree, but the channel has to have seen it
	if r.State == Pending && !e.Unseen && !unshown {
		step := countBallots(r, e.Ballots, now)
		if step.Request.State != Pending {
			return step, nil
		}
		r.Votes = step.Request.Votes
	}
	return closeRequest(r, Expired, Outcome{Reason: ReasonDeadline}, now), nil
}

// gone ends a request whose card was deleted. Its thread went with the card,
// so the requester is told privately.
func cardDeleted(r Request, e CardDeleted, now time.Time) (Step, error) {
	if r.State != Pending && (r.State != Approved || e.Waiting) {
		return Step{}, ErrNoTransition
	}
	r.WriteAttempted = r.WriteAttempted || e.WriteAttempted
	step := closeRequest(r, Cancelled, Outcome{Reason: ReasonCardDeleted, By: Bot}, now)
	step.Enqueue = []Job{{Kind: JobTellRequester}}
	step.Drop = append(step.Drop, JobApply, JobAddReactions, JobUpdateCard)
	return step, nil
}

// weighAgain is how long after consent was found gone it is weighed anew.
const weighAgain = 5 * time.Second

// rechecked takes an approval back: consent that is gone before the write is
// no consent. The request waits again for as long as it may.
func consentLost(r Request, e ConsentLost, now time.Time) (Step, error) {
	if r.State != Approved {
		return Step{}, ErrNoTransition
	}
	r.WriteAttempted = r.WriteAttempted || e.WriteAttempted
	if user, ok := findDenier(e.Ballots); ok {
		return closeRequest(r, Denied, Outcome{Reason: ReasonDeniedByVote, By: user}, now), nil
	}
	lost := lostConsents(r.Votes, e.Ballots)
	r.State = Pending
	r.DecidedAt = time.Time{}
	r.Votes = consents(r.Votes, e.Ballots, now)
	r.DelayReason = ""
	if !now.Before(r.Deadline) {
		return expired(r, Expire{Ballots: e.Ballots}, now)
	}
	r.ConsentLosses++
	step := notifyIgnored(r, e.Ballots)
	// What was heard since the look was weighed in vain, so it is weighed again; a
	// little later, lest what is heard and what is seen chase each other.
	step.Enqueue = append(step.Enqueue, consentLostJob(r, lost), Job{Kind: JobUpdateCard}, Job{Kind: JobCountVotes, Due: now.Add(weighAgain)}, Job{Kind: JobExpire, Due: r.Deadline})
	step.Enqueue = append(step.Enqueue, r.nextReminder(now)...)
	return step, nil
}

// carried puts those down whose consent a write rests on: they are named as who
// approved it, also where its answer is lost.
func approversChanged(r Request, e ApproversChanged, now time.Time) (Step, error) {
	if r.State != Approved {
		return Step{}, ErrNoTransition
	}
	r.Votes = consents(r.Votes, e.Ballots, now)
	return Step{Request: r, Enqueue: []Job{{Kind: JobUpdateCard}}}, nil
}

// held tells people, once for each state, that an effect is held up.
func delayed(r Request, e Delayed) (Step, error) {
	if r.AwaitsRevocation() {
		return revocationDelayed(r, e)
	}
	if !r.State.Open() || r.DelayReason != "" {
		return Step{}, ErrNoTransition
	}
	r.DelayReason = e.Reason
	if r.State == Approved {
		return Step{Request: r, Enqueue: []Job{{Kind: JobPostDelay, Number: r.delayNumber()}}}, nil
	}
	return Step{Request: r, Enqueue: []Job{{Kind: JobTellRequester}}}, nil
}

func mismatched(r Request) (Step, error) {
	if r.AwaitsRevocation() {
		return revocationMismatched(r)
	}
	if r.State != Approved {
		return Step{}, ErrNoTransition
	}
	r.Mismatches++
	r.WriteAttempted = true
	return Step{Request: r}, nil
}

func writeFinished(r Request, e WriteFinished, now time.Time) (Step, error) {
	if r.State != Approved {
		return Step{}, ErrNoTransition
	}
	if e.State != Done && e.State != Failed && e.State != Superseded {
		return Step{}, fmt.Errorf("a write cannot settle as %q", e.State)
	}
	step := closeRequest(r, e.State, e.Outcome, now)
	if e.State == Done {
		step = startGrant(step, now)
	}
	return step, nil
}

// end closes a request. After a write that was tried it is said of no end but
// success what UiPath's rule is now. Before there is a proposal nobody but the requester
// has seen it, so only they are told; afterwards the thread is.
func closeRequest(r Request, state State, outcome Outcome, now time.Time) Step {
	r.State = state
	outcome.Uncertain = outcome.Uncertain || r.WriteAttempted && state != Done
	r.Outcome = &outcome
	r.ClosedAt = now
	r.DedupKey = ""
	step := Step{Request: r, Drop: []JobKind{JobExpire, JobCountVotes, JobPrepare, JobRemind}}
	if r.Proposal == nil {
		step.Enqueue = []Job{{Kind: JobTellRequester}}
		return step
	}
	step.Enqueue = []Job{{Kind: JobPostOutcome}, {Kind: JobUpdateCard}}
	return step
}
