package message

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/bottest"
)

// hostile is a string from outside that tries everything at once.
const hostile = "<!channel> <@U0EVIL> <https://evil.example|click> `*_~ & &lt; \u202e\u200b\x00\n\r\xff % 100%s {{.}} :x: @here"

// allReasons are all of them; there is no list of them in the rules.
func allReasons() []approvals.Reason {
	return []approvals.Reason{
		approvals.ReasonConfirmed, approvals.ReasonReadBack, approvals.ReasonDeniedByVote, approvals.ReasonWithdrawn, approvals.ReasonCancelledByApprover,
		approvals.ReasonCardDeleted, approvals.ReasonDeadline, approvals.ReasonNoSuchGroup, approvals.ReasonAmbiguousGroup,
		approvals.ReasonNotOwned, approvals.ReasonNothingToDo, approvals.ReasonWouldEmpty, approvals.ReasonQuotaTooLow,
		approvals.ReasonQuotaWithoutCode, approvals.ReasonTooLarge, approvals.ReasonDuplicate, approvals.ReasonPolicy, approvals.ReasonUncheckable,
		approvals.ReasonUiPathRefused, approvals.ReasonIncomplete, approvals.ReasonUnconfirmed, approvals.ReasonAllocationChanged,
		approvals.ReasonNotPreserved,
		"a reason of tomorrow",
	}
}

// hostileRequest is a request in a state, in which everything that comes from
// outside is hostile.
func hostileRequest(state approvals.State) approvals.Request {
	r := approvals.Request{
		ID: "R-7K3F9QXA", State: state, Requester: "U0ROBIN", OriginChannel: "C0GENERAL", Channel: "C0APPROVALS", CardTS: "1.000001",
		Ask:      approvals.Ask{Group: hostile, Codes: []string{"RPADEVPRONU", "IDU"}, Reason: hostile},
		Terms:    approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U0ALEX", "S0APPROVERS", "U0<!EVIL>"}, Quorum: 2}}, TTL: time.Hour},
		Votes:    []approvals.Vote{{User: "U0ALEX", At: testTime}, {User: "U0KIM", At: testTime}},
		Deadline: testTime.Add(time.Hour), DecidedAt: testTime, FiledAt: testTime, ClosedAt: testTime,
		Proposal: &approvals.Proposal{
			Group:  approvals.Group{ID: "group-01" + hostile, Name: hostile},
			Change: approvals.Change{Add: []string{"RPADEVPRONU", hostile}, Keep: []string{"ATTUNU", hostile}},
			Quotas: []approvals.Quota{{Code: hostile, Limit: 5}},
			Seats:  []approvals.Seats{{Code: "RPADEVPRONU", Allocated: 3, Total: 40}},
		},
	}
	return r
}

func hostileOutcome(reason approvals.Reason) *approvals.Outcome {
	return &approvals.Outcome{
		Reason: reason, By: "U0ALEX", Comment: hostile, Answer: hostile, ConcernedCodes: []string{"RPADEVPRONU", hostile},
		Suggestions: []string{"RPADEVPRONU", hostile}, Allocation: []string{"ATTUNU", hostile},
	}
}

// success is what may be said of a request that is done, and of no other.
var success = regexp.MustCompile(`Done|\*Done\*|UiPath confirmed|added to|removed from|UiPath's allocation shows|read again, shows`)

// TestEveryStateAndReasonHasWords walks all that can be said of a request.
func TestEveryStateAndReasonHasWords(t *testing.T) {
	for _, state := range approvals.States() {
		for _, reason := range allReasons() {
			for _, uncertain := range []bool{false, true} {
				r := hostileRequest(state)
				if !state.Open() {
					r.Outcome = hostileOutcome(reason)
					r.Outcome.Uncertain = uncertain
				}
				said := []string{phrases().RenderCard(r).Text, CardStatus(r), phrases().DescribeOutcome(r)}
				if notice := phrases().RequesterNotice(r); notice != "" || !state.Open() {
					said = append(said, notice)
				}
				for _, text := range said {
					bottest.ExpectHarmless(t, text)
					if state != approvals.Done && success.MatchString(text) {
						t.Errorf("%s, %s: success is claimed: %s", state, reason, text)
					}
				}
				if !strings.HasPrefix(phrases().DescribeOutcome(r), "<@U0ROBIN> ") {
					t.Errorf("%s, %s: the requester is not told: %s", state, reason, phrases().DescribeOutcome(r))
				}
				if state == approvals.Done && !success.MatchString(phrases().DescribeOutcome(r)) {
					t.Errorf("a done request does not say so: %s", phrases().DescribeOutcome(r))
				}
			}
		}
	}
}

