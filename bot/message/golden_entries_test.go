package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/internal/outside"
)

type (
	situation struct {
		title string
		r     approvals.Request
	}
	aRequest = func(*approvals.Request)
)

func (g *golden) addCommandAnswers() {
	g.chapter("Answers to a command")
	for _, c := range []struct {
		title string
		ask   approvals.Ask
		ahead int
	}{
		{"add", approvals.Ask{Codes: []string{"RPADEVPRONU", "IDU"}}, 0},
		{"a minute of cards is ahead", approvals.Ask{Codes: []string{"IDU"}}, 30},
		{"five minutes of cards are ahead", approvals.Ask{Codes: []string{"IDU"}}, 300},
		{"add for a time, with a limit", approvals.Ask{Codes: []string{"IDU"}, For: 30 * 24 * time.Hour, Quotas: []approvals.Quota{{Code: "IDU", Limit: 10}}}, 0},
		{"set", approvals.Ask{Action: approvals.Set, Codes: []string{"IDU", "ATTUNU"}}, 0},
		{"a pack and a code", approvals.Ask{Codes: []string{"RPADEVPRONU", "IDU", "TSTNU"}, Packs: []string{"developer"}}, 0},
		{"set to nothing", approvals.Ask{Action: approvals.Set, MayEmpty: true}, 0},
		{"remove", approvals.Ask{Action: approvals.Remove, Codes: []string{"IDU"}}, 0},
		{"remove, may leave nothing", approvals.Ask{Action: approvals.Remove, Codes: []string{"IDU"}, MayEmpty: true}, 0},
	} {
		r := goldenRequest(approvals.Filed, withAsk(c.ask))
		g.add("Receipt: "+c.title, phrases().ConfirmReceipt(Receipt{Request: r, Ahead: c.ahead}))
	}
	short := Receipt{Request: goldenRequest(approvals.Filed, withAsk(approvals.Ask{
		Codes: []string{"IDU", "RPADEVPRONU"}, Quotas: []approvals.Quota{{Code: "RPADEVPRONU", Limit: 50}},
	}))}
	short.Short = short.Request.Ask.Shortages(fewSeats())
	g.add("Receipt: too few seats", phrases().ConfirmReceipt(short))
	g.add("The database refuses a command", CommandNotStored())
	g.add("The database may have recorded a command", CommandUncertain())
	g.add("A person has too many open requests", TooManyOpen("/allocate", 50))
	g.add("The database may have recorded a cancellation", ChangeUncertain("/allocate", command.ExampleID))
	g.add("A command while too many wait", CommandBusy())
	status, _ := phrases().Status()
	g.add("The status message in the approvals channel", status)
	g.add("A command from another workspace", CommandForeign())
	g.add("A command of a person whom Slack does not tell", CommandOfUnknown())
	g.add("A command makes the bot fail", CommandBroken())
	g.add("Help", phrases().CommandHelp("/allocate"))
	g.chapter("Commands with a mistake")
	for _, typed := range []string{
		strings.Repeat("x", command.MaxLength+1), "add", "codes IDU", "show", "mine later", "pending 0", "why", "cancel x",
		"cancel R-7K3F9QXA because " + strings.Repeat("x", command.MaxReason+1),
		`"" IDU`, "&lt;@U0ALEX> IDU", strings.Repeat("g", command.MaxGroup+1) + " IDU",
		"group-01", "set group-01", "remove group-01", "group-01 IDU-", "group-01 =5", "group-01 IDU=0",
		"group-01 IDU=5 IDU=6", "set group-01 IDU for 30d", "remove group-01 IDU=5", "group-01 IDU empty", "set group-01 IDU empty",
		"group-01 " + manyCodes(command.MaxCodes+1), "group-01 IDU because " + strings.Repeat("x", command.MaxReason+1),
		"group-01 IDU for", "group-01 IDU for 30d until 2030-12-31", "group-01 IDU for 1m", "group-01 IDU for x", "group-01 IDU for 5000d",
		"group-01 IDU for the audit", "group-01 IDU because audit for 30d", "group-01 IDU until 01/02/2030", "approve R-7K3F9QXA", "list", "extend",
		"group-01 IDU until", "group-01 IDU until x", "group-01 IDU until 2020-01-01", "group-01 IDU until 2090-01-01",
	} {
		_, err := command.Parse("/allocate", typed, testTime)
		wrong, ok := errors.AsType[*command.Error](err)
		if !ok {
			g.t.Errorf("%q is no mistake", typed)
			continue
		}
		g.add("Typed: /allocate "+outside.OneLine(typed, 60), ExplainCommandError(wrong))
		if typed == "group-01 IDU for 1m" {
			g.add("Typed: the same, with its button", blocksText(g.t, CommandErrorBlocks(wrong)))
		}
	}
}

func manyCodes(n int) string {
	codes := make([]string, n)
	for i := range codes {
		codes[i] = fmt.Sprintf("CODE%d", i+1)
	}
	return strings.Join(codes, " ")
}

func (g *golden) addCards() {
	g.chapter("Cards")
	pending := approvals.Pending
	g.covered["job "+string(approvals.JobPostCard)] = true
	first := goldenRequest(pending)
	card := phrases().RenderCard(first)
	g.add("Card: add two codes", blocksText(g.t, card.Blocks))
	g.add("Card: add two codes, as the plain text for notifications", card.Text)
	for _, c := range []situation{
		{"for a reason, self-approval allowed", goldenRequest(pending, func(r *approvals.Request) {
			r.Ask.Reason, r.Terms.SelfApproval, r.Terms.Rule = "FIN-123", true, "finance"
		})},
		{"a group without a known name", goldenRequest(pending, func(r *approvals.Request) { r.Proposal.Group.Name = "" })},
		{"a group without codes", goldenRequest(pending, func(r *approvals.Request) { r.Proposal.Change.Keep = nil })},
		{"one code in, one out", goldenRequest(pending, exchanging)},
		{"leave the group without codes", goldenRequest(pending, emptying)},
		{"seat limits", goldenRequest(pending, limiting)},
		{"too few seats", goldenRequest(pending, withFewSeats)},
		{"seats that UiPath does not show", goldenRequest(pending, func(r *approvals.Request) {
			r.Proposal.Seats = []approvals.Seats{{Code: "IDU", Allocated: approvals.UnknownSeats, Total: 10}}
		})},
		{"packs", goldenRequest(pending, func(r *approvals.Request) { r.Ask.Packs = []string{"developer", "tester"} })},
		{"for a time", goldenRequest(pending, timed)},
		{"until a day", goldenRequest(pending, func(r *approvals.Request) { r.Ask.Until = testTime.AddDate(0, 1, 0) })},
		{"extend", goldenRequest(pending, extending)},
		{"extend until a day", goldenRequest(pending, extending, func(r *approvals.Request) { r.Ask.For, r.Ask.Until = 0, testTime.AddDate(0, 1, 0) })},
		{"extend for good", goldenRequest(pending, extending, func(r *approvals.Request) { r.Ask.For = 0 })},
		{"two stages", goldenRequest(pending, inStages)},
		{"with buttons", goldenRequest(pending, withButtons)},
		{"more people are asked", goldenRequest(pending, escalated)},
		{"granted by the policy", goldenRequest(pending, automatic)},
		{"more than there is room for", largestStagedSet(pending)},
	} {
		g.about(c.r)
		g.add("Card: "+c.title, blocksText(g.t, phrases().RenderCard(c.r).Blocks))
	}
	g.covered["job "+string(approvals.JobUpdateCard)] = true
	g.add("Card: updated after it is done", blocksText(g.t, phrases().RenderCard(goldenRequest(approvals.Done)).Blocks))
	g.addCardStatus()
}

