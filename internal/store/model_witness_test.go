package store

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"licensebot/approvals"
)

// The model calls the rules of approvals, so it would repeat their mistakes. A
// witness has its own, simpler rules: it knows the people, remembers the requests
// and the events, and checks each step against them.

// In these runs the requester and the approvers depend only on the number of the
// request. So the eligibility of a ballot is known before it is cast.

// modelRequest is the n-th request. The first two ask for a grant with an end.
func modelRequest(n int) approvals.Request {
	r := sampleRequest(n)
	r.Ask.For = []time.Duration{90 * time.Minute, 36 * time.Hour, 0, 0}[n]
	return r
}

// numberOf is the number of a request of these runs. It is zero for any other.
func numberOf(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "R-"))
	return n
}

// approversOf are the people of each stage. A guest and the requester are among
// them, and U-NOBODY never is.
func approversOf(id string) [][]string {
	if numberOf(id) == 2 {
		return [][]string{{"U-0", "U-1", "U-REQUESTER"}, {"U-1", "U-2", "U-GUEST"}}
	}
	return [][]string{{"U-0", "U-1", "U-2", "U-GUEST", "U-REQUESTER"}}
}

// allowsSelfApproval reports whether the requester may be one of the approvers.
func allowsSelfApproval(id string) bool { return numberOf(id) == 3 }

// possibleVoters may react to a card.
func possibleVoters() []string {
	return []string{"U-0", "U-1", "U-2", "U-GUEST", "U-NOBODY", "U-REQUESTER"}
}

// withEligibility gives the ballots of an event their eligibility, as workers do.
func withEligibility(id string, e approvals.Event) approvals.Event {
	switch e := e.(type) {
	case approvals.VotesCounted:
		e.Ballots = eligibleBallots(id, e.Ballots)
		return e
	case approvals.ConsentLost:
		e.Ballots = eligibleBallots(id, e.Ballots)
		return e
	case approvals.Expire:
		e.Ballots = eligibleBallots(id, e.Ballots)
		return e
	}
	return e
}

func eligibleBallots(id string, ballots []approvals.Ballot) []approvals.Ballot {
	r := approvals.Request{Requester: "U-REQUESTER", Terms: approvals.Terms{SelfApproval: allowsSelfApproval(id)}}
	ballots = slices.Clone(ballots)
	for i, b := range ballots {
		ballots[i].Stages = stagesOf(id, b.User)
		eligibility := approvals.EligibilityOf(r, approvals.Person{ID: b.User, Guest: b.User == "U-GUEST"}, ballots[i].Stages)
		if eligibility == approvals.Counts && b.Eligibility == approvals.IsLate && !b.Deny {
			eligibility = approvals.IsLate
		}
		ballots[i].Eligibility = eligibility
	}
	return ballots
}

// stagesOf lists the stages that name a person.
func stagesOf(id, user string) []int {
	var stages []int
	for i, people := range approversOf(id) {
		if slices.Contains(people, user) {
			stages = append(stages, i)
		}
	}
	return stages
}

// unanimous is a vote count in which all approvers agree.
func unanimous(id string) approvals.VotesCounted {
	var w approvals.VotesCounted
	for _, user := range []string{"U-0", "U-1", "U-2"} {
		w.Ballots = append(w.Ballots, approvals.Ballot{User: user})
	}
	return withEligibility(id, w).(approvals.VotesCounted)
}

// A witness knows the life of each request by its id.
type witness map[string]*life

// A life is what the witness remembers of a request.
type life struct {
	request  approvals.Request // as it was filed
	state    approvals.State
	terms    approvals.Terms
	card     bool
	deadline time.Time
	ends     int
	grant    *span
}

// A span is the time of a grant.
type span struct {
	until time.Time
	early bool // a person ended it
	over  bool // it was revoked
	left  bool // and some codes stayed in the allocation

	retrying bool      // the bot tries that again by itself
	retries  int       // how often it has done so
	again    time.Time // when it does so next, of one that left codes
}

// isRunning reports whether the end of the grant is to come, for the first time or again.
func (s *span) isRunning() bool { return s != nil && (!s.over || s.retrying) }

// waits reports whether the grant left codes, and its end is to be tried again later.
func (s *span) waits() bool { return s != nil && s.left && !s.retrying }

// recordFiled remembers a request that was filed.
func (w witness) recordFiled(r approvals.Request, at time.Time) {
	w[r.ID] = &life{request: r, state: approvals.Filed, deadline: at.Add(r.Terms.TTL)}
}

// checkStep checks and remembers an event that was applied.
func (w witness) checkStep(id string, e approvals.Event, after approvals.State, at time.Time) error {
	l := w[id]
	if l == nil {
		return fmt.Errorf("event %s of %s, which was never filed", e.Kind(), id)
	}
	if err := l.checkTransition(e, after, at); err != nil {
		return fmt.Errorf("%s went from %s to %s by %s %+v: %w", id, l.state, after, e.Kind(), e, err)
	}
	l.recordStep(e, after, at)
	return nil
}

