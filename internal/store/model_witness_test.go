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

// The model calls the rules, so it would believe whatever they say. A witness
// does not call them: it knows the people, remembers what was asked and what
// happened, and holds each step to what anybody could tell from that.

// Who asks and decides in these runs depends on the number of the request
// alone, so that the standing of a ballot can be told before it is cast.

// asked is the n-th request: the first two are for a time.
func asked(n int) approvals.Request {
	r := ask(n)
	r.Ask.For = []time.Duration{90 * time.Minute, 36 * time.Hour, 0, 0}[n]
	return r
}

// numberOf is the number of a request of these runs; of any other, none.
func numberOf(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "R-"))
	return n
}

// approversOf are the people of each stage. A guest and the requester are named as
// well, and U-NOBODY never.
func approversOf(id string) [][]string {
	if numberOf(id) == 2 {
		return [][]string{{"U-0", "U-1", "U-REQUESTER"}, {"U-1", "U-2", "U-GUEST"}}
	}
	return [][]string{{"U-0", "U-1", "U-2", "U-GUEST", "U-REQUESTER"}}
}

// selfApproved reports whether the requester may be one of the approvers.
func selfApproved(id string) bool { return numberOf(id) == 3 }

// everybody may react on a card.
func everybody() []string { return []string{"U-0", "U-1", "U-2", "U-GUEST", "U-NOBODY", "U-REQUESTER"} }

// judged gives the ballots of an event their standing, as the workers do.
func judged(id string, e approvals.Event) approvals.Event {
	switch e := e.(type) {
	case approvals.VotesCounted:
		e.Ballots = judgedBallots(id, e.Ballots)
		return e
	case approvals.ConsentLost:
		e.Ballots = judgedBallots(id, e.Ballots)
		return e
	case approvals.Expire:
		e.Ballots = judgedBallots(id, e.Ballots)
		return e
	}
	return e
}