func (g *golden) addCardStatus() {
	grant := func(change func(*approvals.Grant)) approvals.Request {
		return goldenRequest(approvals.Done, timed, func(r *approvals.Request) { change(r.Grant) })
	}
	for _, c := range []situation{
		{"waits", goldenRequest(approvals.Pending)},
		{"waits, two of two needed", goldenRequest(approvals.Pending, func(r *approvals.Request) { r.Terms.Stages[0].Quorum = 2 })},
		{"waits in stages", goldenRequest(approvals.Pending, inStages)},
		{"waits, granted by the policy", goldenRequest(approvals.Pending, automatic)},
		{"approved", goldenRequest(approvals.Approved)},
		{"approved, delayed", goldenRequest(approvals.Approved, withDelay("UiPath does not answer"))},
		{"granted by a policy rule", goldenRequest(approvals.Approved, automatic)},
		{"granted by the policy, delayed", goldenRequest(approvals.Approved, automatic, withDelay("UiPath does not answer"), func(r *approvals.Request) { r.Terms.Rule = "" })},
		{"done", goldenRequest(approvals.Done)},
		{"done for a time", grant(func(*approvals.Grant) {})},
		{"done for a time, the end is delayed", grant(func(x *approvals.Grant) { x.DelayReason = "UiPath does not answer" })},
		{"done for a time, ended early", grant(func(x *approvals.Grant) { x.EndedBy = "U0ALEX" })},
		{"done for a time, is over", grant(func(x *approvals.Grant) { x.Revocation = &approvals.Revocation{At: testTime} })},
		{"done for a time, was ended early", grant(func(x *approvals.Grant) { x.EndedBy, x.Revocation = "U0ALEX", &approvals.Revocation{At: testTime} })},
		{"done for a time, codes are left", grant(func(x *approvals.Grant) {
			x.Revocation = &approvals.Revocation{At: testTime, Remaining: []string{"IDU"}}
		})},
		{"failed", goldenRequest(approvals.Failed)},
		{"superseded", goldenRequest(approvals.Superseded)},
		{"superseded, uncertain", goldenRequest(approvals.Superseded, uncertain)},
		{"denied", goldenRequest(approvals.Denied)},
		{"denied, uncertain", goldenRequest(approvals.Denied, uncertain)},
		{"cancelled", goldenRequest(approvals.Cancelled)},
		{"expired", goldenRequest(approvals.Expired)},
	} {
		g.about(c.r)
		g.add("Card status: "+c.title, CardStatus(c.r))
	}
}

func (g *golden) addOutcomes() {
	g.chapter("The thread: how a request ended")
	outcome := approvals.Job{Kind: approvals.JobPostOutcome}
	g.covered["job "+string(outcome.Kind)] = true
	done, failed := approvals.Done, approvals.Failed
	for _, c := range []situation{
		{"done", goldenRequest(done, withReason(approvals.ReasonConfirmed))},
		{"done, in two stages", goldenRequest(done, inStages, withReason(approvals.ReasonConfirmed), func(r *approvals.Request) {
			r.Votes = append(r.Votes, approvals.Vote{User: "U0ALEX", Stages: []int{1}})
		})},
		{"done, granted by the policy", goldenRequest(done, automatic, withReason(approvals.ReasonConfirmed))},
		{"done for a time", goldenRequest(done, timed, withReason(approvals.ReasonConfirmed))},
		{"done, one code in, one out", goldenRequest(done, exchanging, withOutcome(approvals.Outcome{Reason: approvals.ReasonConfirmed, Allocation: []string{"ATTUNU", "IDU"}}))},
		{"done, the group has no codes", goldenRequest(done, emptying, withOutcome(approvals.Outcome{Reason: approvals.ReasonConfirmed}))},
		{"done, seat limits", goldenRequest(done, limiting, withOutcome(approvals.Outcome{Reason: approvals.ReasonConfirmed, Allocation: []string{"ATTUNU", "IDU"}}))},
		{"done, UiPath's answer was lost", goldenRequest(done, withReason(approvals.ReasonReadBack))},
		{"done, a setting was dropped", goldenRequest(done, withReason(approvals.ReasonNotPreserved))},
		{"done, what stays is gone", goldenRequest(done, withOutcome(approvals.Outcome{Reason: approvals.ReasonReadBack, Allocation: []string{"RPADEVPRONU", "IDU"}}))},
		{"done, extended", goldenRequest(done, extending, withReason(approvals.ReasonExtended))},
		{"done, extended for good", goldenRequest(done, extending, withReason(approvals.ReasonExtended), func(r *approvals.Request) { r.Grant = nil })},
		{"failed, UiPath refused", goldenRequest(failed, withOutcome(approvals.Outcome{Reason: approvals.ReasonUiPathRefused, Answer: "403 Forbidden"}))},
		{"failed, UiPath refused and made a part", goldenRequest(failed, withOutcome(approvals.Outcome{Reason: approvals.ReasonUiPathRefused, Answer: "403 Forbidden", Allocation: []string{"ATTUNU", "IDU"}}))},
		{"failed, UiPath refused and took out what stays", goldenRequest(failed, withOutcome(approvals.Outcome{Reason: approvals.ReasonUiPathRefused, Answer: "400 Bad Request", Allocation: []string{"PMD"}}))},
		{"failed, UiPath refused a second attempt", goldenRequest(failed, withOutcome(approvals.Outcome{Reason: approvals.ReasonUiPathRefused, Answer: "403 Forbidden", Uncertain: true}))},
		{"failed, UiPath left codes out", goldenRequest(failed, withOutcome(approvals.Outcome{Reason: approvals.ReasonIncomplete, ConcernedCodes: []string{"IDU"}, Allocation: []string{"ATTUNU", "RPADEVPRONU"}}))},
		{"failed, its end has passed", goldenRequest(failed, withOutcome(approvals.Outcome{Reason: approvals.ReasonEndPassed}), func(r *approvals.Request) { r.Ask.Until = testTime })},
		{"failed, could not be carried out", goldenRequest(failed, withOutcome(approvals.Outcome{Reason: approvals.ReasonUnconfirmed, Answer: "UiPath does not answer"}))},
		{"failed, may have taken effect", goldenRequest(failed, withOutcome(approvals.Outcome{Reason: approvals.ReasonUnconfirmed, Answer: "UiPath does not answer", Uncertain: true}))},
		{"failed, UiPath refused, found since", goldenRequest(failed, foundSince, withOutcome(approvals.Outcome{Reason: approvals.ReasonUiPathRefused, Answer: "409: conflict", Allocation: []string{"ATTUNU"}}))},
		{"failed, UiPath left codes out, found since", goldenRequest(failed, foundSince, withOutcome(approvals.Outcome{Reason: approvals.ReasonIncomplete, ConcernedCodes: []string{"IDU"}, Allocation: []string{"ATTUNU"}}))},
		{"failed, may have taken effect, a part found since", goldenRequest(failed, foundSince, inPart, withOutcome(approvals.Outcome{Reason: approvals.ReasonUnconfirmed, Answer: "UiPath does not answer", Uncertain: true}))},
		{"superseded", goldenRequest(approvals.Superseded, withOutcome(approvals.Outcome{Reason: approvals.ReasonAllocationChanged, Allocation: []string{"PMD"}}))},
		{"superseded, found since", goldenRequest(approvals.Superseded, foundSince, withOutcome(approvals.Outcome{Reason: approvals.ReasonAllocationChanged, Allocation: []string{"PMD"}, Uncertain: true}))},
		{"superseded, nothing to extend, found since", goldenRequest(approvals.Superseded, extending, foundSince, withOutcome(approvals.Outcome{Reason: approvals.ReasonAllocationChanged, Allocation: []string{"ATTUNU"}, Uncertain: true}))},
		{"superseded, another channel, found since", goldenRequest(approvals.Superseded, foundSince, withOutcome(approvals.Outcome{Reason: approvals.ReasonChannelReplaced, Channel: "C0OTHER", Suggestions: []string{"R-ABCDEFGH"}, Uncertain: true}))},
		{"superseded, renamed", goldenRequest(approvals.Superseded, withOutcome(approvals.Outcome{Reason: approvals.ReasonGroupRenamed, Suggestions: []string{"Finance Admins"}, Allocation: []string{"PMD"}}))},
		{"superseded, the name is gone", goldenRequest(approvals.Superseded, withOutcome(approvals.Outcome{Reason: approvals.ReasonGroupRenamed, Allocation: []string{"PMD"}}))},
		{"superseded, forbidden today", goldenRequest(approvals.Superseded, withOutcome(approvals.Outcome{Reason: approvals.ReasonForbiddenNow, Allocation: []string{"PMD"},
			Violation: &approvals.Violation{Kind: approvals.ViolationDenied, Rule: "production", Codes: []string{"RPADEVPRONU"}, Message: "Ask the platform team."}}))},
		{"superseded, another channel", goldenRequest(approvals.Superseded, withOutcome(approvals.Outcome{Reason: approvals.ReasonChannelReplaced, Channel: "C0OTHER", Suggestions: []string{"R-ABCDEFGH"}}))},
		{"superseded, stricter today", goldenRequest(approvals.Superseded, withOutcome(approvals.Outcome{Reason: approvals.ReasonStricterNow, Allocation: []string{"PMD"}}))},
		{"superseded, may have taken effect", goldenRequest(approvals.Superseded, withOutcome(approvals.Outcome{Reason: approvals.ReasonAllocationChanged, Uncertain: true}))},
		{"superseded, nothing to extend", goldenRequest(approvals.Superseded, extending, withOutcome(approvals.Outcome{Reason: approvals.ReasonAllocationChanged, Allocation: []string{"ATTUNU"}}))},
		{"denied", goldenRequest(approvals.Denied, withReason(approvals.ReasonDeniedByVote))},
		{"denied, may have taken effect", goldenRequest(approvals.Denied, withReason(approvals.ReasonDeniedByVote), uncertain)},
		{"denied, a part found since", goldenRequest(approvals.Denied, withReason(approvals.ReasonDeniedByVote), uncertain, foundSince, inPart)},
		{"cancelled by the requester", goldenRequest(approvals.Cancelled, withOutcome(approvals.Outcome{Reason: approvals.ReasonWithdrawn, By: "U0ROBIN"}))},
		{"cancelled by an approver", goldenRequest(approvals.Cancelled, withOutcome(approvals.Outcome{Reason: approvals.ReasonCancelledByApprover, By: "U0ALEX", Comment: "the group is the wrong one"}))},
		{"cancelled by an approver, reason hidden", goldenRequest(approvals.Cancelled, withReason(approvals.ReasonCancelledByApprover))},
		{"the card was deleted", goldenRequest(approvals.Cancelled, withReason(approvals.ReasonCardDeleted))},
		{"expired", goldenRequest(approvals.Expired, withReason(approvals.ReasonDeadline))},
		{"expired, a reaction without a date", goldenRequest(approvals.Expired, func(r *approvals.Request) {
			r.Outcome.Reason, r.Outcome.Undated = approvals.ReasonDeadline, []string{"U0ANNA"}
		})},
		{"expired, one of three", goldenRequest(approvals.Expired, inStages, withReason(approvals.ReasonDeadline))},
	} {
		g.about(c.r)
		g.add("Outcome: "+c.title, phrases().ThreadReply(c.r, outcome))
	}
	g.add("Outcome: done, told after the end of its grant", phrases().ThreadReply(goldenRequest(done, timed, withReason(approvals.ReasonConfirmed)), afterItsEnd(outcome)))
	again := goldenRequest(approvals.Expired, withReason(approvals.ReasonDeadline))
	g.add("Outcome: with its button", blocksText(g.t, phrases().ReplyBlocks(again, outcome)))
	g.add("Asked again: known by the thread alone", CannotAskAgain(again.ID))
	if r := goldenRequest(done); phrases().DescribeOutcome(r) != phrases().ThreadReply(r, outcome) {
		g.t.Error("the thread does not tell the outcome")
	}
}