// checkTransition says what is wrong with a step.
func (l *life) checkTransition(e approvals.Event, after approvals.State, at time.Time) error {
	ballots, isLook := ballotsSeen(e)
	switch {
	case !l.state.Open() && after != l.state:
		return errors.New("a closed request stays closed")
	case isLook && after == approvals.Approved:
		return l.checkApproval(e, ballots, at)
	case after == l.state:
		return l.checkUnmoved(e, ballots)
	}
	switch after {
	case approvals.Approved:
		_, posted := e.(approvals.CardPosted)
		return failUnless(posted && l.terms.AutoApprove, "it has no consent")
	case approvals.Pending:
		_, prepared := e.(approvals.Prepared)
		_, lostConsent := e.(approvals.ConsentLost)
		isReopened := lostConsent && l.state == approvals.Approved
		return failUnless(prepared && l.state == approvals.Filed || isReopened, "this event does not make it pending")
	case approvals.Denied:
		return failUnless(l.isDenied(ballots), "no approver denied it")
	case approvals.Expired:
		expire, _ := e.(approvals.Expire)
		return errors.Join(failUnless(!at.Before(l.deadline), "its deadline has not passed"),
			failUnless(l.isUnseen(expire) || !l.hasConsent(ballots), "it had consent"))
	case approvals.Cancelled:
		return failUnless(l.mayCancel(e), "this person may not cancel it")
	case approvals.Refused:
		_, rejected := e.(approvals.Rejected)
		return failUnless(rejected, "it was not rejected")
	}
	finished, _ := e.(approvals.WriteFinished)
	return failUnless(l.state == approvals.Approved && finished.State == after, "the write has another outcome")
}

func failUnless(correct bool, problem string) error {
	if correct {
		return nil
	}
	return errors.New(problem)
}

// ballotsSeen returns the ballots of an event that is a look at the card.
func ballotsSeen(e approvals.Event) ([]approvals.Ballot, bool) {
	switch e := e.(type) {
	case approvals.VotesCounted:
		return e.Ballots, true
	case approvals.ConsentLost:
		return e.Ballots, true
	case approvals.Expire:
		return e.Ballots, true
	}
	return nil, false
}

// checkApproval says why a look at the card must not approve.
func (l *life) checkApproval(e approvals.Event, ballots []approvals.Ballot, at time.Time) error {
	expire, last := e.(approvals.Expire)
	_, counted := e.(approvals.VotesCounted)
	return errors.Join(
		failUnless(l.hasConsent(ballots), "too few approvers agreed, or one denied it"),
		failUnless(!counted || at.Before(l.deadline), "the deadline has passed"),
		failUnless(!last || !l.isUnseen(expire), "Slack did not show its card"))
}

// isUnseen reports whether the last look tells nothing: Slack did not show the
// card, or a request that needs no approver has no card.
func (l *life) isUnseen(last approvals.Expire) bool {
	return last.Unseen || l.terms.AutoApprove && !l.card
}

// checkUnmoved says why a step without a transition is wrong.
func (l *life) checkUnmoved(e approvals.Event, ballots []approvals.Ballot) error {
	switch e := e.(type) {
	case approvals.VotesCounted:
		return failUnless(!l.hasConsent(ballots) && !l.isDenied(ballots), "its votes decide it")
	case approvals.RevokeEarly:
		return errors.Join(failUnless(e.Authorized || e.By == l.request.Requester, "this person may not end it"),
			failUnless(l.grant.isRunning() || l.grant.waits(), "it has no running grant"))
	case approvals.Revoked:
		return failUnless(l.grant.isRunning(), "it has no running grant")
	case approvals.GrantExpired:
		return failUnless(l.grant.isRunning() || l.grant.waits(), "it has no running grant")
	}
	return nil
}

// isCounted reports whether the person of a ballot may vote.
func (l *life) isCounted(b approvals.Ballot) bool {
	switch b.User {
	case "U-GUEST", "U-NOBODY":
		return false
	case "U-REQUESTER":
		return allowsSelfApproval(l.request.ID) && b.Eligibility != approvals.IsLate
	}
	return b.Eligibility != approvals.IsLate
}

func (l *life) isDenied(ballots []approvals.Ballot) bool {
	return slices.ContainsFunc(ballots, func(b approvals.Ballot) bool { return b.Deny && l.isCounted(b) })
}

