package worker_test

import (
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
)

// TestApproversOutsideOfAPrivateChannel refuses a request whose approvers cannot see its
// card. Slack is asked anew before, and where it does not tell, the request goes on.
func TestApproversOutsideOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	one := func(quorum int, approvers ...string) []Stage { return []Stage{{Approvers: approvers, Quorum: quorum}} }
	later := Escalation{After: time.Minute, Approvers: []string{ben}}
	in := func(members ...string) Audience { return Audience{Private: true, Members: members} }
	for name, c := range map[string]struct {
		seers   Audience
		invited []string
		untold  map[string]error
		stages  []Stage
		later   Escalation
		self    bool
		local   string   // another id of anna's
		outside []string // nil: the card is posted
		missing int
	}{
		"a public channel":                   {stages: one(1, anna)},
		"a member":                           {seers: in(ben), stages: one(1, anna, ben)},
		"nobody is one":                      {seers: in(requester), stages: one(1, anna, ben), outside: []string{anna, ben}, missing: 1},
		"one of two":                         {seers: in(anna), stages: one(2, anna, ben), outside: []string{ben}, missing: 1},
		"one of two, and the requester":      {seers: in(requester), stages: one(2, anna, requester), outside: []string{anna}, missing: 2},
		"two stages, and one of each inside": {seers: in(anna, ben), stages: []Stage{{Approvers: []string{anna}, Quorum: 1}, {Approvers: []string{ben}, Quorum: 1}}},
		"the requester, who may, is outside": {seers: in(anna), stages: one(1, requester), self: true, outside: []string{requester}, missing: 1},
		"a user group's member":              {seers: in(ben), stages: one(1, "S0GROUP")},
		"a user group's member is outside":   {seers: in(requester), stages: one(1, "S0GROUP"), outside: []string{ben}, missing: 1},
		"who is asked later":                 {seers: in(ben), stages: one(1, anna), later: later},
		"who is asked later is outside, too": {seers: in(requester), stages: one(1, anna), later: later, outside: []string{anna, ben}, missing: 1},
		"invited a moment ago":               {seers: in(requester), invited: []string{anna}, stages: one(1, anna)},
		"Slack does not tell":                {seers: in(requester), untold: map[string]error{"C-APPROVALS": errCut}, stages: one(1, anna)},
		"shown by another id":                {seers: in("U0LOCAL"), stages: one(1, anna), local: "U0LOCAL"},
		"perhaps shown by another id":        {seers: Audience{Private: true, TwoIDs: true}, stages: one(1, anna)},
		"shown by neither id":                {seers: Audience{Private: true, TwoIDs: true}, stages: one(1, anna), local: "U0LOCAL", outside: []string{anna}, missing: 1},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.seers, w.slack.invited, w.slack.untold = c.seers, c.invited, c.untold
				w.slack.people[anna] = Person{LocalID: c.local}
				w.slack.groups = map[string][]string{"S0GROUP": {ben}}
				w.adopt(Policy{Rules: []PolicyRule{{Stages: c.stages, Escalation: c.later, SelfApproval: c.self}}})
				w.file("e1", "NEW")
				if c.outside == nil {
					w.until("its card", func(r Request) bool { return r.CardTS != "" })
					w.posts(JobPostCard, 1)
					return
				}
				r := w.quiet()
				w.ended(r, Refused, ReasonNoApprovers)
				lacking := r.Outcome.Lacking
				if lacking == nil || lacking.Missing != c.missing || !slices.Equal(lacking.Outside, c.outside) {
					t.Errorf("lacking: %+v", lacking)
				}
				w.posts(JobPostCard, 0)
			})
		})
	}
}

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
					w.until("its card", func(r Request) bool { return r.CardTS != "" })
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
