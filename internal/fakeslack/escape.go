package fakeslack

import (
	"regexp"
	"strings"
)

var (
	entityEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

	// What Slack takes for a URL, a mail address or a host name. Slack knows
	// every top-level domain. A few, topDomains, are enough to tell example.com
	// from version-1.2 and notes.txt.
	urlPattern  = regexp.MustCompile(`^(https?://[^\s]+?)([.,;:!?)]*)$`)
	mailPattern = regexp.MustCompile(`^[\w.+-]+@[\w-]+(\.[\w-]+)*\.` + topDomains + `$`)
	hostPattern = regexp.MustCompile(`^[\w-]+(\.[\w-]+)*\.` + topDomains + `(/\S*)?$`)
	wordPattern = regexp.MustCompile(`[^\s]+`)
)

const topDomains = `(com|net|org|edu|gov|io|dev|app|ai|co|cloud|de|uk|fr|eu|us|ch|at|ro|nl|in|jp)`

// escapeText is what Slack makes of a command's text before the app gets it,
// with should_escape on. Callers hold s.lock.
func (s *Server) escapeText(text string) string {
	return wordPattern.ReplaceAllStringFunc(text, s.escapeWord)
}

func (s *Server) escapeWord(word string) string {
	if mention := s.escapeMention(word); mention != "" {
		return mention
	}
	plain := entityEscaper.Replace(word)
	switch {
	case urlPattern.MatchString(plain):
		return urlPattern.ReplaceAllString(plain, "<$1>$2")
	case mailPattern.MatchString(plain):
		return "<mailto:" + plain + "|" + plain + ">"
	case hostPattern.MatchString(plain):
		return "<http://" + plain + "|" + plain + ">"
	}
	return plain
}

// escapeMention is the markup of a known @person or #channel, "" for any other
// word. Slack withholds the name of a private channel.
func (s *Server) escapeMention(word string) string {
	if name, ok := strings.CutPrefix(word, "@"); ok {
		for _, u := range s.users {
			if u.Name == name {
				return "<@" + u.ID + ">"
			}
		}
	}
	if name, ok := strings.CutPrefix(word, "#"); ok {
		c := s.findByName(name)
		switch {
		case c == nil:
		case c.Private:
			return "<#" + c.ID + "|>"
		default:
			return "<#" + c.ID + "|" + name + ">"
		}
	}
	return ""
}
