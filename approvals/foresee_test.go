package approvals_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"licensebot/approvals"
)

// TestReasonIsForeseen with rules in each order of importance.
func TestReasonIsForeseen(t *testing.T) {
	required := approvals.ReasonRule{Required: true}
	stages := []approvals.Stage{{Approvers: []string{"U0ALEX"}, Quorum: 1}}
	people := func(m approvals.Match, why approvals.ReasonRule) approvals.PolicyRule {
		return approvals.PolicyRule{Name: "people", Match: m, Stages: stages, Reason: why}
	}
	itself := approvals.PolicyRule{Name: "itself", AutoApprove: true, Match: approvals.Match{Codes: []string{"IDU"}}}
	asking := approvals.PolicyRule{Name: "asking", AutoApprove: true, Reason: required}
	denied := approvals.PolicyRule{Name: "denied", Deny: true, Reason: required, Match: approvals.Match{Codes: []string{"IDU"}}}
	of := func(codes ...string) approvals.Match { return approvals.Match{Codes: codes} }
	by := func(user string) approvals.Match { return approvals.Match{Requesters: []string{user}} }
	one := approvals.Ask{Group: "group-01", Codes: []string{"IDU"}}
	two := approvals.Ask{Group: "group-01", Codes: []string{"IDU", "ATTUNU"}}
	ticket := approvals.ReasonRule{Pattern: `OPS-\d+`}
	with := func(a approvals.Ask, do func(*approvals.Ask)) approvals.Ask { do(&a); return a }
	for name, c := range map[string]struct {
		rules []approvals.PolicyRule
		ask   approvals.Ask
		want  approvals.ViolationKind // empty: not foreseen
	}{
		"required": {[]approvals.PolicyRule{people(approvals.Match{}, required)}, one, approvals.ViolationReasonMissing},
		"given": {[]approvals.PolicyRule{people(approvals.Match{}, required)},
			with(one, func(a *approvals.Ask) { a.Reason = "audit" }), ""},
		"wrong shape": {[]approvals.PolicyRule{people(approvals.Match{}, ticket)},
			with(one, func(a *approvals.Ask) { a.Reason = "audit" }), approvals.ViolationReasonShape},
		"right shape": {[]approvals.PolicyRule{people(approvals.Match{}, ticket)},
			with(one, func(a *approvals.Ask) { a.Reason = "OPS-7" }), ""},
		"a later rule does not ask": {
			[]approvals.PolicyRule{people(of("IDU"), required), people(approvals.Match{}, approvals.ReasonRule{})},
			one, approvals.ViolationReasonMissing,
		},
		"only for one code, which the group may have": {
			[]approvals.PolicyRule{people(of("IDU"), required), people(approvals.Match{}, approvals.ReasonRule{})},
			two, "",
		},
		"for another requester": {
			[]approvals.PolicyRule{people(by("U0KIM"), approvals.ReasonRule{}), people(approvals.Match{}, required)}, one, "",
		},
		"for this requester": {
			[]approvals.PolicyRule{people(by("U0ROBIN"), required), people(approvals.Match{}, approvals.ReasonRule{})},
			one, approvals.ViolationReasonMissing,
		},
		"for a user group": {
			[]approvals.PolicyRule{people(by("S0TEAM"), required), people(approvals.Match{}, approvals.ReasonRule{})}, one, "",
		},
		"granted by itself": {[]approvals.PolicyRule{itself, people(approvals.Match{}, required)}, one, ""},
		"not granted by itself after all": {
			[]approvals.PolicyRule{asking, people(approvals.Match{}, approvals.ReasonRule{})}, one, "",
		},
		"denied":             {[]approvals.PolicyRule{denied}, one, ""},
		"no rule":            {nil, one, ""},
		"what a set removes": {[]approvals.PolicyRule{people(approvals.Match{}, required)}, with(one, func(a *approvals.Ask) { a.Action = approvals.Set }), ""},
		"a removal":          {[]approvals.PolicyRule{people(approvals.Match{}, required)}, with(one, func(a *approvals.Ask) { a.Action = approvals.Remove }), approvals.ViolationReasonMissing},
		"a limit of another rule": {
			[]approvals.PolicyRule{
				people(approvals.Match{Actions: []approvals.Action{approvals.Add}}, required),
				people(approvals.Match{}, approvals.ReasonRule{}),
			},
			with(one, func(a *approvals.Ask) { a.Quotas = []approvals.Quota{{Code: "IDU", Limit: 5}} }), "",
		},
	} {
		got := approvals.Policy{Rules: c.rules}.ForeseeReason(c.ask, "U0ROBIN", approvals.Group{ID: "group-01", Name: "Finance"})
		if kind := kindOf(got); kind != c.want {
			t.Errorf("%s: %q is foreseen, instead of %q", name, kind, c.want)
		}
	}
}

func kindOf(v *approvals.Violation) approvals.ViolationKind {
	if v == nil {
		return ""
	}
	return v.Kind
}

// TestForeseenReasonIsRefused: whatever the group has, and whatever the requester is a
// member of, the policy refuses each change of an ask that is foreseen to be refused.
func TestForeseenReasonIsRefused(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	foreseen := 0
	rapid.Check(t, func(t *rapid.T) {
		codes := []string{"IDU", "ATTUNU"}
		some := func(label string, of ...string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID[string]).Draw(t, label)
		}
		var policy approvals.Policy
		for range rapid.IntRange(1, 3).Draw(t, "rules") {
			rule := approvals.PolicyRule{
				Name: "r", AutoApprove: rapid.Bool().Draw(t, "by itself"), Deny: rapid.IntRange(0, 5).Draw(t, "denies") == 0,
				Reason: approvals.ReasonRule{Required: rapid.IntRange(0, 3).Draw(t, "reason") > 0},
				Match:  approvals.Match{Codes: some("codes", codes...), Requesters: some("who", "U0ROBIN", "S0TEAM")},
			}
			for _, action := range some("actions", string(approvals.Add), string(approvals.ActionQuota)) {
				rule.Match.Actions = append(rule.Match.Actions, approvals.Action(action))
			}
			policy.Rules = append(policy.Rules, rule)
		}
		ask := approvals.Ask{Codes: codes, Quotas: []approvals.Quota{{Code: "IDU", Limit: 5}}}
		group := approvals.Group{ID: "group-01", Name: "Finance"}
		if policy.ForeseeReason(ask, "U0ROBIN", group) == nil {
			return
		}
		foreseen++
		change := approvals.Change{Add: some("added", codes...)}
		if rapid.Bool().Draw(t, "limited") {
			change.Quotas = []approvals.QuotaChange{{Code: "IDU", To: 5}}
		}
		_, violation := policy.Decide(approvals.PolicyInput{
			Requester: "U0ROBIN", MemberOf: some("member of", "S0TEAM"), Group: group, Change: change, Now: now,
		})
		if violation == nil {
			t.Fatalf("%+v: %+v is granted without a reason", policy, change)
		}
	})
	if foreseen == 0 {
		t.Error("none was foreseen")
	}
}
