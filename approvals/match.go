package approvals

import (
	"slices"
	"strings"
	"unicode"
)

// A Match says what a rule is about. An empty list matches everything. In
// groups and codes, * stands for any characters, or none; upper and lower case
// are the same.
type Match struct {
	Groups     []GroupPattern
	Codes      []string // codes, patterns for codes
	Requesters []string // user ids and user group ids
	Actions    []Action // what a request does to a code
}

// ActionQuota is the action of a change to a code's seat limit. Rules list it
// beside Add, Remove and Set.
const ActionQuota Action = "quota"

// A changePart is one thing that a request does to one code. Parts are matched one
// by one, so that a request cannot get past a strict rule by doing something else
// as well.
type changePart struct {
	code    string
	actions []Action // a rule that lists one of them covers the part
}

// What rules may list for each part of a request.
var (
	addPart       = []Action{Add}
	removePart    = []Action{Remove}
	quotaPart     = []Action{ActionQuota}
	setAddPart    = []Action{Add, Set}
	setRemovePart = []Action{Remove, Set}

	allParts = [][]Action{addPart, removePart, quotaPart, setAddPart, setRemovePart}
)

// parts lists what the request does, sorted by code. Extending a code is adding it
// for longer.
func (x PolicyInput) parts() []changePart {
	added, removed := addPart, removePart
	if x.Action == Set {
		added, removed = setAddPart, setRemovePart
	}
	var parts []changePart
	for _, code := range x.Change.GrantedCodes() {
		parts = append(parts, changePart{code, added})
	}
	for _, code := range Union(x.Change.Remove, nil) {
		parts = append(parts, changePart{code, removed})
	}
	for _, quota := range x.Change.Quotas {
		parts = append(parts, changePart{quota.Code, quotaPart})
	}
	slices.SortStableFunc(parts, func(a, b changePart) int { return strings.Compare(a.code, b.code) })
	return parts
}

func codesOfParts(parts []changePart) []string {
	var codes []string
	for _, part := range parts {
		codes = Union(codes, []string{part.code})
	}
	return codes
}

// onlyQuotas reports whether the parts only change seat limits.
func onlyQuotas(parts []changePart) bool {
	return !slices.ContainsFunc(parts, func(part changePart) bool { return !slices.Contains(part.actions, ActionQuota) })
}

// A matchResult tells whether a rule matches, as far as that is known.
type matchResult int

const (
	noMatch matchResult = iota
	matches
	unknownMatch // the group's name decides, and it is not known
)

func (m Match) matchPart(x PolicyInput, part changePart) matchResult {
	if !m.coversRequester(x) || !m.coversCode(part.code) || !m.coversAction(part) {
		return noMatch
	}
	return m.matchGroup(x.Group)
}

func (m Match) coversAction(part changePart) bool {
	return len(m.Actions) == 0 ||
		slices.ContainsFunc(m.Actions, func(a Action) bool { return slices.Contains(part.actions, a) })
}

func (m Match) coversRequester(x PolicyInput) bool {
	return len(m.Requesters) == 0 ||
		slices.Contains(m.Requesters, x.Requester) ||
		len(Common(m.Requesters, x.MemberOf)) > 0
}

func (m Match) coversCode(code string) bool {
	return len(m.Codes) == 0 ||
		slices.ContainsFunc(m.Codes, func(pattern string) bool { return coversCode(pattern, code) })
}

// coversCode takes a code, or a pattern for codes, that pattern may match.
func coversCode(pattern, code string) bool {
	return matchesPattern(foldCase(pattern), foldCase(strings.TrimSpace(code)))
}

func (m Match) matchGroup(g Group) matchResult {
	if len(m.Groups) == 0 || m.namesGroup(g) {
		return matches
	}
	how := noMatch
	for _, pattern := range m.Groups {
		switch {
		case pattern.matchesName(g):
			return matches
		case g.Canonical.IsUnknown() && !pattern.onlyID:
			how = unknownMatch
		}
	}
	return how
}

// namesGroup reports whether the rule lists the group itself, by its id or its
// exact name. A group that only a pattern matches is not named.
func (m Match) namesGroup(g Group) bool {
	return slices.ContainsFunc(m.Groups, func(pattern GroupPattern) bool { return pattern.namesGroup(g) })
}

// protectedNames are the groups that hold all people, or those in charge.
var protectedNames = []GroupName{{"everyone"}, {"administrators"}}

func (g Group) isProtected() bool { return slices.Contains(protectedNames, g.Canonical) }

// needsNameOf reports whether the rule cannot decide about a group of unknown name.
// Approvers can find out what a nameless group is; a rule that grants by itself
// cannot. A name that was never made canonical is a mistake in the code: the group
// may be a protected one, so no rule decides about it.
func (r *PolicyRule) needsNameOf(g Group) bool {
	return g.Canonical.IsUnknown() && (r.AutoApprove || g.Name != "")
}

// Covers reports whether m certainly matches all that n can match. A group
// that n names counts as a name unless it has the shape of an id.
func (m Match) Covers(n Match) bool {
	anyGroup, anyCode := []GroupPattern{{text: "*"}}, []string{"*"}
	return m.coversActionsOf(n) && coverIDs(m.Requesters, n.Requesters) &&
		coverAll(m.Codes, n.Codes, anyCode, coversCode) &&
		coverAll(m.Groups, n.Groups, anyGroup, GroupPattern.covers)
}

// coversActionsOf reports whether m matches every part of a request that n does.
func (m Match) coversActionsOf(n Match) bool {
	return !slices.ContainsFunc(allParts, func(actions []Action) bool {
		part := changePart{actions: actions}
		return n.coversAction(part) && !m.coversAction(part)
	})
}

// LeavesNothing reports whether r decides about everything that it matches. A rule
// that grants by itself is passed over for what it does not grant.
func (r PolicyRule) LeavesNothing() bool {
	all := Match{Actions: r.actions()}.coversActionsOf(Match{})
	return r.Deny || !r.AutoApprove || all && r.MaxDuration == 0
}

// coverAll reports whether each entry of narrow has one in wide that covers it.
// An empty list stands for everything.
func coverAll[T any](wide, narrow, everything []T, covers func(wide, narrow T) bool) bool {
	if len(narrow) == 0 {
		narrow = everything
	}
	return len(wide) == 0 || !slices.ContainsFunc(narrow, func(n T) bool {
		return !slices.ContainsFunc(wide, func(w T) bool { return covers(w, n) })
	})
}

func coverIDs(wide, narrow []string) bool {
	return len(wide) == 0 || len(narrow) > 0 && len(Without(narrow, wide)) == 0
}

// foldCase maps letters that differ by case alone to one of them.
func foldCase(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, s)
}
