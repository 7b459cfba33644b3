package approvals_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// Small alphabets make patterns and names meet.
var (
	someName      = rapid.StringMatching(`[aB](-?[ab]){0,2}`)
	someCode      = rapid.SampledFrom([]string{"A", "AB", "B", "BAB"})
	somebody      = rapid.SampledFrom([]string{"U1", "U2", "W3"})
	someUserGroup = rapid.SampledFrom([]string{"S1", "S2"})
	someGroup     = rapid.OneOf(
		rapid.Custom(func(t *rapid.T) approvals.Group {
			return groupname.Group(rapid.SampledFrom([]string{idOne, idTwo}).Draw(t, "id"), someName.Draw(t, "name"))
		}),
		rapid.SampledFrom([]approvals.Group{
			groupname.Group(idOne, "everyone"), groupname.Group(idTwo, "ADMINISTRATORS "), {ID: idOne}, {ID: idTwo},
			groupname.Group(idOne, idTwo), // its name is the other's id
		}),
	)
	someGroupPattern = rapid.OneOf(
		rapid.StringMatching(`[ab*]{1,4}`), someName,
		rapid.SampledFrom([]string{idOne, strings.ToUpper(idTwo), "Everyone", "Administrators", "*", "every*"}),
	)
	someCodePattern = rapid.OneOf(someCode, rapid.StringMatching(`[ab*]{1,3}`))
	someMatch       = rapid.Custom(func(t *rapid.T) approvals.Match {
		return approvals.Match{
			Groups:     patternsOf(rapid.SliceOfN(someGroupPattern, 0, 2).Draw(t, "groups")...),
			Codes:      rapid.SliceOfN(someCodePattern, 0, 2).Draw(t, "codes"),
			Requesters: rapid.SliceOfN(rapid.OneOf(somebody, someUserGroup), 0, 2).Draw(t, "requesters"),
			Actions:    rapid.SliceOfN(rapid.SampledFrom(ruleActions), 0, 2).Draw(t, "actions"),
		}
	})
	someRule = rapid.Custom(func(t *rapid.T) approvals.PolicyRule {
		few := rapid.IntRange(0, 2)
		return approvals.PolicyRule{
			Name: rapid.StringMatching(`[a-z]{8}`).Draw(t, "name"), Match: someMatch.Draw(t, "match"),
			Deny: few.Draw(t, "deny") == 0, AutoApprove: rapid.Bool().Draw(t, "auto"), SelfApproval: rapid.Bool().Draw(t, "self"),
			Stages:      []approvals.Stage{{Approvers: []string{somebody.Draw(t, "approver")}, Quorum: 1}},
			TTL:         time.Duration(few.Draw(t, "ttl")) * time.Hour,
			Reason:      approvals.ReasonRule{Required: rapid.Bool().Draw(t, "required"), Pattern: rapid.SampledFrom([]string{"", "x|xy"}).Draw(t, "pattern")},
			MustEnd:     few.Draw(t, "must end") == 0,
			MaxDuration: time.Duration(few.Draw(t, "longest")) * time.Hour,
			MaxCodes:    few.Draw(t, "most codes"), MaxSeats: few.Draw(t, "most seats"),
		}
	})
	ruleActions = []approvals.Action{approvals.Add, approvals.Remove, approvals.Set, approvals.ActionQuota}
	someChange  = rapid.Custom(func(t *rapid.T) approvals.Change {
		var change approvals.Change
		for _, code := range rapid.SliceOfNDistinct(someCode, 0, 3, rapid.ID[string]).Draw(t, "codes") {
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				change.Remove = append(change.Remove, code)
				continue
			case 1:
				change.Extend = append(change.Extend, code)
			case 2, 3:
				change.Add = append(change.Add, code)
			}
			if what := len(change.Add) + len(change.Extend); what == 0 || rapid.IntRange(0, 3).Draw(t, "limit") == 0 {
				change.Quotas = append(change.Quotas, approvals.QuotaChange{Code: code, To: 1})
			}
		}
		return change
	})
	someSpan = rapid.Custom(func(t *rapid.T) approvals.GrantSpan {
		from := rapid.IntRange(0, 6).Draw(t, "from")
		return approvals.GrantSpan{
			Code: someCode.Draw(t, "held code"), From: policyTime.Add(time.Duration(from-6) * 20 * time.Minute),
			To: policyTime.Add(time.Duration(from-6+rapid.IntRange(0, 6-from).Draw(t, "length")) * 20 * time.Minute),
		}
	})
	somePetition = rapid.Custom(func(t *rapid.T) approvals.PolicyInput {
		few := rapid.IntRange(0, 3)
		return approvals.PolicyInput{
			Requester: somebody.Draw(t, "requester"), MemberOf: rapid.SliceOfN(someUserGroup, 0, 2).Draw(t, "member of"),
			Group: someGroup.Draw(t, "group"), Action: rapid.SampledFrom([]approvals.Action{"", approvals.Add, approvals.Remove, approvals.Set}).Draw(t, "action"),
			Change: someChange.Draw(t, "change"), Held: rapid.SliceOfN(someSpan, 0, 4).Draw(t, "held"), Now: policyTime, Unlimited: few.Draw(t, "unlimited") == 0, Seats: few.Draw(t, "seats"),
			Duration: time.Duration(few.Draw(t, "duration")) * time.Hour,
			Reason:   rapid.SampledFrom([]string{"", "  ", "x", "xy", "xyz", " y"}).Draw(t, "why"),
		}
	})
)

