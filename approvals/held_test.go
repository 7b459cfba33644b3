package approvals_test

import (
	"testing"
	"time"

	"licensebot/approvals"
)

const day = 24 * time.Hour

// spanOf is a span that begins and ends so many days before policyTime.
func spanOf(code string, from, to int) approvals.GrantSpan {
	return approvals.GrantSpan{
		Code: code, From: policyTime.Add(-time.Duration(from) * day), To: policyTime.Add(-time.Duration(to) * day),
	}
}

func TestHeldInARow(t *testing.T) {
	spans := func(all ...approvals.GrantSpan) []approvals.GrantSpan { return all }
	for name, c := range map[string]struct {
		spans []approvals.GrantSpan
		days  int
	}{
		"never":                       {nil, 0},
		"running":                     {spans(spanOf("IDU", 5, 0)), 5},
		"another code":                {spans(spanOf("ACNU", 5, 0)), 0},
		"ended within the gap":        {spans(spanOf("IDU", 15, 13)), 2},
		"ended as long ago as a gap":  {spans(spanOf("IDU", 16, 14)), 0},
		"one after the other":         {spans(spanOf("IDU", 4, 0), spanOf("IDU", 9, 4)), 9},
		"with gaps that do not count": {spans(spanOf("IDU", 30, 25), spanOf("IDU", 12, 10), spanOf("IDU", 1, 0)), 8},
		"with a gap that is one":      {spans(spanOf("IDU", 30, 26), spanOf("IDU", 12, 10), spanOf("IDU", 1, 0)), 3},
		"overlapping":                 {spans(spanOf("IDU", 9, 3), spanOf("IDU", 6, 0)), 9},
		"one inside another":          {spans(spanOf("IDU", 9, 0), spanOf("IDU", 6, 4)), 9},
		"a long one bridges others":   {spans(spanOf("IDU", 2, 1), spanOf("IDU", 60, 10), spanOf("IDU", 40, 3)), 58},
		"until after now":             {spans(spanOf("IDU", 3, -2)), 3},
		"after now":                   {spans(spanOf("IDU", -1, -2)), 0},
	} {
		if got := approvals.HeldInARow(c.spans, "IDU", policyTime, 14*day); got != time.Duration(c.days)*day {
			t.Errorf("%s: %v, want %d days", name, got, c.days)
		}
	}
}

func TestGrantSpansEndWhenTheGroupLostTheCode(t *testing.T) {
	began, ended := policyTime.Add(-9*day), policyTime.Add(-2*day)
	done := func(g *approvals.Grant) []approvals.Request {
		return []approvals.Request{{State: approvals.Done, ClosedAt: began, Grant: g}}
	}
	codes := []string{"IDU"}
	for name, c := range map[string]struct {
		grant *approvals.Grant
		want  time.Duration
	}{
		"for good":       {nil, 0},
		"running":        {&approvals.Grant{Codes: codes, Until: policyTime.Add(day)}, 9 * day},
		"end delayed":    {&approvals.Grant{Codes: codes, Until: ended}, 9 * day},
		"taken out":      {&approvals.Grant{Codes: codes, Until: ended, Revocation: &approvals.Revocation{At: ended, Removed: codes}}, 7 * day},
		"gone before":    {&approvals.Grant{Codes: codes, Until: ended, Revocation: &approvals.Revocation{At: ended, Absent: codes}}, 7 * day},
		"left behind":    {&approvals.Grant{Codes: codes, Until: ended, Revocation: &approvals.Revocation{At: ended, Remaining: codes}}, 9 * day},
		"ended too late": {&approvals.Grant{Codes: codes, Until: ended, Revocation: &approvals.Revocation{At: policyTime.Add(day)}}, 9 * day},
	} {
		spans := approvals.GrantSpans(done(c.grant), policyTime)
		var got time.Duration
		for _, s := range spans {
			got += s.To.Sub(s.From)
		}
		if got != c.want || len(spans) > 1 {
			t.Errorf("%s: %v of %v, want %v", name, got, spans, c.want)
		}
	}
	if spans := approvals.GrantSpans(done(&approvals.Grant{Codes: codes}), began); len(spans) > 0 {
		t.Errorf("a grant that has just begun: %v", spans)
	}
}

