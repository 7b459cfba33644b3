package message

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// ExplainDelay tells the thread of an approved request that the change is not
// made yet.
func ExplainDelay(r approvals.Request) string {
	return fmt.Sprintf("%s Request %s is %s but not done yet: %s. "+
		"I keep trying until %s; nothing needs to be typed again.",
		mentionUser(r.Requester), quoteCode(r.ID), describeConsent(r), escapeLine(r.DelayReason),
		formatTime(r.ApprovalExpires()))
}

// DescribeOutcome tells how a request was closed. A thread has one such reply.
func (p Phrases) DescribeOutcome(r approvals.Request) string {
	return mentionUser(r.Requester) + " " + p.outcomeSentence(r)
}

// outcomeSentence is DescribeOutcome without the mention of the requester.
func (p Phrases) outcomeSentence(r approvals.Request) string {
	switch r.State {
	case approvals.Done:
		return describeDone(r)
	case approvals.Failed:
		return explainFailure(r)
	case approvals.Superseded:
		if text := explainLostExtension(r); text != "" {
			return text
		}
		return explainSuperseded(r)
	case approvals.Denied:
		return fmt.Sprintf("Request %s was denied by %s. %s",
			quoteCode(r.ID), mentionUser(r.Outcome.By), explainUnchanged(r))
	case approvals.Cancelled:
		if r.Outcome.Reason == approvals.ReasonCardDeleted {
			return fmt.Sprintf("Request %s is cancelled: its card in <#%s> was deleted, "+
				"and the approvals given on it went with it. %s Ask again if it is still needed.",
				quoteCode(r.ID), sanitizeID(p.Channel), explainUnchanged(r))
		}
		return fmt.Sprintf("Request %s was cancelled by %s%s. %s",
			quoteCode(r.ID), mentionUser(r.Outcome.By), cancelReason(r), explainUnchanged(r))
	case approvals.Expired:
		return fmt.Sprintf("Request %s expired with %d of %s. %s Ask again if it is still needed.",
			quoteCode(r.ID), len(r.Votes), approvalsNeeded(r.Terms.Quorum()), explainUnchanged(r))
	}
	return fmt.Sprintf("Request %s is %s.", quoteCode(r.ID), r.State)
}

// cancelReason says why an approver cancelled another person's request.
func cancelReason(r approvals.Request) string {
	switch {
	case r.Outcome.Reason != approvals.ReasonCancelledByApprover:
		return ""
	case r.Outcome.Comment == "":
		return ", who may approve it"
	}
	return ", who may approve it, because " + quoteCode(r.Outcome.Comment)
}

// explainUnchanged says that nothing was changed at UiPath, or that it is unknown.
func explainUnchanged(r approvals.Request) string {
	if !r.Outcome.Uncertain {
		return "Nothing was changed at UiPath."
	}
	return fmt.Sprintf("A write had been tried before, and it, or a part of it, may have taken effect: "+
		"look at %s in UiPath.", nameGroup(r.Proposal.Group))
}

// describeDone tells what a done request changed, and how that is known.
func describeDone(r approvals.Request) string {
	text := fmt.Sprintf("Done: %s. %s.", describeChangeMade(r), capitalize(describeConsent(r)))
	switch r.Outcome.Reason {
	case approvals.ReasonExtended:
		return text + fmt.Sprintf(" Nothing had to be written: UiPath's rule has them and is %s.",
			joinAllocation(r.Outcome.Allocation)) + describeGrantEnd(r)
	case approvals.ReasonNotPreserved:
		return text + fmt.Sprintf(" But though it said yes, UiPath did not keep what was to stay besides: "+
			"limits of seats, or that external licenses are used. Have that put right in UiPath. "+
			"The rule is now %s.", joinAllocation(r.Outcome.Allocation)) + describeGrantEnd(r)
	case approvals.ReasonReadBack:
		return text + fmt.Sprintf(" UiPath's answer was lost, but its rule, read again, shows the change: "+
			"it is now %s.", joinAllocation(r.Outcome.Allocation)) + describeGrantEnd(r)
	}
	return text + fmt.Sprintf(" UiPath confirmed it: the group's rule is now %s.",
		joinAllocation(r.Outcome.Allocation)) + describeGrantEnd(r)
}

