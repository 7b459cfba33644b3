package message

import (
	"html"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/command"
)

// refusedWith is what the requester of an ask is told.
func refusedWith(ask approvals.Ask, o approvals.Outcome) string {
	if ask.Group == "" {
		ask.Group = "group-01"
	}
	ask.Command = "/licenses"
	return phrases().RequesterNotice(approvals.Request{ID: command.ExampleID, State: approvals.Refused, Requester: "U0ROBIN", Ask: ask, Outcome: &o})
}

// tried lists the commands that an answer offers, and expects each to be
// understood when it is copied.
func tried(t *testing.T, said string) string {
	t.Helper()
	said = strings.ReplaceAll(strings.Replace(said, "\nEither: ", "\nTry: ", 1), "\nor: ", "\nand: ")
	_, offered, found := strings.Cut(said, "\nTry: ")
	if _, toFill, isOpen := strings.Cut(said, "\nFill in: "); isOpen {
		text := html.UnescapeString(strings.TrimPrefix(strings.Trim(toFill, "`"), "/licenses "))
		_, asItIs := command.Parse("/licenses", text, testTime)
		_, filled := command.Parse("/licenses", strings.ReplaceAll(text, command.ReasonToFill, "audit"), testTime)
		if asItIs == nil || filled != nil {
			t.Errorf("%s is sent with %v as it is, and with %v when it is filled in", text, asItIs, filled)
		}
		return "fill in: " + text
	}
	if !found {
		return ""
	}
	var commands []string
	for _, shown := range strings.Split(offered, "\nand: ") {
		text := strings.TrimPrefix(strings.Trim(shown, "`"), "/licenses ")
		if _, err := command.Parse("/licenses", text, testTime); err != nil {
			t.Errorf("what is shown to copy is not understood: %s: %v", shown, err)
		}
		commands = append(commands, html.UnescapeString(text))
	}
	return strings.Join(commands, "; ")
}

// expectRefusal reads a refusal and what it offers.
func expectRefusal(t *testing.T, said, want, try string) {
	t.Helper()
	bottest.ExpectHarmless(t, said)
	if !strings.Contains(said, "was not put before an approver, and nothing was changed") || !strings.Contains(said, want) {
		t.Errorf("it is not said that %q: %s", want, said)
	}
	if got := tried(t, said); got != try {
		t.Errorf("%s\noffers %q instead of %q", said, got, try)
	}
}

