package message

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// Bounds of metadata, in bytes as JSON. Slack has a limit for each message but does
// not publish it.
const (
	maxMetadata  = 1000
	maxShortText = 48 // the part of a text that stays when there is no room for all
)

// RenderMetadata is what other programs read of a message, and what the bot finds
// its own posts by. All values are strings. If there is no room for all of it, the
// longest list becomes a count and a hash, or the longest text its beginning and a
// hash, and so on.
func RenderMetadata(r approvals.Request, job approvals.Job) slack.SlackMetadata {
	fields := metadataFields(r, job)
	shortenFields(fields, job.MessageEventType(r))
	payload := make(map[string]any)
	for _, f := range fields {
		payload[f.name] = f.value
	}
	return slack.SlackMetadata{EventType: job.MessageEventType(r), EventPayload: payload}
}

// shortenFields shortens the longest value while there is no room for all.
func shortenFields(fields []metadataField, eventType string) {
	for encodedSize(fields, eventType) > maxMetadata {
		longest := -1
		for i, f := range fields {
			isLonger := longest < 0 || jsonSize(f.value) > jsonSize(fields[longest].value)
			if f.short != "" && jsonSize(f.short) < jsonSize(f.value) && isLonger {
				longest = i
			}
		}
		if longest < 0 {
			return
		}
		fields[longest].value = fields[longest].short
	}
}

// A metadataField is one value of the payload. short stands for it if there is no
// room; empty if the value is always short.
type metadataField struct{ name, value, short string }

func metadataFields(r approvals.Request, job approvals.Job) []metadataField {
	change := r.Proposal.Change
	added, removed := change.Add, change.Remove
	if job.Kind == approvals.JobPostRevocation { // the codes that the end of the grant took out
		added, removed = nil, r.Grant.Revocation.Removed
	}
	if job.Kind == approvals.JobPostEffect && r.EffectInPart && r.Grant != nil {
		added, removed = r.Grant.Codes, nil
	}
	fields := []metadataField{
		{name: "request_id", value: r.ID},
		textField("group_id", r.Proposal.Group.ID),
		listField("codes", change.AllCodes()),
		{name: "actor", value: actorOf(r, job)},
		{name: "action", value: string(actionOf(r.Ask))},
		listField("added", added),
		listField("removed", removed),
	}
	for _, f := range []metadataField{
		{name: "number", value: numberText(job.Number)},
		listField("quotas", quotaTexts(change)),
		{name: headField, value: job.Payload.JournalHead},
		{name: "until", value: grantUntil(r)},
		{name: "for", value: grantLength(r.Ask)},
		textField("reason", r.Ask.Reason),
		textField("rule", r.Terms.Rule),
		listField("approvers", approvals.Voters(r.Votes)),
	} {
		if f.value != "" {
			fields = append(fields, f)
		}
	}
	if press := job.Payload.Press; press != nil {
		fields = append(fields, metadataField{name: "button", value: string(press.Button)},
			metadataField{name: "at", value: press.At}, textField("comment", press.Comment))
	}
	if now, known := allocationTold(r, job); known {
		fields = append(fields, listField("allocation", now))
	}
	return fields
}

// listField is a list, separated by blanks. People stay in the order of their votes.
func listField(name string, items []string) metadataField {
	if name != "approvers" {
		items = slices.Sorted(slices.Values(items))
	}
	all := strings.Join(items, " ")
	return metadataField{name: name, value: all, short: fmt.Sprintf("%d, sha256:%s", len(items), shortHash(all))}
}

// textField is a text of people.
func textField(name, text string) metadataField {
	begin := ""
	for _, r := range text {
		if jsonSize(begin+string(r)) > maxShortText {
			break
		}
		begin += string(r)
	}
	return metadataField{name: name, value: text, short: begin + "… sha256:" + shortHash(text)}
}

// shortHash is enough of a hash to tell two values apart.
func shortHash(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:16] }

func encodedSize(fields []metadataField, eventType string) int {
	size := len(`{"event_type":"","event_payload":{}}`) + len(eventType)
	for _, f := range fields {
		size += len(`"":,`) + len(f.name) + jsonSize(f.value)
	}
	return size
}

func jsonSize(text string) int {
	encoded, err := json.Marshal(text)
	if err != nil {
		return len(text) // not for strings
	}
	return len(encoded)
}

func numberText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func actionOf(ask approvals.Ask) approvals.Action {
	if ask.Action == "" {
		return approvals.Add
	}
	return ask.Action
}

func quotaTexts(change approvals.Change) []string {
	var quotas []string
	for _, q := range change.Quotas {
		quotas = append(quotas, q.String())
	}
	return quotas
}

// grantUntil is the end of a grant, as far as it is known: the time of a grant that
// was asked for by its length begins when UiPath confirms it.
func grantUntil(r approvals.Request) string {
	until := r.Ask.Until
	if r.Grant != nil {
		until = r.Grant.Until
	}
	if until.IsZero() {
		return ""
	}
	return until.UTC().Format(time.RFC3339)
}

func grantLength(ask approvals.Ask) string {
	if ask.For <= 0 {
		return ""
	}
	return ask.For.String()
}

// allocationTold is the group's allocation as it was last read. A request may close without any
// read of it.
func allocationTold(r approvals.Request, job approvals.Job) (codes []string, known bool) {
	switch {
	case job.Kind == approvals.JobPostRevocation:
		return r.Grant.Revocation.Allocation, isAllocationKnown(r.Grant.Revocation)
	case job.Kind != approvals.JobPostOutcome || r.Outcome == nil:
		return nil, false
	case r.EffectFound && r.State != approvals.Done: // the words leave out what was read before
		return nil, false
	}
	return r.Outcome.Allocation, r.Outcome.Allocation != nil
}

// MatchesMetadata reports whether a message is the one that a job posts about a
// request.
func MatchesMetadata(m slack.SlackMetadata, r approvals.Request, job approvals.Job) bool {
	return m.EventType == job.MessageEventType(r) && RequestIDOf(m) == r.ID && NumberOf(m) == numberText(job.Number)
}

// headField has the head of the journal's chain.
const headField = "journal_head"

// JournalHeadOf is the head of the journal's chain that a message carries; empty if it has none.
func JournalHeadOf(m slack.SlackMetadata) string { return textOfPayload(m, headField) }

// RequestIDOf is the request that a message is about. It is empty if it does not tell.
func RequestIDOf(m slack.SlackMetadata) string { return textOfPayload(m, "request_id") }

// NumberOf tells apart what the bot says more than once about a request.
func NumberOf(m slack.SlackMetadata) string { return textOfPayload(m, "number") }

func textOfPayload(m slack.SlackMetadata, name string) string {
	text, _ := m.EventPayload[name].(string)
	return text
}

// IsCard reports whether a message shows a request's card, or was marked as a double
// of it.
func IsCard(m slack.SlackMetadata) bool {
	return m.EventType == approvals.CardEventType || m.EventType == approvals.DoubleEventType
}

// actorOf is the person who did what a message tells: the requester for the card,
// else the person who closed the request, or the approver who completed the
// quorum. It is the bot if no person did it.
func actorOf(r approvals.Request, job approvals.Job) string {
	switch kind := job.Kind; {
	case job.Payload.Press != nil:
		return job.Payload.Press.User
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
