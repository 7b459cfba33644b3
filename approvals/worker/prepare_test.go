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
	live(t, func(w *world) {
		longest := 30 * time.Hour
		w.policy = Policy{Rules: []PolicyRule{
			{Name: "self", AutoApprove: true, MaxDuration: longest},
			{Name: "people", Stages: []Stage{{Approvers: []string{anna}, Quorum: 1}}},
		}}
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