var policyTime = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const (
	idOne = "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f"
	idTwo = "00000000-0000-0000-0000-00000000000b"
)

func TestDecideAgreesWithANaiveReading(t *testing.T) {
	seen := map[approvals.ViolationKind]int{}
	rapid.Check(t, func(t *rapid.T) {
		policy := approvals.Policy{Rules: rapid.SliceOfN(someRule, 0, 4).Draw(t, "rules")}
		for range 30 {
			x := somePetition.Draw(t, "petition")
			kind, rule := naive(policy, x)
			agree(t, policy, x, kind, rule)
			seen[kind]++
		}
	})
	if len(seen) < 11 { // of 14 with the verdicts, whatever the seed
		t.Errorf("hardly anything was tried: %v", seen)
	}
}

func agree(t *rapid.T, policy approvals.Policy, x approvals.PolicyInput, kind approvals.ViolationKind, rule approvals.PolicyRule) {
	verdict, objection := policy.Decide(x)
	want := approvals.Terms{Rule: rule.Name, Stages: rule.Stages, SelfApproval: rule.SelfApproval, AutoApprove: rule.AutoApprove, TTL: rule.TTL}
	switch {
	case kind == "" && (objection != nil || !reflect.DeepEqual(verdict, want)):
		t.Fatalf("%v, got %+v, want %+v", objection, verdict, want)
	case kind != "" && (objection == nil || objection.Kind != kind || !reflect.DeepEqual(verdict, approvals.Terms{})):
		t.Fatalf("got %v with verdict %+v, want %s", objection, verdict, kind)
	}
}

// A naivePart is one thing that a request does to one code, by all names that
// rules may have for it.
type naivePart struct {
	code  string
	names []approvals.Action
}

func naiveParts(x approvals.PolicyInput) []naivePart {
	var parts []naivePart
	add := func(code string, name approvals.Action, alsoSet bool) {
		names := []approvals.Action{name}
		if alsoSet && x.Action == approvals.Set {
			names = append(names, approvals.Set)
		}
		parts = append(parts, naivePart{code, names})
	}
	for _, code := range x.Change.Remove {
		add(code, approvals.Remove, true)
	}
	for _, code := range slices.Concat(x.Change.Add, x.Change.Extend) {
		add(code, approvals.Add, true)
	}
	for _, q := range x.Change.Quotas {
		add(q.Code, approvals.ActionQuota, false)
	}
	return parts
}

func (p naivePart) isListed(actions []approvals.Action) bool {
	return anyOf(actions, func(a approvals.Action) bool { return slices.Contains(p.names, a) })
}

