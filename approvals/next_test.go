package approvals_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	. "licensebot/approvals"
)

// The people of these tests.
const (
	requester = "U-REQUESTER"
	anna      = "U-ANNA" // an approver
	ben       = "U-BEN"  // an approver
	cleo      = "U-CLEO" // an approver
	bystander = "U-BYSTANDER"
)

var (
	filedAt  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	early    = filedAt.Add(time.Hour)
	deadline = filedAt.Add(24 * time.Hour)
)

func yes(user string) Ballot { return Ballot{User: user, Eligibility: Counts, Stages: []int{0}} }
func no(user string) Ballot {
	return Ballot{User: user, Eligibility: Counts, Stages: []int{0}, Deny: true}
}

func ballotOf(user string, standing Eligibility) Ballot {
	return Ballot{User: user, Eligibility: standing}
}

// TestNothingToCount counts ballots that are nothing to count: the request stays as it is, and no
// job comes of it. A new card has none.
func TestNothingToCount(t *testing.T) {
	if !requestIn(Pending).NothingToCount(nil) {
		t.Error("a new card has something to count")
	}
	for _, votes := range [][]Vote{nil, {{User: anna, At: early}}} {
		for _, ballots := range [][]Ballot{nil, {yes(anna)}, {ballotOf(bystander, NotApprover)}, {no(ben)}} {
			for _, auto := range []bool{false, true} {
				r := requestIn(Pending)
				r.Votes, r.Terms.AutoApprove = votes, auto
				step, err := Next(r, VotesCounted{Ballots: ballots}, early)
				isSame := err == nil && reflect.DeepEqual(step, Step{Request: r})
				if r.NothingToCount(ballots) && !isSame {
					t.Errorf("votes %v, ballots %v, automatic %v: nothing to count, and it makes %+v, %v", votes, ballots, auto, step, err)
				}
			}
		}
	}
}

// requestIn is a request as it looks in a state, needing two approvers.
func requestIn(state State) Request {
	r := Request{
		ID: "R-TEST0001", EnvelopeID: "e1", State: state, Requester: requester, Channel: "C1",
		Ask:     Ask{Group: "group-01", Codes: []string{"NEW"}},
		Terms:   Terms{Stages: []Stage{{Approvers: []string{anna, ben, cleo}, Quorum: 2}}, TTL: 24 * time.Hour, Emoji: Emoji{Approve: []string{"ok"}, Deny: []string{"x"}}, Buttons: true},
		FiledAt: filedAt, Deadline: deadline,
	}
	if state != Filed && state != Refused {
		r.Proposal = &Proposal{Group: Group{ID: "group-01"}, Change: Change{Add: []string{"NEW"}}}
	}
	switch state {
	case Approved, Done, Failed, Superseded:
		r.DecidedAt = early
		r.Votes = []Vote{{User: anna, At: early}, {User: ben, At: early}}
	}
	if !state.Open() {
		r.ClosedAt = early
		r.Outcome = &Outcome{Reason: ReasonDeniedByVote}
	}
	return r
}

// What a cell of the table may say besides "state / owed / dropped".
const (
	noMove   = "no move"
	notYours = "not yours"
	noReason = "no reason"
	wrong    = "error"
)

const dropsAll = "expire count_votes prepare remind escalate"

// cells is one row of the table: an event, and what it makes of a request in
// each state. The seven ends answer alike but for what except says; held is
// what becomes of a done request that holds codes for a time, if that differs.
type cells struct {
	event    string
	happens  Event
	late     bool   // the deadline has passed
	card     string // the card's timestamp, where there is a card already
	stalled  string
	ending   *Revocation // of the grant, where it was ended already
	filed    string
	pending  string
	approved string
	ended    string
	holds    string
	except   map[State]string
}

// grant is the grant of a done request in the table: it ends at the deadline.
func (c cells) grant() *Grant {
	return &Grant{Codes: []string{"NEW"}, Until: deadline, DelayReason: c.stalled, Revocation: c.ending}
}