func (g *golden) addRefusals() {
	g.chapter("Private: a request that is not put before approvers")
	set := func(r *approvals.Request) { r.Ask.Action = approvals.Set }
	remove := func(r *approvals.Request) { r.Ask.Action = approvals.Remove }
	codes, refused := []string{"RPADEVPRONU", "IDU"}, approvals.Refused
	limited := func(r *approvals.Request) { r.Ask.Quotas = []approvals.Quota{{Code: "IDU", Limit: 2}} }
	for _, c := range []struct {
		title   string
		outcome approvals.Outcome
		change  aRequest
	}{
		{"no such group", approvals.Outcome{Reason: approvals.ReasonNoSuchGroup, Suggestions: []string{"Finance Robots", "Finance"}}, nil},
		{"no such group, none is near", approvals.Outcome{Reason: approvals.ReasonNoSuchGroup}, nil},
		{"several groups", approvals.Outcome{Reason: approvals.ReasonAmbiguousGroup, Suggestions: []string{"id-1", "id-2"}}, nil},
		{"an id that is only a name", approvals.Outcome{Reason: approvals.ReasonAmbiguousGroup, Suggestions: []string{"id-1"}}, func(r *approvals.Request) { r.Ask.Group = "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f" }},
		{"code not owned", approvals.Outcome{Reason: approvals.ReasonNotOwned, ConcernedCodes: []string{"IDU"}, Suggestions: []string{"PMD"}, Allocation: []string{"PMD", "RPADEVPRONU"}}, nil},
		{"nothing is owned", approvals.Outcome{Reason: approvals.ReasonNotOwned, ConcernedCodes: codes, Suggestions: []string{"", ""}}, nil},
		{"the group has it", approvals.Outcome{Reason: approvals.ReasonNothingToDo, ConcernedCodes: codes}, nil},
		{"the group does not have it", approvals.Outcome{Reason: approvals.ReasonNothingToDo, ConcernedCodes: codes, Allocation: []string{"ATTUNU"}}, remove},
		{"the group has exactly that", approvals.Outcome{Reason: approvals.ReasonNothingToDo, Allocation: codes}, set},
		{"the group is empty", approvals.Outcome{Reason: approvals.ReasonNothingToDo}, func(r *approvals.Request) { set(r); r.Ask.Codes, r.Ask.MayEmpty = nil, true }},
		{"the group would be empty", approvals.Outcome{Reason: approvals.ReasonWouldEmpty, ConcernedCodes: codes, Allocation: codes}, remove},
		{"limit below what is in use", approvals.Outcome{Reason: approvals.ReasonQuotaTooLow, ConcernedCodes: []string{"IDU"}, Suggestions: []string{"IDU=7"}}, limited},
		{"too much for a card", approvals.Outcome{Reason: approvals.ReasonTooLarge, ConcernedCodes: append(codes, "ACNU", "PMD"), Suggestions: []string{"ACNU", "IDU"}}, set},
		{"too much for a card, of one code", approvals.Outcome{Reason: approvals.ReasonTooLarge, ConcernedCodes: codes[:1]}, nil},
		{"limit without the code", approvals.Outcome{Reason: approvals.ReasonQuotaWithoutCode, ConcernedCodes: []string{"IDU"}}, limited},
		{"a time for nothing", approvals.Outcome{Reason: approvals.ReasonNothingToTime, ConcernedCodes: []string{"IDU"}}, nil},
		{"the end has passed", approvals.Outcome{Reason: approvals.ReasonEndPassed}, func(r *approvals.Request) { r.Ask.Until = testTime }},
		{"asked already", approvals.Outcome{Reason: approvals.ReasonDuplicate, Suggestions: []string{"R-ABCDEFGH"}}, nil},
		{"asked already, by an unknown request", approvals.Outcome{Reason: approvals.ReasonDuplicate}, nil},
		{"nobody can approve it", approvals.Outcome{Reason: approvals.ReasonNoApprovers, Lacking: &approvals.LackOfApproversError{
			Rule: "finance", Needed: 2, Missing: 1,
		}}, nil},
		{"nobody who can approve it sees the channel", approvals.Outcome{Reason: approvals.ReasonNoApprovers, Lacking: &approvals.LackOfApproversError{
			Rule: "finance", Needed: 2, Missing: 2, Outside: []string{"UALEX", "UKIM"},
		}}, nil},
		{"one more has to see the channel", approvals.Outcome{Reason: approvals.ReasonNoApprovers, Lacking: &approvals.LackOfApproversError{
			Rule: "finance", Needed: 2, Missing: 1, Outside: []string{"UALEX", "UKIM"},
		}}, nil},
		{"too few even in the channel", approvals.Outcome{Reason: approvals.ReasonNoApprovers, Lacking: &approvals.LackOfApproversError{
			Needed: 2, Missing: 2, Outside: []string{"UALEX"},
		}}, nil},
		{"Slack cannot be asked", approvals.Outcome{Reason: approvals.ReasonUncheckable, Answer: "missing_scope"}, nil},
		{"UiPath refuses to read", approvals.Outcome{Reason: approvals.ReasonUiPathRefused, Answer: "403 Forbidden"}, nil},
		{"the policy, without more", approvals.Outcome{Reason: approvals.ReasonPolicy}, nil},
	} {
		r := goldenRequest(refused, withOutcome(c.outcome))
		if c.change != nil {
			c.change(&r)
		}
		g.about(r)
		g.add("Refused: "+c.title, phrases().RequesterNotice(r))
	}
	refusal := goldenRequest(refused, withOutcome(approvals.Outcome{Reason: approvals.ReasonNoSuchGroup, Suggestions: []string{"Finance Robots"}}))
	g.add("Refused: with its button", blocksText(g.t, phrases().NoticeBlocks(refusal, phrases().RequesterNotice(refusal))))
	g.addViolations(set)
}

