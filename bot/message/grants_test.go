package message

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/command"
)

// grantedRequest is a done request for a time, with all that comes from
// outside hostile.
func grantedRequest() approvals.Request {
	r := hostileRequest(approvals.Done)
	r.Ask.For = 26 * time.Hour
	r.ClosedAt = testTime
	r.Outcome = hostileOutcome(approvals.ReasonConfirmed)
	r.Proposal.Change = approvals.Change{Add: []string{"RPADEVPRONU"}, Extend: []string{"IDU"}, Keep: []string{"ATTUNU", "IDU"}}
	r.Proposal.Ends = map[string]time.Time{"IDU": testTime}
	r.Grant = &approvals.Grant{Codes: []string{"IDU", "RPADEVPRONU"}, Until: testTime.Add(26 * time.Hour)}
	return r
}

// endings are what the end of a grant can come to, by what has to be said.
func endings() map[string]approvals.Revocation {
	both, now := []string{"IDU", "RPADEVPRONU"}, []string{"ATTUNU"}
	later := testTime.Add(48 * time.Hour)
	return map[string]approvals.Revocation{
		"UiPath confirmed that `IDU` and `RPADEVPRONU` were removed":                   {Removed: both, Allocation: now},
		"`IDU` was no longer in the allocation":                                        {Absent: both[:1], Removed: both[1:], Allocation: now},
		"UiPath's allocation, read again, no longer has `IDU`":                         {Absent: both[:1], ReadBack: true, Allocation: now},
		"granted again by `R-OTHER000` until <!date^":                                  {Kept: []approvals.KeptCode{{Code: "IDU", Request: "R-OTHER000", Until: later}}, Allocation: both},
		"Unchanged: `IDU` and `RPADEVPRONU` (granted again for good by `R-OTHER000`).": {Kept: []approvals.KeptCode{{Code: "IDU", Request: "R-OTHER000"}, {Code: "RPADEVPRONU", Request: "R-OTHER000"}}},
		"`IDU` (added since, by no request that I know)":                               {Kept: []approvals.KeptCode{{Code: "IDU"}}, Allocation: both},
		"its allocation still has `IDU` and `RPADEVPRONU`. I keep trying, at growing pauses; to have me try at once, type `/allocate end R-7K3F9QXA`": {Remaining: both, Allocation: both},
		"UiPath refused to remove `IDU` and said `&lt;!channel&gt;":                                                                                   {Remaining: both[:1], Answer: hostile, Allocation: both},
		"a write without them would lift them: `IDU` was not removed. I keep trying":                                                                  {Remaining: both[:1], QuotasUnknown: true},
		"dropped a setting that should have stayed":                                                                                                   {Absent: both, NotPreserved: true, Allocation: now},
		"whether it took effect is unknown":                                                                                                           {Remaining: both, Answer: hostile, Uncertain: true},
	}
}

func TestWordsOfAGrant(t *testing.T) {
	w := phrases()
	said := func(what, text string, want ...string) {
		t.Helper()
		bottest.ExpectHarmless(t, text)
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not say %q: %s", what, part, text)
			}
		}
		if n := utf8.RuneCountInString(text); n > 4000 {
			t.Errorf("%s has %d characters", what, n)
		}
	}
	r := grantedRequest()
	until := formatTime(r.Grant.Until)
	said("the card", w.RenderCard(r).Text, "Extends `IDU` Insights Designer Users for 1 day and 2 hours", "without this it is removed "+formatTime(testTime), "Granted for: 1 day and 2 hours", "*Done*", "Granted until "+until)
	said("the end", w.DescribeOutcome(r), "Granted until "+until, "unless another request holds them", "`/allocate end R-7K3F9QXA`", "`IDU` extended for the group", "until "+until)
	said("the warning", w.ThreadReply(r, approvals.Job{Kind: approvals.JobWarnExpiry, Payload: approvals.Payload{Codes: []string{"IDU", "RPADEVPRONU"}}}),
		"<@U0ROBIN> ", "ends "+until, "IDU RPADEVPRONU for 26h because ", "`/allocate end R-7K3F9QXA`")
	r.Grant.DelayReason = hostile
	said("what is overdue", w.ThreadReply(r, approvals.Job{Kind: approvals.JobPostRevocationDelay}), "<@U0ROBIN> ", "ended "+until, "I keep trying")
	said("the card", CardStatus(r), "not confirmed yet")
	for want, e := range endings() {
		for _, by := range []string{"", "U0ALEX"} {
			e.At = testTime
			r.Grant.EndedBy, r.Grant.Revocation = by, &e
			said("the end of a grant", w.ThreadReply(r, approvals.Job{Kind: approvals.JobPostRevocation}), "<@U0ROBIN> ", want, by)
			said("the card", CardStatus(r), "*Done*")
			if !e.Uncertain && len(e.Allocation) > 0 {
				said("the end of a grant", DescribeRevocation(r), "The group now has "+joinCodes(e.Allocation))
			}
			if taken := strings.Contains(DescribeRevocation(r), "UiPath confirmed that"); taken != (len(e.Removed) > 0) {
				t.Errorf("what was not taken out is said to be: %s", DescribeRevocation(r))
			}
		}
	}
}