func table() []cells {
	denied := "denied / post_outcome update_card / " + dropsAll
	expired := "expired / post_outcome update_card / " + dropsAll
	row := func(event string, happens Event) cells {
		return cells{event: event, happens: happens, filed: noMove, pending: noMove, approved: noMove, ended: noMove}
	}
	filed := func(c cells, want string) cells { c.filed = want; return c }
	pending := func(c cells, want string) cells { c.pending = want; return c }
	approved := func(c cells, want string) cells { c.approved = want; return c }
	late := func(c cells) cells { c.late = true; c.event += ", after the deadline"; return c }

	posted := row("the card is posted", CardPosted{TS: "1.1"})
	posted.pending = "pending / add_reactions count_votes remind /"
	posted.approved = "approved / add_reactions count_votes /"
	posted.ended = "= / post_outcome update_card /"
	posted.except = map[State]string{Refused: noMove}

	postedAgain := row("a second card is posted", CardPosted{TS: "2.2"})
	postedAgain.card = "1.1"

	cancel := filed(row("the requester cancels", Cancel{By: requester}), "cancelled / / "+dropsAll)
	cancel.pending = "cancelled / post_outcome update_card / " + dropsAll

	meddle := row("someone else cancels", Cancel{By: anna})
	meddle.filed, meddle.pending, meddle.approved, meddle.ended = notYours, notYours, notYours, notYours

	callOff := pending(row("an approver cancels and says why", Cancel{By: anna, Reason: "wrong group", Authorized: true}), "cancelled / post_outcome update_card / "+dropsAll)
	callOff.filed = "cancelled / / " + dropsAll
	callOffMute := row("an approver cancels and says nothing", Cancel{By: anna, Reason: " ", Authorized: true})
	callOffMute.filed, callOffMute.pending = noReason, noReason

	lapse := filed(late(row("expire", Expire{})), "expired / tell_requester / "+dropsAll)
	lapse.pending = expired
	lapseTold := late(row("lapse, and the last look finds too few", Expire{Ballots: []Ballot{yes(anna), ballotOf(bystander, NotApprover)}}))
	lapseTold.filed, lapseTold.pending = lapse.filed, "expired / post_outcome update_card tell_voter / "+dropsAll
	lapseVoted := late(row("lapse, and the last look finds a quorum of ✅", Expire{Ballots: []Ballot{yes(anna), yes(ben)}}))
	lapseVoted.filed, lapseVoted.pending = lapse.filed, "approved / apply update_card / remind escalate"
	lapseDenied := late(row("lapse, and the last look finds a ❌", Expire{Ballots: []Ballot{yes(anna), yes(ben), no(cleo)}}))
	lapseDenied.filed, lapseDenied.pending = lapse.filed, denied

	gone := row("the card is deleted", CardDeleted{})
	gone.pending = "cancelled / tell_requester remove_doubles remove_doubles / " + dropsAll + " apply add_reactions update_card"
	missed := row("the card is missed by who saw the request waiting", CardDeleted{Waiting: true})
	missed.pending = gone.pending
	gone.approved = gone.pending

	held := row("held up", Delayed{Reason: "UiPath is down"})
	held.filed, held.pending, held.approved = "filed / tell_delay /", "pending / tell_delay /", "approved / post_delay /"
	heldAgain := row("held up again", Delayed{Reason: "UiPath is down"})
	heldAgain.stalled = "Slack is down"

	held.holds = "done / post_revocation_delay update_card /"

	holds := func(c cells, want string) cells { c.holds = want; return c }
	endEarly := holds(row("the requester ends it early", RevokeEarly{By: requester}), "done / revoke update_card / warn_expiry grant_expiry")
	endByAnna := holds(row("an approver ends it early", RevokeEarly{By: anna, Authorized: true}), "done / revoke update_card / warn_expiry grant_expiry")
	endByAnyone := row("someone else ends it early", RevokeEarly{By: bystander})
	endByAnyone.filed, endByAnyone.pending, endByAnyone.approved, endByAnyone.ended = notYours, notYours, notYours, notYours
	over := func(c cells) cells {
		c.event += ", when it is over"
		c.ending = &Revocation{Removed: []string{"NEW"}}
		return c
	}
	leftover := func(c cells) cells {
		c.event += ", when it left a code"
		c.ending = &Revocation{Remaining: []string{"NEW"}}
		return c
	}

	forgotten := holds(row("nothing was owed", Orphaned{}), "done / grant_expiry /")
	forgotten.filed, forgotten.pending, forgotten.approved = "filed / prepare expire /", "pending / post_card expire /", "approved / apply /"
	forgottenCard := holds(row("nothing was owed, with a card", Orphaned{}), "done / grant_expiry /")
	forgottenCard.filed, forgottenCard.pending, forgottenCard.approved = forgotten.filed, "pending / count_votes expire /", forgotten.approved
	forgottenCard.card = "1700000000.000100"

	searches := " / remove_doubles remove_doubles /"
	repeated := row("a post is missing", PostMissing{Post: JobPostCard})
	repeated.pending, repeated.approved, repeated.ended = "pending"+searches, "approved"+searches, "="+searches
	repeated.except = map[State]string{Refused: noMove}
	seenTwice := row("the card is shown twice", DoubleSeen{TS: "2.2"})
	seenTwice.card = "1.1"
	seenTwice.filed, seenTwice.pending, seenTwice.approved = "filed / remove_doubles /", "pending / remove_doubles /", "approved / remove_doubles /"
	seenTwice.ended = "= / remove_doubles /"
	deniedTwice := row("a no on a double", DeniedOnDouble{Denial: Denial{TS: "2.2", User: anna, Name: "x"}})
	deniedTwice.card = "1.1"
	deniedTwice.filed, deniedTwice.pending = "filed / count_votes remove_doubles /", "pending / count_votes remove_doubles /"
	deniedTwice.approved = "approved / count_votes remove_doubles /"
	shutOut := row("the thread takes nothing", ShutOut{Said: Job{Kind: JobPostOutcome}})
	shutOut.filed, shutOut.pending = "filed / tell_requester /", "pending / tell_requester remove_doubles remove_doubles /"
	shutOut.approved = "approved / tell_requester remove_doubles remove_doubles /"
	shutOut.ended = "= / tell_requester remove_doubles remove_doubles /"
	shutOut.except = map[State]string{Refused: "refused / tell_requester /"}
	deniedBeside := row("a no on a reply", DeniedOnReply{Denial: Denial{TS: "2.2", User: anna, Name: "x"}})
	deniedBeside.card = "1.1"
	deniedBeside.filed, deniedBeside.pending, deniedBeside.approved = "filed / count_votes /", "pending / count_votes /", "approved / count_votes /"
	pressed := row("an approver presses a button", Pressed{Press: Press{User: anna, Button: PressApprove, At: "2.2"}, Authorized: true})
	pressed.card, pressed.pending, pressed.approved = "1.1", "pending / count_votes post_press /", "approved / count_votes post_press /"
	pressedEarly := row("a button is pressed before the card's timestamp is stored", Pressed{Press: Press{User: anna, Button: PressApprove, At: "2.2"}, Authorized: true})
	pressedEarly.pending, pressedEarly.approved = pressed.pending, pressed.approved
	pressedByAnyone := row("someone else presses a button", Pressed{Press: Press{User: bystander, Button: PressDeny, At: "2.2"}})
	pressedByAnyone.card, pressedByAnyone.pending, pressedByAnyone.approved = "1.1", notYours, notYours
	unseen := row("a look does not show the card", CardMissed{})
	unseen.card, unseen.filed, unseen.pending, unseen.approved, unseen.ended = "1.1", "filed / /", "pending / /", "approved / /", "= / /"

	return []cells{
		filed(row("UiPath was read", Prepared{Proposal: Proposal{Group: Group{ID: "group-01"}}}), "pending / post_card expire / expire"),
		filed(row("rejected", Rejected{Outcome: Outcome{Reason: ReasonNotOwned}}), "refused / tell_requester / "+dropsAll),
		posted, postedAgain, shutOut,

		pending(row("nobody reacted", VotesCounted{}), "pending / /"),
		pending(row("✅ below the quorum", VotesCounted{[]Ballot{yes(anna)}}), "pending / update_card tell_voter /"),
		pending(row("✅ twice by one approver", VotesCounted{[]Ballot{yes(anna), yes(anna)}}), "pending / update_card tell_voter /"),
		pending(row("quorum of ✅", VotesCounted{[]Ballot{yes(anna), yes(ben)}}), "approved / apply update_card / remind escalate"),
		pending(row("more than a quorum", VotesCounted{[]Ballot{yes(anna), yes(ben), yes(cleo)}}), "approved / apply update_card / remind escalate"),
		pending(row("one ❌", VotesCounted{[]Ballot{no(anna)}}), denied),
		pending(row("quorum of ✅, then ❌", VotesCounted{[]Ballot{yes(anna), yes(ben), no(cleo)}}), denied),
		pending(row("✅ and ❌ by one approver", VotesCounted{[]Ballot{yes(anna), no(anna)}}), denied),
		pending(row("❌ by a bystander", VotesCounted{[]Ballot{{User: bystander, Deny: true, Eligibility: NotApprover}}}), "pending / tell_voter /"),
		pending(row("✅ by requester and approver", VotesCounted{[]Ballot{ballotOf(requester, IsRequester), yes(anna)}}), "pending / tell_voter update_card tell_voter /"),
		pending(row("👍 by an approver", VotesCounted{[]Ballot{ballotOf(anna, OtherEmoji)}}), "pending / tell_voter /"),
		pending(row("✅ by a bot and one who left", VotesCounted{[]Ballot{ballotOf("B", IsBot), ballotOf("L", Deactivated)}}), "pending / /"),
		pending(row("✅ by guest, stranger, unknown", VotesCounted{[]Ballot{
			ballotOf("G", IsGuest), ballotOf("S", IsExternal), ballotOf("Q", Uncheckable),
		}}), "pending / tell_voter tell_voter tell_voter /"),
		late(row("nobody reacted", VotesCounted{})),
		late(row("quorum of ✅", VotesCounted{[]Ballot{yes(anna), yes(ben)}})),
		late(row("one ❌", VotesCounted{[]Ballot{no(anna)}})),

		cancel, meddle, callOff, callOffMute,
		row("lapse, before the deadline", Expire{}), lapse, lapseTold, lapseVoted, lapseDenied, gone, missed,

		approved(row("consent below the quorum before the write", ConsentLost{Ballots: []Ballot{yes(anna)}}), "pending / post_consent_lost update_card count_votes expire remind /"),
		approved(row("consent gone before the write", ConsentLost{}), "pending / post_consent_lost update_card count_votes expire remind /"),
		approved(row("❌ before the write", ConsentLost{Ballots: []Ballot{yes(anna), no(ben)}}), denied),
		approved(row("an approver lost standing before the write", ConsentLost{Ballots: []Ballot{yes(anna), ballotOf(ben, NotApprover)}}),
			"pending / tell_voter post_consent_lost update_card count_votes expire remind /"),
		approved(late(row("consent gone before the write", ConsentLost{})), "pending / expire /"),
		approved(late(row("❌ before the write", ConsentLost{Ballots: []Ballot{no(ben)}})), denied),

		approved(row("others carry the write than met the quorum", ApproversChanged{[]Ballot{yes(anna), yes(cleo)}}), "approved / update_card /"),

		held, heldAgain,
		holds(approved(row("UiPath's answer misses a code", Mismatch{}), "approved / /"), "done / /"),
		over(approved(row("UiPath's answer misses a code", Mismatch{}), "approved / /")),
		over(approved(row("held up", Delayed{Reason: "UiPath is down"}), "approved / post_delay /").also("filed / tell_delay /", "pending / tell_delay /")),
		approved(row("settled as done", WriteFinished{State: Done}), "done / post_outcome update_card / "+dropsAll),
		approved(row("settled as failed", WriteFinished{State: Failed}), "failed / post_outcome update_card / "+dropsAll),
		approved(row("settled as superseded", WriteFinished{State: Superseded}), "superseded / post_outcome update_card / "+dropsAll),
		approved(late(row("settled as done", WriteFinished{State: Done})), "done / post_outcome update_card / "+dropsAll),
		approved(row("settled as what is no end of a write", WriteFinished{State: Expired}), wrong),

		pending(row("the approvers were reminded", Reminded{Number: 1}), "pending / remind /"),
		row("the approvers were reminded out of turn", Reminded{Number: 2}),
		late(pending(row("the approvers were reminded", Reminded{Number: 1}), "pending / /")),
		holds(late(row("the grant's time is over", GrantExpired{})), "done / revoke / warn_expiry"),
		holds(row("the grant's time is said to be over and is not", GrantExpired{}), "done / grant_expiry /"),
		over(late(row("the grant's time is over", GrantExpired{}))),
		endEarly, endByAnna, endByAnyone, late(row("the requester ends it early", RevokeEarly{By: requester})),
		over(row("the requester ends it early", RevokeEarly{By: requester})),
		leftover(holds(late(row("the requester ends it", RevokeEarly{By: requester})), "done / revoke update_card / warn_expiry grant_expiry")),
		holds(late(row("the grant ended", Revoked{})), "done / post_revocation update_card / warn_expiry grant_expiry revoke"),
		holds(row("the grant ended, and the clock was put back", Revoked{}), "done / post_revocation update_card / warn_expiry grant_expiry revoke"),
		over(late(row("the grant ended again", Revoked{}))),
		forgotten, forgottenCard,
		repeated, seenTwice, deniedTwice, deniedBeside, unseen, pressed, pressedEarly, pressedByAnyone,
		pending(row("more people are asked", Escalated{}), "pending / post_escalation update_card count_votes /"),
		late(row("more people are asked", Escalated{})),
		row("the card is shown again", CardSeen{}),
	}
}

