package message

import (
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// cutMark is in a value that RenderMetadata cut for its length.
const cutMark = "sha256:"

// ReadMetadata reads what RenderMetadata wrote.
func ReadMetadata(ts string, m slack.SlackMetadata) approvals.Told {
	t := approvals.Told{
		Post:      approvals.Post{TS: ts, EventType: m.EventType, Number: NumberOf(m)},
		RequestID: RequestIDOf(m), GroupID: uncutText(m, "group_id"), Actor: uncutText(m, "actor"),
		Head: JournalHeadOf(m),
	}
	var cut [3]bool
	t.Codes, cut[0] = uncutList(m, "codes")
	t.Added, cut[1] = uncutList(m, "added")
	t.Removed, cut[2] = uncutList(m, "removed")
	t.Cut = slices.Contains(cut[:], true)
	if button := textOfPayload(m, "button"); button != "" {
		t.Press = &approvals.Press{
			User: t.Actor, Button: approvals.PressButton(button), At: textOfPayload(m, "at"),
			Comment: textOfPayload(m, "comment"),
		}
	}
	t.Approvers, _ = uncutList(m, "approvers")
	t.Allocation, _ = uncutList(m, "allocation")
	if until := textOfPayload(m, "until"); until != "" {
		var err error
		t.Until, err = time.Parse(time.RFC3339, until)
		t.Cut = t.Cut || err != nil
	}
	return t
}

func uncutText(m slack.SlackMetadata, name string) string {
	text := textOfPayload(m, name)
	if strings.Contains(text, cutMark) {
		return ""
	}
	return text
}

// uncutList reads a list. If it was cut for its length, its items are unknown.
func uncutList(m slack.SlackMetadata, name string) (items []string, cut bool) {
	text := textOfPayload(m, name)
	if strings.Contains(text, cutMark) {
		return nil, true
	}
	return strings.Fields(text), false
}
