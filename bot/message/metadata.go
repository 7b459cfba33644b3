package message

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// cardEventType is the event type of the card. The event type of a reply is
// allocation_ and the state that it tells of.
const cardEventType = "allocation_requested"

// eventType is the event type of the message that a kind of job posts.
func eventType(r approvals.Request, kind approvals.JobKind) string {
	switch kind {
	case approvals.JobPostCard, approvals.JobUpdateCard:
		return cardEventType
	case approvals.JobPostDelay:
		return "allocation_" + string(approvals.Approved)
	case approvals.JobRemind:
		return "allocation_reminder"
	case approvals.JobPostConsentLost:
		return "allocation_reopened"
	case approvals.JobWarnExpiry:
		return "allocation_ending"
	case approvals.JobPostRevocationDelay:
		return "allocation_overdue"
	case approvals.JobPostRevocation:
		return "allocation_ended"
	}
	return "allocation_" + string(r.State)
}

// RenderMetadata is what other programs read of a message, and what the bot finds
// its own posts by.
func RenderMetadata(r approvals.Request, job approvals.Job) slack.SlackMetadata {
	payload := map[string]any{
		"request_id": r.ID,
		"group_id":   r.Proposal.Group.ID,
		"codes":      strings.Join(r.Proposal.Change.AllCodes(), " "),
		"actor":      actorOf(r, job.Kind),
	}
	if n, ok := jobNumber(job); ok {
		payload["number"] = n
	}
	return slack.SlackMetadata{EventType: eventType(r, job.Kind), EventPayload: payload}
}

// jobNumber tells apart what is said more than once in a thread: reminders by
// their number, warnings by the hours that are left.
func jobNumber(job approvals.Job) (int, bool) {
	n, err := strconv.Atoi(job.Key)
	return n, err == nil
}

// MatchesMetadata reports whether a message is the one that a job posts about a
// request.
func MatchesMetadata(m slack.SlackMetadata, r approvals.Request, job approvals.Job) bool {
	n, numbered := jobNumber(job)
	return m.EventType == eventType(r, job.Kind) && m.EventPayload["request_id"] == r.ID &&
		(!numbered || m.EventPayload["number"] == float64(n)) // as JSON has it
}

// byTheBot are the kinds of jobs that tell what no person did.
var byTheBot = []approvals.JobKind{
	approvals.JobRemind, approvals.JobPostConsentLost, approvals.JobWarnExpiry,
	approvals.JobPostRevocationDelay, approvals.JobPostRevocation,
}

// actorOf is the person who did what a message tells: the requester for the card,
// else the person who closed the request, or the approver who completed the
// quorum. It is the bot if no person did it.
func actorOf(r approvals.Request, kind approvals.JobKind) string {
	switch {
	case kind == approvals.JobPostCard || kind == approvals.JobUpdateCard:
		return r.Requester
	case kind == approvals.JobPostRevocation && r.Grant.EndedBy != "":
		return r.Grant.EndedBy
	case slices.Contains(byTheBot, kind):
		return approvals.Bot
	case r.Outcome != nil && r.Outcome.By != "":
		return r.Outcome.By
	case len(r.Votes) > 0 && r.State != approvals.Expired:
		return r.Votes[len(r.Votes)-1].User
	}
	return approvals.Bot
}