// also sets what becomes of a filed and of a pending request.
func (c cells) also(filed, pending string) cells { c.filed, c.pending = filed, pending; return c }

// variants are the states, and once more those with something that a state
// does not tell.
func variants() []string {
	var all []string
	for _, s := range States() {
		all = append(all, string(s))
	}
	return append(all, holding)
}

// holding is a done request that holds codes for a time.
const holding = "done, for a time"

func (c cells) in(variant string) Request {
	if variant != holding {
		return requestIn(State(variant))
	}
	r := requestIn(Done)
	r.Grant = c.grant()
	return r
}

func (c cells) expected(variant string) string {
	switch {
	case variant != holding:
		return c.want(State(variant))
	case c.holds != "":
		return c.holds
	}
	return c.want(Done)
}

func (c cells) want(s State) string {
	want := c.ended
	switch s {
	case Filed:
		want = c.filed
	case Pending:
		want = c.pending
	case Approved:
		want = c.approved
	}
	if exception, ok := c.except[s]; ok {
		want = exception
	}
	return strings.TrimSpace(strings.Replace(want, "=", string(s), 1))
}

func told(step Step, err error) string {
	switch {
	case errors.Is(err, ErrNoTransition):
		return noMove
	case errors.Is(err, ErrNotPermitted):
		return notYours
	case errors.Is(err, ErrReasonRequired):
		return noReason
	case err != nil:
		return wrong
	}
	var owed, dropped []string
	for _, o := range step.Enqueue {
		owed = append(owed, string(o.Kind))
	}
	for _, kind := range step.Drop {
		dropped = append(dropped, string(kind))
	}
	cell := fmt.Sprintf("%s / %s / %s", step.Request.State, strings.Join(owed, " "), strings.Join(dropped, " "))
	return strings.TrimSpace(strings.ReplaceAll(cell, "  ", " "))
}

