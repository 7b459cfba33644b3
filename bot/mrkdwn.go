package bot

import (
	"strings"
	"unicode"

	"github.com/slack-go/slack/slackutilsx"
)

// maxShown is how much of a string from outside is shown, in characters.
const maxShown = 300

// plain makes a string from outside fit to show: one line, bounded, without
// control characters, and with Slack's own three characters escaped.
func plain(s string) string {
	return slackutilsx.EscapeMessage(bounded(s, maxShown))
}

// code shows a string from outside as a code span, in which Slack reads no
// formatting and no mention.
func code(s string) string {
	return "`" + strings.ReplaceAll(plain(s), "`", "'") + "`"
}

func codes(all []string) string {
	shown := make([]string, len(all))
	for i, c := range all {
		shown[i] = code(c)
	}
	return list(shown)
}

// list joins words as a sentence does: a, b and c.
func list(all []string) string {
	switch len(all) {
	case 0:
		return ""
	case 1:
		return all[0]
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " and " + all[last]
}

// bounded keeps the first n characters of s on one line.
func bounded(s string, n int) string {
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
func user(id string) string { return "<@" + idOnly(id) + ">" }

func idOnly(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, id)
}

// IsUserGroup tells a user group's id (S…) from a person's (U… or W…).
func IsUserGroup(id string) bool { return strings.HasPrefix(id, "S") }

// people mentions user ids and user group ids, which also notifies them.
func people(ids []string) string {
	shown := make([]string, len(ids))
	for i, id := range ids {
		shown[i] = user(id)
		if IsUserGroup(id) {
			shown[i] = "<!subteam^" + idOnly(id) + ">"
		}
	}
	return list(shown)
}