// TestRefusals reads the words for each reason not to ask anyone.
func TestRefusals(t *testing.T) {
	add := func(codes ...string) approvals.Ask {
		return approvals.Ask{Action: approvals.Add, Codes: codes, Reason: "Q3 & Q4"}
	}
	set := func(codes ...string) approvals.Ask {
		return approvals.Ask{Action: approvals.Set, Codes: codes, MayEmpty: len(codes) == 0}
	}
	remove := approvals.Ask{Action: approvals.Remove, Codes: []string{"IDU", "ATTUNU"}}
	limited := add("IDU", "PMD")
	limited.Quotas = []approvals.Quota{{Code: "IDU", Limit: 2}, {Code: "PMD", Limit: 3}}
	for _, c := range []struct {
		ask       approvals.Ask
		outcome   approvals.Outcome
		want, try string
	}{
		{add("IDU"), approvals.Outcome{Reason: approvals.ReasonNoSuchGroup, Suggestions: []string{"Finance Robots", "Finance"}},
			"The nearest are `Finance Robots` and `Finance`.", `"Finance Robots" IDU because Q3 & Q4; Finance IDU because Q3 & Q4`},
		{set(), approvals.Outcome{Reason: approvals.ReasonNoSuchGroup, Suggestions: []string{"set"}}, "The nearest is `set`.", `set "set" empty`},
		{add("IDU"), approvals.Outcome{Reason: approvals.ReasonNoSuchGroup}, "put it in double quotes", ""},
		{add("IDU"), approvals.Outcome{Reason: approvals.ReasonAmbiguousGroup, Suggestions: []string{"id-1", "id-2"}}, "the id of the one you mean: `id-1` and `id-2`", ""},
		{limited, approvals.Outcome{Reason: approvals.ReasonNotOwned, ConcernedCodes: []string{"IDU", "PMD"}, Suggestions: []string{"IDX", ""}, Allocation: []string{"IDX"}},
			"does not own `PMD`", ""},
		{set("IDU", "PMD"), approvals.Outcome{Reason: approvals.ReasonNotOwned, ConcernedCodes: []string{"PMD"}, Suggestions: []string{""}, Allocation: []string{"IDU"}},
			"does not own `PMD`", ""},
		{set("IDU", "PMD"), approvals.Outcome{Reason: approvals.ReasonNotOwned, ConcernedCodes: []string{"PMD"}, Suggestions: []string{"PMBU"}, Allocation: []string{"IDU"}},
			"did you mean `PMBU`", "set group-01 IDU PMBU"},
		{add("PMD"), approvals.Outcome{Reason: approvals.ReasonNotOwned, ConcernedCodes: []string{"PMD"}, Suggestions: []string{""}}, "owns no user licenses", ""},
		{limited, approvals.Outcome{Reason: approvals.ReasonNothingToDo, ConcernedCodes: limited.Codes}, "already has `IDU=2` and `PMD=3`.", ""},
		{remove, approvals.Outcome{Reason: approvals.ReasonNothingToDo, ConcernedCodes: remove.Codes, Allocation: []string{"PMD"}}, "does not have `IDU` and `ATTUNU`; it has `PMD`.", ""},
		{set("PMD"), approvals.Outcome{Reason: approvals.ReasonNothingToDo, ConcernedCodes: []string{"PMD"}, Allocation: []string{"PMD"}}, "already has exactly `PMD`.", ""},
		{set(), approvals.Outcome{Reason: approvals.ReasonNothingToDo}, "has no codes already", ""},
		{remove, approvals.Outcome{Reason: approvals.ReasonWouldEmpty, ConcernedCodes: []string{"ATTUNU"}, Allocation: []string{"ATTUNU"}},
			"has only `ATTUNU`, so it would be left without codes", "remove group-01 IDU ATTUNU empty"},
		{limited, approvals.Outcome{Reason: approvals.ReasonQuotaTooLow, ConcernedCodes: []string{"IDU", "PMD"}, Suggestions: []string{"IDU=7", "PMD=4"}},
			"uses more seats than the limit that was asked for (`IDU`: 7 seats and `PMD`: 4 seats in use)", "group-01 IDU=7 PMD=4 because Q3 & Q4"},
		{limited, approvals.Outcome{Reason: approvals.ReasonTooLarge, ConcernedCodes: []string{"IDU", "PMD"}, Suggestions: []string{"IDU"}}, "has room for 1 of them", "group-01 IDU=2 because Q3 & Q4"},
		{set("IDU", "PMD"), approvals.Outcome{Reason: approvals.ReasonTooLarge, ConcernedCodes: []string{"IDU"}, Suggestions: []string{"IDU"}}, "has no room for those that stay", "group-01 IDU"},
		{limited, approvals.Outcome{Reason: approvals.ReasonQuotaWithoutCode, ConcernedCodes: []string{"PMD"}}, "a seat limit was asked for `PMD`", ""},
		{add("IDU"), approvals.Outcome{Reason: approvals.ReasonDuplicate, Suggestions: []string{"R-ABCDEFGH"}}, "request `R-ABCDEFGH`, which is still open, asks for the very same", "status R-ABCDEFGH"},
		{add("IDU"), approvals.Outcome{Reason: approvals.ReasonUncheckable, Answer: "missing_scope"}, "your user groups, and Slack does not show them (`missing_scope`)", ""},
		{add("IDU"), approvals.Outcome{Reason: approvals.ReasonPolicy}, "the policy does not allow it", ""},
		{add("IDU"), approvals.Outcome{Reason: approvals.ReasonUiPathRefused, Answer: "403"}, "UiPath refused to show", ""},
	} {
		expectRefusal(t, refusedWith(c.ask, c.outcome), c.want, c.try)
	}
	if least := refusedWith(limited, approvals.Outcome{Reason: approvals.ReasonQuotaTooLow, Suggestions: []string{"IDU=7"}}); limited.Quotas[0].Limit != 2 {
		t.Errorf("the request was changed to put it in words: %s", least)
	}
}

