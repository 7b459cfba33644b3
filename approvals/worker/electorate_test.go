package worker_test

import (
	"testing"
	"time"

	. "licensebot/approvals"
)

// TestDeadEndsAreSaidWhenAsked refuses a request that nobody can approve, and posts no
// card. Where Slack does not tell, or more people are asked later, the request goes on.
func TestDeadEndsAreSaidWhenAsked(t *testing.T) {
	t.Parallel()
	one := func(quorum int, approvers ...string) []Stage { return []Stage{{Approvers: approvers, Quorum: quorum}} }
	for name, c := range map[string]struct {
		rule    PolicyRule
		groups  map[string][]string
		people  map[string]Person
		untold  map[string]error
		missing int // approvals; zero: the card is posted
	}{
		"enough":                          {rule: PolicyRule{Stages: one(2, anna, ben)}},
		"only the requester":              {rule: PolicyRule{Stages: one(1, requester)}, missing: 1},
		"the requester, who may":          {rule: PolicyRule{Stages: one(1, requester), SelfApproval: true}},
		"the requester is one of two":     {rule: PolicyRule{Stages: one(2, requester, anna)}, missing: 1},
		"an empty user group":             {rule: PolicyRule{Stages: one(1, "S0EMPTY")}, groups: map[string][]string{"S0EMPTY": {}}, missing: 1},
		"a person who left":               {rule: PolicyRule{Stages: one(1, anna)}, people: map[string]Person{anna: {Deactivated: true}}, missing: 1},
		"a guest, and a colleague":        {rule: PolicyRule{Stages: one(1, anna, ben)}, people: map[string]Person{anna: {Guest: true}}},
		"two stages, one person":          {rule: PolicyRule{Stages: []Stage{{Approvers: []string{anna}}, {Approvers: []string{anna}}}}, missing: 1},
		"more people are asked later":     {rule: PolicyRule{Stages: one(1, requester), Escalation: Escalation{After: time.Minute, Approvers: []string{anna}}}},
		"Slack hides the user group":      {rule: PolicyRule{Stages: one(1, "S0HIDDEN")}, groups: map[string][]string{"S0HIDDEN": {}}, untold: map[string]error{"S0HIDDEN": &RefusedError{Answer: "missing_scope"}}},
		"Slack does not tell of a person": {rule: PolicyRule{Stages: one(2, anna, requester)}, untold: map[string]error{anna: errCut}},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				for user, person := range c.people {
					w.slack.people[user] = person
				}
				w.slack.groups, w.slack.untold = c.groups, c.untold
				c.rule.Name = "the rule"
				w.adopt(Policy{Rules: []PolicyRule{c.rule}})
				w.file("e1", "NEW")
				if c.missing == 0 {
					w.untilState(Pending)
					w.posts(JobPostCard, 1)
					return
				}
				r := w.quiet()
				w.ended(r, Refused, ReasonNoApprovers)
				if lacking := r.Outcome.Lacking; lacking == nil || lacking.Missing != c.missing || lacking.Rule != "the rule" {
					t.Errorf("lacking: %+v", lacking)
				}
				w.posts(JobPostCard, 0)
			})
		})
	}
}
