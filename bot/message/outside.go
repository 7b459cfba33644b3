package message

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// OutsideEventType is the event type of a message about a change outside of the bot.
const OutsideEventType = "allocation_changed_outside"

// maxChanged is the room for a list of codes: two lists, a command and names share one
// block.
const maxChanged = 500

// DescribeOutsideChange tells a change of an allocation that no request explains, and how to
// put it back.
func (p Phrases) DescribeOutsideChange(c approvals.OutsideChange) string {
	lines := []string{":warning: " + capitalize(describeMoved(c)) + "."}
	lines = append(lines, fmt.Sprintf("It happened after %s, and I saw it first at %s.",
		formatTime(c.Since), formatTime(c.SeenAt)))
	if c.Unread {
		lines = append(lines, "I could not read this channel then, so a request that my database lost may explain it.")
	}
	for _, edit := range c.Edits {
		lines = append(lines, describeEdit(edit))
	}
	ask, ok := c.PutBack()
	switch {
	case ok:
		lines = append(lines, fmt.Sprintf("To put it back, use %s. It needs approval like any other request.",
			quoteCodeWithin(command.Suggest(ask), maxCopied)))
	case !c.Gone:
		lines = append(lines, "A seat limit can be lifted only at UiPath.")
	}
	return strings.Join(lines, "\n")
}

// PutBackAction is the action of the button that puts a change back. Its value is the
// command.
const PutBackAction = "put_back"

// OutsideBlocks are the text, and the button that does what its command does.
func (p Phrases) OutsideBlocks(c approvals.UntoldChange) []slack.Block {
	blocks := PlainBlocks(p.DescribeOutsideChange(c.OutsideChange))
	ask, ok := c.PutBack()
	if !c.Button || !ok {
		return blocks
	}
	button := newButton(PutBackAction, strings.TrimPrefix(command.Suggest(ask), command.NameOf(ask)), "Ask to put it back")
	return append(blocks, slack.NewActionBlock("put_back", button))
}

// describeMoved says in one sentence what changed.
func describeMoved(c approvals.OutsideChange) string {
	if c.Gone {
		return fmt.Sprintf("UiPath does not have %s any more, which had %s, and no request of mine removed it",
			nameGroup(c.Group), nameItems(c.Lost))
	}
	var parts []string
	if len(c.Gained) > 0 {
		parts = append(parts, "added "+nameItems(c.Gained))
	}
	if len(c.Lost) > 0 {
		parts = append(parts, "removed "+nameItems(c.Lost))
	}
	return fmt.Sprintf("the licenses of %s changed outside of me: %s", nameGroup(c.Group), strings.Join(parts, ", "))
}

// nameItems names the codes that came or went, each with its limit, and the limits of the others.
func nameItems(items []string) string {
	var names []string
	for _, item := range items {
		code, _, isLimit := strings.Cut(item, "=")
		isOfOne := func(other string) bool { return other != item && strings.HasPrefix(other, item+"=") }
		switch {
		case isLimit && !slices.Contains(items, code):
			names = append(names, "the limit "+quoteCode(item))
		case !slices.ContainsFunc(items, isOfOne):
			names = append(names, quoteCode(item))
		}
	}
	return joinWithin(maxChanged, names)
}

func describeEdit(e approvals.PortalEdit) string {
	text := fmt.Sprintf("UiPath's audit log has an entry of %s by %s", formatTime(e.At), quoteCode(e.By))
	if e.What != "" {
		text += ": " + quoteCode(e.What)
	}
	return text + "."
}

// OutsideMetadata is what other programs read of such a message, and what the bot finds it
// by.
func OutsideMetadata(c approvals.OutsideChange) slack.SlackMetadata {
	payload := make(map[string]any)
	by := make([]string, len(c.Edits))
	for i, e := range c.Edits {
		by[i] = e.By
	}
	fields := []metadataField{
		{name: "change_id", value: c.ID},
		textField("group_id", c.Group.ID),
		listField("added", c.Gained),
		listField("removed", c.Lost),
		listField("allocation", c.Items),
		{name: "since", value: c.Since.UTC().Format(time.RFC3339)},
		{name: "seen_at", value: c.SeenAt.UTC().Format(time.RFC3339)},
		textField("by", strings.Join(by, ", ")),
	}
	shortenFields(fields, OutsideEventType)
	for _, f := range fields {
		if f.value != "" {
			payload[f.name] = f.value
		}
	}
	return slack.SlackMetadata{EventType: OutsideEventType, EventPayload: payload}
}

// IsAboutChange reports whether metadata is that of the message about a change.
func IsAboutChange(m slack.SlackMetadata, id string) bool {
	return m.EventType == OutsideEventType && m.EventPayload["change_id"] == id
}
