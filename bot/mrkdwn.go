package bot

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack/slackutilsx"

	"licensebot/approvals"
)

// How much of what comes from outside is shown, in characters as Slack counts
// them: an escaped & is five.
const (
	maxShown  = 300
	maxCopied = 2 * MaxLength // a command to copy is shown whole
	maxListed = 1500          // of a list of codes
	maxPeople = 300           // of a list of people: eighteen
)

// plain makes a string from outside fit to show: one line, bounded, without
// control characters, and with Slack's own three characters escaped.
func escapeLine(s string) string { return escapeWithin(s, maxShown) }

// escaped is plain with another bound. It cuts between characters and never
// inside an escaped one.
func escapeWithin(s string, room int) string {
	line := OneLine(s, room)
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

// code shows a string from outside as a code span, in which Slack reads no
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

// list joins words as a sentence does: a, b and c.
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

// within is list for as many words as room has space for; the rest is counted.
func joinWithin(room int, all []string) string {
	text := joinList(all)
	for n := len(all) - 1; n > 0 && utf8.RuneCountInString(text) > room; n-- {
		text = fmt.Sprintf("%s and %d more", strings.Join(all[:n], ", "), len(all)-n)
	}
	return text
}

// bounded keeps the first n characters of s on one line.
func OneLine(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return ' '
		}
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	runes := []rune(strings.TrimSpace(s))
	if len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return string(runes)
}

// user mentions a person. An id is letters, digits, _ or -; anything else is
// not shown, so that no id can smuggle in other markup.
func mentionUser(id string) string { return "<@" + sanitizeID(id) + ">" }

func sanitizeID(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, id)
}

// people mentions user ids and user group ids, which also notifies them.
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
