package fakeslack

import (
	"regexp"
	"strings"
)

var (
	slackEntities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

	// What Slack takes for a URL, a mail address or a host name. Slack knows
	// every top-level domain; those of slackDomains are enough to tell
	// example.com from version-1.2 and notes.txt.
	slackURL      = regexp.MustCompile(`^(https?://[^\s]+?)([.,;:!?)]*)$`)
	slackMail     = regexp.MustCompile(`^[\w.+-]+@[\w-]+(\.[\w-]+)*\.` + slackDomains + `$`)
	slackHostName = regexp.MustCompile(`^[\w-]+(\.[\w-]+)*\.` + slackDomains + `(/\S*)?$`)
	slackWords    = regexp.MustCompile(`[^\s]+`)
)

const slackDomains = `(com|net|org|edu|gov|io|dev|app|ai|co|cloud|de|uk|fr|eu|us|ch|at|ro|nl|in|jp)`

// escape is should_escape: what Slack makes of the text of a command before
// the app gets it. Callers hold s.lock.
func (s *Server) escape(text string) string {
	return slackWords.ReplaceAllStringFunc(text, s.escapeWord)
}

func (s *Server) escapeWord(word string) string {
	if name, ok := strings.CutPrefix(word, "@"); ok {
		for _, u := range s.users {
			if u.Name == name {
				return "<@" + u.ID + ">"
			}
		}
	}
	if name, ok := strings.CutPrefix(word, "#"); ok {
		for _, c := range s.channels {
			if c.Name == name && c.Private {
				return "<#" + c.ID + "|>"
			} else if c.Name == name {
				return "<#" + c.ID + "|" + name + ">"
			}
		}
	}
	plain := slackEntities.Replace(word)
	switch {
	case slackURL.MatchString(plain):
		return slackURL.ReplaceAllString(plain, "<$1>$2")
	case slackMail.MatchString(plain):
		return "<mailto:" + plain + "|" + plain + ">"
	case slackHostName.MatchString(plain):
		return "<http://" + plain + "|" + plain + ">"
	}
	return plain
}