// grantsAllOf reads what a rule grants by itself.
func grantsAllOf(rule approvals.PolicyRule, x approvals.PolicyInput) bool {
	actions := rule.Match.Actions
	if len(actions) == 0 {
		actions = []approvals.Action{approvals.Add}
	}
	for _, part := range naiveParts(x) {
		if !part.isListed(actions) {
			return false
		}
	}
	for _, code := range slices.Concat(x.Change.Add, x.Change.Extend) {
		fits := rule.MaxDuration == 0 || x.Duration == 0 || x.Duration > rule.MaxDuration // the last is said as it is
		if !fits && naiveHeld(x, code, rule.MaxDuration)+x.Duration > rule.MaxDuration {
			return false
		}
	}
	return true
}

// naiveHeld counts twenty minutes by twenty minutes, backward from now.
func naiveHeld(x approvals.PolicyInput, code string, gap time.Duration) (held time.Duration) {
	const tick = 20 * time.Minute
	empty := time.Duration(0)
	for at := x.Now.Add(-tick); empty < gap && at.After(x.Now.Add(-10*time.Hour)); at = at.Add(-tick) {
		if slices.ContainsFunc(x.Held, func(s approvals.GrantSpan) bool { return s.Code == code && !at.Before(s.From) && at.Before(s.To) }) {
			held, empty = held+tick, 0
		} else {
			empty += tick
		}
	}
	return held
}

// naive reads a policy word by word.
func naive(p approvals.Policy, x approvals.PolicyInput) (approvals.ViolationKind, approvals.PolicyRule) {
	governing := map[string]approvals.PolicyRule{}
	against := map[string]approvals.ViolationKind{} // by the rule's name
	var none, byItself bool
	parts := naiveParts(x)
	slices.SortStableFunc(parts, func(a, b naivePart) int { return strings.Compare(a.code, b.code) })
	for _, part := range parts {
		nothing, passed := true, false
		for _, rule := range p.Rules {
			if !anyOf(rule.Match.Requesters, func(id string) bool { return id == x.Requester || slices.Contains(x.MemberOf, id) }) ||
				!anyOf(rule.Match.Codes, func(p string) bool { return glob(p, part.code) }) {
				continue
			}
			hit := anyOf(rule.Match.Groups, func(p approvals.GroupPattern) bool {
				return strings.EqualFold(p.String(), x.Group.ID) || !isID(p) && glob(p.String(), x.Group.Name)
			})
			maybe := x.Group.Name == "" && anyOf(rule.Match.Groups, func(p approvals.GroupPattern) bool { return !isID(p) })
			if rule.AutoApprove && !rule.Deny && !grantsAllOf(rule, x) {
				passed = passed || hit
				continue
			}
			if !part.isListed(rule.Match.Actions) {
				continue
			}
			if !hit && maybe {
				return approvals.ViolationUnnamedGroup, rule
			}
			if !hit {
				continue
			}
			nothing = false
			governing[rule.Name] = rule
			byName := slices.ContainsFunc(rule.Match.Groups, func(p approvals.GroupPattern) bool {
				return strings.EqualFold(p.String(), x.Group.ID) || !isID(p) && strings.EqualFold(p.String(), strings.TrimSpace(x.Group.Name))
			})
			against[rule.Name] = guard(rule, x.Group, byName)
			break
		}
		none, byItself = none || nothing, byItself || nothing && passed
	}
	switch {
	case byItself:
		return approvals.ViolationNeedsPeople, approvals.PolicyRule{}
	case none || len(parts) == 0:
		return approvals.ViolationNotAllowed, approvals.PolicyRule{}
	}
	for _, rule := range p.Rules {
		if against[rule.Name] != "" {
			return against[rule.Name], approvals.PolicyRule{}
		}
	}
	if len(governing) > 1 {
		return approvals.ViolationMixedRules, approvals.PolicyRule{}
	}
	for _, rule := range governing {
		return naiveTerms(rule, x, len(x.Change.AllCodes())), rule
	}
	panic("unreachable")
}