// TestWhatIsShownOfOutside bounds and escapes it, in and outside code spans.
func TestWhatIsShownOfOutside(t *testing.T) {
	for _, c := range []struct {
		text string
		room int
		want string
	}{
		{"a`b``c", 10, "`a'b''c`"},
		{"a\nb\u00a0c\x00\u202ed\xff ", 10, "`a b c d`"},
		{"R&D", 7, "`R&amp;D`"},
		{"R&DE", 7, "`R&amp;…`"},
		{"R&D", 5, "`R…`"},
		{"<<<", 12, "`&lt;&lt;&lt;`"},
		{"<<<", 11, "`&lt;&lt;…`"},
		{"🤖🤖🤖", 3, "`🤖🤖🤖`"},
		{"🤖🤖🤖🤖", 3, "`🤖🤖…`"},
	} {
		if got := quoteCodeWithin(c.text, c.room); got != c.want {
			t.Errorf("%q in %d: %s instead of %s", c.text, c.room, got, c.want)
		}
	}
	people := mentionPeople([]string{"U1", "S2", "<!U3|x>", "U4"})
	if want := "<@U1>, <!subteam^S2>, <@U3x> and <@U4>"; people != want {
		t.Errorf("%s instead of %s", people, want)
	}
	for room, want := range map[int]string{13: "a, bb and ccc", 12: "a and 2 more", 1: "a and 2 more"} {
		if got := joinWithin(room, []string{"a", "bb", "ccc"}); got != want {
			t.Errorf("in %d: %s instead of %s", room, got, want)
		}
	}
}

// What holds a request up before its card may be Slack, which has to tell who
// asks: nothing is laid at UiPath's door.
func TestHeldUpBySlack(t *testing.T) {
	r := hostileRequest(approvals.Filed)
	r.DelayReason, r.CardTS = "Slack asked the bot to slow down", ""
	for _, said := range []string{phrases().RequesterNotice(r), homeState(r)} {
		if strings.Contains(said, "UiPath") || !strings.Contains(said, "checked yet: Slack asked the bot to slow down") {
			t.Error(said)
		}
	}
}

// TestHeldUpRequests has words for each state in which something can stall.
func TestHeldUpRequests(t *testing.T) {
	for state, want := range map[approvals.State]string{
		approvals.Filed: "it could not be checked yet", approvals.Pending: "its card could not be posted", approvals.Approved: "not done yet",
	} {
		r := hostileRequest(state)
		r.DelayReason, r.CardTS = hostile, ""
		said := phrases().RequesterNotice(r)
		if state == approvals.Approved {
			said = ExplainDelay(r)
			bottest.ExpectHarmless(t, CardStatus(r))
		}
		bottest.ExpectHarmless(t, said)
		if !strings.Contains(said, want) || success.MatchString(said) {
			t.Errorf("%s: %s", state, said)
		}
		r.DelayReason = ""
		if state != approvals.Approved && phrases().RequesterNotice(r) != "" {
			t.Errorf("%s: there is nothing to tell: %s", state, phrases().RequesterNotice(r))
		}
	}
	r := hostileRequest(approvals.Expired)
	r.CardTS, r.Outcome = "", hostileOutcome(approvals.ReasonDeadline)
	if said := phrases().RequesterNotice(r); !strings.Contains(said, "could not be put before an approver") {
		t.Errorf("expired without a card: %s", said)
	}
}