func judgedBallots(id string, ballots []approvals.Ballot) []approvals.Ballot {
	r := approvals.Request{Requester: "U-REQUESTER", Terms: approvals.Terms{SelfApproval: selfApproved(id)}}
	ballots = slices.Clone(ballots)
	for i, b := range ballots {
		ballots[i].Stages = stagesOf(id, b.User)
		standing := approvals.EligibilityOf(r, approvals.Person{ID: b.User, Guest: b.User == "U-GUEST"}, ballots[i].Stages)
		if standing == approvals.Counts && b.Eligibility == approvals.IsLate && !b.Deny {
			standing = approvals.IsLate
		}
		ballots[i].Eligibility = standing
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

// unanimous is a look at a card that all who may have agreed on.
func unanimous(id string) approvals.VotesCounted {
	var w approvals.VotesCounted
	for _, user := range []string{"U-0", "U-1", "U-2"} {
		w.Ballots = append(w.Ballots, approvals.Ballot{User: user})
	}
	return judged(id, w).(approvals.VotesCounted)
}

// A witness knows the life of each request by its id.
type witness map[string]*life

// A life is what happened to a request, as far as it matters to the witness.
type life struct {
	request  approvals.Request // as it was filed
	state    approvals.State
	terms    approvals.Terms
	card     bool
	deadline time.Time
	ends     int
	grant    *span
}

// A span is the time for which a done request holds its codes.
type span struct {
	until time.Time
	early bool // somebody wanted it to end
	over  bool // its end was carried out
	left  bool // and left something in the rule
}

// filed hears of a request that was filed at a time.
func (w witness) filed(r approvals.Request, at time.Time) {
	w[r.ID] = &life{request: r, state: approvals.Filed, deadline: at.Add(r.Terms.TTL)}
}

// saw hears that an event was taken and what it made of the request.
func (w witness) saw(id string, e approvals.Event, after approvals.State, at time.Time) error {
	l := w[id]
	if l == nil {
		return fmt.Errorf("%s of %s, which was never filed", e.Kind(), id)
	}
	if err := l.admits(e, after, at); err != nil {
		return fmt.Errorf("%s went from %s to %s by %s %+v: %w", id, l.state, after, e.Kind(), e, err)
	}
	l.remember(e, after, at)
	return nil
}

// admits says what is wrong with a step.
func (l *life) admits(e approvals.Event, after approvals.State, at time.Time) error {
	ballots, looked := looked(e)
	switch {
	case !l.state.Open() && after != l.state:
		return errors.New("an end is final")
	case looked && after == approvals.Approved:
		return l.approvable(e, ballots, at)
	case after == l.state:
		return l.stays(e, ballots)
	}
	switch after {
	case approvals.Approved:
		_, posted := e.(approvals.CardPosted)
		return unless(posted && l.terms.AutoApprove, "nobody agreed")
	case approvals.Pending:
		_, vetted := e.(approvals.Prepared)
		_, rechecked := e.(approvals.ConsentLost)
		return unless(vetted && l.state == approvals.Filed || rechecked && l.state == approvals.Approved && at.Before(l.deadline), "nothing makes it wait")
	case approvals.Denied:
		return unless(l.denied(ballots), "nobody denied it")
	case approvals.Expired:
		lapse, _ := e.(approvals.Expire)
		return errors.Join(unless(!at.Before(l.deadline), "its deadline is still to come"),
			unless(l.unseen(lapse) || !l.agreed(ballots), "it was agreed upon"))
	case approvals.Cancelled:
		return unless(l.cancellable(e), "nobody who may cancelled it")
	case approvals.Refused:
		_, unfit := e.(approvals.Rejected)
		return unless(unfit, "it is fit")
	}
	settled, _ := e.(approvals.WriteFinished)
	return unless(l.state == approvals.Approved && settled.State == after, "the write did not end so")
}

func unless(fine bool, problem string) error {
	if fine {
		return nil
	}
	return errors.New(problem)
}

// looked returns what was on the card, of the events that are a look at it.
func looked(e approvals.Event) ([]approvals.Ballot, bool) {
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

// approvable says why a look at the card must not approve.
func (l *life) approvable(e approvals.Event, ballots []approvals.Ballot, at time.Time) error {
	lapse, last := e.(approvals.Expire)
	_, weighed := e.(approvals.VotesCounted)
	return errors.Join(
		unless(l.agreed(ballots), "too few agreed, or somebody denied it"),
		unless(!weighed || at.Before(l.deadline), "it was too late for that"),
		unless(!last || !l.unseen(lapse), "its card was not seen"))
}

// unseen reports whether the last look tells nothing: Slack did not show the
// card, or there is none of what only has to be shown.
func (l *life) unseen(last approvals.Expire) bool {
	return last.Unseen || l.terms.AutoApprove && !l.card
}

// stays says why a step that changes no state should have, or should not have
// been taken.
func (l *life) stays(e approvals.Event, ballots []approvals.Ballot) error {
	switch e := e.(type) {
	case approvals.VotesCounted:
		return unless(!l.agreed(ballots) && !l.denied(ballots), "it is decided")
	case approvals.RevokeEarly:
		return errors.Join(unless(e.Authorized || e.By == l.request.Requester, "whoever ended it may not"),
			unless(l.grant != nil && (!l.grant.over || l.grant.left), "it holds nothing for a time"))
	case approvals.Revoked, approvals.GrantExpired:
		return unless(l.grant != nil && !l.grant.over, "it holds nothing for a time")
	}
	return nil
}

// counts reports whether a ballot is one of somebody who may vote.
func (l *life) counts(b approvals.Ballot) bool {
	switch b.User {
	case "U-GUEST", "U-NOBODY":
		return false
	case "U-REQUESTER":
		return selfApproved(l.request.ID) && b.Eligibility != approvals.IsLate
	}
	return b.Eligibility != approvals.IsLate
}

func (l *life) denied(ballots []approvals.Ballot) bool {
	return slices.ContainsFunc(ballots, func(b approvals.Ballot) bool { return b.Deny && l.counts(b) })
}

// agreed reports whether nobody denied, and everybody whom a stage needs can be
// somebody else: it tries all ways to choose them.
func (l *life) agreed(ballots []approvals.Ballot) bool {
	if l.denied(ballots) {
		return false
	}
	var agree []string
	for _, b := range ballots {
		if !b.Deny && l.counts(b) && !slices.Contains(agree, b.User) {
			agree = append(agree, b.User)
		}
	}
	var needed []int // a stage for each person that it takes
	for i, stage := range l.terms.Stages {
		needed = append(needed, slices.Repeat([]int{i}, stage.Quorum)...)
	}
	return l.terms.AutoApprove || len(needed) > 0 && chosen(l.request.ID, needed, agree)
}

// chosen reports whether each stage that is needed can have a person of its own.
func chosen(id string, needed []int, people []string) bool {
	if len(needed) == 0 {
		return true
	}
	return slices.ContainsFunc(people, func(user string) bool {
		return slices.Contains(approversOf(id)[needed[0]], user) && chosen(id, needed[1:], approvals.Without(people, []string{user}))
	})
}

func (l *life) cancellable(e approvals.Event) bool {
	switch e := e.(type) {
	case approvals.CardDeleted:
		return true
	case approvals.Cancel:
		return e.By == l.request.Requester || e.Authorized && e.Reason != ""
	}
	return false
}

// remember keeps what later steps are held to.
func (l *life) remember(e approvals.Event, after approvals.State, at time.Time) {
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
		l.grant.over, l.grant.left, l.grant.early = false, false, true
	case approvals.Revoked:
		l.grant.over, l.grant.left = true, len(e.Revocation.Remaining) > 0
	}
}

// A timer is work that is owed for a certain time.
type timer struct {
	request, kind, subject string
	due                    int64
}

// timers are those that nobody has taken yet, and the ends of grants.
func (s underTest) timers(t rapid.TB) []timer {
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

// times holds what a store owes for later to what was asked: nobody's codes are
// taken out before their time.
func (w witness) times(t rapid.TB, timers []timer, now time.Time) {
	t.Helper()
	for _, one := range timers {
		l, number := w[one.request], 0
		_, _ = fmt.Sscan(one.subject, &number) // of those that have one
		at := func(want time.Time) bool { return one.due == micros(want) }
		running := l.grant != nil && !l.grant.over
		fine := false
		switch one.kind {
		case "revoke":
			fine = running && (l.grant.early || !now.Before(l.grant.until))
		case "grant_expiry":
			fine = running && at(l.grant.until)
		case "warn_expiry":
			fine = running && at(l.grant.until.Add(-time.Duration(number)*time.Hour))
		case "expire":
			fine = l.state.Open() && at(l.deadline)
		case "remind":
			waits := l.state == approvals.Pending || l.terms.AutoApprove // which a look before there was a card may have left waiting once
			fine = waits && number >= 1 && number <= 4 && one.due < micros(l.deadline)
		}
		if !fine {
			t.Fatalf("%+v is owed at %d by a request that is %s until %v and holds codes for %+v", one, micros(now), l.state, l.deadline, l.grant)
		}
	}
}

// oneEnd wants no more than one end in a request's journal.
func oneEnd(lines []string) error {
	ends := 0
	for _, line := range lines {
		if before, after, _ := splitMove(line); before != after && !after.Open() {
			ends++
		}
	}
	return unless(ends <= 1, fmt.Sprint(ends, " ends:\n", strings.Join(lines, "\n")))
}
