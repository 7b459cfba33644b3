package message

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// ExplainRequest tells why a request is where it is: which rule decides, who has
// to approve, who did, how many are missing, until when, and what happens then.
// The link to the card may be empty.
func (p Phrases) ExplainRequest(r approvals.Request, link string) string {
	var lines []string
	switch {
	case r.State == approvals.Filed:
		lines = append(lines, p.describeProgress(r), "After that the bot looks up which rule decides about it.")
	case r.Proposal == nil: // it was closed before anyone was asked
		lines = append(lines, p.describeProgress(r))
	default:
		lines = append(lines, "• "+explainRule(r.Terms))
		lines = append(lines, describeStages(r)...)
		lines = append(lines, p.explainNextSteps(r)...)
	}
	return withHeader(r, link, strings.Join(lines, "\n"))
}

// explainRule names the rule that matched.
func explainRule(t approvals.Terms) string {
	switch {
	case t.Rule == "":
		return "The same approvers decide about every request."
	case t.AutoApprove:
		return fmt.Sprintf("The policy rule %s decides about it, and grants it without an approver.",
			quoteCode(t.Rule))
	}
	return fmt.Sprintf("The policy rule %s decides about it.", quoteCode(t.Rule))
}

// describeStages tells for each stage who may approve, who did, and how many are
// missing. A person counts for one stage only.
func describeStages(r approvals.Request) []string {
	if r.Terms.AutoApprove {
		return nil
	}
	served, missing := r.Terms.AssignVoters(r.Votes), r.Terms.MissingVotes(r.Votes)
	var lines []string
	for i, stage := range r.Terms.Stages {
		line := fmt.Sprintf("• %d of %s", missing[i]+len(served[i]), mentionPeople(stage.Approvers))
		if len(r.Terms.Stages) > 1 {
			line = fmt.Sprintf("• *%s*: %d of %s",
				capitalize(stageName(stage, i)), missing[i]+len(served[i]), mentionPeople(stage.Approvers))
		}
		line += map[bool]string{true: " has to approve", false: " have to approve"}[missing[i]+len(served[i]) == 1]
		switch {
		case len(served[i]) == 0:
			line += "; no approval yet."
		case missing[i] == 0:
			line += fmt.Sprintf("; %s did: that is enough.", mentionPeople(served[i]))
		default:
			line += fmt.Sprintf("; %s did, %d more %s missing.",
				mentionPeople(served[i]), missing[i], map[bool]string{true: "is", false: "are"}[missing[i] == 1])
		}
		lines = append(lines, line)
	}
	if len(r.Terms.Stages) > 1 {
		lines = append(lines, "• Each person counts for one of these only.")
	}
	return lines
}

// explainNextSteps tells what happens next, or what happened.
func (p Phrases) explainNextSteps(r approvals.Request) []string {
	switch {
	case !r.State.Open():
		return []string{"• " + p.describeProgress(r)}
	case r.State == approvals.Approved && r.OperatorFault:
		return []string{"• " + CardStatus(r), "• It waits until an operator has acted, and goes on by itself then."}
	case r.State == approvals.Approved:
		return []string{
			"• " + CardStatus(r),
			fmt.Sprintf("• If UiPath has not confirmed it by %s, the request fails, "+
				"and its thread says what is known.", formatTime(r.ApprovalExpires())),
		}
	case r.Terms.AutoApprove:
		return []string{"• Once its card is posted, the change is made at UiPath, and its thread says how it ended."}
	}
	lines := []string{"• " + explainSelfApproval(r) + fmt.Sprintf("One %s by any of them denies it; "+
		"a reaction that is removed no longer counts.", p.of(r).denyEmoji())}
	if notice := p.RequesterNotice(r); notice != "" {
		lines = append(lines, "• "+notice)
	}
	return append(lines,
		"• As soon as enough approvers have approved, I ask Slack again whether they still do, and read the "+
			"group's allocation. Then I make exactly the change that the card shows. If the allocation has "+
			"changed so that this is no longer possible, I change nothing and the thread says so.",
		fmt.Sprintf("• Without enough approvals by %s it expires, and nothing is changed.",
			formatTime(r.Deadline)))
}

// explainSelfApproval says whether the requester may approve.
func explainSelfApproval(r approvals.Request) string {
	if r.Terms.SelfApproval {
		return "The policy lets the requester be one of them. "
	}
	return fmt.Sprintf("%s cannot approve their own request. ", mentionUser(r.Requester))
}