// TestObjections reads the words for each kind of objection: the rule is named,
// and what is offered would meet it.
func TestObjections(t *testing.T) {
	const day = 24 * time.Hour
	ask := func(action approvals.Action, codes ...string) approvals.Ask {
		return approvals.Ask{Action: action, Codes: codes}
	}
	long := ask(approvals.Add, "IDU")
	long.For, long.Reason = 365*day, "x"
	dated := ask(approvals.Add, "IDU")
	dated.Until = testTime.Add(365 * day)
	limited := ask(approvals.Add, "IDU", "PMD")
	limited.Quotas = []approvals.Quota{{Code: "IDU", Limit: 20}, {Code: "PMD", Limit: 1}}
	parts := []approvals.Part{{Rule: "costly", Codes: []string{"ATTUNU", "IDU"}}, {Rule: "free", Codes: []string{"PMD"}}}
	seen := map[approvals.ViolationKind]bool{}
	for _, c := range []struct {
		ask       approvals.Ask
		objection approvals.Violation
		want, try string
	}{
		{ask(approvals.Add, "IDU"), approvals.Violation{Kind: approvals.ViolationUnnamedGroup}, "goes by the group's name", ""},
		{ask(approvals.Add, "IDU", "PMD"), approvals.Violation{Kind: approvals.ViolationNotAllowed, Codes: []string{"PMD"}}, "ask for `PMD` for the group `group-01`", "group-01 IDU"},
		{ask(approvals.Set, "IDU", "PMD"), approvals.Violation{Kind: approvals.ViolationNotAllowed, Codes: []string{"PMD"}}, "ask for `PMD`", ""},
		{ask(approvals.Remove, "PMD"), approvals.Violation{Kind: approvals.ViolationNeedsPeople, Codes: []string{"PMD"}, Actions: []approvals.Action{approvals.Add, approvals.Set}},
			"grants by itself only to add codes and set the allocation", ""},
		{long, approvals.Violation{Kind: approvals.ViolationNeedsPeople, Codes: []string{"IDU"}, MaxDuration: 14 * day}, "`IDU` by itself for at most `14d` in a row", ""},
		{limited, approvals.Violation{Kind: approvals.ViolationMixedRules, Parts: []approvals.Part{{Rule: "limits", Codes: []string{"IDU"}, OnlyQuotas: true}, {Rule: "rest", Codes: []string{"IDU", "PMD"}}}},
			"the seat limit of `IDU` by the policy rule `limits`", "group-01 IDU PMD=1; group-01 IDU=20"},
		{ask(approvals.Add, "PMD"), approvals.Violation{Kind: approvals.ViolationDenied, Codes: []string{"PMD"}, Message: "buy <first>."}, "does not allow `PMD` for the group `group-01`: buy &lt;first&gt;.", ""},
		{ask(approvals.Remove, "PMD", "IDU"), approvals.Violation{Kind: approvals.ViolationDenied, Codes: []string{"PMD"}}, "does not allow `PMD` for the group `group-01`.", "remove group-01 IDU"},
		{ask(approvals.Add, "PMD"), approvals.Violation{Kind: approvals.ViolationProtectedGroup, Codes: []string{"PMD"}}, "all users or of the administrators", ""},
		{ask(approvals.Remove, "PMD", "IDU", "ATTUNU"), approvals.Violation{Kind: approvals.ViolationMixedRules, Parts: parts},
			"`ATTUNU` and `IDU` by the policy rule `costly`", "remove group-01 ATTUNU IDU; remove group-01 PMD"},
		{ask(approvals.Set, "PMD", "IDU"), approvals.Violation{Kind: approvals.ViolationMixedRules, Parts: parts},
			"`PMD` by the policy rule `free`", "group-01 IDU; remove group-01 ATTUNU; group-01 PMD"},
		{ask(approvals.Add, "IDU"), approvals.Violation{Kind: approvals.ViolationReasonMissing, Hint: "a ticket, such as FIN-1"}, "asks for a reason: a ticket, such as FIN-1.", "fill in: group-01 IDU because <reason>"},
		{ask(approvals.Set, "IDU"), approvals.Violation{Kind: approvals.ViolationReasonMissing}, "asks for a reason.", "fill in: set group-01 IDU because <reason>"},
		{long, approvals.Violation{Kind: approvals.ViolationReasonShape, Pattern: "FIN-[0-9]+"}, "does not accept the reason that was given: it has to match FIN-[0-9]+.", "fill in: group-01 IDU for 365d because <reason>"},
		{ask(approvals.Add, "IDU", "PMD", "ATTUNU"), approvals.Violation{Kind: approvals.ViolationTooManyCodes, MaxCodes: 2, Codes: []string{"ATTUNU", "IDU", "PMD"}},
			"at most 2 codes in one request, and this one has 3", "group-01 IDU PMD"},
		{ask(approvals.Set, "IDU"), approvals.Violation{Kind: approvals.ViolationTooManyCodes, MaxCodes: 1, Codes: []string{"IDU", "PMD"}}, "Ask in smaller steps", ""},
		{ask(approvals.Add, "IDU"), approvals.Violation{Kind: approvals.ViolationMustEnd}, "grants licenses only for a limited time.", "group-01 IDU for 30d"},
		{ask(approvals.Set, "IDU", "PMD"), approvals.Violation{Kind: approvals.ViolationMustEnd, MaxDuration: 14 * day, Codes: []string{"ATTUNU", "PMD"}},
			"grants licenses only for a limited time; the longest is `14d`.", "group-01 PMD for 14d"},
		{long, approvals.Violation{Kind: approvals.ViolationTooLong, MaxDuration: 36 * time.Hour}, "does not grant licenses for that long; the longest is `36h`", "group-01 IDU for 36h because x"},
		{dated, approvals.Violation{Kind: approvals.ViolationTooLong, MaxDuration: 90 * day}, "the longest is `90d`", "group-01 IDU for 90d"},
		{ask(approvals.Add, "IDU", "PMD"), approvals.Violation{Kind: approvals.ViolationQuotaMissing, MaxSeats: 11, Codes: []string{"IDU", "PMD"}},
			"asks for a seat limit for every code, at most 11 seats in one request", "group-01 IDU=5 PMD=5"},
		{limited, approvals.Violation{Kind: approvals.ViolationNoSeats, Shortages: approvals.Change{Add: []string{"IDU"}}.Shortages(fewSeats())}, "No free seat: `IDU`", "group-01 PMD=1"},
		{limited, approvals.Violation{Kind: approvals.ViolationTooManySeats, MaxSeats: 10, Codes: []string{"IDU"}}, "at most 10 seats in one request", "group-01 IDU=10 PMD=1"},
		{limited, approvals.Violation{Kind: approvals.ViolationTooManySeats, MaxSeats: 1, Codes: []string{"IDU", "PMD"}}, "at most 1 seat in one request", ""},
		{ask(approvals.Add, "IDU"), approvals.Violation{Kind: "an objection of tomorrow"}, "does not allow it", ""},
	} {
		seen[c.objection.Kind] = true
		if c.objection.Kind != approvals.ViolationNotAllowed && c.objection.Kind != approvals.ViolationMixedRules {
			c.objection.Rule = "no <more>"
		}
		said := refusedWith(c.ask, approvals.Outcome{Reason: approvals.ReasonPolicy, Violation: &c.objection})
		expectRefusal(t, said, c.want, c.try)
		if c.objection.Rule != "" && !strings.Contains(said, "the policy rule `no &lt;more&gt;`") {
			t.Errorf("%s: the rule is not named: %s", c.objection.Kind, said)
		}
	}
	for _, kind := range approvals.ViolationKinds() {
		if !seen[kind] {
			t.Errorf("%s has no words here", kind)
		}
	}
}

