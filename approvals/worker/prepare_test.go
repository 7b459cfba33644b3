package worker_test

import (
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
)

// A rule that grants by itself grants a row of grants up to its longest, and then
// people are asked. The terms have the emoji that the card shows.
func TestGrantsInARowEndWithPeople(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		longest := 30 * time.Hour
		w.adopt(Policy{Rules: []PolicyRule{
			{Name: "self", AutoApprove: true, MaxDuration: longest},
			{Name: "people", Stages: []Stage{{Approvers: []string{anna}, Quorum: 1}}},
		}})
		ask := Ask{Codes: []string{"NEW"}, For: 20 * time.Hour}
		w.ask(ask)
		first := w.untilState(Done)
		if first.Terms.Rule != "self" || !slices.Equal(first.Terms.Emoji.Approve, testEmoji.Approve) {
			t.Errorf("the first: %+v", first.Terms)
		}
		w.over(first)
		if again := w.ask(ask); again.Terms.Rule != "people" {
			t.Errorf("right after it: %+v", again.Terms)
		}
		w.skipTo(time.Now().Add(longest))
		if later := w.ask(ask); later.Terms.Rule != "self" {
			t.Errorf("after a gap as long as the longest grant: %+v", later.Terms)
		}
	})
}

// A rule that lists a requester by another id of theirs is about them. Where Slack does
// not tell whose an id is, no rule is passed over for it.
func TestARuleListsARequesterByAnotherID(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		told   map[string]error
		reason Reason
	}{
		"Slack tells whose it is": {reason: ReasonPolicy},
		"Slack refuses to tell":   {told: map[string]error{"S-OTHER-ID": &RefusedError{Answer: "user_not_visible"}}, reason: ReasonUncheckable},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.groups = map[string][]string{"S-OTHER-ID": {requester}, "U-OTHER-ID": {requester}}
				w.slack.untold = c.told
				listed := "U-OTHER-ID"
				if c.told != nil {
					listed = "S-OTHER-ID" // the fake refuses to tell about user groups only
				}
				w.adopt(Policy{Rules: []PolicyRule{
					{Name: "not they", Deny: true, Match: Match{Requesters: []string{listed}}},
					{Name: "people", Stages: []Stage{{Approvers: []string{anna}, Quorum: 1}}},
				}})
				w.file("e1", "NEW")
				w.ended(w.quiet(), Refused, c.reason)
			})
		})
	}
}
