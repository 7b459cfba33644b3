package message

import (
	"fmt"
	"time"

	"licensebot/approvals"
)

// Phrases is what some sentences depend on besides the request.
type Phrases struct {
	Channel  func() string // the approvals channel of today
	Emoji    approvals.Emoji
	CodeName func(code string) (name string, ok bool) // display names of user bundle codes
}

// of is the phrases of one request: its card showed which emoji mean yes and no.
func (p Phrases) of(r approvals.Request) Phrases {
	if len(r.Terms.Emoji.Approve) > 0 && len(r.Terms.Emoji.Deny) > 0 {
		p.Emoji = r.Terms.Emoji
	}
	return p
}

// mentionChannel mentions a channel.
func mentionChannel(id string) string { return "<#" + sanitizeID(id) + ">" }

func (p Phrases) mentionToday() string { return mentionChannel(p.Channel()) }

func (p Phrases) approveEmoji() string { return ":" + p.Emoji.Approve[0] + ":" }

func (p Phrases) denyEmoji() string { return ":" + p.Emoji.Deny[0] + ":" }

// nameCode shows a code, with its display name if it has one.
func (p Phrases) nameCode(c string) string {
	if name, ok := p.CodeName(c); ok {
		return quoteCode(c) + " " + escapeLine(name)
	}
	return quoteCode(c)
}

// nameGroup shows a group by its name and id, or by its id alone.
func nameGroup(g approvals.Group) string {
	if g.Name == "" || g.Name == g.ID {
		return "the group " + quoteCodeWithin(g.ID, maxName)
	}
	return "the group " + quoteCodeWithin(g.Name, maxName) + " (id " + quoteCodeWithin(g.ID, maxName) + ")"
}

// formatTime shows a time in the reader's own time zone.
func formatTime(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} at {time}|%s>",
		t.Unix(), t.UTC().Format("2006-01-02 15:04 UTC"))
}
