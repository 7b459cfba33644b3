package policyfile

import (
	"fmt"
	"slices"
	"strings"

	"licensebot/approvals"
)

// maxMatchParts bounds how finely a rule is split to see whether several earlier
// rules together leave nothing for it.
const maxMatchParts = 10_000

// checkReachable reports rules that never decide, because earlier rules match
// all that they match.
func (l *loader) checkReachable() {
	var earlier []placedRule
	for _, rule := range l.rules {
		if !rule.isSound {
			continue
		}
		if takers := coveringRules(earlier, rule); len(takers) > 0 {
			verb := "matches"
			if len(takers) > 1 {
				verb = "together match"
			}
			l.report(rule.Line,
				fmt.Sprintf("rule %s is never reached: before it, %s %s everything that it matches",
					quoteShort(rule.Name), describeRules(takers), verb),
				"move it up, or remove it")
			continue
		}
		earlier = append(earlier, rule)
	}
}

func describeRules(rules []placedRule) string {
	var names []string
	for _, r := range rules {
		names = append(names, fmt.Sprintf("%s (line %d)", quoteShort(r.Name), r.Line))
	}
	return strings.Join(names, " and ")
}

// coveringRules returns the rules that leave nothing of a rule's match: one rule
// if it does so alone, or else those that cover its parts. It is empty if they
// leave something. A rule that approves by itself is passed over for what it does
// not approve, so it leaves something unless it approves everything.
func coveringRules(earlier []placedRule, rule placedRule) []placedRule {
	for _, r := range earlier {
		sameLimits := r.AutoApprove && rule.AutoApprove && r.MaxDuration == 0
		if (r.LeavesNothing() || sameLimits) && r.Match.Covers(rule.Match) {
			return []placedRule{r}
		}
	}
	earlier = slices.DeleteFunc(slices.Clone(earlier), func(r placedRule) bool { return !r.LeavesNothing() })
	var takers []placedRule
	for _, part := range splitMatch(rule.Match) {
		i := slices.IndexFunc(earlier, func(r placedRule) bool { return r.Match.Covers(part) })
		if i < 0 {
			return nil
		}
		if !slices.ContainsFunc(takers, func(r placedRule) bool { return r.Line == earlier[i].Line }) {
			takers = append(takers, earlier[i])
		}
	}
	return takers
}

// splitMatch splits a match into one for each group, code, requester and action in
// it. Whatever set does is adding or removing too, so it needs no part of its own
// where a match has no actions.
func splitMatch(m approvals.Match) []approvals.Match {
	groups, codes, requesters := splitList(m.Groups), splitList(m.Codes), splitList(m.Requesters)
	actions := splitList(m.Actions)
	if len(m.Actions) == 0 {
		actions = splitList([]approvals.Action{approvals.Add, approvals.Remove, approvals.ActionQuota})
	}
	if len(groups)*len(codes)*len(requesters)*len(actions) > maxMatchParts {
		return nil
	}
	var all []approvals.Match
	for _, g := range groups {
		for _, c := range codes {
			for _, r := range requesters {
				for _, a := range actions {
					all = append(all, approvals.Match{Groups: g, Codes: c, Requesters: r, Actions: a})
				}
			}
		}
	}
	return all
}

// splitList makes a list of one entry each. An empty list, which matches
// everything, stays one.
func splitList[T any](list []T) [][]T {
	if len(list) == 0 {
		return [][]T{nil}
	}
	var all [][]T
	for _, entry := range list {
		all = append(all, []T{entry})
	}
	return all
}

// checkDeadEnds reports rules under which no request could ever be granted. The
// members of user groups are unknown here, so a stage with a user group counts as
// met.
func (l *loader) checkDeadEnds(rule placedRule) {
	if !rule.isSound || len(rule.Stages) == 0 {
		return
	}
	small := false
	for i, stage := range rule.Stages {
		if named := len(stage.Approvers); namesPeopleOnly(stage) && named < stage.Quorum {
			small = true
			l.report(rule.stageLines[i],
				fmt.Sprintf("%d approvals are needed but only %s named, so no request could ever be granted",
					stage.Quorum, countPeople(named)),
				"name more people or a user group, or lower the quorum")
		}
	}
	switch only := rule.Match.Requesters; {
	case small:
	case !canBeMet(rule.Stages, ""):
		l.report(rule.source.lineOf("stages"),
			"the stages name too few different people: a person counts in one stage only, so no request could ever be granted",
			"name more people or a user group in one of them")
	case !rule.SelfApproval && len(only) > 0 && !slices.ContainsFunc(only, func(id string) bool {
		return approvals.IsUserGroup(id) || canBeMet(rule.Stages, id)
	}):
		l.report(rule.source.lineOf("requesters"),
			"a person cannot approve their own request, and without the requester too few approvers are left, "+
				"so no request could ever be granted",
			"name other approvers, or write self_approval: true")
	}
}

func countPeople(n int) string {
	if n == 1 {
		return "1 person is"
	}
	return fmt.Sprintf("%d people are", n)
}

// namesPeopleOnly reports whether a stage lists all its possible approvers.
func namesPeopleOnly(s approvals.Stage) bool {
	return !slices.ContainsFunc(s.Approvers, approvals.IsUserGroup)
}

// canBeMet reports whether the people named can meet the stages if one of them
// is left out.
func canBeMet(stages []approvals.Stage, without string) bool {
	closed := slices.DeleteFunc(slices.Clone(stages), func(s approvals.Stage) bool { return !namesPeopleOnly(s) })
	return len(closed) == 0 || approvals.Met(closed, func(i int) []string {
		return approvals.Without(closed[i].Approvers, []string{without})
	})
}