func (g *golden) addViolations(set aRequest) {
	limited := func(r *approvals.Request) { r.Ask.Quotas = []approvals.Quota{{Code: "IDU", Limit: 2}} }
	const day = 24 * time.Hour
	codes := []string{"RPADEVPRONU", "IDU"}
	parts := []approvals.Part{{Rule: "costly", Codes: codes[:1]}, {Rule: "cheap", Codes: codes[1:]}}
	for _, c := range []struct {
		title     string
		violation approvals.Violation
		change    aRequest
	}{
		{"the group's name is not known", approvals.Violation{Kind: approvals.ViolationUnnamedGroup}, nil},
		{"no rule", approvals.Violation{Kind: approvals.ViolationNotAllowed, Codes: codes[:1]}, nil},
		{"granted by itself for other actions", approvals.Violation{Kind: approvals.ViolationNeedsPeople, Codes: codes[:1], Actions: []approvals.Action{approvals.Add, approvals.ActionQuota}}, nil},
		{"granted by itself for a time", approvals.Violation{Kind: approvals.ViolationNeedsPeople, Codes: codes[:1], MaxDuration: 14 * day}, timed},
		{"denied", approvals.Violation{Kind: approvals.ViolationDenied, Codes: codes[:1]}, nil},
		{"denied, in the rule's words", approvals.Violation{Kind: approvals.ViolationDenied, Codes: codes, Message: "Finance buys these itself."}, nil},
		{"protected group", approvals.Violation{Kind: approvals.ViolationProtectedGroup}, nil},
		{"several rules", approvals.Violation{Kind: approvals.ViolationMixedRules, Parts: parts}, nil},
		{"several rules, set", approvals.Violation{Kind: approvals.ViolationMixedRules, Parts: append(parts, approvals.Part{Rule: "old", Codes: []string{"PMD"}})}, set},
		{"several rules, one about the limit", approvals.Violation{Kind: approvals.ViolationMixedRules, Parts: []approvals.Part{{Rule: "limits", Codes: []string{"IDU"}, OnlyQuotas: true}, {Rule: "adding", Codes: []string{"IDU", "RPADEVPRONU"}}}}, limited},
		{"no reason", approvals.Violation{Kind: approvals.ViolationReasonMissing}, nil},
		{"no reason, with a hint", approvals.Violation{Kind: approvals.ViolationReasonMissing, Hint: "a ticket, such as FIN-1"}, nil},
		{"wrong reason", approvals.Violation{Kind: approvals.ViolationReasonShape, Pattern: "FIN-[0-9]+"}, nil},
		{"too many codes", approvals.Violation{Kind: approvals.ViolationTooManyCodes, MaxCodes: 1, Codes: codes}, nil},
		{"too many codes, set", approvals.Violation{Kind: approvals.ViolationTooManyCodes, MaxCodes: 1, Codes: codes}, set},
		{"has to end", approvals.Violation{Kind: approvals.ViolationMustEnd, MaxDuration: 14 * day, Codes: codes}, nil},
		{"has to end, without a longest time", approvals.Violation{Kind: approvals.ViolationMustEnd, Codes: codes}, nil},
		{"too long", approvals.Violation{Kind: approvals.ViolationTooLong, MaxDuration: 14 * day, Codes: codes}, timed},
		{"no seat limit", approvals.Violation{Kind: approvals.ViolationQuotaMissing, MaxSeats: 10, Codes: codes}, nil},
		{"too few seats", approvals.Violation{
			Kind: approvals.ViolationNoSeats, Codes: codes,
			Shortages: approvals.Change{Add: []string{"IDU"}}.Shortages(fewSeats()),
		}, nil},
		{"too many seats", approvals.Violation{Kind: approvals.ViolationTooManySeats, MaxSeats: 1, Codes: codes[:1]}, nil},
		{"a kind of a later version", approvals.Violation{Kind: "new"}, nil},
	} {
		if c.violation.Kind != approvals.ViolationNotAllowed && c.violation.Kind != approvals.ViolationMixedRules {
			c.violation.Rule = "finance"
		}
		r := goldenRequest(approvals.Refused, withOutcome(approvals.Outcome{Reason: approvals.ReasonPolicy, Violation: &c.violation}))
		if c.change != nil {
			c.change(&r)
		}
		g.about(r)
		g.add("Policy: "+c.title, phrases().RequesterNotice(r))
	}
}

