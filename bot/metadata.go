package bot

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// requested is the card's event type; the replies' are allocation_ and the
// state they tell of.
const cardEventType = "allocation_requested"

// eventType is the metadata's event type of the message for a kind of work.
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

// metadata is what other programs read of a message, and what the bot finds
// its own posts by.
func RenderMetadata(r approvals.Request, said approvals.Job) slack.SlackMetadata {
	payload := map[string]any{
		"request_id": r.ID,
		"group_id":   r.Proposal.Group.ID,
		"codes":      strings.Join(r.Proposal.Change.AllCodes(), " "),
		"actor":      actorOf(r, said.Kind),
	}
	if n, ok := jobNumber(said); ok {
		payload["number"] = n
	}
	return slack.SlackMetadata{EventType: eventType(r, said.Kind), EventPayload: payload}
}

// ordinal tells apart what is said more than once in a thread: reminders and
// the like by their number, warnings by the hours that are left.
func jobNumber(said approvals.Job) (int, bool) {
	n, err := strconv.Atoi(said.Key)
	return n, err == nil
}

// carries reports whether a message's metadata is what a kind of work says of
// a request.
func MatchesMetadata(m slack.SlackMetadata, r approvals.Request, said approvals.Job) bool {
	n, numbered := jobNumber(said)
	return m.EventType == eventType(r, said.Kind) && m.EventPayload["request_id"] == r.ID &&
		(!numbered || m.EventPayload["number"] == float64(n)) // as JSON has it
}

// ofItself are the kinds of work that tell what nobody did.
var byTheBot = []approvals.JobKind{approvals.JobRemind, approvals.JobPostConsentLost, approvals.JobWarnExpiry, approvals.JobPostRevocationDelay, approvals.JobPostRevocation}

// actor is who brought about what the message tells: the requester on the
// card, whoever ended the request, or the approver who completed the quorum.
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
