package message

import (
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
)

// TestCardsShowTheChange reads what a card says of each kind of change, line by
// line, and what it does not.
func TestCardsShowTheChange(t *testing.T) {
	seats := []approvals.Seats{{Code: "IDU", Allocated: 3, Total: 40}, {Code: "ATTUNU", Allocated: 1, Total: 1}}
	for name, c := range map[string]struct {
		ask    approvals.Ask
		change approvals.Change
		quotas []approvals.Quota
		want   []string
		never  []string
	}{
		"add": {
			change: approvals.Change{Add: []string{"IDU"}, Keep: []string{"ATTUNU"}},
			quotas: []approvals.Quota{{Code: "ATTUNU", Limit: 10}},
			want:   []string{"• `+ IDU` Insights Designer Users · 3 of 40 seats allocated", "Unchanged: `ATTUNU` Attended – Named User. Removed: nothing.", "Unchanged limits: `ATTUNU` at most 10."},
			never:  []string{"*Removed: ", "EMPTY", "Granted "},
		},
		"remove": {
			ask:    approvals.Ask{Action: approvals.Remove},
			change: approvals.Change{Remove: []string{"IDU", "ATTUNU"}, Keep: []string{"PMD"}},
			quotas: []approvals.Quota{{Code: "ATTUNU", Limit: 1}, {Code: "PMD", Limit: 2}},
			want: []string{
				"• `- IDU` Insights Designer Users · 3 of 40 seats allocated", "*Removed: `IDU` and `ATTUNU` (and its limit of 1 seat).*",
				"Unchanged: `PMD` Process Mining Developer.", "Unchanged limits: `PMD` at most 2.",
			},
			never: []string{"Removed: nothing", "EMPTY"},
		},
		"empty": {
			ask:    approvals.Ask{Action: approvals.Set, MayEmpty: true},
			change: approvals.Change{Remove: []string{"IDU"}},
			want:   []string{"*Removed: `IDU`.*", "*The group's allocation will be EMPTY.*", "Unchanged: nothing."},
			never:  []string{"the allocation is empty now"},
		},
		"set": {
			ask:    approvals.Ask{Action: approvals.Set},
			change: approvals.Change{Add: []string{"IDU"}, Remove: []string{"ATTUNU"}},
			want:   []string{"• `+ IDU` Insights Designer Users · 3 of 40 seats allocated", "*Removed: `ATTUNU`.*", "Unchanged: nothing."},
			never:  []string{"EMPTY"},
		},
		"limits": {
			change: approvals.Change{
				Add: []string{"IDU"}, Keep: []string{"ATTUNU"},
				Quotas: []approvals.QuotaChange{{Code: "IDU", To: 1}, {Code: "ATTUNU", From: 10, To: 5}},
			},
			quotas: []approvals.Quota{{Code: "ATTUNU", Limit: 10}},
			want: []string{
				"• `+ IDU` Insights Designer Users · 3 of 40 seats allocated · at most 1 seat for this group, no limit before",
				"• `ATTUNU` Attended – Named User · 1 of 1 seat allocated · at most 5 seats for this group instead of 10",
			},
			never: []string{"Unchanged limits", "*Removed: "},
		},
		"for a time": {
			ask:    approvals.Ask{For: 36 * time.Hour},
			change: approvals.Change{Add: []string{"IDU"}},
			want:   []string{"Granted for: 1 day and 12 hours from when UiPath confirms it; then the codes are removed again, unless another request holds them."},
		},
		"until a day": {
			ask:    approvals.Ask{Until: testTime},
			change: approvals.Change{Add: []string{"IDU"}},
			want:   []string{"Granted until: " + formatTime(testTime) + "; then the codes are removed again, unless another request holds them."},
		},
	} {
		r := usualRequest(approvals.Pending)
		c.ask.Group = "group-01"
		r.Ask, r.Proposal.Change, r.Proposal.Quotas, r.Proposal.Seats = c.ask, c.change, c.quotas, seats
		r.Terms.Rule = "finance"
		card := phrases().RenderCard(r)
		lines := strings.Split(card.Text, "\n")
		for _, want := range c.want {
			if !slices.Contains(lines, want) {
				t.Errorf("%s: no line says %q:\n%s", name, want, card.Text)
			}
			if !slices.Contains(saidByBlocks(t, card), want) {
				t.Errorf("%s: no block says %q", name, want)
			}
		}
		for _, never := range c.never {
			if strings.Contains(card.Text, never) {
				t.Errorf("%s: it is said that %q:\n%s", name, never, card.Text)
			}
		}
		if !strings.Contains(card.Text, "(rule `finance`)") {
			t.Errorf("%s: the rule is not named:\n%s", name, card.Text)
		}
	}
}

// TestWhatThePolicyGrantsNobodyApproved: a change that the policy grants must
// not be called approved.
func TestWhatThePolicyGrantsNobodyApproved(t *testing.T) {
	for _, state := range []approvals.State{approvals.Pending, approvals.Approved, approvals.Done, approvals.Failed} {
		r := usualRequest(state)
		r.Votes, r.Terms = nil, approvals.Terms{Rule: "free for all", AutoApprove: true, TTL: time.Hour}
		for _, said := range []string{phrases().RenderCard(r).Text, phrases().DescribeOutcome(r), ExplainDelay(r), phrases().ExplainRequest(r, "")} {
			if strings.Contains(strings.ToLower(said), "approved by") || strings.Contains(said, "approved* by") {
				t.Errorf("%s: %s", state, said)
			}
		}
		if state != approvals.Pending && !strings.Contains(ExplainDelay(r), "granted by the policy rule `free for all`") {
			t.Errorf("%s: %s", state, ExplainDelay(r))
		}
	}
}
