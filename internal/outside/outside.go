// Package outside bounds what comes from outside, Slack's words or a person's,
// before a log, an error or a message shows it.
package outside

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// OneLine keeps the first n characters of s, on one line and without control and format
// characters. What joins two emoji to one stays.
func OneLine(s string, n int) string {
	all := []rune(strings.ToValidUTF8(s, ""))
	shown := make([]rune, 0, len(all))
	for i, r := range all {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r):
			shown = append(shown, ' ')
		case unicode.Is(unicode.Cf, r) && !joinsEmoji(all, i): // zero width and direction marks
		default:
			shown = append(shown, r)
		}
	}
	shown = []rune(strings.TrimSpace(string(shown)))
	if len(shown) > n {
		return strings.TrimRight(string(shown[:n-1]), string(joiner)) + "…"
	}
	return string(shown)
}

// joiner makes one emoji of two, such as a person and a laptop.
const joiner = '\u200d'

// joinsEmoji reports whether the character at i stands between two emoji and joins them.
func joinsEmoji(all []rune, i int) bool {
	if all[i] != joiner || i == 0 || i+1 == len(all) {
		return false
	}
	before, after := all[i-1], all[i+1]
	isSkinTone := before >= '\U0001F3FB' && before <= '\U0001F3FF'
	isDressed := unicode.Is(unicode.Variation_Selector, before) || isSkinTone
	return (isDressed || unicode.Is(unicode.So, before)) && unicode.Is(unicode.So, after)
}

// slackToken is how a token of Slack begins, of any kind.
var slackToken = regexp.MustCompile(`(?i)xox[a-z][-.]|xapp-|xwfp-`)

// HasToken reports whether a text seems to have a token of Slack in it.
func HasToken(text string) bool { return slackToken.MatchString(text) }

// DropURL drops the URL that net/http puts into its errors: a response_url is a
// capability, and the URL of a socket holds a ticket.
func DropURL(err error) error {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		return withURL.Err
	}
	return err
}