// guard tells why a rule that governs a group grants nothing for it.
func guard(rule approvals.PolicyRule, g approvals.Group, named bool) approvals.ViolationKind {
	switch name := strings.ToLower(strings.TrimSpace(g.Name)); {
	case rule.Deny:
		return approvals.ViolationDenied
	case named:
	case name == "everyone" || name == "administrators":
		return approvals.ViolationProtectedGroup
	case name == "" && rule.AutoApprove:
		return approvals.ViolationUnnamedGroup
	}
	return ""
}

func naiveTerms(rule approvals.PolicyRule, x approvals.PolicyInput, codes int) approvals.ViolationKind {
	why := strings.TrimSpace(x.Reason)
	asks := rule.Reason.Required || rule.Reason.Pattern != ""
	forGood := x.Duration == 0
	onlyRemoves := len(x.Change.Add)+len(x.Change.Extend)+len(x.Change.Quotas) == 0
	switch {
	case asks && why == "":
		return approvals.ViolationReasonMissing
	case rule.Reason.Pattern != "" && !slices.Contains([]string{"x", "xy"}, why):
		return approvals.ViolationReasonShape
	case rule.MaxCodes != 0 && codes > rule.MaxCodes:
		return approvals.ViolationTooManyCodes
	case !onlyRemoves && forGood && (rule.MustEnd || rule.MaxDuration != 0):
		return approvals.ViolationMustEnd
	case !onlyRemoves && rule.MaxDuration != 0 && x.Duration > rule.MaxDuration:
		return approvals.ViolationTooLong
	case !onlyRemoves && rule.MaxSeats != 0 && x.Unlimited:
		return approvals.ViolationQuotaMissing
	case !onlyRemoves && rule.MaxSeats != 0 && x.Seats > rule.MaxSeats:
		return approvals.ViolationTooManySeats
	}
	return ""
}

// anyOf is true of a list in which something holds, and of an empty one.
func anyOf[T any](list []T, holds func(T) bool) bool {
	return len(list) == 0 || slices.ContainsFunc(list, holds)
}

func isID(p approvals.GroupPattern) bool { return len(p.String()) == len(idOne) }

func patternsOf(texts ...string) []approvals.GroupPattern {
	var all []approvals.GroupPattern
	for _, text := range texts {
		all = append(all, groupname.Pattern(text))
	}
	return all
}

func glob(pattern, text string) bool {
	expr := `(?is)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`
	return regexp.MustCompile(expr).MatchString(strings.TrimSpace(text))
}

// A rule that another covers never decides when it stands behind it.
func TestACoveredRuleNeverDecides(t *testing.T) {
	covered := 0
	rapid.Check(t, func(t *rapid.T) {
		wide := approvals.PolicyRule{Name: "wide", Match: someMatch.Draw(t, "wide"), AutoApprove: rapid.IntRange(0, 3).Draw(t, "auto") == 0}
		if rapid.IntRange(0, 3).Draw(t, "some actions") > 0 {
			wide.Match.Actions = nil
		}
		narrow := approvals.PolicyRule{Name: "narrow", Match: someMatch.Draw(t, "narrow"), AutoApprove: rapid.Bool().Draw(t, "narrow auto")}
		if !wide.Match.Covers(narrow.Match) || !wide.LeavesNothing() {
			t.Skip()
		}
		covered++
		verdict, objection := approvals.Policy{Rules: []approvals.PolicyRule{wide, narrow}}.Decide(somePetition.Draw(t, "petition"))
		if verdict.Rule == "narrow" || objection != nil && objection.Kind != approvals.ViolationNeedsPeople && objection.Rule == "narrow" {
			t.Fatalf("%+v %v", verdict, objection)
		}
	})
	if covered == 0 {
		t.Fatal("nothing was covered")
	}
}

// Patterns are for names: they take no rule away from a group named by its id.
func TestPatternsDoNotCoverIDs(t *testing.T) {
	for wide, covers := range map[string]bool{"8f3a*": false, "*": true, strings.ToUpper(idOne): true, idTwo: false} {
		if got := (approvals.Match{Groups: patternsOf(wide)}).Covers(approvals.Match{Groups: patternsOf(idOne)}); got != covers {
			t.Errorf("%s: %v", wide, got)
		}
	}
}