// The figure of the package comment, cell by cell.
func TestNextWalksEveryStateAndEvent(t *testing.T) {
	for _, c := range table() {
		for _, state := range variants() {
			t.Run(c.event+"/"+state, func(t *testing.T) {
				r := c.in(state)
				r.CardTS, r.DelayReason = c.card, c.stalled
				now := early
				if c.late {
					now = deadline
				}
				before := asJSON(t, r)
				step, err := Next(r, c.happens, now)
				if got, want := told(step, err), c.expected(state); got != want {
					t.Errorf("%s on a %s request: %q, want %q", c.event, state, got, want)
				}
				if after := asJSON(t, r); after != before {
					t.Errorf("Next changed its argument:\n%s\n%s", before, after)
				}
				if err != nil && step.Request.ID != "" {
					t.Error("an error came with a request: it might be stored")
				}
				checkEnd(t, step, err, now)
			})
		}
	}
}

// checkEnd holds what is true of every request that has just ended.
func checkEnd(t *testing.T, step Step, err error, now time.Time) {
	t.Helper()
	r := step.Request
	if err != nil {
		return
	}
	if r.State.Open() && (!r.ClosedAt.IsZero() || r.Outcome != nil) {
		t.Error("an open request has an end")
	}
	if !r.State.Open() && (r.Outcome == nil || r.ClosedAt.IsZero()) {
		t.Error("an ended request lacks outcome or time")
	}
	if slices.Contains(step.Drop, JobExpire) && !r.State.Open() && !r.ClosedAt.Equal(now) {
		t.Errorf("ended at %v, want %v", r.ClosedAt, now)
	}
}