// maxChangeMade is the room for each kind of change in the reply that it is made.
const maxChangeMade = 600

// describeChangeMade says in the past tense what a done request changed.
func describeChangeMade(r approvals.Request) string {
	change, to := r.Proposal.Change, nameGroup(r.Proposal.Group)
	var parts []string
	say := func(how string, codes []string) {
		if len(codes) > 0 {
			parts = append(parts, fmt.Sprintf(how, joinWithin(maxChangeMade, quoteCodes(codes)), to))
			to = "it"
		}
	}
	say("%s added to %s", change.Add)
	say("%s taken from %s", change.Remove)
	if len(change.Extend) > 0 {
		parts = append(parts, describeExtended(r))
	}
	var limits []string
	for _, q := range change.Quotas {
		limits = append(limits, q.String())
	}
	say("seats limited to %s for %s", limits)
	return strings.Join(parts, "; ")
}

// explainFailure tells why an approved request failed, and what UiPath has now.
func explainFailure(r approvals.Request) string {
	o := r.Outcome
	start := fmt.Sprintf("Request %s failed after it was %s: ", quoteCode(r.ID), describeConsent(r))
	switch o.Reason {
	case approvals.ReasonIncomplete:
		return start + fmt.Sprintf("UiPath answered that all is well, but its rule for %s does not show the "+
			"change to %s; it is now %s. Check the codes with your UiPath admin before you ask again.",
			nameGroup(r.Proposal.Group), joinCodes(o.ConcernedCodes), joinAllocation(o.Allocation))
	case approvals.ReasonEndPassed:
		return start + explainPassedEnd(r) + ". Nothing was changed at UiPath."
	case approvals.ReasonUnconfirmed:
		if o.Uncertain {
			return start + fmt.Sprintf("UiPath never confirmed the change (%s). "+
				"Whether it took effect is unknown: look at %s in UiPath before you ask again.",
				escapeLine(o.Answer), nameGroup(r.Proposal.Group))
		}
		return start + fmt.Sprintf("it could not be carried out in time (%s). "+
			"Nothing was changed at UiPath; ask again if it is still needed.", escapeLine(o.Answer))
	}
	text := start + fmt.Sprintf("UiPath refused the change to %s and said %s. ",
		nameGroup(r.Proposal.Group), quoteCode(o.Answer))
	if o.Uncertain {
		return text + "Whether an earlier attempt took effect is unknown: look at the group in UiPath before " +
			"you ask again."
	}
	return text + "The change was not made; ask again once that is mended."
}

// explainSuperseded tells that the group changed after the card was posted.
func explainSuperseded(r approvals.Request) string {
	text := fmt.Sprintf("Request %s was not carried out: the rule of %s was changed by someone else since the "+
		"card showed it, so the change approved is no longer the change it would make. The rule is now %s.",
		quoteCode(r.ID), nameGroup(r.Proposal.Group), joinAllocation(r.Outcome.Allocation))
	if r.Outcome.Uncertain {
		text += " A write had been tried before, and a part of it may be in there."
	}
	return text + " Ask again if something is still missing."
}

// describeConsent says who gave the approval.
func describeConsent(r approvals.Request) string {
	switch {
	case !r.Terms.AutoApprove:
		return "approved by " + mentionPeople(approvals.Voters(r.Votes))
	case r.Terms.Rule == "":
		return "granted by the policy"
	}
	return "granted by the policy rule " + quoteCode(r.Terms.Rule)
}

// capitalize begins a text with a capital letter.
func capitalize(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// joinAllocation names all codes of an allocation.
func joinAllocation(all []string) string {
	if len(all) == 0 {
		return "empty"
	}
	return joinCodes(all)
}

func approvalsNeeded(quorum int) string {
	if quorum == 1 {
		return "1 approval needed"
	}
	return fmt.Sprintf("%d approvals needed", quorum)
}