// And the other way round: of two rules that go by group or by code alone, one
// that does not cover the other leaves something for it.
func TestAnUncoveredRuleDecidesSomewhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab]?[*]?[ab]?[*]?[ab]?`).Filter(func(s string) bool { return s != "" })
		wide, narrow := pattern.Draw(t, "wide"), pattern.Draw(t, "narrow")
		covers := approvals.Match{Codes: []string{wide}}.Covers(approvals.Match{Codes: []string{narrow}})
		witness := strings.ReplaceAll(narrow, "*", "zz")
		if covers != glob(wide, witness) {
			t.Fatalf("covers %v, but of %q it is %v", covers, witness, !covers)
		}
	})
}

func TestObjectionsCarryWhatTheWordsNeed(t *testing.T) {
	policy := approvals.Policy{Rules: []approvals.PolicyRule{
		{Name: "no IDU", Match: approvals.Match{Codes: []string{"idu"}}, Deny: true, Message: "Ask facilities."},
		{Name: "robots", Match: approvals.Match{Codes: []string{"RPA*"}}, MaxCodes: 1, MaxSeats: 3, MaxDuration: time.Hour,
			Reason: approvals.ReasonRule{Pattern: `INC\d+`, Hint: "an incident"}},
		{Name: "quick", Match: approvals.Match{Groups: patternsOf(idOne, "*"), Codes: []string{"Q"}}, AutoApprove: true},
		{Name: "rest", Match: approvals.Match{Groups: patternsOf("finance-*")}},
	}}
	if _, o := policy.Decide(approvals.PolicyInput{Group: approvals.Group{ID: idOne}, Change: approvals.Change{Add: []string{"Q"}}}); o != nil {
		t.Errorf("a nameless group that the rule names by its id: %v", o)
	}
	finance := groupname.Group(idOne, "Finance-1")
	robots := approvals.Violation{Rule: "robots", Pattern: `INC\d+`, Hint: "an incident", MaxCodes: 1, MaxSeats: 3, MaxDuration: time.Hour, Codes: []string{"RPAX"}}
	about := func(kind approvals.ViolationKind, codes ...string) approvals.Violation {
		o := robots
		o.Kind = kind
		if len(codes) > 0 {
			o.Codes = codes
		}
		return o
	}
	for name, c := range map[string]struct {
		x    approvals.PolicyInput
		want approvals.Violation
	}{
		"denied, though mixed": {
			approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"RPAX", "IDU"}}},
			approvals.Violation{Kind: approvals.ViolationDenied, Rule: "no IDU", Message: "Ask facilities.", Codes: []string{"IDU"}}},
		"mixed": {
			approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"Z", "RPAX", "A"}}},
			approvals.Violation{Kind: approvals.ViolationMixedRules, Codes: []string{"A", "RPAX", "Z"},
				Parts: []approvals.Part{{Rule: "robots", Codes: []string{"RPAX"}}, {Rule: "rest", Codes: []string{"A", "Z"}}}}},
		"not allowed": {
			approvals.PolicyInput{Group: groupname.Group(idOne, "x"), Change: approvals.Change{Add: []string{"Z", "RPAX", "IDU"}}},
			approvals.Violation{Kind: approvals.ViolationNotAllowed, Codes: []string{"Z"}}},
		"nothing asked": {approvals.PolicyInput{Group: finance}, approvals.Violation{Kind: approvals.ViolationNotAllowed}},
		"nameless": {
			approvals.PolicyInput{Group: approvals.Group{ID: idOne}, Change: approvals.Change{Add: []string{"Z"}}},
			approvals.Violation{Kind: approvals.ViolationUnnamedGroup, Rule: "rest", Codes: []string{"Z"}}},
		"nameless, and nobody is asked": {
			approvals.PolicyInput{Group: approvals.Group{ID: idTwo}, Change: approvals.Change{Add: []string{"Q"}}},
			approvals.Violation{Kind: approvals.ViolationUnnamedGroup, Rule: "quick", Codes: []string{"Q"}}},
		"everyone": {
			approvals.PolicyInput{Group: groupname.Group("", "EVERYONE"), Change: approvals.Change{Add: []string{"RPAX"}}},
			approvals.Violation{Kind: approvals.ViolationProtectedGroup, Rule: "robots", Codes: []string{"RPAX"}}},
		"no reason":     {approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"RPAX"}}}, about(approvals.ViolationReasonMissing)},
		"wrong reason":  {approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"RPAX"}}, Reason: "INC1 and more"}, about(approvals.ViolationReasonShape)},
		"many codes":    {approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"RPAX", "RPAY"}}, Reason: "INC1"}, about(approvals.ViolationTooManyCodes, "RPAX", "RPAY")},
		"for good":      {approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"RPAX"}}, Reason: "INC1"}, about(approvals.ViolationMustEnd)},
		"long":          {approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"RPAX"}}, Reason: "INC1", Duration: 2 * time.Hour}, about(approvals.ViolationTooLong)},
		"without quota": {approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"RPAX"}}, Reason: "INC1", Duration: time.Hour, Unlimited: true}, about(approvals.ViolationQuotaMissing)},
		"many seats":    {approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"RPAX"}}, Reason: "INC1", Duration: time.Hour, Seats: 4}, about(approvals.ViolationTooManySeats)},
	} {
		if _, got := policy.Decide(c.x); got == nil || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestTheSimplePolicy(t *testing.T) {
	policy := approvals.SimplePolicy([]string{"U1", "S2"}, 2, time.Hour)
	want := approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U1", "S2"}, Quorum: 2}}, TTL: time.Hour}
	for _, group := range []approvals.Group{{ID: idOne}, groupname.Group(idOne, "Finance")} {
		if got, o := policy.Decide(approvals.PolicyInput{Requester: "U9", Group: group, Change: approvals.Change{Add: []string{"IDU", "RPAX"}}, Unlimited: true}); o != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: got %+v, %v", group, got, o)
		}
	}
	for _, name := range []string{"Everyone", "ADMINISTRATORS", "adminiſtratorſ", " everyone "} {
		if _, o := policy.Decide(approvals.PolicyInput{Group: groupname.Group(idOne, name), Change: approvals.Change{Add: []string{"IDU"}}}); o == nil || o.Kind != approvals.ViolationProtectedGroup {
			t.Errorf("%s: %v", name, o)
		}
	}
}

func TestWhomAPolicyHasToKnow(t *testing.T) {
	policy := approvals.Policy{Rules: []approvals.PolicyRule{
		{Match: approvals.Match{Requesters: []string{"S2", "U1"}}, Stages: []approvals.Stage{{Approvers: []string{"S9", "U4"}}, {Approvers: []string{"U3"}}}},
		{Match: approvals.Match{Requesters: []string{"W1", "S1", "S2"}}, Stages: []approvals.Stage{{Approvers: []string{"U4"}}}},
	}}
	if got := policy.Requesters(); !slices.Equal(got, []string{"S1", "S2", "U1", "W1"}) {
		t.Errorf("requesters: %v", got)
	}
	if got := policy.Approvers(); !slices.Equal(got, []string{"S9", "U4", "U3"}) {
		t.Errorf("approvers: %v", got)
	}
	if first := policy.Rules[0].Match.Requesters; !slices.Equal(first, []string{"S2", "U1"}) {
		t.Errorf("the policy itself was changed: %v", first)
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "24h": 24 * time.Hour, "1.5h": 90 * time.Minute,
		"30d": 720 * time.Hour, "2w": 336 * time.Hour, "1w2d3h4m": (9*24+3)*time.Hour + 4*time.Minute,
	} {
		if got, err := approvals.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "0", "0d", "0s", "d", "30", "-1h", "1d-3h", "-1d", "2d1w", "1.5d", "1h2d", "30 d", "+1h", "99999d", "9999w9999d2540400h", "1D", "month",
	} {
		if got, err := approvals.ParseDuration(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