// The table must know each kind of event that the package has.
func TestTableHasEveryEventKind(t *testing.T) {
	walked := map[string]bool{}
	for _, c := range table() {
		walked[c.happens.Kind()] = true
	}
	for _, kind := range []string{
		"prepared", "rejected", "card_posted", "votes_counted", "cancel", "expire", "card_deleted", "consent_lost", "delayed", "mismatch", "write_finished",
		"approvers_changed", "reminded", "grant_expired", "revoke_early", "revoked", "orphaned",
		"post_missing", "double_seen", "denied_on_double", "denied_on_reply", "card_missed", "card_seen", "shut_out", "pressed", "escalated",
	} {
		if !walked[kind] {
			t.Errorf("no row walks %q", kind)
		}
	}
	if len(walked) != 26 {
		t.Errorf("the table walks %d kinds: keep the list here in step", len(walked))
	}
}

// The journal names the person who voted last. A person without a vote is
// not named.
func TestWhoWeighed(t *testing.T) {
	for want, e := range map[string]VotesCounted{
		Bot:  {[]Ballot{ballotOf(bystander, NotApprover)}},
		ben:  {[]Ballot{yes(anna), yes(ben), ballotOf(requester, IsRequester)}},
		cleo: {[]Ballot{yes(anna), no(cleo)}},
	} {
		if got := e.Actor(); got != want {
			t.Errorf("%v: %s, want %s", e.Ballots, got, want)
		}
	}
}