// What an allocation has is said only if UiPath showed it.
func TestEndWithoutTheAllocation(t *testing.T) {
	r := grantedRequest()
	r.Grant.Revocation = &approvals.Revocation{Kept: []approvals.KeptCode{{Code: "IDU", Request: "R-OTHER000"}}, Answer: "403"}
	if said := DescribeRevocation(r); strings.Contains(said, " now has ") || !strings.Contains(said, "granted again for good by `R-OTHER000`") {
		t.Error(said)
	}
}

// TestLargestEnding is as much as the end of a grant can have to tell.
func TestLargestEnding(t *testing.T) {
	r := grantedRequest()
	all := repeat(command.MaxCodes, strings.Repeat("C", 38)+"%02d")
	e := approvals.Revocation{At: testTime, Removed: all[:8], Absent: all[8:10], Remaining: all[18:], Answer: strings.Repeat("<>&`", 75), Allocation: append(repeat(60, "KEPT%02d"), all...)}
	for i, c := range all[10:18] {
		e.Kept = append(e.Kept, approvals.KeptCode{Code: c, Request: fmt.Sprintf("R-OTHER%03d", i), Until: testTime})
	}
	r.Proposal.Group = approvals.Group{ID: strings.Repeat("<>&`", 75), Name: strings.Repeat("<>&`", 75)}
	r.Grant.Codes, r.Grant.Revocation = all, &e
	for _, text := range []string{DescribeRevocation(r), WarnExpiry(r, all), phrases().RenderCard(r).Text} {
		bottest.ExpectHarmless(t, text)
		if n := utf8.RuneCountInString(text); n > 4000 {
			t.Errorf("%d characters: %s", n, text)
		}
	}
}

