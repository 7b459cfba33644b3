package message

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// RemindApprovers asks the people who can still approve once more.
func (p Phrases) RemindApprovers(r approvals.Request, approvers []string) string {
	return fmt.Sprintf("%s Request %s still waits for your approval: %s, until %s. "+
		"React on the card above with %s to approve or %s to deny.",
		mentionPeople(approvers), quoteCode(r.ID), describeMissing(r), formatTime(r.Deadline), p.of(r).approveEmoji(),
		p.of(r).denyEmoji())
}

// Escalate asks more people to approve a request that has waited for long.
func (p Phrases) Escalate(r approvals.Request, approvers []string) string {
	return fmt.Sprintf("%s You may approve request %s too now, because it has waited for %s: %s, until %s. "+
		"React on the card above with %s to approve or %s to deny.",
		mentionPeople(approvers), quoteCode(r.ID), formatLength(r.Terms.Escalation.After), describeMissing(r),
		formatTime(r.Deadline), p.of(r).approveEmoji(), p.of(r).denyEmoji())
}

// ExplainConsentLost says that an approved request waits again, which approvals
// were lost and why, and what is needed now.
func ExplainConsentLost(r approvals.Request, lost []approvals.LostConsent) string {
	reasons := make([]string, len(lost))
	for i, l := range lost {
		reasons[i] = explainLoss(l)
	}
	text := fmt.Sprintf("%s Request %s was approved, but right before the change too few approvals still counted",
		mentionUser(r.Requester), quoteCode(r.ID))
	if len(reasons) > 0 {
		text += ". Lost: " + joinWithin(maxListed, reasons)
	}
	if r.WriteAttempted {
		text += fmt.Sprintf(". A write was tried before, and all or part of it may have taken effect: "+
			"check %s in UiPath.", nameGroup(r.Proposal.Group))
	} else {
		text += ". Nothing had been changed at UiPath."
	}
	if r.State != approvals.Pending {
		return text
	}
	return text + fmt.Sprintf(" It waits again: %s, until %s.", describeMissing(r), formatTime(r.Deadline))
}

// explainLoss says why a person's approval does not count any more. That it was taken
// back is said only if Slack told so.
func explainLoss(l approvals.LostConsent) string {
	if l.Reason == approvals.NotShown {
		return "the reaction of " + mentionUser(l.User) + " is not shown any more"
	}
	return mentionUser(l.User) + " " + lossClause(l.Reason)
}

func lossClause(why approvals.Eligibility) string {
	switch why {
	case approvals.Withdrawn:
		return "removed the reaction"
	case approvals.Deactivated:
		return "was deactivated in Slack"
	case approvals.NotApprover:
		return "is no longer one of its approvers"
	case approvals.NotToday:
		return "is no approver of it by the policy of today"
	case approvals.LostStage:
		return "may no longer approve for the same stage"
	case approvals.IsLate:
		return "reacted after the deadline"
	case approvals.IsUndated:
		return "reacted again, and Slack does not tell whether that was before the deadline"
	case approvals.Uncheckable:
		return "could not be checked with Slack"
	}
	return "may no longer approve"
}

// describeMissing says how many approvals a waiting request has, and which are
// missing.
func describeMissing(r approvals.Request) string {
	given, lacking := countApprovals(r)
	text := fmt.Sprintf("it has %d of %s", given, approvalsNeeded(r.Terms.Quorum()))
	if len(r.Terms.Stages) > 1 && len(lacking) > 0 {
		text += " (still missing: " + joinList(lacking) + ")"
	}
	return text
}

// A reply phrases what a job posts in the card's thread.
type reply func(Phrases, approvals.Request, approvals.Job) string

// threadReplies has the words of each kind of job that speaks in the thread; the
// outcome is said by all others.
var threadReplies = map[approvals.JobKind]reply{
	approvals.JobPostDelay: func(_ Phrases, r approvals.Request, _ approvals.Job) string { return ExplainDelay(r) },
	approvals.JobPostEscalation: func(p Phrases, r approvals.Request, j approvals.Job) string {
		return p.Escalate(r, j.Payload.Mention)
	},
	approvals.JobPostPress: func(_ Phrases, r approvals.Request, j approvals.Job) string {
		return DescribePress(r, *j.Payload.Press)
	},
	approvals.JobRemind: func(p Phrases, r approvals.Request, j approvals.Job) string {
		return p.RemindApprovers(r, j.Payload.Mention)
	},
	approvals.JobPostConsentLost: func(_ Phrases, r approvals.Request, j approvals.Job) string {
		return ExplainConsentLost(r, j.Payload.Lost)
	},
	approvals.JobPostEffect: func(_ Phrases, r approvals.Request, j approvals.Job) string {
		return DescribeEffect(r, j)
	},
	approvals.JobWarnExpiry: func(_ Phrases, r approvals.Request, j approvals.Job) string {
		return WarnExpiry(r, j.Payload.Codes)
	},
	approvals.JobPostRevocationDelay: func(_ Phrases, r approvals.Request, _ approvals.Job) string {
		return ExplainRevocationDelay(r)
	},
	approvals.JobPostRevocation: func(_ Phrases, r approvals.Request, _ approvals.Job) string {
		return DescribeRevocation(r)
	},
}

// ThreadReply is what a job posts in the card's thread.
func (p Phrases) ThreadReply(r approvals.Request, job approvals.Job) string {
	if phrase, ok := threadReplies[job.Kind]; ok {
		return phrase(p, r, job)
	}
	return p.outcomeAsOf(r, job.SaidAt)
}

// PrivateNotice is what a job tells the requester if the thread cannot. It is
// empty if there is nothing to tell.
func (p Phrases) PrivateNotice(r approvals.Request, job approvals.Job) string {
	if job.Payload.Post != "" { // what a post was to say
		job.Kind = job.Payload.Post
	}
	switch job.Kind {
	case approvals.JobTellDelay:
		if r.State == approvals.Pending && r.CardTS != "" {
			return explainUnheard(r)
		}
	case approvals.JobPostDelay:
		if r.State != approvals.Approved || r.DelayReason == "" {
			return "" // the outcome says it all
		}
		return p.ThreadReply(r, job)
	case approvals.JobPostConsentLost, approvals.JobWarnExpiry, approvals.JobPostEffect,
		approvals.JobPostRevocationDelay, approvals.JobPostRevocation:
		return p.ThreadReply(r, job)
	}
	if r.State == approvals.Done { // no card above it says which request this is
		return mentionUser(r.Requester) + " Request " + quoteCode(r.ID) + " is done: " +
			strings.TrimPrefix(describeDone(r, job.SaidAt), "Done: ")
	}
	return p.RequesterNotice(r)
}
