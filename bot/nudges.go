package bot

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// Reminder asks those once more who can still agree.
func (w Phrases) RemindApprovers(r approvals.Request, whom []string) string {
	return fmt.Sprintf("%s Request %s still waits for you: %s, until %s. The card above shows what is asked; react on it with %s to approve or %s to deny.",
		mentionPeople(whom), quoteCode(r.ID), describeMissing(r), formatTime(r.Deadline), w.approveEmoji(), w.denyEmoji())
}

// Reopened says that an approved request waits again, who does not count any
// more, and what is needed now.
func ExplainConsentLost(r approvals.Request, lost []approvals.LostConsent) string {
	reasons := make([]string, len(lost))
	for i, l := range lost {
		reasons[i] = mentionUser(l.User) + " " + explainLoss(l.Reason)
	}
	text := fmt.Sprintf("%s Request %s was approved, but before UiPath was asked its approvals no longer sufficed", mentionUser(r.Requester), quoteCode(r.ID))
	if len(reasons) > 0 {
		text += ": " + joinWithin(maxListed, reasons)
	}
	if r.WriteAttempted {
		text += fmt.Sprintf(". A write had been tried before, and it, or a part of it, may have taken effect: look at %s in UiPath.", nameGroup(r.Proposal.Group))
	} else {
		text += ". Nothing had been changed at UiPath by then."
	}
	if r.State != approvals.Pending {
		return text
	}
	return text + fmt.Sprintf(" It waits again: %s, until %s.", describeMissing(r), formatTime(r.Deadline))
}

// lossOf says why somebody's consent does not count any more.
func explainLoss(why approvals.Eligibility) string {
	switch why {
	case approvals.Withdrawn:
		return "took the reaction back"
	case approvals.Deactivated:
		return "was deactivated in Slack"
	case approvals.NotApprover:
		return "is not one of its approvers any more"
	case approvals.LostStage:
		return "may not approve for the same stage any more"
	case approvals.IsLate:
		return "reacted after the deadline"
	case approvals.Uncheckable:
		return "could not be checked with Slack"
	}
	return "may not approve any more"
}

// lacking says how many approvals a waiting request has, and what is missing.
func describeMissing(r approvals.Request) string {
	missing := r.Terms.MissingVotes(r.Votes)
	given := r.Terms.Quorum()
	var stages []string
	for i, n := range missing {
		given -= n
		if n > 0 {
			stages = append(stages, fmt.Sprintf("%d from %s", n, stageName(r.Terms.Stages[i], i)))
		}
	}
	text := fmt.Sprintf("it has %d of %s", given, approvalsNeeded(r.Terms.Quorum()))
	if len(missing) > 1 && len(stages) > 0 {
		text += " (still missing: " + joinList(stages) + ")"
	}
	return text
}

// Thread is what a kind of work says in the card's thread.
func (w Phrases) ThreadReply(r approvals.Request, said approvals.Job) string {
	switch said.Kind {
	case approvals.JobPostDelay:
		return ExplainDelay(r)
	case approvals.JobRemind:
		return w.RemindApprovers(r, strings.Fields(said.Note))
	case approvals.JobPostConsentLost:
		return ExplainConsentLost(r, said.Lost())
	case approvals.JobWarnExpiry:
		return WarnExpiry(r, strings.Fields(said.Note))
	case approvals.JobPostRevocationDelay:
		return ExplainRevocationDelay(r)
	case approvals.JobPostRevocation:
		return DescribeRevocation(r)
	}
	return w.DescribeOutcome(r)
}

// Private is what the requester is told where the thread cannot tell it.
func (w Phrases) PrivateNotice(r approvals.Request, said approvals.Job) string {
	switch said.Kind {
	case approvals.JobPostConsentLost, approvals.JobWarnExpiry, approvals.JobPostRevocationDelay, approvals.JobPostRevocation:
		return w.ThreadReply(r, said)
	}
	if r.State == approvals.Done { // no card above it says which request this is
		return mentionUser(r.Requester) + " Request " + quoteCode(r.ID) + " is done: " + strings.TrimPrefix(describeDone(r), "Done: ")
	}
	return w.RequesterNotice(r)
}
