package message

import (
	"fmt"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// RequesterNotice tells the requester privately where a request stands that has
// no thread. It is empty if there is nothing to tell.
func (p Phrases) RequesterNotice(r approvals.Request) string {
	switch {
	case r.State == approvals.Filed && r.DelayReason != "":
		return fmt.Sprintf("Request %s is kept, but it could not be checked yet: %s. "+
			"I keep trying%s; you need not type it again.",
			quoteCode(r.ID), escapeLine(r.DelayReason), untilUnlessOperator(r, r.Deadline))
	case r.State == approvals.Pending && r.DelayReason != "" && r.CardTS == "":
		return fmt.Sprintf("Request %s is kept, but its card could not be posted in %s yet: %s. "+
			"I keep trying until %s; you need not type it again.",
			quoteCode(r.ID), mentionChannel(r.Channel), escapeLine(r.DelayReason), formatTime(r.Deadline))
	case r.State == approvals.Refused:
		return p.explainRefusal(r)
	case r.State == approvals.Expired && r.CardTS == "":
		return fmt.Sprintf("Request %s expired: it could not be put before an approver by %s. "+
			"Nothing was changed at UiPath. Please ask again if you still need it.",
			quoteCode(r.ID), formatTime(r.Deadline))
	case !r.State.Open():
		return p.DescribeOutcome(r)
	}
	return ""
}

// explainUnheard tells the requester that the channel of a card stays closed to the bot.
func explainUnheard(r approvals.Request) string {
	return fmt.Sprintf("Request %s is kept, but I cannot hear its approvers in %s now: %s. "+
		"I go on when that is mended; its deadline stays %s. You need not type it again.",
		quoteCode(r.ID), mentionChannel(r.Channel), escapeLine(r.DelayReason), formatTime(r.Deadline))
}

// ExplainVoteIgnored tells a person why their reaction does not count.
func ExplainVoteIgnored(r approvals.Request, why approvals.Eligibility) string {
	start := fmt.Sprintf("Your vote on request %s does not count: ", quoteCode(r.ID))
	switch why {
	case approvals.IsRequester:
		return start + fmt.Sprintf("you cannot approve your own request. "+
			"To take it back, type %s.", quoteCode(command.NameOf(r.Ask)+" cancel "+r.ID))
	case approvals.NotApprover:
		return start + fmt.Sprintf("its approvers are %s. "+
			"If you become one of them, a yes counts only if you take it back and give it anew; a no counts as it is.",
			mentionPeople(r.Terms.Approvers()))
	case approvals.NotToday:
		return start + "the policy of today does not name you as an approver of it. " +
			"If it does so again, take the reaction back and vote anew."
	case approvals.IsGuest:
		return start + "guests of this workspace cannot approve licenses."
	case approvals.IsExternal:
		return start + "people from another organization cannot approve licenses."
	case approvals.IsLate:
		return start + fmt.Sprintf("it came after the deadline, %s. "+
			"Ask again if the licenses are still needed.", formatTime(r.Deadline))
	case approvals.IsUndated:
		return start + fmt.Sprintf("Slack showed it only after the deadline, %s, and does not tell when it was "+
			"given. Ask again if the licenses are still needed.", formatTime(r.Deadline))
	case approvals.Uncheckable:
		return start + "Slack did not let me check whether you may approve it. " +
			"The operator of licensebot finds the reason in the log. It counts as soon as that is fixed."
	}
	return start + "this account cannot approve licenses."
}
