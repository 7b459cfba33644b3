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
	somePetition = rapid.Custom(func(t *rapid.T) approvals.PolicyInput {
		few := rapid.IntRange(0, 3)
		return approvals.PolicyInput{
			Requester: somebody.Draw(t, "requester"), MemberOf: rapid.SliceOfN(someUserGroup, 0, 2).Draw(t, "member of"),
			Group: someGroup.Draw(t, "group"), Codes: rapid.SliceOfN(someCode, 0, 3).Draw(t, "codes"),
			OnlyRemoves: few.Draw(t, "removal") == 0, Unlimited: few.Draw(t, "unlimited") == 0, Seats: few.Draw(t, "seats"),
			Duration: time.Duration(few.Draw(t, "duration")) * time.Hour,
			Reason:   rapid.SampledFrom([]string{"", "  ", "x", "xy", "xyz", " y"}).Draw(t, "why"),
		}
	})
)

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
	if len(seen) < 10 { // of 13 with the verdicts, whatever the seed
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

// naive reads a policy word by word.
func naive(p approvals.Policy, x approvals.PolicyInput) (approvals.ViolationKind, approvals.PolicyRule) {
	governing := map[string]approvals.PolicyRule{}
	against := map[string]approvals.ViolationKind{} // by the rule's name
	seen := map[string]bool{}
	var none bool
	for _, code := range x.Codes {
		seen[code] = true
		nothing := true
		for _, rule := range p.Rules {
			if !anyOf(rule.Match.Requesters, func(id string) bool { return id == x.Requester || slices.Contains(x.MemberOf, id) }) ||
				!anyOf(rule.Match.Codes, func(p string) bool { return glob(p, code) }) {
				continue
			}
			hit := anyOf(rule.Match.Groups, func(p approvals.GroupPattern) bool {
				return strings.EqualFold(p.String(), x.Group.ID) || !isID(p) && glob(p.String(), x.Group.Name)
			})
			maybe := x.Group.Name == "" && anyOf(rule.Match.Groups, func(p approvals.GroupPattern) bool { return !isID(p) })
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
		none = none || nothing
	}
	if none || len(x.Codes) == 0 {
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
		return naiveTerms(rule, x, len(seen)), rule
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
	switch {
	case asks && why == "":
		return approvals.ViolationReasonMissing
	case rule.Reason.Pattern != "" && !slices.Contains([]string{"x", "xy"}, why):
		return approvals.ViolationReasonShape
	case rule.MaxCodes != 0 && codes > rule.MaxCodes:
		return approvals.ViolationTooManyCodes
	case !x.OnlyRemoves && forGood && (rule.MustEnd || rule.MaxDuration != 0):
		return approvals.ViolationMustEnd
	case !x.OnlyRemoves && rule.MaxDuration != 0 && x.Duration > rule.MaxDuration:
		return approvals.ViolationTooLong
	case !x.OnlyRemoves && rule.MaxSeats != 0 && x.Unlimited:
		return approvals.ViolationQuotaMissing
	case !x.OnlyRemoves && rule.MaxSeats != 0 && x.Seats > rule.MaxSeats:
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
		wide := approvals.PolicyRule{Name: "wide", Match: someMatch.Draw(t, "wide"), AutoApprove: true}
		narrow := approvals.PolicyRule{Name: "narrow", Match: someMatch.Draw(t, "narrow"), AutoApprove: true}
		if !wide.Match.Covers(narrow.Match) {
			t.Skip()
		}
		covered++
		verdict, objection := approvals.Policy{Rules: []approvals.PolicyRule{wide, narrow}}.Decide(somePetition.Draw(t, "petition"))
		if verdict.Rule == "narrow" || objection != nil && objection.Rule == "narrow" {
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
	if _, o := policy.Decide(approvals.PolicyInput{Group: approvals.Group{ID: idOne}, Codes: []string{"Q"}}); o != nil {
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
			approvals.PolicyInput{Group: finance, Codes: []string{"RPAX", "IDU"}},
			approvals.Violation{Kind: approvals.ViolationDenied, Rule: "no IDU", Message: "Ask facilities.", Codes: []string{"IDU"}}},
		"mixed": {
			approvals.PolicyInput{Group: finance, Codes: []string{"Z", "RPAX", "A"}},
			approvals.Violation{Kind: approvals.ViolationMixedRules, Codes: []string{"A", "RPAX", "Z"},
				Parts: []approvals.Part{{Rule: "robots", Codes: []string{"RPAX"}}, {Rule: "rest", Codes: []string{"A", "Z"}}}}},
		"not allowed": {
			approvals.PolicyInput{Group: groupname.Group(idOne, "x"), Codes: []string{"Z", "RPAX", "IDU"}},
			approvals.Violation{Kind: approvals.ViolationNotAllowed, Codes: []string{"Z"}}},
		"nothing asked": {approvals.PolicyInput{Group: finance}, approvals.Violation{Kind: approvals.ViolationNotAllowed}},
		"nameless": {
			approvals.PolicyInput{Group: approvals.Group{ID: idOne}, Codes: []string{"Z"}},
			approvals.Violation{Kind: approvals.ViolationUnnamedGroup, Rule: "rest", Codes: []string{"Z"}}},
		"nameless, and nobody is asked": {
			approvals.PolicyInput{Group: approvals.Group{ID: idTwo}, Codes: []string{"Q"}},
			approvals.Violation{Kind: approvals.ViolationUnnamedGroup, Rule: "quick", Codes: []string{"Q"}}},
		"everyone": {
			approvals.PolicyInput{Group: groupname.Group("", "EVERYONE"), Codes: []string{"RPAX"}},
			approvals.Violation{Kind: approvals.ViolationProtectedGroup, Rule: "robots", Codes: []string{"RPAX"}}},
		"no reason":     {approvals.PolicyInput{Group: finance, Codes: []string{"RPAX"}}, about(approvals.ViolationReasonMissing)},
		"wrong reason":  {approvals.PolicyInput{Group: finance, Codes: []string{"RPAX"}, Reason: "INC1 and more"}, about(approvals.ViolationReasonShape)},
		"many codes":    {approvals.PolicyInput{Group: finance, Codes: []string{"RPAX", "RPAY"}, Reason: "INC1"}, about(approvals.ViolationTooManyCodes, "RPAX", "RPAY")},
		"for good":      {approvals.PolicyInput{Group: finance, Codes: []string{"RPAX"}, Reason: "INC1"}, about(approvals.ViolationMustEnd)},
		"long":          {approvals.PolicyInput{Group: finance, Codes: []string{"RPAX"}, Reason: "INC1", Duration: 2 * time.Hour}, about(approvals.ViolationTooLong)},
		"without quota": {approvals.PolicyInput{Group: finance, Codes: []string{"RPAX"}, Reason: "INC1", Duration: time.Hour, Unlimited: true}, about(approvals.ViolationQuotaMissing)},
		"many seats":    {approvals.PolicyInput{Group: finance, Codes: []string{"RPAX"}, Reason: "INC1", Duration: time.Hour, Seats: 4}, about(approvals.ViolationTooManySeats)},
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
		if got, o := policy.Decide(approvals.PolicyInput{Requester: "U9", Group: group, Codes: []string{"IDU", "RPAX"}, Unlimited: true}); o != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: got %+v, %v", group, got, o)
		}
	}
	for _, name := range []string{"Everyone", "ADMINISTRATORS", "adminiſtratorſ", " everyone "} {
		if _, o := policy.Decide(approvals.PolicyInput{Group: groupname.Group(idOne, name), Codes: []string{"IDU"}}); o == nil || o.Kind != approvals.ViolationProtectedGroup {
			t.Errorf("%s: %v", name, o)
		}
	}
}

func TestWhomAPolicyHasToKnow(t *testing.T) {
	policy := approvals.Policy{Rules: []approvals.PolicyRule{
		{Match: approvals.Match{Requesters: []string{"S2", "U1"}}, Stages: []approvals.Stage{{Approvers: []string{"S9", "U4"}}, {Approvers: []string{"U3"}}}},
		{Match: approvals.Match{Requesters: []string{"W1", "S1", "S2"}}, Stages: []approvals.Stage{{Approvers: []string{"U4"}}}},
	}}
	if got := policy.UserGroups(); !slices.Equal(got, []string{"S1", "S2"}) {
		t.Errorf("user groups: %v", got)
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
