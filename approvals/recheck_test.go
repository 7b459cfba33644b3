package approvals_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

var finance = groupname.Group(idOne, "Finance-1")

func asking(quorum int, approvers ...string) approvals.PolicyRule {
	return approvals.PolicyRule{Name: "ask", Stages: []approvals.Stage{{Approvers: approvers, Quorum: quorum}}}
}

// votesOf are the votes of people under terms.
func votesOf(terms approvals.Terms, users ...string) []approvals.Vote {
	var votes []approvals.Vote
	for _, user := range users {
		var members [][]string
		for _, stage := range terms.Stages {
			members = append(members, stage.Approvers)
		}
		if stages := approvals.StagesNaming(members, user); len(stages) > 0 {
			votes = append(votes, approvals.Vote{User: user, Stages: stages})
		}
	}
	return votes
}

// Each row is a card that was posted under one rule, and is carried out under
// another. carried says whether it may be.
func TestRecheck(t *testing.T) {
	auto := approvals.PolicyRule{Name: "auto", AutoApprove: true}
	denied := approvals.PolicyRule{Name: "no", Deny: true}
	limited := asking(1, "U1")
	limited.MaxCodes = 1
	twoStages := approvals.PolicyRule{Name: "stages", Stages: []approvals.Stage{
		{Approvers: []string{"U1"}, Quorum: 1}, {Approvers: []string{"U2"}, Quorum: 1},
	}}
	for name, c := range map[string]struct {
		then, now approvals.PolicyRule
		voters    []string
		result    approvals.RecheckResult
		carried   bool
	}{
		"the same":                        {asking(1, "U1"), asking(1, "U1"), []string{"U1"}, approvals.StillAsks, true},
		"the same, not approved":          {asking(1, "U1"), asking(1, "U1"), nil, approvals.StillAsks, false},
		"more people are needed":          {asking(1, "U1", "U2"), asking(2, "U1", "U2"), []string{"U1"}, approvals.StillAsks, false},
		"more people, and they are there": {asking(1, "U1", "U2"), asking(2, "U1", "U2"), []string{"U1", "U2"}, approvals.StillAsks, true},
		"fewer people are needed":         {asking(2, "U1", "U2"), asking(1, "U1", "U2"), []string{"U1"}, approvals.StillAsks, false},
		"an approver was removed":         {asking(1, "U1", "U2"), asking(1, "U2"), []string{"U1"}, approvals.StillAsks, false},
		"an approver was added":           {asking(1, "U1"), asking(1, "U1", "U2"), []string{"U2"}, approvals.StillAsks, false},
		"one removed, one added":          {asking(1, "U1", "U3"), asking(1, "U2", "U3"), []string{"U1", "U2"}, approvals.StillAsks, false},
		"of both":                         {asking(1, "U1", "U3"), asking(1, "U2", "U3"), []string{"U3"}, approvals.StillAsks, true},
		"a stage was added":               {asking(1, "U1", "U2"), twoStages, []string{"U1"}, approvals.StillAsks, false},
		"stages, and one person too few":  {asking(1, "U1"), twoStages, []string{"U1", "U2"}, approvals.StillAsks, false},
		"it is denied":                    {asking(1, "U1"), denied, []string{"U1"}, approvals.NowForbidden, false},
		"a limit is passed":               {asking(1, "U1"), limited, []string{"U1"}, approvals.NowForbidden, false},
		"granted by itself now":           {asking(1, "U1"), auto, nil, approvals.StillAsks, false},
		"by itself now, and approved":     {asking(1, "U1"), auto, []string{"U1"}, approvals.StillAsks, true},
		"granted by itself then":          {auto, asking(1, "U1"), []string{"U1"}, approvals.NeedsPeople, false},
		"granted by itself both times":    {auto, auto, nil, approvals.StillAsks, true},
	} {
		x := approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"IDU", "ACNU"}}, Now: policyTime}
		shown, violation := approvals.Policy{Rules: []approvals.PolicyRule{c.then}}.Decide(x)
		if violation != nil {
			t.Fatal(violation)
		}
		got := approvals.Policy{Rules: []approvals.PolicyRule{c.now}}.Recheck(shown, finance, x)
		carried := got.Result == approvals.StillAsks &&
			approvals.MetByBoth(shown, got.Today, votesOf(shown, c.voters...), votesOf(got.Today, c.voters...))
		if got.Result != c.result || carried != c.carried || (got.Violation != nil) != (c.result == approvals.NowForbidden) {
			t.Errorf("%s: %+v, carried %v", name, got, carried)
		}
		if approvals.MetByBoth(shown, got.Today, nil, nil) && !(shown.AutoApprove && got.Today.AutoApprove) {
			t.Errorf("%s: carried without a vote", name)
		}
	}
}

func TestARenamedGroupIsNotTheGroupShown(t *testing.T) {
	policy := approvals.Policy{Rules: []approvals.PolicyRule{asking(1, "U1")}}
	for _, c := range []struct {
		then, now string
		result    approvals.RecheckResult
	}{
		{"Finance", "Finance", approvals.StillAsks},
		{"Finance", "Sales", approvals.GroupRenamed},
		{"Finance", "finance", approvals.GroupRenamed}, // the card shows it otherwise
		{"Finance", "", approvals.GroupRenamed},
		{"", "Finance", approvals.GroupRenamed},
		{"", "", approvals.StillAsks},
	} {
		x := approvals.PolicyInput{Group: groupname.Group(idOne, c.now), Change: approvals.Change{Add: []string{"IDU"}}}
		shown := approvals.Group{ID: idOne, Name: c.then} // a stored group has no canonical name
		if got := policy.Recheck(approvals.Terms{}, shown, x); got.Result != c.result {
			t.Errorf("%q, then %q: %s", c.then, c.now, got.Result)
		}
	}
}

// A change is never carried if the votes under one of the two terms do not meet
// them, or if only people who are in one of the two meet them.
func TestMetByBothNeedsBoth(t *testing.T) {
	carried := 0
	people := rapid.SliceOfNDistinct(rapid.IntRange(1, 4), 1, 4, rapid.ID[int])
	named := func(t *rapid.T, what string) (users []string) {
		for _, n := range people.Draw(t, what) {
			users = append(users, fmt.Sprintf("U%d", n))
		}
		return users
	}
	someTerms := func(t *rapid.T, what string) approvals.Terms {
		terms := approvals.Terms{AutoApprove: rapid.IntRange(0, 5).Draw(t, what+" auto") == 0}
		for range rapid.IntRange(1, 2).Draw(t, what+" stages") {
			terms.Stages = append(terms.Stages, approvals.Stage{Approvers: named(t, what), Quorum: rapid.IntRange(1, 2).Draw(t, what+" quorum")})
		}
		return terms
	}
	check := func(t *rapid.T) {
		shown, today := someTerms(t, "shown"), someTerms(t, "today")
		voters := named(t, "voters")
		onShown, onToday := votesOf(shown, voters...), votesOf(today, voters...)
		if !approvals.MetByBoth(shown, today, onShown, onToday) {
			return
		}
		carried++
		if !shown.Met(onShown) || !today.Met(onToday) {
			t.Fatalf("%+v and %+v are carried by %v and %v", shown, today, onShown, onToday)
		}
		both, _ := approvals.VotesOnBoth(onShown, onToday)
		if !shown.AutoApprove && !today.AutoApprove && !shown.Met(both) {
			t.Fatalf("%+v is carried by people who are not in %+v", shown, today)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		for range 50 {
			check(t)
		}
	})
	if carried == 0 {
		t.Error("nothing was ever carried")
	}
}
