// Package outside bounds what comes from outside, Slack's words or a person's,
// before a log, an error or a message shows it.
package outside

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
)

// OneLine keeps the first n characters of s, on one line and without control
// and format characters.
func OneLine(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r): // zero width and direction marks
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

// DropURL drops the URL that net/http puts into its errors: a response_url is a
// capability, and the URL of a socket holds a ticket.
func DropURL(err error) error {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		return withURL.Err
	}
	return err
}