func (g *golden) reply(title string, r approvals.Request, job approvals.Job) {
	g.covered["job "+string(job.Kind)] = true
	for _, lost := range job.Payload.Lost {
		g.covered["eligibility "+string(lost.Reason)] = true
	}
	g.about(r)
	g.add(title, phrases().ThreadReply(r, job))
}

func (g *golden) addReplies() {
	g.chapter("The thread: while a request is open")
	remind := approvals.Job{Kind: approvals.JobRemind, Payload: approvals.Payload{Mention: []string{"U0ALEX", "S0SECURITY"}}}
	g.reply("Reminder", goldenRequest(approvals.Pending), remind)
	g.reply("Reminder: in stages", goldenRequest(approvals.Pending, inStages), remind)
	g.reply("Delay", goldenRequest(approvals.Approved, withDelay("UiPath does not answer")), approvals.Job{Kind: approvals.JobPostDelay})
	found := approvals.Job{Kind: approvals.JobPostEffect, Payload: approvals.Payload{Codes: []string{"ATTUNU", "IDU", "RPADEVPRONU"}}}
	g.reply("In effect after all", goldenRequest(approvals.Failed, withReason(approvals.ReasonUiPathRefused), timed), found)
	short := goldenRequest(approvals.Failed, withReason(approvals.ReasonUiPathRefused), func(r *approvals.Request) {
		r.Grant = &approvals.Grant{Codes: []string{"IDU"}, Until: testTime.Add(time.Hour)}
	})
	g.add("In effect after all, told before its end", phrases().ThreadReply(short, found))
	g.add("In effect after all, told after its end", phrases().ThreadReply(short, afterItsEnd(found)))
	g.reply("Delay: granted by the policy", goldenRequest(approvals.Approved, automatic, withDelay("UiPath asked the bot to slow down")), approvals.Job{Kind: approvals.JobPostDelay})
	lost := func(reasons ...approvals.Eligibility) approvals.Job {
		job := approvals.Job{Kind: approvals.JobPostConsentLost}
		for i, reason := range reasons {
			job.Payload.Lost = append(job.Payload.Lost, approvals.LostConsent{User: []string{"U0ALEX", "U0KIM"}[i%2], Reason: reason})
		}
		return job
	}
	pending := goldenRequest(approvals.Pending)
	g.reply("Consent lost", pending, lost(approvals.Withdrawn, approvals.NotApprover))
	g.reply("Consent lost: by the policy of today", pending, lost(approvals.NotToday))
	g.reply("Consent lost: in a stage", goldenRequest(approvals.Pending, inStages), lost(approvals.LostStage))
	g.reply("Consent lost: other reasons", pending, lost(approvals.Deactivated, approvals.IsLate, approvals.IsUndated, approvals.Uncheckable, approvals.IsGuest))
	g.reply("Consent lost: not shown", pending, lost(approvals.NotShown))
	g.reply("Consent lost: no person is known", pending, lost())
	g.reply("Consent lost: a write was tried", goldenRequest(approvals.Pending, func(r *approvals.Request) { r.WriteAttempted = true }), lost(approvals.Withdrawn))
	g.reply("Consent lost: closed meanwhile", goldenRequest(approvals.Denied), lost(approvals.Withdrawn))
	for _, press := range []approvals.Press{
		{User: "U0ALEX", Button: approvals.PressApprove}, {User: "U0ALEX", Button: approvals.PressDeny},
		{User: "U0ALEX", Button: approvals.PressDeny, Comment: "this group has its own budget"},
		{User: "U0ALEX", Button: approvals.PressWithdraw},
	} {
		title := "Button: " + string(press.Button)
		if press.Comment != "" {
			title += ", with a comment"
		}
		g.reply(title, pending, approvals.Job{Kind: approvals.JobPostPress, Payload: approvals.Payload{Press: &press}})
	}
	g.reply("More people are asked", goldenRequest(approvals.Pending, escalated), approvals.Job{
		Kind: approvals.JobPostEscalation, Payload: approvals.Payload{Mention: []string{"U0KIM"}},
	})
	g.covered["job "+string(approvals.JobRemoveDoubles)] = true
	g.add("A double that cannot be deleted", DescribeDouble(pending, approvals.Repeated, goldenLink))
	g.add("A hold-up that came after the outcome and cannot be deleted", DescribeDouble(pending, approvals.Late, goldenLink))
	g.add("A card that came after the first one was deleted", DescribeDouble(pending, approvals.Orphan, ""))
	g.add("A reply whose thread is gone and that cannot be deleted", DescribeDouble(pending, approvals.Stray, ""))
}

func (g *golden) addRevocations() {
	g.chapter("The thread: licenses for a time")
	done := approvals.Done
	codes := []string{"IDU", "RPADEVPRONU"}
	warn := approvals.Job{Kind: approvals.JobWarnExpiry, Payload: approvals.Payload{Codes: codes}}
	g.reply("Warning", goldenRequest(done, timed), warn)
	g.reply("Warning: until a day", goldenRequest(done, timed, func(r *approvals.Request) { r.Ask.For, r.Ask.Until = 0, testTime.AddDate(0, 1, 0) }), warn)
	overdue := goldenRequest(done, timed, func(r *approvals.Request) { r.Grant.DelayReason = "UiPath does not answer" })
	g.reply("The end is delayed", overdue, approvals.Job{Kind: approvals.JobPostRevocationDelay})
	ended := approvals.Job{Kind: approvals.JobPostRevocation}
	left := []string{"ATTUNU"}
	for _, c := range []struct {
		title string
		e     approvals.Revocation
	}{
		{"all codes are out", approvals.Revocation{Removed: codes, Allocation: left}},
		{"one code is out, one was gone", approvals.Revocation{Removed: codes[:1], Absent: codes[1:], Allocation: left}},
		{"UiPath's answer was lost", approvals.Revocation{Absent: codes, ReadBack: true, Allocation: left}},
		{"all codes stay", approvals.Revocation{Kept: []approvals.KeptCode{
			{Code: "IDU", Request: "R-ABCDEFGH"}, {Code: "PMD", Request: "R-BCDEFGHJ", Until: testTime.AddDate(0, 2, 0)}, {Code: "RPADEVPRONU"},
		}, Allocation: codes}},
		{"codes may be needed by requests that only the channel tells of", approvals.Revocation{Kept: []approvals.KeptCode{
			{Code: "IDU", Request: "R-ABCDEFGH", Foreign: true}, {Code: "RPADEVPRONU", Request: "R-BCDEFGHJ", Until: testTime.AddDate(0, 2, 0), Foreign: true},
		}, Allocation: codes}},
		{"a setting was dropped", approvals.Revocation{Removed: codes, NotPreserved: true}},
		{"UiPath refuses", approvals.Revocation{Remaining: codes, Answer: "403 Forbidden", Allocation: codes}},
		{"UiPath refuses to show it", approvals.Revocation{Remaining: codes, Answer: "404 Not Found"}},
		{"codes are left after a yes", approvals.Revocation{Removed: codes[1:], Remaining: codes[:1], Allocation: codes[:1]}},
		{"seat limits are not known", approvals.Revocation{Remaining: codes, QuotasUnknown: true, Allocation: codes}},
		{"the use of external licenses is not known", approvals.Revocation{Remaining: codes, ExternalUnknown: true, Allocation: codes}},
		{"uncertain", approvals.Revocation{Remaining: codes[:1], Uncertain: true, Answer: "403 Forbidden"}},
	} {
		g.reply("Ended: "+c.title, goldenRequest(done, withRevocation(c.e)), ended)
	}
	early := goldenRequest(done, withRevocation(approvals.Revocation{Removed: codes, Allocation: left}), func(r *approvals.Request) { r.Grant.EndedBy = "U0ALEX" })
	g.reply("Ended: early", early, ended)
}

