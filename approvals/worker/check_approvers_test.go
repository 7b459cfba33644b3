package worker_test

import (
	"slices"
	"testing"
	"time"

	"licensebot/approvals/worker"

	. "licensebot/approvals"
)

// mustered runs Muster on a policy of one rule with these stages.
func (w *world) mustered(rule PolicyRule) []Shortfall {
	w.Helper()
	workers := worker.Runner{Store: w.store, Directory: w.slack, Policy: func() Policy { return Policy{Rules: []PolicyRule{rule}} }}
	short, err := workers.CheckApprovers(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return short
}

func TestMuster(t *testing.T) {
	two := []Stage{{Approvers: []string{anna, ben}, Quorum: 1}, {Approvers: []string{anna, cleo}, Quorum: 1}}
	for _, c := range []struct {
		name    string
		rule    PolicyRule
		gone    string // deactivated
		asker   string
		missing []int // nil: no shortfall
	}{
		{name: "one of two", rule: PolicyRule{Stages: []Stage{{Approvers: []string{anna, ben}, Quorum: 1}}}},
		{name: "two of two, and one of them asks", rule: PolicyRule{Stages: []Stage{{Approvers: []string{anna, ben}, Quorum: 2}}}, asker: anna, missing: []int{1}},
		{name: "two of two, who may agree to their own", rule: PolicyRule{SelfApproval: true, Stages: []Stage{{Approvers: []string{anna, ben}, Quorum: 2}}}},
		{name: "one of two, of whom one left", rule: PolicyRule{Stages: []Stage{{Approvers: []string{anna, ben}, Quorum: 1}}}, gone: ben, asker: anna, missing: []int{1}},
		{name: "two of two, of whom one left", rule: PolicyRule{SelfApproval: true, Stages: []Stage{{Approvers: []string{anna, ben}, Quorum: 2}}}, gone: ben, missing: []int{1}},
		{name: "two stages with different people", rule: PolicyRule{Stages: two}},
		{name: "two stages for which one person is left", rule: PolicyRule{Stages: two, SelfApproval: true}, gone: ben},
		{name: "two stages, and who asks is in both", rule: PolicyRule{Stages: two}, gone: cleo, asker: anna, missing: []int{0, 1}},
		{name: "one of two, of whom one is listed by id and by user group", rule: PolicyRule{Stages: []Stage{{Approvers: []string{anna, "S-BOTH"}, Quorum: 1}}}},
		{name: "granted without asking anybody", rule: PolicyRule{AutoApprove: true}},
		{name: "denied", rule: PolicyRule{Deny: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			live(t, func(w *world) {
				w.slack.people[c.gone] = Person{Deactivated: true}
				w.slack.groups = map[string][]string{"S-BOTH": {anna, ben}}
				short := w.mustered(c.rule)
				switch {
				case c.missing == nil && len(short) > 0:
					w.Errorf("falls short: %+v", short)
				case c.missing != nil && (len(short) != 1 || short[0].Requester != c.asker || !slices.Equal(short[0].Missing, c.missing)):
					w.Errorf("%+v, want %s and %v", short, c.asker, c.missing)
				}
			})
		})
	}
}

func TestMusterThatSlackForbids(t *testing.T) {
	live(t, func(w *world) {
		w.slack.breaks("members", 1, false, &RefusedError{Answer: "missing_scope"})
		short := w.mustered(PolicyRule{Stages: []Stage{{Approvers: []string{"S1"}, Quorum: 1}}})
		if len(short) != 1 || short[0].Err == nil {
			w.Errorf("%+v", short)
		}
		w.slack.breaks("members", 1_000, false, later(time.Second))
		workers := worker.Runner{Store: w.store, Directory: w.slack, Policy: func() Policy { return w.policy }}
		if _, err := workers.CheckApprovers(w.Context()); err == nil {
			w.Error("a look that failed was called well")
		}
	})
}