func TestEndedRequestsTakeNothingButTheirCard(t *testing.T) {
	for _, state := range States() {
		if state.Open() {
			continue
		}
		for _, c := range table() {
			r := requestIn(state)
			r.CardTS = c.card
			step, err := Next(r, c.happens, deadline)
			if err != nil {
				continue
			}
			about := []string{"card_posted", "post_missing", "double_seen", "card_missed", "shut_out"} // its messages
			if !slices.Contains(about, c.happens.Kind()) || step.Request.State != state {
				t.Errorf("%s moved by %s", state, c.event)
			}
		}
	}
}

func TestFileOwesVettingAndTheDeadline(t *testing.T) {
	step := File(requestIn(Pending))
	if step.Request.State != Filed {
		t.Errorf("filed as %s", step.Request.State)
	}
	want := []Job{{Kind: JobPrepare}, {Kind: JobExpire, Due: deadline}}
	if !reflect.DeepEqual(step.Enqueue, want) {
		t.Errorf("owes %v, want %v", step.Enqueue, want)
	}
}

// Naming the requester as approver, themselves or through a group, does not
// let them agree to their own request.
func TestNobodyAgreesToTheirOwnRequest(t *testing.T) {
	r := requestIn(Pending)
	r.Terms.Stages = []Stage{{Approvers: []string{requester, anna}, Quorum: 1}}
	standing := EligibilityOf(r, Person{ID: requester}, []int{0})
	if standing != IsRequester {
		t.Fatalf("the requester %s", standing)
	}
	step, err := Next(r, VotesCounted{[]Ballot{ballotOf(requester, standing)}}, early)
	if err != nil || step.Request.State != Pending || len(step.Request.Votes) != 0 {
		t.Errorf("a request was carried by its requester: %v %v", step.Request, err)
	}
}

func TestStandings(t *testing.T) {
	members := []string{anna, "BOT", "GONE", "STRANGER", "GUEST", requester}
	for _, c := range []struct {
		person Person
		want   Eligibility
	}{
		{Person{ID: anna}, Counts},
		{Person{ID: bystander}, NotApprover},
		{Person{ID: requester}, IsRequester},
		{Person{ID: "BOT", Bot: true}, IsBot},
		{Person{ID: "GONE", Deactivated: true}, Deactivated},
		{Person{ID: "STRANGER", External: true}, IsExternal},
		{Person{ID: "GUEST", Guest: true}, IsGuest},
		{Person{ID: requester, Deactivated: true}, Deactivated},
	} {
		var stages []int
		if slices.Contains(members, c.person.ID) {
			stages = []int{0}
		}
		if got := EligibilityOf(requestIn(Pending), c.person, stages); got != c.want {
			t.Errorf("%+v stands as %s, want %s", c.person, got, c.want)
		}
	}
}