func (g *golden) addPrivateWords() {
	g.chapter("Private: to the requester")
	for _, c := range []situation{
		{"cannot be checked yet", goldenRequest(approvals.Filed, withDelay("UiPath does not answer"))},
		{"the card cannot be posted yet", goldenRequest(approvals.Pending, withDelay("Slack asked the bot to slow down"), withoutCard)},
		{"the channel is closed to the bot", goldenRequest(approvals.Pending, withDelay("the bot is not in the approvals channel; invite it there with /invite"))},
		{"expired without a card", goldenRequest(approvals.Expired, withReason(approvals.ReasonDeadline), withoutCard)},
		{"denied, the card is gone", goldenRequest(approvals.Denied, withReason(approvals.ReasonDeniedByVote))},
		{"done, the card is gone", goldenRequest(approvals.Done, withReason(approvals.ReasonConfirmed))},
		{"done, with too few seats", goldenRequest(approvals.Done, withReason(approvals.ReasonConfirmed), withFewSeats)},
	} {
		g.about(c.r)
		kind := approvals.JobTellRequester
		if c.r.State.Open() {
			kind = approvals.JobTellDelay
		}
		g.covered["job "+string(kind)] = true
		g.add("Private: "+c.title, phrases().PrivateNotice(c.r, approvals.Job{Kind: kind}))
	}
	warned := goldenRequest(approvals.Done, timed)
	g.add("Private: a grant ends, the card is gone", phrases().PrivateNotice(warned, approvals.Job{
		Kind: approvals.JobWarnExpiry, Payload: approvals.Payload{Codes: []string{"IDU"}},
	}))
	g.chapter("Private: to a person who votes")
	g.covered["job "+string(approvals.JobTellVoter)] = true
	for _, why := range []approvals.Eligibility{
		approvals.IsBot, approvals.Deactivated, approvals.IsExternal, approvals.IsGuest, approvals.IsRequester, approvals.IsLate,
		approvals.IsUndated, approvals.NotApprover, approvals.NotToday, approvals.Uncheckable, approvals.OtherEmoji,
	} {
		g.covered["eligibility "+string(why)] = true
		g.add("Vote: "+string(why), phrases().TellVoter(goldenRequest(approvals.Pending), why))
	}
	g.add("Vote: other emoji, on a card with buttons", phrases().TellVoter(goldenRequest(approvals.Pending, withButtons), approvals.OtherEmoji))
	g.add("Vote: counts, more are needed", phrases().TellVoter(goldenRequest(approvals.Pending, inStages), approvals.Counts))
	g.add("Button: withdrawn", ConfirmWithdrawal(goldenRequest(approvals.Pending)))
	g.add("Button: withdrawn after the approval", ConfirmWithdrawal(goldenRequest(approvals.Approved)))
	g.add("Button: not recorded", PressAgain(command.ExampleID))
	g.add("Button: pressed before", AlreadyPressed(command.ExampleID))
	g.add("Button: too late", PressTooLate("/allocate", command.ExampleID))
	v := RenderDenyForm(command.ExampleID, "")
	g.add("Button: the form of a denial", fmt.Sprintf("# %s\n%s\n[%s] [%s]",
		v.Title.Text, blocksText(g.t, v.Blocks.BlockSet), v.Submit.Text, v.Close.Text))
}

func (g *golden) addCancelAnswers() {
	g.chapter("Answers to cancel and end")
	g.add("No such request", ExplainUnknownRequest(command.ExampleID))
	g.add("A request of another organization", ExplainForeign(command.ExampleID, &approvals.ForeignError{
		Request: approvals.Target{Organization: "acme", AccountID: "a-1"}, Bot: approvals.Target{Organization: "beta", AccountID: "b-2"},
	}))
	g.add("Cancelled", ConfirmCancel(goldenRequest(approvals.Cancelled)))
	g.add("Cancelled: a write was tried", ConfirmCancel(goldenRequest(approvals.Cancelled, uncertain)))
	for _, c := range []struct {
		title string
		err   error
		state approvals.State
	}{
		{"ended already", approvals.ErrNoTransition, approvals.Done},
		{"approved already", approvals.ErrNoTransition, approvals.Approved},
		{"an approver gives no reason", approvals.ErrReasonRequired, approvals.Pending},
		{"Slack does not answer", approvals.ErrVoterUncheckable, approvals.Pending},
		{"not permitted", approvals.ErrNotPermitted, approvals.Pending},
	} {
		g.add("Not cancelled: "+c.title, phrases().ExplainNotCancelled("/allocate", command.ExampleID, c.err, c.state))
	}
	granted := goldenRequest(approvals.Done, timed)
	g.add("Ended by command", ConfirmRevoke(granted))
	g.add("Not ended: Slack does not answer", ExplainNotRevoked(granted, approvals.ErrVoterUncheckable))
	g.add("Not ended: not permitted", ExplainNotRevoked(granted, approvals.ErrNotPermitted))
	g.add("Not ended: over already", ExplainNotRevoked(granted, approvals.ErrNoTransition))
	g.add("Not extended: over", ExplainNotExtended(goldenRequest(approvals.Done)))
	g.add("Not ended: not granted yet", ExplainNotRevoked(goldenRequest(approvals.Pending), approvals.ErrNoTransition))
	g.add("Not ended: for good", ExplainNotRevoked(goldenRequest(approvals.Done), approvals.ErrNoTransition))
}

