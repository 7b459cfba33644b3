package bot

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// Reminder asks those once more who can still agree.
func (w Messages) Reminder(r approvals.Request, whom []string) string {
	return fmt.Sprintf("%s Request %s still waits for you: %s, until %s. The card above shows what is asked; react on it with %s to approve or %s to deny.",
		people(whom), code(r.ID), lacking(r), moment(r.Deadline), w.approve(), w.deny())
}

// Reopened says that an approved request waits again, who does not count any
// more, and what is needed now.
func (w Messages) Reopened(r approvals.Request, lost []approvals.LostConsent) string {
	reasons := make([]string, len(lost))
	for i, l := range lost {
		reasons[i] = user(l.User) + " " + lossOf(l.Reason)
	}
	text := fmt.Sprintf("%s Request %s was approved, but before UiPath was asked its approvals no longer sufficed", user(r.Requester), code(r.ID))
	if len(reasons) > 0 {
		text += ": " + within(maxListed, reasons)
	}
	if r.WriteAttempted {
		text += fmt.Sprintf(". A write had been tried before, and it, or a part of it, may have taken effect: look at %s in UiPath.", group(r.Proposal.Group))
	} else {
		text += ". Nothing had been changed at UiPath by then."
	}
	if r.State != approvals.Pending {
		return text
	}
	return text + fmt.Sprintf(" It waits again: %s, until %s.", lacking(r), moment(r.Deadline))
}

// lossOf says why somebody's consent does not count any more.
func lossOf(why approvals.Eligibility) string {
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
func lacking(r approvals.Request) string {
	missing := r.Terms.MissingVotes(r.Votes)
	given := r.Terms.Quorum()
	var stages []string
	for i, n := range missing {
		given -= n
		if n > 0 {
			stages = append(stages, fmt.Sprintf("%d from %s", n, stageName(r.Terms.Stages[i], i)))
		}
	}
	text := fmt.Sprintf("it has %d of %s", given, needed(r.Terms.Quorum()))
	if len(missing) > 1 && len(stages) > 0 {
		text += " (still missing: " + list(stages) + ")"
	}
	return text
}

// Thread is what a kind of work says in the card's thread.
func (w Messages) Thread(r approvals.Request, said approvals.Job) string {
	switch said.Kind {
	case approvals.JobPostDelay:
		return w.Held(r)
	case approvals.JobRemind:
		return w.Reminder(r, said.Payload.Mention)
	case approvals.JobPostConsentLost:
		return w.Reopened(r, said.Payload.Lost)
	case approvals.JobWarnExpiry:
		return w.Warning(r, said.Payload.Codes)
	case approvals.JobPostRevocationDelay:
		return w.Overdue(r)
	case approvals.JobPostRevocation:
		return w.Ended(r)
	}
	return w.End(r)
}

// Private is what the requester is told where the thread cannot tell it.
func (w Messages) Private(r approvals.Request, said approvals.Job) string {
	switch said.Kind {
	case approvals.JobPostConsentLost, approvals.JobWarnExpiry, approvals.JobPostRevocationDelay, approvals.JobPostRevocation:
		return w.Thread(r, said)
	}
	if r.State == approvals.Done { // no card above it says which request this is
		return user(r.Requester) + " Request " + code(r.ID) + " is done: " + strings.TrimPrefix(w.done(r), "Done: ")
	}
	return w.Notice(r)
}