// hasConsent reports whether no approver denied and each stage has enough people,
// each of them counted in one stage only. It tries all ways to choose them.
func (l *life) hasConsent(ballots []approvals.Ballot) bool {
	if l.isDenied(ballots) {
		return false
	}
	var agree []string
	for _, b := range ballots {
		if !b.Deny && l.isCounted(b) && !slices.Contains(agree, b.User) {
			agree = append(agree, b.User)
		}
	}
	var needed []int // each stage once for each person that it needs
	for i, stage := range l.terms.Stages {
		needed = append(needed, slices.Repeat([]int{i}, stage.Quorum)...)
	}
	return l.terms.AutoApprove || len(needed) > 0 && canFillStages(l.request.ID, needed, agree)
}

// canFillStages reports whether each needed stage can have a person of its own.
func canFillStages(id string, needed []int, people []string) bool {
	if len(needed) == 0 {
		return true
	}
	return slices.ContainsFunc(people, func(user string) bool {
		return slices.Contains(approversOf(id)[needed[0]], user) &&
			canFillStages(id, needed[1:], approvals.Without(people, []string{user}))
	})
}

func (l *life) mayCancel(e approvals.Event) bool {
	switch e := e.(type) {
	case approvals.CardDeleted:
		return true
	case approvals.Cancel:
		return e.By == l.request.Requester || e.Authorized && e.Reason != ""
	}
	return false
}

// recordStep remembers what later steps are checked against.
func (l *life) recordStep(e approvals.Event, after approvals.State, at time.Time) {
	if after != l.state && !after.Open() {
		l.ends++
	}
	l.state = after
	switch e := e.(type) {
	case approvals.Prepared:
		l.terms, l.deadline = e.Terms, at.Add(e.Terms.TTL)
	case approvals.CardPosted:
		l.card = true
	case approvals.WriteFinished:
		if after == approvals.Done && l.request.Ask.For > 0 {
			l.grant = &span{until: at.Add(l.request.Ask.For)}
		}
	case approvals.RevokeEarly:
		if !l.grant.over {
			l.grant.until = at
		}
		l.grant.over, l.grant.left, l.grant.retrying, l.grant.early = false, false, false, true
	case approvals.GrantExpired:
		if l.grant.waits() {
			l.grant.retrying, l.grant.retries = true, l.grant.retries+1
		}
	case approvals.Revoked:
		l.grant.over, l.grant.left, l.grant.retrying = true, len(e.Revocation.Remaining) > 0, false
		hours := []int{1, 2, 4, 8, 16, 24}
		l.grant.again = at.Add(time.Duration(hours[min(l.grant.retries, len(hours)-1)]) * time.Hour)
	}
}

// A timer is a job for a certain time.
type timer struct {
	request, kind, subject string
	due                    int64
}

// readTimers reads the timers that were never claimed, and the revoke jobs.
func (s underTest) readTimers(t rapid.TB) []timer {
	t.Helper()
	rows, err := s.read.Query(`SELECT request_id, kind, key, due_at FROM jobs
		WHERE kind IN ('grant_expiry', 'warn_expiry', 'remind', 'expire') AND attempt = 0 OR kind = 'revoke' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []timer
	for rows.Next() {
		var one timer
		if err := rows.Scan(&one.request, &one.kind, &one.subject, &one.due); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// checkTimers compares a store's timers with the requests: no code is removed
// before its time.
func (w witness) checkTimers(t rapid.TB, timers []timer, now time.Time) {
	t.Helper()
	for _, one := range timers {
		l, number := w[one.request], 0
		_, _ = fmt.Sscan(one.subject, &number) // zero if it has none
		at := func(want time.Time) bool { return one.due == toMicros(want) }
		running := l.grant != nil && !l.grant.over
		correct := false
		switch one.kind {
		case "revoke":
			correct = l.grant.isRunning() && (l.grant.early || l.grant.retrying || !now.Before(l.grant.until))
		case "grant_expiry":
			correct = l.grant.isRunning() && at(l.grant.until) || l.grant.waits() && at(l.grant.again)
		case "warn_expiry":
			correct = running && at(l.grant.until.Add(-time.Duration(number)*time.Hour))
		case "expire":
			correct = l.state.Open() && at(l.deadline)
		case "remind":
			waits := l.state == approvals.Pending || l.terms.AutoApprove // a look before the card may have left it pending
			correct = waits && number >= 1 && number <= 4 && one.due < toMicros(l.deadline)
		}
		if !correct {
			t.Fatalf("timer %+v at %d is wrong: the request is %s, its deadline %v, its grant %+v",
				one, toMicros(now), l.state, l.deadline, l.grant)
		}
	}
}

// checkOneEnd accepts at most one outcome in a request's journal.
func checkOneEnd(lines []string) error {
	ends := 0
	for _, line := range lines {
		if before, after, _ := parseTransition(line); before != after && !after.Open() {
			ends++
		}
	}
	return failUnless(ends <= 1, fmt.Sprint(ends, " outcomes:\n", strings.Join(lines, "\n")))
}
