package approvals

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Errors of Next. Nothing changes when it returns one.
var (
	// ErrNoTransition means that the event has no meaning for a request in its
	// state: it came late, came twice, or lost a race.
	ErrNoTransition = errors.New("the request's state does not take this event")

	// ErrNotPermitted means that a person tried to cancel another person's request
	// without being an approver of it.
	ErrNotPermitted = errors.New("only the requester and the approvers can cancel a request")

	// ErrAlreadyPressed means that a person's last press was the same, or a later one.
	ErrAlreadyPressed = errors.New("the same button was pressed before")

	// ErrReasonRequired means that an approver gave no reason for cancelling
	// another person's request.
	ErrReasonRequired = errors.New("an approver who cancels a request has to say why")
)

// Next decides what event e, happening now, makes of request r. It is the whole
// state machine: a pure function over values.
func Next(r Request, e Event, now time.Time) (Step, error) { return e.move(r, now) }

// File is the first step of a request's life: the jobs of a durable request.
func File(r Request) Step {
	r.State = Filed
	return Step{Request: r, Enqueue: []Job{{Kind: JobPrepare}, {Kind: JobExpire, Due: r.Deadline}}}
}

// A prepared request has a fixed change and fixed terms. Its time to be decided
// begins now.
func (e Prepared) move(r Request, now time.Time) (Step, error) {
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

func (e Rejected) move(r Request, now time.Time) (Step, error) {
	if r.State != Filed {
		return Step{}, ErrNoTransition
	}
	return closeRequest(r, Refused, e.Outcome, now), nil
}

// A posted card is a fact, not a decision: it may reach the channel after the
// request has closed, and then it has to show that.
func (e CardPosted) move(r Request, now time.Time) (Step, error) {
	if r.CardTS != "" || r.State == Filed || r.State == Refused {
		return Step{}, ErrNoTransition
	}
	r.CardTS, r.Denials = e.TS, r.denialsBeside(e.TS)
	if posted, ok := ParseTimestamp(e.TS); ok {
		r.DeadlineTS = TimestampAt(posted.Add(min(r.Terms.TTL, r.Deadline.Sub(now.Add(-e.Age)))))
	}
	if !r.State.Open() {
		return Step{Request: r, Enqueue: []Job{{Kind: JobPostOutcome}, {Kind: JobUpdateCard}}}, nil
	}
	r.DelayReason = ""
	switch auto := r.State == Pending && r.Terms.AutoApprove; {
	case auto && !now.Before(r.Deadline):
		return closeRequest(r, Expired, Outcome{Reason: ReasonDeadline}, now), nil
	case auto: // the channel has seen the card: nothing else was missing
		r.State, r.DecidedAt = Approved, now
		return Step{
			Request: r, Enqueue: []Job{{Kind: JobApply}, updateApproved(now)}, Drop: []JobKind{JobRemind, JobEscalate},
		}, nil
	}
	jobs := []Job{{Kind: JobAddReactions}, {Kind: JobCountVotes}}
	if r.State == Pending {
		jobs = append(jobs, r.nextReminder(now)...)
		jobs = append(jobs, r.escalationJob(now)...)
	}
	return Step{Request: r, Enqueue: jobs}, nil
}

// Votes decide a request that still waits. After its deadline only the last look
// decides, see Expire.
func (e VotesCounted) move(r Request, now time.Time) (Step, error) {
	if r.State != Pending || !now.Before(r.Deadline) {
		return Step{}, ErrNoTransition
	}
	return countBallots(r, e.Ballots, now), nil
}

// NothingToCount reports whether these ballots change nothing: nobody votes, and nobody did before.
// It is so of each new card.
func (r Request) NothingToCount(ballots []Ballot) bool {
	return len(ballots) == 0 && len(r.Votes) == 0 && !r.Terms.Met(nil)
}

// approvedUpdateAfter is how long the card of an approved request waits for the write. Most
// writes are quicker, so the card is drawn once.
const approvedUpdateAfter = 2 * time.Second

// updateApproved shows the approval on the card, unless the outcome is there before.
func updateApproved(now time.Time) Job {
	return Job{Kind: JobUpdateCard, Due: now.Add(approvedUpdateAfter)}
}

// countBallots decides a pending request by the ballots on its card: one ❌
// denies it, a quorum of ✅ approves it, and fewer leave it waiting.
func countBallots(r Request, ballots []Ballot, now time.Time) Step {
	if user, ok := findDenier(ballots); ok {
		return closeRequest(r, Denied, Outcome{Reason: ReasonDeniedByVote, By: user, Comment: r.commentOf(user)}, now)
	}
	before := Voters(r.Votes)
	r.Votes = consents(r.Votes, ballots, now)
	step := notifyIgnored(r.judge(ballots, now), ballots)
	switch {
	case r.Terms.Met(r.Votes):
		step.Request.State = Approved
		step.Request.DecidedAt = now
		step.Request.DelayReason = "" // it was about the way here
		step.Enqueue = append(step.Enqueue, Job{Kind: JobApply}, updateApproved(now))
		step.Drop = append(step.Drop, JobRemind, JobEscalate)
	case !slices.Equal(before, Voters(r.Votes)):
		step.Enqueue = append(step.Enqueue, Job{Kind: JobUpdateCard})
		step = notifyCounted(step, Without(Voters(r.Votes), before))
	}
	return step
}

// notifyCounted enqueues a notice to each new voter that the vote counts and what is
// still missing, once a request.
func notifyCounted(step Step, voters []string) Step {
	for _, user := range voters {
		mark := noticeMark(Ballot{User: user, Eligibility: Counts})
		if slices.Contains(step.Request.Notified, mark) || step.Request.Terms.VotersUntold {
			continue
		}
		step.Request.Notified = append(slices.Clone(step.Request.Notified), mark)
		step.Enqueue = append(step.Enqueue, Job{
			Kind: JobTellVoter, Person: user, Payload: Payload{Eligibility: Counts},
		})
	}
	return step
}

// notifyIgnored enqueues a notice to each person with a reaction that does not count,
// once for each reason. Bots and deactivated people cannot read one.
func notifyIgnored(r Request, ballots []Ballot) Step {
	step := Step{Request: r}
	for _, b := range ballots {
		if b.Eligibility == Counts || b.Eligibility == IsBot || b.Eligibility == Deactivated ||
			b.Eligibility == Withdrawn {
			continue
		}
		mark := noticeMark(b)
		if step.Request.wasNotified(b) {
			continue
		}
		step.Request.Notified = append(slices.Clone(step.Request.Notified), mark)
		step.Enqueue = append(step.Enqueue, Job{
			Kind: JobTellVoter, Person: b.User, Payload: Payload{Eligibility: b.Eligibility},
		})
	}
	return step
}

// wasNotified reports whether the ballot's giver was told why it does not count.
// Before a write, people who are no approvers are not looked up: what they were told
// before was more exact.
func (r Request) wasNotified(b Ballot) bool {
	return slices.ContainsFunc(r.Notified, func(mark string) bool {
		user, told, _ := strings.Cut(mark, ":")
		return mark == noticeMark(b) || user == b.User && b.Eligibility == NotApprover && Eligibility(told).lasts()
	})
}

// noticeMark tells apart the notices about votes that do not count.
func noticeMark(b Ballot) string { return b.User + ":" + string(b.Eligibility) }

func (e Cancel) move(r Request, now time.Time) (Step, error) {
	outcome := Outcome{Reason: ReasonWithdrawn, By: e.By, Comment: e.Reason}
	if e.By != r.Requester {
		outcome.Reason = ReasonCancelledByApprover
	}
	switch {
	case e.By != r.Requester && !e.Authorized:
		return Step{}, ErrNotPermitted
	case r.State != Filed && r.State != Pending:
		return Step{}, ErrNoTransition
	case e.By != r.Requester && !HasVisibleText(e.Reason):
		return Step{}, ErrReasonRequired
	}
	step := closeRequest(r, Cancelled, outcome, now)
	if r.Proposal == nil {
		step.Enqueue = nil // the answer to the command told the requester already
	}
	return step, nil
}

// A deadline closes a request, unless the last look at its card decides it: a
// vote that was given in time while the bot was down still counts.
func (e Expire) move(r Request, now time.Time) (Step, error) {
	if (r.State != Filed && r.State != Pending) || now.Before(r.Deadline) {
		return Step{}, ErrNoTransition
	}
	if r.State == Filed && r.OperatorFault { // it waits for the operator
		r.Deadline = now.Add(r.Terms.TTL)
		return Step{Request: r, Enqueue: []Job{{Kind: JobExpire, Due: r.Deadline}}}, nil
	}
	unshown := r.Terms.AutoApprove && r.CardTS == "" // no approval is needed, but the channel has to see the card
	var notices []Job
	if r.State == Pending && !e.Unseen && !unshown {
		step := countBallots(r, e.Ballots, now)
		if step.Request.State != Pending {
			return step, nil
		}
		r, notices = step.Request, slices.DeleteFunc(step.Enqueue, isNeedlessAtEnd)
	}
	step := closeRequest(r, Expired, Outcome{Reason: ReasonDeadline, Undated: undatedVoters(e.Ballots)}, now)
	step.Enqueue = append(step.Enqueue, notices...)
	return step, nil
}

// isNeedlessAtEnd reports whether a job of a count adds nothing to the outcome. It names the votes
// without a time; why others do not count, only their givers learn.
func isNeedlessAtEnd(j Job) bool {
	return j.Kind != JobTellVoter || j.Payload.Eligibility == Counts || j.Payload.Eligibility == IsUndated
}

// A deleted card cancels its request. The thread went with the card, so the
// requester is told privately. A reply that was on its way may have become a message of
// the channel.
func (e CardDeleted) move(r Request, now time.Time) (Step, error) {
	if r.State != Pending && (r.State != Approved || e.Waiting) {
		return Step{}, ErrNoTransition
	}
	r.WriteAttempted = r.WriteAttempted || e.WriteAttempted
	step := closeRequest(r, Cancelled, Outcome{Reason: ReasonCardDeleted, By: Bot}, now)
	step.Enqueue = slices.Concat(
		[]Job{{Kind: JobTellRequester}}, step.Request.lateEffectLook(), step.Request.SearchLater(now))
	step.Drop = append(step.Drop, JobApply, JobAddReactions, JobUpdateCard)
	return step, nil
}

// recountPause is how long after consent was lost the votes are counted again.
const recountPause = 5 * time.Second

// Consent that is gone before the write is no consent: the approval is taken
// back. The request waits again until its deadline.
func (e ConsentLost) move(r Request, now time.Time) (Step, error) {
	if r.State != Approved {
		return Step{}, ErrNoTransition
	}
	r.WriteAttempted = r.WriteAttempted || e.WriteAttempted
	if user, ok := findDenier(e.Ballots); ok {
		return closeRequest(r, Denied, Outcome{Reason: ReasonDeniedByVote, By: user, Comment: r.commentOf(user)}, now), nil
	}
	lost := lostConsents(r.Votes, e.Ballots)
	r = r.judge(e.Ballots, now)
	r.State = Pending
	r.DecidedAt, r.RefusedAt = time.Time{}, time.Time{} // a look long before the next write proves nothing then
	r.Votes = consents(r.Votes, e.Ballots, now)
	r.DelayReason = ""
	if !now.Before(r.Deadline) { // a vote may have come in time since the look
		return Step{Request: r, Enqueue: []Job{{Kind: JobExpire, Due: r.Deadline}}}, nil
	}
	r.ConsentLosses++
	step := notifyIgnored(r, e.Ballots)
	// Events since the look met an approved request and had no effect, so the votes
	// are counted again. A pause keeps events and looks from chasing each other.
	step.Enqueue = append(step.Enqueue,
		consentLostJob(r, lost), Job{Kind: JobUpdateCard},
		Job{Kind: JobCountVotes, Due: now.Add(recountPause)}, Job{Kind: JobExpire, Due: r.Deadline})
	step.Enqueue = append(step.Enqueue, r.nextReminder(now)...)
	step.Enqueue = append(step.Enqueue, r.escalationJob(now)...)
	return step, nil
}

// The write rests on the consent of the recorded approvers: the outcome
// names them, also where the answer to the write is lost. Former ones are told why.
func (e ApproversChanged) move(r Request, now time.Time) (Step, error) {
	if r.State != Approved {
		return Step{}, ErrNoTransition
	}
	before := r.Votes
	r.Votes = consents(before, e.Ballots, now)
	former := slices.DeleteFunc(slices.Clone(e.Ballots), func(b Ballot) bool { return !HasVoted(before, b.User) })
	step := notifyIgnored(r.judge(e.Ballots, now), former)
	step.Enqueue = append(step.Enqueue, Job{Kind: JobUpdateCard})
	return step, nil
}

// People are told once for each state that an effect takes longer.
func (e Delayed) move(r Request, _ time.Time) (Step, error) {
	if r.AwaitsRevocation() {
		return delayRevocation(r, e.Reason)
	}
	isNewFault := e.Operator && !r.OperatorFault
	if !r.State.Open() || r.DelayReason != "" && !isNewFault {
		return Step{}, ErrNoTransition
	}
	r.OperatorFault = r.OperatorFault || e.Operator
	if r.DelayReason != "" { // people were told of a delay before
		return Step{Request: r}, nil
	}
	r.DelayReason = e.Reason
	if r.State == Approved {
		return Step{Request: r, Enqueue: []Job{{Kind: JobPostDelay, Number: r.delayNumber()}}}, nil
	}
	return Step{Request: r, Enqueue: []Job{{Kind: JobTellDelay}}}, nil
}

// UiPath's refusal to show the group ends a request only if it lasts.
func (ReadRefused) move(r Request, now time.Time) (Step, error) {
	return r.noteRefusal(now)
}

func (ReadShown) move(r Request, _ time.Time) (Step, error) { return r.noteRefusal(time.Time{}) }

// noteRefusal keeps since when UiPath refuses to show the group.
func (r Request) noteRefusal(since time.Time) (Step, error) {
	return r.noteOfWrite(func(g *Grant) { g.RefusedAt = since }, func(r *Request) { r.RefusedAt = since })
}

func (e WriteAnswered) move(r Request, now time.Time) (Step, error) {
	return r.noteOfWrite(
		func(g *Grant) { g.AnsweredAt, g.Taken = now, e.Taken },
		func(r *Request) { r.AnsweredAt, r.WriteAttempted = now, true })
}

func (LaneYielded) move(r Request, _ time.Time) (Step, error) {
	return r.noteOfWrite(func(g *Grant) { g.WriteAttempted = true }, func(r *Request) { r.WriteAttempted = true })
}

// noteOfWrite notes what a write has met: that of a grant's end in the grant, that of the
// request's own change in the request.
func (r Request) noteOfWrite(inGrant func(*Grant), inRequest func(*Request)) (Step, error) {
	switch {
	case r.AwaitsRevocation():
		g := *r.Grant
		inGrant(&g)
		r.Grant = &g
	case r.State == Approved:
		inRequest(&r)
	default:
		return Step{}, ErrNoTransition
	}
	return Step{Request: r}, nil
}

func (Mismatch) move(r Request, _ time.Time) (Step, error) {
	if r.AwaitsRevocation() {
		return countRevocationMismatch(r)
	}
	if r.State != Approved {
		return Step{}, ErrNoTransition
	}
	r.Mismatches++
	r.WriteAttempted, r.AnsweredAt = true, time.Time{}
	return Step{Request: r}, nil
}

func (e WriteFinished) move(r Request, now time.Time) (Step, error) {
	if r.State != Approved {
		return Step{}, ErrNoTransition
	}
	if e.State != Done && e.State != Failed && e.State != Superseded {
		return Step{}, fmt.Errorf("a write cannot settle as %q", e.State)
	}
	step := closeRequest(r, e.State, e.Outcome, now)
	if e.State == Done {
		step = startGrant(step, r.Proposal.Change.GrantedCodes(), now)
	}
	return step, nil
}

// closeRequest closes a request. Where a write was tried, every outcome but
// success leaves open what UiPath has now. Before there is a proposal only the
// requester knows the request, so only the requester is told. Afterwards the
// thread is.
func closeRequest(r Request, state State, outcome Outcome, now time.Time) Step {
	r.State = state
	outcome.Uncertain = outcome.Uncertain || r.WriteAttempted && state != Done
	r.Outcome = &outcome
	r.ClosedAt = now
	r.DedupKey = ""
	step := Step{Request: r, Drop: []JobKind{JobExpire, JobCountVotes, JobPrepare, JobRemind, JobEscalate}}
	if r.Proposal == nil {
		step.Enqueue = []Job{{Kind: JobTellRequester}}
		return step
	}
	step.Enqueue = append([]Job{{Kind: JobPostOutcome}, {Kind: JobUpdateCard}}, step.Request.lateEffectLook()...)
	return step
}