func (g *golden) addLists() {
	g.chapter("Lists and status")
	waits, staged := goldenRequest(approvals.Pending), goldenRequest(approvals.Pending, inStages)
	every := []approvals.Request{goldenRequest(approvals.Filed), waits, staged, goldenRequest(approvals.Pending, exchanging), goldenRequest(approvals.Pending, emptying), goldenRequest(approvals.Pending, timed)}
	for _, state := range approvals.States() {
		if state != approvals.Filed && state != approvals.Pending {
			every = append(every, goldenRequest(state))
		}
	}
	g.add("mine: none", ListOwn("/allocate", Page{Number: 1}))
	g.add("mine", ListOwn("/allocate", Page{Requests: every, Total: len(every), Number: 1}))
	g.add("mine: first of two pages", ListOwn("/allocate", Page{Requests: every[:1], Total: 11, Number: 1}))
	g.add("mine: no such page", ListOwn("/allocate", Page{Total: 11, Number: 3}))
	g.add("pending: none", ListPending("/allocate", Page{Number: 1}))
	g.add("pending", ListPending("/allocate", Page{Requests: []approvals.Request{waits, staged}, Total: 2, Number: 1, Approvable: map[string]bool{waits.ID: true}}))
	g.add("status: none open", SummarizeOpen("/allocate", nil))
	g.add("status", SummarizeOpen("/allocate", map[approvals.State]int{approvals.Filed: 1, approvals.Pending: 3, approvals.Approved: 1}))
	g.add("A question while the database does not answer", QueryFailed())
	details := []situation{
		{"recorded", goldenRequest(approvals.Filed)},
		{"recorded, delayed", goldenRequest(approvals.Filed, withDelay("UiPath does not answer"))},
		{"refused", goldenRequest(approvals.Refused, withOutcome(approvals.Outcome{Reason: approvals.ReasonNothingToDo, ConcernedCodes: []string{"RPADEVPRONU", "IDU"}}))},
		{"waits", goldenRequest(approvals.Pending, func(r *approvals.Request) { r.Ask.Reason = "FIN-123" })},
		{"waits without a card", goldenRequest(approvals.Pending, withDelay("Slack does not answer"), withoutCard)},
		{"waits in stages", staged},
		{"waits for the last of two", goldenRequest(approvals.Pending, func(r *approvals.Request) {
			r.Terms.SelfApproval = true
			r.Terms.Stages = []approvals.Stage{{Approvers: []string{"U0ALEX", "U0KIM"}, Quorum: 2}}
			r.Votes = []approvals.Vote{{User: "U0KIM", Stages: []int{0}}}
		})},
		{"waits, granted by the policy", goldenRequest(approvals.Pending, automatic)},
		{"approved", goldenRequest(approvals.Approved)},
		{"done", goldenRequest(approvals.Done, withReason(approvals.ReasonConfirmed))},
		{"done for a time", goldenRequest(approvals.Done, timed, withReason(approvals.ReasonConfirmed))},
		{"being ended early", goldenRequest(approvals.Done, timed, withReason(approvals.ReasonConfirmed), func(r *approvals.Request) { r.Grant.EndedBy = "U0ALEX" })},
		{"ended", goldenRequest(approvals.Done, withReason(approvals.ReasonConfirmed), withRevocation(approvals.Revocation{
			At: testTime.AddDate(0, 0, 30), Removed: []string{"IDU", "RPADEVPRONU"}, Allocation: []string{"ATTUNU"},
		}))},
		{"only the channel tells its end", goldenRequest(approvals.Failed, withReason(approvals.ReasonFromChannel))},
		{"only the channel tells its end, for a time", goldenRequest(approvals.Done, timed, withReason(approvals.ReasonFromChannel))},
		{"only the channel tells what its card asks", goldenRequest(approvals.Cancelled, withReason(approvals.ReasonFromChannel), func(r *approvals.Request) { r.Proposal = nil })},
	}
	g.add("mine: ended", ListOwn("/allocate", Page{Requests: []approvals.Request{details[len(details)-4].r}, Total: 1, Number: 1}))
	for _, c := range details {
		g.about(c.r)
		g.add("status of a request: "+c.title, phrases().DescribeRequest("/allocate", c.r, linkOf(c.r)))
	}
	for _, c := range details {
		g.add("why: "+c.title, phrases().ExplainRequest(c.r, linkOf(c.r)))
	}
}

// linkOf is the address of a request's card, if it has one.
func linkOf(r approvals.Request) string {
	if r.CardTS == "" {
		return ""
	}
	return goldenLink
}

func (g *golden) addLookups() {
	g.chapter("Answers that UiPath gives")
	g.add("Looking up", LookingUp())
	finance := approvals.Group{ID: "group-01", Name: "Finance Robots"}
	owned := []approvals.Seats{{Code: "ATTUNU", Allocated: 12, Total: 50}, {Code: "IDU", Allocated: 1, Total: 1}}
	g.add("show", phrases().ShowAllocation("/allocate", finance, approvals.Allocation{
		Codes: []string{"ATTUNU", "IDU", "PMD"}, Owned: owned, UseExternalLicense: true, Quotas: []approvals.Quota{{Code: "ATTUNU", Limit: 10, Used: 3}},
	}, []approvals.Request{goldenRequest(approvals.Pending)}, 1))
	g.add("show: no codes", phrases().ShowAllocation("/allocate", finance, approvals.Allocation{}, nil, 1))
	g.add("show: many requests", phrases().ShowAllocation("/allocate", finance, approvals.Allocation{}, slices.Repeat([]approvals.Request{goldenRequest(approvals.Filed)}, PageSize+1), 1))
	holders := []approvals.GroupAllocation{
		{Group: approvals.Group{ID: "group-07", Name: "Squad 7"}, Allocation: approvals.Allocation{Codes: []string{"IDU"}}},
		{Group: finance, Allocation: approvals.Allocation{Codes: []string{"ATTUNU", "IDU"}, Quotas: []approvals.Quota{{Code: "IDU", Limit: 10, Used: 3}}}},
		{Group: approvals.Group{ID: "group-08", Name: "Squad 8"}, Untold: true},
	}
	g.add("show a license", phrases().ListHolders("/allocate", "IDU", holders, 1))
	g.add("show a license: no group has it", phrases().ListHolders("/allocate", "PMD", holders[:2], 1))
	g.add("codes", phrases().ListOwnedCodes("/allocate", owned, nil, 1))
	g.add("codes: with packs", phrases().ListOwnedCodes("/allocate", owned, goldenPacks(), 1))
	many := slices.Repeat(owned, 40)
	g.add("codes: the second page", phrases().ListOwnedCodes("/allocate", many, nil, 2))
	g.add("codes: no such page", phrases().ListOwnedCodes("/allocate", many, nil, 9))
	g.add("codes: none", phrases().ListOwnedCodes("/allocate", nil, nil, 1))
	for _, c := range []struct {
		title string
		err   error
	}{
		{"no such group", &approvals.GroupError{Candidates: []string{"Finance Robots"}}},
		{"no such group, none is near", &approvals.GroupError{}},
		{"several groups", &approvals.GroupError{Candidates: []string{"id-1", "id-2"}, Ambiguous: true}},
		{"UiPath refuses", &approvals.RefusedError{Answer: "404: No account license is allocated."}},
		{"an operator has to act", signInRefused()},
		{"UiPath delays", &approvals.DelayError{Reason: "UiPath does not answer"}},
		{"no answer", errors.New("timeout")},
	} {
		g.add("Not shown: "+c.title, ExplainLookupError("/allocate", "Finance", c.err))
	}
}

// fewSeats are none of one code, and fewer than are in use of another.
func fewSeats() []approvals.Seats {
	return []approvals.Seats{{Code: "IDU", Allocated: 10, Total: 10}, {Code: "RPADEVPRONU", Allocated: 42, Total: 40}}
}

// withFewSeats asks for more than the organization has.
func withFewSeats(r *approvals.Request) {
	r.Proposal.Change.Quotas = []approvals.QuotaChange{{Code: "RPADEVPRONU", To: 50}}
	r.Proposal.Seats = fewSeats()
	if r.Outcome != nil {
		r.Outcome.Seats = fewSeats()
	}
}

func goldenPacks() []approvals.Pack {
	return []approvals.Pack{{Name: "developer", Codes: []string{"RPADEVPRONU", "IDU"}}, {Name: "tester", Codes: []string{"TSTNU"}}}
}

func signInRefused() error {
	return &approvals.OperatorError{
		Cause: "UiPath refuses the bot's sign-in", Code: "invalid_client", Variable: "UIPATH_CLIENT_SECRET",
	}
}