// A rule that grants by itself ends where the row gets longer than it grants. A
// rule with approvers looks at the single grant alone.
func TestLongestGrantCountsARow(t *testing.T) {
	auto := approvals.PolicyRule{Name: "auto", AutoApprove: true, MaxDuration: 14 * day}
	ask := approvals.PolicyRule{Name: "ask", MaxDuration: 14 * day}
	x := approvals.PolicyInput{
		Group: finance, Now: policyTime, Held: []approvals.GrantSpan{spanOf("IDU", 10, 3)},
		Change: approvals.Change{Add: []string{"IDU"}}, Duration: 7 * day,
	}
	decide := func(x approvals.PolicyInput, rules ...approvals.PolicyRule) string {
		terms, violation := approvals.Policy{Rules: rules}.Decide(x)
		if violation != nil {
			return string(violation.Kind) + " " + violation.Rule
		}
		return terms.Rule
	}
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	want(decide(x, auto, ask), "auto")
	x.Duration += time.Second
	want(decide(x, auto, ask), "ask")
	want(decide(x, auto), "needs_people auto")
	want(decide(x, ask), "ask")
	extension := x
	extension.Change = approvals.Change{Extend: []string{"IDU"}}
	want(decide(extension, auto, ask), "ask")
	x.Duration = 14*day + 1
	want(decide(x, auto, ask), "too_long auto")
	x.Duration = 0
	want(decide(x, auto, ask), "must_end auto")
}

func TestReasonsHaveVisibleText(t *testing.T) {
	for text, visible := range map[string]bool{
		"": false, " \t\u00a0\u3000": false, "\u3164": false, "\u115f\u1160\uffa0": false, "\u2800": false, "\ufe0f\u200b\u00ad\u2060": false,
		"\u0301\u0308": false, "\U00013441\U00013442": false, "...": false, "✅": false, "\u180e\u061c\U000e0041": false, "\U0001d173": false,
		"x": true, "7": true, "\u3164x": true, "経理": true, "ß": true, "ㅋ": true, "\u0301a": true, "٣": true, "①": true,
	} {
		if got := approvals.HasVisibleText(text); got != visible {
			t.Errorf("%+q: %v", text, got)
		}
	}
	rule := approvals.PolicyRule{Reason: approvals.ReasonRule{Pattern: `.*`}}
	x := approvals.PolicyInput{Group: finance, Change: approvals.Change{Add: []string{"IDU"}}, Reason: "\u3164"}
	if _, v := (approvals.Policy{Rules: []approvals.PolicyRule{rule}}).Decide(x); v == nil || v.Kind != approvals.ViolationReasonMissing {
		t.Errorf("a reason that nobody can read: %v", v)
	}
}

// A change that its card cannot show is refused, with the codes that it has room
// for. A change of these codes alone is not.
func TestWhatACardCannotShowIsRefused(t *testing.T) {
	var codes []string
	var quotas []approvals.Quota
	for i := range 65 {
		code := "CODE" + string(rune('A'+i/26)) + string(rune('A'+i%26))
		codes, quotas = append(codes, code), append(quotas, approvals.Quota{Code: code, Limit: 10})
	}
	facts := approvals.PrepareFacts{Allocation: approvals.Allocation{Codes: codes, Quotas: quotas}, Now: policyTime}
	_, outcome := approvals.Propose(approvals.Ask{Action: approvals.Set, MayEmpty: true}, facts)
	if outcome == nil || outcome.Reason != approvals.ReasonTooLarge || len(outcome.Suggestions) < 20 || len(outcome.Suggestions) >= 65 {
		t.Fatalf("65 codes with limits: %+v", outcome)
	}
	if _, refused := approvals.Propose(approvals.Ask{Action: approvals.Remove, Codes: outcome.Suggestions}, facts); refused != nil {
		t.Errorf("what fits: %+v", refused)
	}
}
