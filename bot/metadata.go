package bot

import (
	"strings"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// requested is the card's event type; the replies' are allocation_ and the
// state they tell of.
const requested = "allocation_requested"

// eventType is the metadata's event type of the message for a kind of work.
func eventType(r approvals.Request, kind approvals.Kind) string {
	switch kind {
	case approvals.Announce, approvals.Render:
		return requested
	case approvals.Progress:
		return "allocation_" + string(approvals.Approved)
	}
	return "allocation_" + string(r.State)
}

// metadata is what other programs read of a message, and what the bot finds
// its own posts by.
func metadata(r approvals.Request, kind approvals.Kind) slack.SlackMetadata {
	change := r.Proposal.Change
	return slack.SlackMetadata{
		EventType: eventType(r, kind),
		EventPayload: map[string]any{
			"request_id": r.ID,
			"group_id":   r.Proposal.Group.ID,
			"codes":      strings.Join(change.Codes(), " "),
			"actor":      actor(r, kind),
		},
	}
}

// actor is who brought about what the message tells: the requester on the
// card, whoever ended the request, or the approver who completed the quorum.
func actor(r approvals.Request, kind approvals.Kind) string {
	switch {
	case kind == approvals.Announce || kind == approvals.Render:
		return r.Requester
	case r.Outcome != nil && r.Outcome.By != "":
		return r.Outcome.By
	case len(r.Votes) > 0 && r.State != approvals.Expired:
		return r.Votes[len(r.Votes)-1].User
	}
	return approvals.Bot
}