// TestEndsSayWhatHappened reads the ends that have different words within a state.
func TestEndsSayWhatHappened(t *testing.T) {
	for _, c := range []struct {
		state     approvals.State
		reason    approvals.Reason
		uncertain bool
		want      string
	}{
		{approvals.Done, approvals.ReasonConfirmed, false, "UiPath confirmed it: the group now has `ATTUNU`"},
		{approvals.Done, approvals.ReasonReadBack, true, "UiPath did not confirm the write, but its allocation, read again, shows the change"},
		{approvals.Done, approvals.ReasonNotPreserved, false, "UiPath made the change but dropped a setting that should have stayed"},
		{approvals.Failed, approvals.ReasonUiPathRefused, false, "Its allocation shows a part of the change all the same"},
		{approvals.Failed, approvals.ReasonUiPathRefused, true, "Whether an earlier attempt took effect is unknown"},
		{approvals.Failed, approvals.ReasonIncomplete, false, "does not show the change to `RPADEVPRONU`"},
		{approvals.Failed, approvals.ReasonUnconfirmed, false, "Nothing was changed at UiPath"},
		{approvals.Failed, approvals.ReasonUnconfirmed, true, "Whether it took effect is unknown"},
		{approvals.Superseded, approvals.ReasonAllocationChanged, false, "changed after the card was posted"},
		{approvals.Denied, approvals.ReasonDeniedByVote, false, "was denied by <@U0ALEX>, because `&lt;!channel&gt;"},
		{approvals.Cancelled, approvals.ReasonWithdrawn, false, "was cancelled by <@U0ALEX>. Nothing was changed"},
		{approvals.Cancelled, approvals.ReasonCancelledByApprover, false, "was cancelled by <@U0ALEX>, who may approve it, because `&lt;!channel&gt;"},
		{approvals.Superseded, approvals.ReasonAllocationChanged, true, "A write was tried before"},
		{approvals.Expired, approvals.ReasonDeadline, false, "expired with 2 of 2 approvals needed. Nothing was changed"},
		{approvals.Refused, approvals.ReasonNoSuchGroup, false, "The nearest are `RPADEVPRONU`"},
		{approvals.Refused, approvals.ReasonAmbiguousGroup, false, "several groups at UiPath"},
		{approvals.Refused, approvals.ReasonNotOwned, false, "did you mean `RPADEVPRONU` Automation Developer"},
		{approvals.Refused, approvals.ReasonNothingToDo, false, "already has `RPADEVPRONU`"},
		{approvals.Refused, approvals.ReasonUiPathRefused, false, "refused to show the group's allocation"},
	} {
		r := hostileRequest(c.state)
		r.Outcome = hostileOutcome(c.reason)
		r.Outcome.Uncertain = c.uncertain
		said := phrases().RequesterNotice(r)
		if !strings.Contains(said, c.want) {
			t.Errorf("%s, %s: %s", c.state, c.reason, said)
		}
		if c.uncertain && strings.Contains(said, "was not made") {
			t.Errorf("%s, %s: the unknown is called known: %s", c.state, c.reason, said)
		}
	}
}

// TestAnswersToPeople are the other things that are said, each to one person.
func TestAnswersToPeople(t *testing.T) {
	w, r := phrases(), hostileRequest(approvals.Pending)
	said := []string{w.ConfirmReceipt(Receipt{Request: r}), w.ConfirmReceipt(Receipt{Request: r, Ahead: 30}), w.ConfirmReceipt(Receipt{Request: r, Ahead: 300}), w.CommandHelp("/allocate"), CommandNotStored(), CommandBusy(), CommandBroken()}
	for _, why := range []approvals.Eligibility{
		approvals.IsBot, approvals.Deactivated, approvals.IsExternal, approvals.IsGuest,
		approvals.IsRequester, approvals.NotApprover, approvals.NotToday, approvals.Uncheckable, "a standing of tomorrow",
	} {
		said = append(said, ExplainVoteIgnored(r, why))
	}
	for _, state := range approvals.States() {
		for _, err := range []error{approvals.ErrNotPermitted, approvals.ErrNoTransition, approvals.ErrReasonRequired, approvals.ErrVoterUncheckable} {
			said = append(said, w.ExplainNotCancelled("/allocate", r.ID, err, state))
		}
	}
	said = append(said, ExplainUnknownRequest(r.ID), ExplainNotRevoked(r, approvals.ErrNoTransition), ExplainNotRevoked(r, approvals.ErrNotPermitted), ExplainNotRevoked(r, approvals.ErrVoterUncheckable), QueryFailed(), LookingUp())
	for _, text := range said {
		bottest.ExpectHarmless(t, text)
		if success.MatchString(text) {
			t.Errorf("success is claimed: %s", text)
		}
	}
	slices.Sort(said)
	if distinct := slices.Compact(said); len(distinct) < 17 {
		t.Errorf("only %d different answers", len(distinct))
	}
}
