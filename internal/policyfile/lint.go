package policyfile

import (
	"fmt"
	"slices"
	"strings"

	"licensebot/approvals"
)

// maxParts bounds how finely a rule is taken apart to see whether several
// earlier rules together leave nothing for it.
const maxParts = 10_000

// unreachable reports rules that never decide, because earlier ones match
// everything that they match.
func (l *loader) unreachable() {
	var earlier []placed
	for _, rule := range l.rules {
		if !rule.sound {
			continue
		}
		if takers := takenBy(earlier, rule.Match); len(takers) > 0 {
			verb := "matches"
			if len(takers) > 1 {
				verb = "together match"
			}
			l.report(rule.Line, fmt.Sprintf("rule %s is never reached: before it, %s %s everything that it matches", quote(rule.Name), called(takers), verb),
				"move it up, or remove it")
			continue
		}
		earlier = append(earlier, rule)
	}
}

func called(rules []placed) string {
	var names []string
	for _, r := range rules {
		names = append(names, fmt.Sprintf("%s (line %d)", quote(r.Name), r.Line))
	}
	return strings.Join(names, " and ")
}

// takenBy returns the rules that leave nothing of a match: one if one does it
// alone, or else those that cover its parts. It is empty if something is left.
func takenBy(earlier []placed, m approvals.Match) []placed {
	for _, r := range earlier {
		if r.Match.Covers(m) {
			return []placed{r}
		}
	}
	var takers []placed
	for _, part := range parts(m) {
		i := slices.IndexFunc(earlier, func(r placed) bool { return r.Match.Covers(part) })
		if i < 0 {
			return nil
		}
		if !slices.ContainsFunc(takers, func(r placed) bool { return r.Line == earlier[i].Line }) {
			takers = append(takers, earlier[i])
		}
	}
	return takers
}

// parts takes a match apart: one for each group, code and requester it lists.
func parts(m approvals.Match) []approvals.Match {
	groups, codes, requesters := singles(m.Groups), singles(m.Codes), singles(m.Requesters)
	if len(groups)*len(codes)*len(requesters) > maxParts {
		return nil
	}
	var all []approvals.Match
	for _, g := range groups {
		for _, c := range codes {
			for _, r := range requesters {
				all = append(all, approvals.Match{Groups: g, Codes: c, Requesters: r})
			}
		}
	}
	return all
}

// singles is a list of lists of one; an empty list stays one that matches
// everything.
func singles[T any](list []T) [][]T {
	if len(list) == 0 {
		return [][]T{nil}
	}
	var all [][]T
	for _, entry := range list {
		all = append(all, []T{entry})
	}
	return all
}

// deadEnds reports rules under which no request could ever be granted. Who is
// in a user group is not known here, so a stage that asks one can be met.
func (l *loader) deadEnds(rule placed) {
	if !rule.sound || len(rule.Stages) == 0 {
		return
	}
	small := false
	for i, stage := range rule.Stages {
		if named := len(stage.Approvers); closed(stage) && named < stage.Quorum {
			small = true
			l.report(rule.stageLines[i], fmt.Sprintf("%d approvals are needed but only %s named, so no request could ever be granted", stage.Quorum, headcount(named)),
				"name more people or a user group, or lower the quorum")
		}
	}
	switch only := rule.Match.Requesters; {
	case small:
	case !feasible(rule.Stages, ""):
		l.report(rule.from.lineOf("stages"), "the stages name too few different people: nobody may serve two of them, so no request could ever be granted",
			"name more people or a user group in one of them")
	case !rule.SelfApproval && len(only) > 0 && !slices.ContainsFunc(only, func(id string) bool {
		return approvals.IsUserGroup(id) || feasible(rule.Stages, id)
	}):
		l.report(rule.from.lineOf("requesters"), "nobody approves their own request, and without the requester too few approvers are left, so no request could ever be granted",
			"name other approvers, or say self_approval: true")
	}
}

func headcount(n int) string {
	if n == 1 {
		return "1 person is"
	}
	return fmt.Sprintf("%d people are", n)
}

// closed is true of a stage that lists everybody who can serve it.
func closed(s approvals.Stage) bool { return !slices.ContainsFunc(s.Approvers, approvals.IsUserGroup) }

// feasible reports whether the people named can meet the stages without one of
// them.
func feasible(stages []approvals.Stage, without string) bool {
	hard := slices.DeleteFunc(slices.Clone(stages), func(s approvals.Stage) bool { return !closed(s) })
	return len(hard) == 0 || approvals.Met(hard, func(i int) []string {
		return approvals.Without(hard[i].Approvers, []string{without})
	})
}
