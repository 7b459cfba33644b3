package message

import (
	"strings"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// RenderMetadata is what other programs read of a message, and what the bot finds
// its own posts by.
func RenderMetadata(r approvals.Request, job approvals.Job) slack.SlackMetadata {
	payload := map[string]any{
		"request_id": r.ID,
		"group_id":   r.Proposal.Group.ID,
		"codes":      strings.Join(r.Proposal.Change.AllCodes(), " "),
		"actor":      actorOf(r, job.Kind),
	}
	if job.Number > 0 {
		payload["number"] = job.Number
	}
	return slack.SlackMetadata{EventType: job.MessageEventType(r), EventPayload: payload}
}

// MatchesMetadata reports whether a message is the one that a job posts about a
// request.
func MatchesMetadata(m slack.SlackMetadata, r approvals.Request, job approvals.Job) bool {
	return m.EventType == job.MessageEventType(r) && m.EventPayload["request_id"] == r.ID &&
		(job.Number == 0 || m.EventPayload["number"] == float64(job.Number)) // as JSON has it
}

// actorOf is the person who did what a message tells: the requester for the card,
// else the person who closed the request, or the approver who completed the
// quorum. It is the bot if no person did it.
func actorOf(r approvals.Request, kind approvals.JobKind) string {
	switch {
	case kind.Spec().EventType == approvals.CardEventType:
		return r.Requester
	case kind == approvals.JobPostRevocation && r.Grant.EndedBy != "":
		return r.Grant.EndedBy
	case kind.Spec().ByBot:
		return approvals.Bot
	case r.Outcome != nil && r.Outcome.By != "":
		return r.Outcome.By
	case len(r.Votes) > 0 && r.State != approvals.Expired:
		return r.Votes[len(r.Votes)-1].User
	}
	return approvals.Bot
}