func (g *golden) addForm() {
	g.chapter("The form")
	draw := func(o Offer, d FormDraft) string {
		v := phrases().RenderForm("", o, d)
		return fmt.Sprintf("# %s\n%s\n[%s] [%s]", v.Title.Text, blocksText(g.t, v.Blocks.BlockSet), v.Submit.Text, v.Close.Text)
	}
	known := Offer{HasGroups: true, Codes: []approvals.Seats{{Code: "IDU", Allocated: 1, Total: 10}}}
	g.add("Form", draw(known, FormDraft{}))
	g.add("Form: UiPath does not answer", draw(Offer{Named: []string{"ATTUNU", "IDU"}}, FormDraft{}))
	packs := Offer{HasGroups: true, Codes: known.Codes, Packs: goldenPacks()}
	g.add("Form: with packs", draw(packs, FormDraft{}))
	g.add("Form: with packs, UiPath does not answer", draw(Offer{Packs: goldenPacks(), Named: []string{"IDU"}}, FormDraft{}))
	g.add("Form: nothing is known", draw(Offer{}, FormDraft{}))
	g.add("Form: extend a grant", draw(known, DraftExtension(goldenRequest(approvals.Done, timed))))
	g.add("Form: filled in", draw(known, DraftOf(approvals.Ask{
		Action: approvals.Remove, Group: "Finance Robots", Codes: []string{"IDU", "PMD"}, Quotas: []approvals.Quota{{Code: "IDU", Limit: 5}},
		Until: testTime.AddDate(0, 1, 0), Reason: "audit",
	})))
	g.add("Form: after a command", draw(known, FormDraft{Group: "group-01", Codes: []string{"IDU"}, Term: TermBelow, Problem: "for 1m can be months or minutes."}))
	g.add("Form: after a refusal", draw(known, DraftRefused(goldenRequest(approvals.Refused))))
	g.add("Form: ask again with another end", draw(known, DraftAgain(goldenRequest(approvals.Expired, func(r *approvals.Request) { r.Ask.Until = testTime }))))
	g.add("Form: of another version", FormOutdated())
	g.add("Form: the end is missing", EndMissing())
	options := func(o Options) string {
		var lines []string
		for _, option := range o.Options {
			line := option.Text.Text
			if option.Description != nil {
				line += " / " + option.Description.Text
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n")
	}
	g.add("Form: groups found", options(GroupOptions("fin", []approvals.Group{{ID: "group-01", Name: "Finance"}, {ID: "group-02", Name: "Finance"}, {ID: "group-03"}})))
	g.add("Form: no group found", options(GroupOptions("Fin", nil)))
	_, err := command.Parse("/allocate", "group-01 IDU=0", testTime)
	wrong, _ := errors.AsType[*command.Error](err)
	fieldErrors, err := json.Marshal(FieldErrors(map[string]string{FieldCodes: PlainProblem(wrong)}))
	if err != nil {
		g.t.Error(err)
	}
	g.add("Form: a wrong field", string(fieldErrors))
	g.add("Form: both a time and an end", TermTwice())
	g.add("Form: the policy asks for a reason", PlainReasonProblem(&approvals.Violation{
		Kind: approvals.ViolationReasonMissing, Rule: "production", Hint: "a ticket, such as OPS-123"}))
	g.add("Form: an end that says more", UntilUnclear())
	g.add("Form: a limit for another license", SeatsOfOther())
	g.add("Form: a limit for one of several licenses", SeatsOfWhich())
	g.add("Form: the database refuses it", FormNotStored())
	g.add("Form: too many wait", FormBusy())
	g.add("Form: from another workspace", FormForeign())
	g.add("Form: of a person whom Slack does not tell", FormOfUnknown())
	g.add("Form: makes the bot fail", FormBroken())
	g.add("Form: cannot be opened", phrases().FormNotOpened("/allocate"))
}

func (g *golden) addHome() {
	g.chapter("The Home tab")
	link := func(string, string) string { return goldenLink }
	draw := func(c HomeContent) string {
		c.Link = link
		return blocksText(g.t, phrases().RenderHome(c).Blocks.BlockSet)
	}
	g.add("Home: empty", draw(HomeContent{}))
	finance := approvals.PolicyRule{Name: "finance"}
	g.add("Home: lists and problems", draw(HomeContent{
		Pages: HomePages{Waiting: 1}, Waiting: slices.Repeat([]approvals.Request{goldenRequest(approvals.Pending)}, 11),
		Own: []approvals.Request{
			goldenRequest(approvals.Filed), goldenRequest(approvals.Filed, withDelay("UiPath does not answer")), goldenRequest(approvals.Pending, withoutCard),
		},
		Closed: []approvals.Request{goldenRequest(approvals.Refused), goldenRequest(approvals.Done), goldenRequest(approvals.Expired)},
		Problems: []string{
			ExplainUiPathProblem(errors.New("timeout")), ExplainUiPathProblem(&approvals.RefusedError{}), ExplainUiPathProblem(signInRefused()), ExplainLostConnections(1, 2),
			ExplainSetupProblems([]string{"slack.scopes", "database.durable"}), ExplainShortStage(finance, 2, 1, nil), ExplainShortStage(approvals.PolicyRule{}, 2, 1, nil), ExplainShortStage(finance, 2, 1, errors.New("timeout")),
		},
	}))
	g.add("Home: decisions and grants", draw(HomeContent{
		Waiting: []approvals.Request{
			goldenRequest(approvals.Pending, withButtons), goldenRequest(approvals.Pending, withButtons, exchanging),
			goldenRequest(approvals.Pending, withButtons, timed, limiting), buttoned(largestStagedSet(approvals.Pending)),
		},
		Approved: []approvals.Request{goldenRequest(approvals.Pending, inStages, withButtons)},
		Grants: []approvals.Request{
			goldenRequest(approvals.Done, timed), goldenRequest(approvals.Done, timed, func(r *approvals.Request) { r.Grant.EndedBy = "U0ALEX" }),
			goldenRequest(approvals.Done, withRevocation(approvals.Revocation{Remaining: []string{"IDU"}})),
		},
	}))
	g.add("Home: Slack does not answer", draw(HomeContent{Unsure: true}))
}

func (g *golden) addOutsideChanges() {
	g.chapter("Changes outside of the bot")
	change := func(edit func(*approvals.OutsideChange)) string {
		c := approvals.OutsideChange{
			ID: "C-00000000", Group: approvals.Group{ID: "group-01", Name: "Finance Robots"},
			Items: []string{"ATTUNU", "IDU"}, Since: testTime, SeenAt: testTime.Add(approvals.WatchEvery),
		}
		edit(&c)
		return phrases().DescribeOutsideChange(c)
	}
	g.add("Outside: a code added, with an entry of the audit log", change(func(c *approvals.OutsideChange) {
		c.Gained = []string{"IDU"}
		c.Edits = []approvals.PortalEdit{{At: testTime.Add(time.Minute), By: "admin@example.com", What: "Group allocation updated"}}
	}))
	g.add("Outside: with its button", blocksText(g.t, phrases().OutsideBlocks(approvals.UntoldChange{
		OutsideChange: approvals.OutsideChange{
			Group: approvals.Group{ID: "group-01"}, Gained: []string{"IDU"}, Items: []string{"ATTUNU", "IDU"},
			Since: testTime, SeenAt: testTime.Add(approvals.WatchEvery),
		},
		Button: true,
	})))
	g.add("Outside: codes exchanged", change(func(c *approvals.OutsideChange) {
		c.Gained, c.Lost = []string{"IDU"}, []string{"RPADEVPRONU", "RPADEVPRONU=5"}
	}))
	g.add("Outside: seen while the channel was unread", change(func(c *approvals.OutsideChange) {
		c.Gained, c.Unread = []string{"IDU"}, true
	}))
	g.add("Outside: a seat limit added", change(func(c *approvals.OutsideChange) {
		c.Gained, c.Items = []string{"IDU=10"}, []string{"ATTUNU", "IDU", "IDU=10"}
	}))
	g.add("Outside: the last code removed", change(func(c *approvals.OutsideChange) { c.Lost, c.Items = []string{"IDU"}, nil }))
	g.add("Outside: the group is gone", change(func(c *approvals.OutsideChange) {
		c.Lost, c.Items, c.Gone = []string{"IDU"}, nil, true
	}))
}