func TestWordsThatKeepThingsGoing(t *testing.T) {
	w, r := phrases(), hostileRequest(approvals.Pending)
	r.Votes = r.Votes[:1]
	r.Votes[0].Stages = []int{0}
	reminder := w.ThreadReply(r, approvals.Job{Kind: approvals.JobRemind, Number: 1, Payload: approvals.Payload{Mention: []string{"U0KIM", "S0APPROVERS"}}})
	lost := approvals.Job{Kind: approvals.JobPostConsentLost, Number: 1, Payload: approvals.Payload{Lost: []approvals.LostConsent{
		{User: "U0KIM", Reason: approvals.Withdrawn}, {User: "U0ALEX", Reason: approvals.Deactivated},
	}}}
	reopened := w.ThreadReply(r, lost)
	r.WriteAttempted = true
	uncertain := w.ThreadReply(r, lost)
	for text, want := range map[string][]string{
		reminder:  {"<@U0KIM> and <!subteam^S0APPROVERS> Request `R-7K3F9QXA` still waits", "it has 1 of 2 approvals needed", "React on the card above with :white_check_mark:"},
		reopened:  {"<@U0ROBIN> ", "<@U0KIM> removed the reaction and <@U0ALEX> was deactivated in Slack", "Nothing had been changed at UiPath.", "It waits again: it has 1 of 2"},
		uncertain: {"may have taken effect"},
	} {
		bottest.ExpectHarmless(t, text)
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%q is not said: %s", part, text)
			}
		}
	}
	if strings.Contains(reminder, "U0ROBIN") {
		t.Errorf("the requester is woken: %s", reminder)
	}
	var reasons []string
	for _, why := range []approvals.Eligibility{
		approvals.Withdrawn, approvals.Deactivated, approvals.NotApprover, approvals.NotToday, approvals.LostStage, approvals.IsLate, approvals.Uncheckable, approvals.IsGuest,
	} {
		reasons = append(reasons, lossClause(why))
	}
	if slices.Sort(reasons); len(slices.Compact(reasons)) != 8 {
		t.Errorf("two losses are told alike: %v", reasons)
	}
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		2 * time.Hour:              {"2 hours", "2h"},
		24 * time.Hour:             {"1 day", "1d"},
		30 * 24 * time.Hour:        {"30 days", "30d"},
		25*time.Hour + time.Minute: {"1 day, 1 hour and 1 minute", "2d"},
		90 * time.Minute:           {"1 hour and 30 minutes", "2h"},
		time.Second:                {"less than a minute", "1h"},
	} {
		if formatLength(d) != want[0] || command.FormatDuration(roundUpTerm(d)) != want[1] {
			t.Errorf("%v is %q and %q, want %q", d, formatLength(d), command.FormatDuration(roundUpTerm(d)), want)
		}
	}
}

// TestPrivateWhereTheThreadIsGone tells the requester what the thread cannot.
func TestPrivateWhereTheThreadIsGone(t *testing.T) {
	w, r := phrases(), grantedRequest()
	r.Grant.Revocation = &approvals.Revocation{Removed: r.Grant.Codes}
	for _, kind := range []approvals.JobKind{approvals.JobPostRevocation, approvals.JobWarnExpiry, approvals.JobPostRevocationDelay, approvals.JobPostConsentLost} {
		said := approvals.Job{Kind: kind, Payload: approvals.Payload{Codes: []string{"IDU"}}}
		if w.PrivateNotice(r, said) != w.ThreadReply(r, said) {
			t.Errorf("of %s the requester hears %s", kind, w.PrivateNotice(r, said))
		}
	}
	delayed := usualRequest(approvals.Approved)
	delay := approvals.Job{Kind: approvals.JobTellRequester, Payload: approvals.Payload{Post: approvals.JobPostDelay}}
	if said := w.PrivateNotice(delayed, delay); said != "" {
		t.Errorf("of a delay that is over the requester hears %s", said)
	}
	delayed.DelayReason = "UiPath is down"
	if said := w.PrivateNotice(delayed, delay); !strings.Contains(said, "not done yet: UiPath is down") {
		t.Errorf("of a delay the requester hears %q", said)
	}
	if said := w.PrivateNotice(r, approvals.Job{Kind: approvals.JobTellRequester}); !strings.HasPrefix(said, "<@U0ROBIN> Request `R-7K3F9QXA` is done: `") {
		t.Errorf("without a card, a success does not say of what: %s", said)
	}
	r.State, r.Outcome = approvals.Cancelled, &approvals.Outcome{Reason: approvals.ReasonCardDeleted}
	if w.PrivateNotice(r, approvals.Job{Kind: approvals.JobTellRequester}) != w.RequesterNotice(r) {
		t.Error("a approvals.Job{Kind: approvals.JobTellRequester} is something else")
	}
}

// A write before the end of its request, found after it, was refused by nothing.
func TestEndPassedFound(t *testing.T) {
	r := goldenRequest(approvals.Failed, withOutcome(approvals.Outcome{Reason: approvals.ReasonEndPassed, Uncertain: true, Allocation: []string{"ATTUNU"}}))
	r.Ask.Until = testTime
	r.EffectFound = true
	got := explainFailure(r)
	if strings.Contains(got, "refused") {
		t.Error(got)
	}
}