// Only approvers count toward the quorum, each once, and who takes a consent
// back is not counted any more.
func TestQuorumIsDistinctConsentsOfTheMoment(t *testing.T) {
	r := requestIn(Pending)
	weigh := func(at time.Time, ballots ...Ballot) Step {
		t.Helper()
		step, err := Next(r, VotesCounted{ballots}, at)
		if err != nil {
			t.Fatal(err)
		}
		r = step.Request
		return step
	}
	weigh(early, yes(anna), yes(anna))
	if got := Voters(r.Votes); !slices.Equal(got, []string{anna}) {
		t.Fatalf("voters %v", got)
	}
	if step := weigh(early.Add(time.Minute), yes(anna)); len(step.Enqueue) != 0 {
		t.Errorf("the same votes owe %v", step.Enqueue)
	}
	if !r.Votes[0].At.Equal(early) {
		t.Errorf("a vote weighed again moved to %v", r.Votes[0].At)
	}
	if step := weigh(early.Add(2 * time.Minute)); len(r.Votes) != 0 || told(step, nil) != "pending / update_card /" {
		t.Errorf("a vote taken back left %v, %s", r.Votes, told(step, nil))
	}
	at := early.Add(3 * time.Minute)
	weigh(at, yes(ben), yes(cleo))
	if r.State != Approved || !r.DecidedAt.Equal(at) {
		t.Errorf("%s, decided %v", r.State, r.DecidedAt)
	}
}

func TestDenialNamesWhoDenied(t *testing.T) {
	step, err := Next(requestIn(Pending), VotesCounted{[]Ballot{yes(anna), yes(cleo), no(ben)}}, early)
	if err != nil {
		t.Fatal(err)
	}
	if o := step.Request.Outcome; o.Reason != ReasonDeniedByVote || o.By != ben {
		t.Errorf("outcome %+v", *o)
	}
}

func TestTheDeadlineBelongsToTheEnd(t *testing.T) {
	consent := VotesCounted{[]Ballot{yes(anna), yes(ben)}}
	step, err := Next(requestIn(Pending), consent, deadline.Add(-time.Microsecond))
	if err != nil || step.Request.State != Approved {
		t.Errorf("just before the deadline: %s", told(step, err))
	}
	if _, err = Next(requestIn(Pending), consent, deadline); !errors.Is(err, ErrNoTransition) {
		t.Errorf("at the deadline a vote decided: %v", err)
	}
	step, err = Next(requestIn(Pending), Expire{}, deadline)
	if err != nil || step.Request.State != Expired || step.Request.Outcome.Reason != ReasonDeadline {
		t.Errorf("the end at the deadline: %s", told(step, err))
	}
}

// What a rule grants without asking is not granted before the channel has seen
// it, however late that is.
func TestWhatNobodySawExpires(t *testing.T) {
	r := requestIn(Pending)
	r.Terms.AutoApprove = true
	for when, want := range map[time.Time]State{early: Approved, deadline: Expired} {
		if step, err := Next(r, CardPosted{TS: "1.1"}, when); err != nil || step.Request.State != want || step.Request.CardTS != "1.1" {
			t.Errorf("posted at %v: %s", when, told(step, err))
		}
	}
	step, err := Next(r, Expire{}, deadline)
	if err != nil || step.Request.State != Expired {
		t.Errorf("without a card: %s", told(step, err))
	}
	r.CardTS = "1700000000.000100"
	step, err = Next(r, Expire{}, deadline)
	if err != nil || step.Request.State != Approved {
		t.Errorf("with a card: %s", told(step, err))
	}
}

