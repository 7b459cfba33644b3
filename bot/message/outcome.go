package message

import (
	"fmt"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// ExplainDelay tells the thread of an approved request that the change is not
// made yet.
func ExplainDelay(r approvals.Request) string {
	return fmt.Sprintf("%s Request %s is %s but not done yet: %s. "+
		"I keep trying%s; you need not type anything.",
		mentionUser(r.Requester), quoteCode(r.ID), describeConsent(r), escapeLine(r.DelayReason),
		untilUnlessOperator(r, r.ApprovalExpires()))
}

// untilUnlessOperator says how long the bot goes on trying. What only an operator can
// mend has no end.
func untilUnlessOperator(r approvals.Request, end time.Time) string {
	if r.OperatorFault {
		return ""
	}
	return " until " + formatTime(end)
}

// DescribeOutcome tells how a request was closed. A thread has one such reply.
func (p Phrases) DescribeOutcome(r approvals.Request) string { return p.outcomeAsOf(r, time.Time{}) }

// outcomeAsOf is DescribeOutcome at a time: a grant may be over by then. Zero: it is not.
func (p Phrases) outcomeAsOf(r approvals.Request, at time.Time) string {
	return mentionUser(r.Requester) + " " + p.outcomeSentence(r, at)
}

// outcomeSentence is outcomeAsOf without the mention of the requester.
func (p Phrases) outcomeSentence(r approvals.Request, at time.Time) string {
	if isFromChannel(r) {
		return p.describeFromChannel(r, at)
	}
	switch r.State {
	case approvals.Done:
		return describeDone(r, at)
	case approvals.Failed:
		return explainFailure(r)
	case approvals.Superseded:
		if r.Outcome.Reason == approvals.ReasonChannelReplaced {
			return explainFiledAnew(r)
		}
		if text := explainLostExtension(r); text != "" {
			return text
		}
		return explainSuperseded(r)
	case approvals.Denied:
		return fmt.Sprintf("Request %s was denied by %s%s. %s",
			quoteCode(r.ID), mentionUser(r.Outcome.By), because(r.Outcome.Comment), explainUnchanged(r))
	case approvals.Cancelled:
		if r.Outcome.Reason == approvals.ReasonCardDeleted {
			return fmt.Sprintf("Request %s is cancelled: its card in %s was deleted, "+
				"and the approvals on it with it. %s Ask again if it is still needed.",
				quoteCode(r.ID), mentionChannel(r.Channel), explainUnchanged(r))
		}
		return fmt.Sprintf("Request %s was cancelled by %s%s. %s",
			quoteCode(r.ID), mentionUser(r.Outcome.By), cancelReason(r), explainUnchanged(r))
	case approvals.Expired:
		if len(r.Outcome.Undated) > 0 {
			return explainUndated(r)
		}
		return fmt.Sprintf("Request %s expired with %d of %s. %s Ask again if it is still needed.",
			quoteCode(r.ID), len(r.Votes), approvalsNeeded(r.Terms.Quorum()), explainUnchanged(r))
	}
	return fmt.Sprintf("Request %s is %s.", quoteCode(r.ID), r.State)
}

// explainUndated tells that a request expired although there are approvals on its
// card, because they may have been given too late.
func explainUndated(r approvals.Request) string {
	return fmt.Sprintf("Request %s expired at %s with %d of %s. The reaction of %s cannot be counted, because "+
		"Slack does not tell whether it was given before that. %s",
		quoteCode(r.ID), formatTime(r.Deadline), len(r.Votes), approvalsNeeded(r.Terms.Quorum()),
		mentionPeople(r.Outcome.Undated), explainUnchanged(r)) + offerCommands(command.Suggest(r.Ask))
}

// DescribeEffect corrects what was told of a request that closed otherwise.
func DescribeEffect(r approvals.Request, job approvals.Job) string {
	shown := "the change after all: " + describeChangeMade(r)
	if r.EffectInPart {
		shown = fmt.Sprintf("a part of the change after all: %s in %s", joinCodes(r.Grant.Codes), nameGroup(r.Proposal.Group))
	}
	return fmt.Sprintf("%s Correction to request %s: a later look at UiPath shows %s. %s",
		mentionUser(r.Requester), quoteCode(r.ID), shown, describeNow(job.Payload.Codes)) + describeGrantEnd(r, job.SaidAt)
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

// explainUnchanged says that nothing was changed at UiPath, that it is unknown, or that a
// change was found since.
func explainUnchanged(r approvals.Request) string {
	switch {
	case r.EffectFound:
		return explainFound(r)
	case !r.Outcome.Uncertain:
		return "Nothing was changed at UiPath."
	}
	return fmt.Sprintf("A write was tried before, and all or part of it may have taken effect: "+
		"check %s in UiPath.", nameGroup(r.Proposal.Group))
}

// explainFound says that a later look has shown the change before the outcome was told: Slack
// may have been busy. The correction, which follows, tells the rest.
func explainFound(r approvals.Request) string {
	if r.EffectInPart {
		return "A later look at UiPath shows a part of the change after all."
	}
	return "A later look at UiPath shows the change after all."
}

// describeDone tells what a done request changed, and how that is known.
func describeDone(r approvals.Request, at time.Time) string {
	text := fmt.Sprintf("Done: %s. %s.", describeChangeMade(r), capitalize(describeConsent(r)))
	switch r.Outcome.Reason {
	case approvals.ReasonExtended:
		return text + " Nothing had to be changed at UiPath: " + withoutCapital(describeNow(r.Outcome.Allocation)) +
			describeAfter(r, at)
	case approvals.ReasonNotPreserved:
		return text + " " + notPreserved + " " + describeNow(r.Outcome.Allocation) + describeAfter(r, at)
	case approvals.ReasonReadBack:
		return text + " UiPath did not confirm the write, but its allocation, read again, shows the change: " +
			withoutCapital(describeNow(r.Outcome.Allocation)) + describeAfter(r, at)
	}
	return text + " UiPath confirmed it: " + withoutCapital(describeNow(r.Outcome.Allocation)) + describeAfter(r, at)
}

// describeAfter says what the group lost besides, when a done request ends, and for which
// codes seats are short now.
func describeAfter(r approvals.Request, at time.Time) string {
	return describeLost(r) + describeGrantEnd(r, at) + shortAfter(r)
}

// describeLost names the codes that the card says stay, and that the group does not have any
// more. A person may have taken them out, or UiPath left them out of the write.
func describeLost(r approvals.Request) string {
	change := r.Proposal.Change
	lost := approvals.Without(approvals.Union(change.Keep, change.Extend), r.Outcome.Allocation)
	if len(lost) == 0 {
		return ""
	}
	return fmt.Sprintf(" The group does not have %s any more, although the card says that this stays: "+
		"ask a UiPath admin if that is not meant.", joinWithin(maxChangeMade, quoteCodes(lost)))
}

// notPreserved says that UiPath made a change and dropped a setting.
const notPreserved = "UiPath made the change but dropped a setting that should have stayed " +
	"(a seat limit or external licenses). Ask a UiPath admin to restore it."

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
	say("%s removed from %s", change.Remove)
	if len(change.Extend) > 0 {
		parts = append(parts, describeExtended(r))
	}
	var limits []string
	for _, q := range change.Quotas {
		limits = append(limits, q.String())
	}
	if len(limits) == 1 {
		say("seat limit %s set for %s", limits)
	} else {
		say("seat limits %s set for %s", limits)
	}
	return strings.Join(parts, "; ")
}

// explainFailure tells why an approved request failed, and what UiPath has now.
func explainFailure(r approvals.Request) string {
	o := r.Outcome
	start := fmt.Sprintf("Request %s failed after it was %s: ", quoteCode(r.ID), describeConsent(r))
	if r.EffectFound {
		return start + explainFailedFound(r)
	}
	switch o.Reason {
	case approvals.ReasonIncomplete:
		return start + fmt.Sprintf("UiPath accepted the change, but the allocation of %s does not show the "+
			"change to %s. %s Check the codes with your UiPath admin before you ask again.",
			nameGroup(r.Proposal.Group), joinCodes(o.ConcernedCodes), describeNow(o.Allocation))
	case approvals.ReasonEndPassed:
		return start + explainPassedEnd(r) + ". " + explainUnchanged(r)
	case approvals.ReasonUnconfirmed:
		if o.Uncertain {
			return start + fmt.Sprintf("%sWhether it took effect is unknown: check %s in UiPath before you ask again.",
				explainUnconfirmed(r), nameGroup(r.Proposal.Group))
		}
		return start + fmt.Sprintf("it could not be carried out in time (%s). "+
			"Nothing was changed at UiPath; ask again if it is still needed.", escapeLine(o.Answer))
	}
	if o.Allocation == nil && !o.Uncertain { // nothing was read, so nothing was written
		return start + fmt.Sprintf("UiPath refused to show the allocation of %s and said %s. %s",
			nameGroup(r.Proposal.Group), quoteCode(o.Answer), changeNotMade)
	}
	text := start + fmt.Sprintf("UiPath refused the change to %s and said %s. ",
		nameGroup(r.Proposal.Group), quoteCode(o.Answer))
	if o.Uncertain {
		return text + "Whether an earlier attempt took effect is unknown: check the group in UiPath before " +
			"you ask again."
	}
	return text + explainRefusedPart(r.Proposal.Change, o.Allocation) + describeLost(r)
}

// explainFailedFound ends explainFailure where the change was found since. What an earlier look
// showed is left out, because it is untrue by now.
func explainFailedFound(r approvals.Request) string {
	o, group := r.Outcome, nameGroup(r.Proposal.Group)
	why := fmt.Sprintf("UiPath refused the change to %s and said %s. ", group, quoteCode(o.Answer))
	switch o.Reason {
	case approvals.ReasonIncomplete:
		why = fmt.Sprintf("UiPath accepted the change, but the allocation of %s did not show it at first. ", group)
	case approvals.ReasonUnconfirmed:
		why = explainUnconfirmed(r)
	case approvals.ReasonEndPassed:
		why = explainPassedEnd(r) + ". "
	}
	return why + explainFound(r)
}

// explainUnconfirmed says why the effect of a write is unknown.
func explainUnconfirmed(r approvals.Request) string {
	if !r.AnsweredAt.IsZero() {
		return fmt.Sprintf("UiPath accepted the change, but never showed its result (%s). ", escapeLine(r.Outcome.Answer))
	}
	return fmt.Sprintf("UiPath never confirmed the change (%s). ", escapeLine(r.Outcome.Answer))
}

// changeNotMade says that a refusal was one.
const changeNotMade = "The change was not made. Ask again when that is fixed."

// explainRefusedPart tells what an allocation that was read after a refused write shows of
// it.
func explainRefusedPart(change approvals.Change, allocation []string) string {
	part := change.ShownPart(allocation)
	if part.IsEmpty() {
		return changeNotMade
	}
	var shown []string
	if len(part.Add) > 0 {
		shown = append(shown, joinWithin(maxChangeMade, quoteCodes(part.Add))+" added")
	}
	if len(part.Remove) > 0 {
		shown = append(shown, joinWithin(maxChangeMade, quoteCodes(part.Remove))+" removed")
	}
	return "Its allocation shows a part of the change all the same: " + strings.Join(shown, ", ") + ". " +
		"Check the codes with your UiPath admin before you ask again."
}

// explainSuperseded tells that the group changed after the card was posted.
func explainSuperseded(r approvals.Request) string {
	after := describeNow(r.Outcome.Allocation)
	switch {
	case r.EffectFound: // what was read before is untrue by now
		after = explainFound(r)
	case r.Outcome.Uncertain:
		after += " A write was tried before, and part of it may have taken effect."
	}
	return fmt.Sprintf("Request %s was not carried out: %s. %s Ask again if something is still missing.",
		quoteCode(r.ID), explainWhatChanged(r), after)
}

// explainFiledAnew tells that approvers decide in another channel now, where the request
// is asked anew.
func explainFiledAnew(r approvals.Request) string {
	text := fmt.Sprintf("Request %s is closed: its card is in %s, and approvers decide in %s now. "+
		"Approvals on this card are not carried over.",
		quoteCode(r.ID), mentionChannel(r.Channel), mentionChannel(r.Outcome.Channel))
	switch {
	case r.EffectFound:
		text += " " + explainFound(r)
	case r.Outcome.Uncertain:
		text += " A write was tried before, and all or part of it may have taken effect."
	}
	for _, anew := range r.Outcome.Suggestions {
		text += fmt.Sprintf(" I filed it anew as request %s, which gets a card there. You need not type it again.",
			quoteCode(anew))
	}
	return text
}

// explainWhatChanged says in one clause what is no longer as the card shows it.
func explainWhatChanged(r approvals.Request) string {
	group := nameGroup(r.Proposal.Group)
	switch r.Outcome.Reason {
	case approvals.ReasonGroupRenamed:
		return explainRename(r)
	case approvals.ReasonForbiddenNow:
		why, _, _ := strings.Cut(explainViolation(r), "\n") // without a command: the group may have changed as well
		return "the policy of today does not allow it: " + strings.TrimSuffix(why, ".")
	case approvals.ReasonStricterNow:
		return "the policy changed after the card was posted, and the approvals on the card are not enough today"
	}
	return "the allocation of " + group + " changed after the card was posted, so the approved change is no longer " +
		"possible as the card shows it"
}

// explainRename says which name the card shows and which the group has now.
func explainRename(r approvals.Request) string {
	was, is := r.Proposal.Group.Name, ""
	if len(r.Outcome.Suggestions) > 0 {
		is = r.Outcome.Suggestions[0]
	}
	id := quoteCodeWithin(r.Proposal.Group.ID, maxName)
	switch {
	case is == "":
		return fmt.Sprintf("UiPath no longer shows the name %s of the group with id %s", quoteCodeWithin(was, maxName), id)
	case was == "":
		return fmt.Sprintf("the group with id %s, whose name was unknown, is called %s now", id, quoteCodeWithin(is, maxName))
	}
	return fmt.Sprintf("the group with id %s is called %s now, and the card says %s",
		id, quoteCodeWithin(is, maxName), quoteCodeWithin(was, maxName))
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

// describeNow says which codes a group has now.
func describeNow(allocation []string) string {
	if len(allocation) == 0 {
		return "The group now has no codes."
	}
	return "The group now has " + joinCodes(allocation) + "."
}

// withoutCapital begins a text with a small letter.
func withoutCapital(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// capitalize begins a text with a capital letter.
func capitalize(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// joinAllocation names all codes of an allocation.
func joinAllocation(all []string) string {
	if len(all) == 0 {
		return "no codes"
	}
	return joinCodes(all)
}

func approvalsNeeded(quorum int) string {
	if quorum == 1 {
		return "1 approval needed"
	}
	return fmt.Sprintf("%d approvals needed", quorum)
}