// TestHostileRefusals says every refusal with everything from outside hostile
// and as long as it may be.
func TestHostileRefusals(t *testing.T) {
	codes := append(repeat(command.MaxCodes-1, strings.Repeat("C", 38)+"%02d"), hostile)
	nasty := strings.Repeat("<>&`", 75)
	for _, action := range []approvals.Action{approvals.Add, approvals.Set, approvals.Remove} {
		for _, kind := range append(approvals.ViolationKinds(), "another") {
			r := hostileRequest(approvals.Refused)
			r.Ask = approvals.Ask{Action: action, Group: nasty[:200], Codes: codes, Reason: nasty, Command: "/allocate"}
			var parts []approvals.Part
			for _, c := range codes {
				parts = append(parts, approvals.Part{Rule: nasty, Codes: []string{c}})
			}
			r.Outcome = &approvals.Outcome{Reason: approvals.ReasonPolicy, Violation: &approvals.Violation{
				Kind: kind, Rule: nasty, Message: nasty, Codes: codes, Parts: parts, Pattern: nasty, Hint: hostile, MaxDuration: time.Hour, MaxCodes: 3, MaxSeats: 100,
			}}
			said := phrases().RequesterNotice(r)
			bottest.ExpectHarmless(t, said)
			if len(said) > 12000 {
				t.Errorf("%s: %d bytes are said", kind, len(said))
			}
		}
		for _, reason := range allReasons() {
			r := hostileRequest(approvals.Refused)
			r.Ask.Action = action
			r.Outcome = hostileOutcome(reason)
			r.Outcome.Suggestions = append(r.Outcome.Suggestions, "IDU=x", "=", "IDU=7")
			bottest.ExpectHarmless(t, phrases().RequesterNotice(r))
		}
	}
}