// Each reactor is told once for each reason, whatever is weighed again.
func TestIgnoredReactorsAreToldOnce(t *testing.T) {
	r := requestIn(Pending)
	tells := func(ballots ...Ballot) []Job {
		t.Helper()
		step, err := Next(r, VotesCounted{ballots}, early)
		if err != nil {
			t.Fatal(err)
		}
		r = step.Request
		return step.Enqueue
	}
	first := tells(ballotOf(bystander, NotApprover), ballotOf(bystander, NotApprover), ballotOf(requester, IsRequester))
	want := []Job{
		{Kind: JobTellVoter, Person: bystander, Payload: Payload{Eligibility: NotApprover}},
		{Kind: JobTellVoter, Person: requester, Payload: Payload{Eligibility: IsRequester}},
	}
	if !reflect.DeepEqual(first, want) {
		t.Fatalf("first: %v, want %v", first, want)
	}
	if again := tells(ballotOf(bystander, NotApprover), ballotOf(requester, IsRequester)); len(again) != 0 {
		t.Errorf("told again: %v", again)
	}
	if other := tells(ballotOf(bystander, Uncheckable)); len(other) != 1 {
		t.Errorf("another reason was not told: %v", other)
	}
}

// An approval that is taken back starts the request's wait afresh.
func TestLostConsentWaitsAgain(t *testing.T) {
	r := requestIn(Approved)
	r.DelayReason = "UiPath is down"
	step, err := Next(r, ConsentLost{Ballots: []Ballot{yes(ben)}}, early.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	after := step.Request
	if !after.DecidedAt.IsZero() || after.DelayReason != "" || !slices.Equal(Voters(after.Votes), []string{ben}) {
		t.Errorf("kept of the approval: %+v", after)
	}
	if !slices.ContainsFunc(step.Enqueue, func(j Job) bool { return j.Kind == JobExpire && j.Due.Equal(deadline) }) {
		t.Errorf("does not expire at %v: %v", deadline, step.Enqueue)
	}
	step, err = Next(after, VotesCounted{[]Ballot{yes(ben), yes(anna)}}, early.Add(2*time.Hour))
	if err != nil || step.Request.State != Approved {
		t.Errorf("consent given again: %s", told(step, err))
	}
}

func TestMissesAreCounted(t *testing.T) {
	r := requestIn(Approved)
	for want := 1; want <= 3; want++ {
		step, err := Next(r, Mismatch{Shown: []string{"OLD"}}, early)
		if err != nil || step.Request.Mismatches != want {
			t.Fatalf("%d misses, %v; want %d", step.Request.Mismatches, err, want)
		}
		r = step.Request
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Consent lost after the deadline leaves the approvals that still stood to one more look.
func TestConsentLostAfterTheDeadline(t *testing.T) {
	r := requestIn(Approved)
	step, err := Next(r, ConsentLost{Ballots: []Ballot{yes(anna)}}, deadline)
	if err != nil || step.Request.State != Pending || !slices.Equal(Voters(step.Request.Votes), []string{anna}) {
		t.Errorf("one approval was lost right before a write after the deadline: %s with %v, %v", step.Request.State, Voters(step.Request.Votes), err)
	}
}

// An end that left codes behind is tried again by itself, at pauses from an hour to a day. What is
// left for the same reason is told once.
func TestRefusedEndsAreTriedAgain(t *testing.T) {
	r, now := requestIn(Done), deadline
	r.Grant = &Grant{Codes: []string{"NEW"}, Until: deadline}
	left := Revoked{Revocation: Revocation{Remaining: []string{"NEW"}, Answer: "409: not now"}}
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 24, 24} {
		step, err := Next(r, left, now)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(step.Enqueue, func(j Job) bool { return j.Kind == JobGrantExpiry })
		told := slices.ContainsFunc(step.Enqueue, func(j Job) bool { return j.Kind == JobPostRevocation })
		if at < 0 || step.Enqueue[at].Due.Sub(now) != want*time.Hour || told != (i == 0) {
			t.Fatalf("end %d enqueues %+v", i, step.Enqueue)
		}
		now = step.Enqueue[at].Due
		if step, err = Next(step.Request, GrantExpired{}, now); err != nil || step.Enqueue[0].Kind != JobRevoke {
			t.Fatalf("end %d: %+v, %v", i, step.Enqueue, err)
		}
		r = step.Request
	}
	step, err := Next(r, Revoked{Revocation: Revocation{Removed: []string{"NEW"}}}, now)
	if err != nil || step.Enqueue[0].Kind != JobPostRevocation || step.Enqueue[0].Number != 2 || !step.Request.Grant.IsOver() {
		t.Errorf("the end at last: %+v, %v", step.Enqueue, err)
	}
}
