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
func (h *History) whyUnagreed(c *Card, w *Write, earlier time.Time) string {
	problem := "the bot did not look at the card's reactions before the write"
	for _, look := range c.Looks {
		if look.To.Before(earlier) || !look.serves(w) {
			continue
		}
		if problem = h.judgeLook(c, look, w.Arrived); problem == "" {
			return ""
		}
	}
	return problem
}

// judgeLook tells why what a look may have shown is no consent, "" if it is.
func (h *History) judgeLook(c *Card, look Look, written time.Time) (problem string) {
	for _, moment := range c.momentsOf(look) {
		if problem = h.countMarks(c, moment, look.From, written); problem == "" {
			return ""
		}
	}
	return problem
}

// momentsOf are the times at which the reactions during a look were different.
func (c *Card) momentsOf(look Look) []time.Time {
	moments := []time.Time{look.From}
	for _, v := range c.Votes {
		if v.At.After(look.From) && v.At.Before(look.To) {
			moments = append(moments, v.At)
		}
	}
	return moments
}

// countMarks tells why the reactions at some moment are no consent, "" if they
// are.
func (h *History) countMarks(c *Card, moment, looked, written time.Time) string {
	var consents, shown []string
	for user, mark := range marksAt(c, moment) {
		shown = append(shown, user+" "+mark.String())
		if mark.deny && user != c.Requester && h.mayAlwaysApprove(user, looked, written) {
			return fmt.Sprintf("%s had denied it", user)
		}
		if mark.approve && user != c.Requester && h.mayEverApprove(user, looked, written) {
			consents = append(consents, user)
		}
	}
	if len(consents) >= h.Quorum {
		return ""
	}
	slices.Sort(shown)
	return fmt.Sprintf("at the look at %s %d of %d consents were valid (on the card: %s)",
		looked.Format(clockLayout), len(consents), h.Quorum, strings.Join(shown, ", "))
}

// firstAgreed is when the bot first saw consent on a card. Zero: never.
func (h *History) firstAgreed(c *Card) time.Time {
	for _, look := range c.Looks {
		if h.judgeLook(c, look, look.To) == "" {
			return look.To
		}
	}
	return time.Time{}
}

// A mark is what one person's reactions on a card say.
type mark struct{ approve, deny bool }

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
	agreed := 0
	for user, mark := range marksAt(c, forever) {
		if user == c.Requester || !slices.Contains(h.Voters, user) {
			continue
		}
		if mark.deny {
			return true
		}
		agreed++
	}
	return agreed >= h.Quorum
}
