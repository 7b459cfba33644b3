package command

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"licensebot/internal/emoji"
	"licensebot/internal/groupname"
)

// MaxLength is how many characters of a command are read. Slack documents no
// limit. Two dozen codes and a reason fit many times over.
const MaxLength = 1000

// slackLink is how Slack sends an address or a domain that a person typed:
// <http://group-01.example.com|group-01.example.com>. It does so for every scheme that
// it knows, such as mailto, tel and ftp.
var slackLink = regexp.MustCompile(`<[A-Za-z][A-Za-z0-9+.-]*:[^|<>]*(?:\|[^<>]*)?>`)

// Normalize turns text that arrived from Slack into what the person meant to
// type. Characters without width go first, because between two others they keep
// these from being composed into one.
func Normalize(text string) string {
	text = slackLink.ReplaceAllStringFunc(text, unwrapLink)
	text = emoji.Expand(html.UnescapeString(text))
	text = lineEnd.ReplaceAllString(strings.TrimSpace(text), "$1; ")
	text = strings.Map(plainPunctuation, strings.Map(visibleRune, text))
	text = quotedText.ReplaceAllStringFunc(norm.NFKC.String(text), undoMentions)
	return strings.Join(strings.Fields(text), " ")
}

// lineEnd is the end of a line, without punctuation. It ends a sentence.
var lineEnd = regexp.MustCompile(`([^\s,;:.!?])[ \t]*[\r\n]+`)

// slackMention is how Slack sends a person, a channel or a user group that a person
// typed, with the name as it was typed.
var (
	slackMention = regexp.MustCompile(`<([@#])[A-Z0-9]+\|([^<>]+)>|<!subteam\^[A-Z0-9]+\|(@[^<>]+)>`)
	quotedText   = regexp.MustCompile(`"[^"]*"`)
)

// undoMentions gives back mentions as they were typed. It is for words that surely are no
// person or channel: a name in double quotes, and a reason.
func undoMentions(text string) string { return slackMention.ReplaceAllString(text, "$1$2$3") }

// unwrapLink gives back the text inside a link that Slack made.
func unwrapLink(link string) string {
	inside := strings.Trim(link, "<>")
	if _, label, ok := strings.Cut(inside, "|"); ok {
		return label
	}
	scheme, address, _ := strings.Cut(inside, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "tel": // Slack adds these
		return strings.TrimPrefix(address, "//")
	}
	return inside
}

// flag is a part of a request that is typed as an option of a program: --until=2030-12-31.
var flag = regexp.MustCompile(`(^| )--(group|codes?|licen[sc]es?|seats|page|until|for|reason|because)(?:=| )`)

// visibleRune drops characters without width. It turns every other separator and
// control character into a blank.
func visibleRune(r rune) rune {
	switch {
	case r == '\u00ad', unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
		return -1 // zero-width joiners, byte order marks, direction marks, the style of an emoji
	case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Z, r):
		return ' '
	case r == unicode.ReplacementChar:
		return -1
	}
	return r
}

// plainPunctuation turns the quotes and dashes of keyboards and clients into
// plain ones: those that are the same in the names of groups.
func plainPunctuation(r rune) rune {
	if r < utf8.RuneSelf {
		return r
	}
	return groupname.PlainPunctuation(r)
}

// splitWords splits text at blanks, except inside double quotes.
func splitWords(text string) []word {
	var out []word
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if text[0] == '"' {
			inside, rest, closed := strings.Cut(text[1:], `"`)
			if closed {
				inside = strings.TrimSpace(inside)
				out = append(out, word{text: inside, typed: inside, quoted: true})
				text = rest
				continue
			}
			text = text[1:] // a lone quote means nothing
			continue
		}
		end := strings.IndexAny(text, ` "`)
		if end < 0 {
			end = len(text)
		}
		if plain := stripDecoration(text[:end]); plain != "" {
			out = append(out, word{text: plain, typed: text[:end]})
		}
		text = text[end:]
	}
	return out
}

type word struct {
	text   string // without decoration
	typed  string // with decoration, for a reason, which is repeated as it is
	quoted bool   // a quoted word is never a keyword
	means  string // the word of the grammar that it stands for; empty: itself
}

// lower is the word as the grammar reads it.
func (w word) lower() string {
	if w.means != "" {
		return w.means
	}
	return strings.ToLower(w.text)
}

// isKeyword reports whether the word is this keyword.
func (w word) isKeyword(keyword string) bool {
	return !w.quoted && strings.EqualFold(w.lower(), keyword)
}

// stripDecoration removes what people put around words in Slack: code ticks,
// bold, italics, strike-through and the full stop of a sentence.
func stripDecoration(s string) string {
	s = strings.Trim(s, "`*~'")
	s = strings.TrimRight(s, ".,;:!?")
	if cut := strings.TrimRight(s, "-"); cut != "" && len(s)-len(cut) > 1 {
		s = cut
	}
	return strings.Trim(s, "`*_~'")
}
