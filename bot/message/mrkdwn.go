package message

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack/slackutilsx"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/internal/outside"
)

// Room for what comes from outside, in characters as Slack counts them: an
// escaped & is five.
const (
	maxShown  = 300
	maxCopied = 2 * command.MaxLength // a command to copy, which is shown whole
	maxListed = 1500                  // a list of codes
	maxPeople = 300                   // a list of people: eighteen
)

// escapeLine makes a string from outside fit to show: one line, bounded, without
// control characters, and with Slack's own three characters escaped.
func escapeLine(s string) string { return escapeWithin(s, maxShown) }

// escapeWithin is escapeLine with another bound. It cuts between characters,
// never inside an escaped one.
func escapeWithin(s string, room int) string {
	line := outside.OneLine(s, room)
	shown := slackutilsx.EscapeMessage(line)
	if utf8.RuneCountInString(shown) <= room {
		return shown
	}
	var b strings.Builder
	left := room - 1
	for _, r := range line {
		part := slackutilsx.EscapeMessage(string(r))
		if left -= utf8.RuneCountInString(part); left < 0 {
			break
		}
		b.WriteString(part)
	}
	return b.String() + "…"
}

// quoteCode shows a string from outside as code. In code Slack reads no
// formatting and no mention.
func quoteCode(s string) string { return quoteCodeWithin(s, maxShown) }

func quoteCodeWithin(s string, room int) string {
	return "`" + strings.ReplaceAll(escapeWithin(s, room), "`", "'") + "`"
}

func joinCodes(all []string) string { return joinWithin(maxListed, quoteCodes(all)) }

func quoteCodes(all []string) []string {
	shown := make([]string, len(all))
	for i, c := range all {
		shown[i] = quoteCode(c)
	}
	return shown
}

// joinList joins words as a sentence does: a, b and c.
func joinList(all []string) string {
	switch len(all) {
	case 0:
		return ""
	case 1:
		return all[0]
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " and " + all[last]
}

// joinWithin is joinList for as many words as there is room for. It counts the
// others.
func joinWithin(room int, all []string) string {
	text := joinList(all)
	for n := len(all) - 1; n > 0 && utf8.RuneCountInString(text) > room; n-- {
		text = fmt.Sprintf("%s and %d more", strings.Join(all[:n], ", "), len(all)-n)
	}
	return text
}

// mentionUser mentions a person. An id is letters, digits, _ or -. Anything else
// is dropped, so that no id can bring in other markup.
func mentionUser(id string) string {
	if id == approvals.Erased {
		return "a person (erased)"
	}
	return "<@" + sanitizeID(id) + ">"
}

func sanitizeID(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, id)
}

// mentionPeople mentions users and user groups, which also notifies them.
func mentionPeople(ids []string) string { return mentionPeopleWithin(ids, maxPeople) }

func mentionPeopleWithin(ids []string, room int) string {
	shown := make([]string, len(ids))
	for i, id := range ids {
		shown[i] = mentionUser(id)
		if approvals.IsUserGroup(id) {
			shown[i] = "<!subteam^" + sanitizeID(id) + ">"
		}
	}
	return joinWithin(room, shown)
}

func countSeats(n int) string { return pluralize(n, "seat") }

// pluralize counts things: 1 seat, 2 seats.
func pluralize(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
