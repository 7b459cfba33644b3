package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// groupAge is how old the bot's knowledge of a user group may be at its last
// look at consent, and a little.
const groupAge = 3500 * time.Millisecond

// personAge is how old the bot's knowledge of a person may be when it counts a
// vote, and a little.
const personAge = 65 * time.Second

// lookLimit is how long the bot may take from its last look to the write. After
// that it has to look again.
const lookLimit = 46 * time.Second

// forever is later than anything that happens in a round.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// whyUnagreed tells what consent lacks to cover a write, or "". The bot must have
// looked at the card for this very write. At that look a quorum of approvers
// agreed, and none denied.
func (h *History) whyUnagreed(c *Card, w *Write, earlier time.Time, s standard) string {
	problem := "the bot did not look at the card's reactions before the write"
	for _, look := range c.Looks {
		if look.To.Before(earlier) || !look.serves(w) {
			continue
		}
		if problem = h.judgeLook(c, look, w.Arrived, s); problem == "" {
			return ""
		}
	}
	return problem
}

// A standard says what consents need besides a valid look at the card.
type standard struct {
	today  bool // to be enough by today's configuration, too
	dated  bool // to have come in time, as far as the bot can know
	heeded bool // not to have been told that they do not count
}

// judgeLook tells why what a look may have shown is no consent, "" if it is.
func (h *History) judgeLook(c *Card, look Look, written time.Time, s standard) (problem string) {
	for _, moment := range c.momentsOf(look) {
		if problem = h.countMarks(c, moment, look.From, written, s); problem == "" {
			return ""
		}
	}
	return problem
}

// momentsOf are the times at which the reactions during a look were different.
func (c *Card) momentsOf(look Look) []time.Time {
	from := look.From.Add(-look.Lag)
	moments := []time.Time{from}
	for _, v := range c.Votes {
		if v.At.After(from) && v.At.Before(look.To) {
			moments = append(moments, v.At)
		}
	}
	return moments
}

// countMarks tells why the reactions at some moment are no consent, "" if they
// are.
func (h *History) countMarks(c *Card, moment, looked, written time.Time, s standard) string {
	var consents, shown []string
	for user, mark := range marksAt(c, moment) {
		shown = append(shown, user+" "+mark.String())
		if mark.deny && h.mayAlways(c, user, looked, written) {
			return fmt.Sprintf("%s had denied it", user)
		}
		if mark.approve && h.mayEver(c, user, looked, written) && h.isValid(c, user, moment, written, s) {
			consents = append(consents, user)
		}
	}
	if len(consents) >= h.quorumOf(c) && (!s.today || h.enoughToday(consents, looked, written)) {
		return ""
	}
	slices.Sort(shown)
	return fmt.Sprintf("at the look at %s %d of %d consents were valid (on the card: %s)",
		looked.Format(clockLayout), len(consents), h.quorumOf(c), strings.Join(shown, ", "))
}

// isValid reports whether an approval of a person on a card meets a standard.
func (h *History) isValid(c *Card, user string, moment, written time.Time, s standard) bool {
	return slices.ContainsFunc(votesAt(c, moment), func(v Vote) bool {
		return v.User == user && !v.Deny && (!s.dated || h.isDated(c, v, written)) &&
			(!s.heeded || !h.wasToldInVain(c, v, written))
	})
}

// firstAgreed is when the bot first saw consent on a card. Zero: never.
func (h *History) firstAgreed(c *Card) time.Time {
	for _, look := range c.Looks {
		if h.judgeLook(c, look, look.To, standard{}) == "" {
			return look.To
		}
	}
	return time.Time{}
}

// A mark is what one person's reactions on a card say.
type mark struct{ approve, deny bool }

// String says what the mark means, for violations.
func (m mark) String() string {
	switch {
	case m.approve && m.deny:
		return "both"
	case m.deny:
		return "denies"
	}
	return "approves"
}

func marksAt(c *Card, moment time.Time) map[string]mark {
	marks := map[string]mark{}
	for _, v := range votesAt(c, moment) {
		m := marks[v.User]
		m.deny = m.deny || v.Deny
		m.approve = m.approve || !v.Deny
		marks[v.User] = m
	}
	return marks
}

// votesAt are the reactions that stood on a card.
func votesAt(c *Card, moment time.Time) []Vote {
	latest := map[[2]string]Vote{}
	for _, v := range c.Votes {
		if !v.At.After(moment) {
			latest[[2]string{v.User, v.Emoji}] = v
		}
	}
	return slices.DeleteFunc(slices.Collect(maps.Values(latest)), func(v Vote) bool { return !v.Present })
}

// Decided reports whether the reactions on a card decide it.
func (h *History) Decided(c *Card) bool {
	var agreed []string
	for user, mark := range marksAt(c, forever) {
		if !h.mayAlways(c, user, forever, forever) {
			continue
		}
		if mark.deny {
			return true
		}
		if h.isValid(c, user, forever, forever, standard{heeded: true}) {
			agreed = append(agreed, user)
		}
	}
	return len(agreed) >= h.quorumOf(c) && h.enoughToday(agreed, forever, forever)
}
