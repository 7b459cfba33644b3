//go:build linux

package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// groupAge is how old the bot's knowledge of a user group may be when it looks
// at consent for the last time, and a little.
const groupAge = 3500 * time.Millisecond

// forever is later than anything that happens in a round.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// taskLimit is how long the bot may take from that look to the write: after
// that it has to look again.
const taskLimit = 46 * time.Second

// consented tells why a write was not covered by consent; "" if it was: at a
// look that the bot took for it, and not for an earlier write of the same
// card, a quorum of people who might approve did so and nobody denied.
func (h *History) consented(c *Card, w *Write, earlier time.Time) string {
	problem := "the bot did not look at the card's reactions before the write"
	for _, look := range c.Looks {
		if look.To.Before(earlier) || !look.before(w) {
			continue
		}
		if problem = h.seen(c, look, w.Arrived); problem == "" {
			return ""
		}
	}
	return problem
}

// seen judges what a look may have shown: reactions may have changed while the
// call was under way.
func (h *History) seen(c *Card, look Look, written time.Time) (problem string) {
	moments := []time.Time{look.From}
	for _, v := range c.Votes {
		if v.At.After(look.From) && v.At.Before(look.To) {
			moments = append(moments, v.At)
		}
	}
	for _, moment := range moments {
		if problem = h.quorumAt(c, moment, look.From, written); problem == "" {
			return ""
		}
	}
	return problem
}

func (h *History) quorumAt(c *Card, moment, looked, written time.Time) string {
	var consents, shown []string
	for user, mark := range marksAt(c, moment) {
		shown = append(shown, user+" "+mark.String())
		if mark.deny && user != c.Requester && h.could(user, looked, written, true) {
			return fmt.Sprintf("%s had denied it", user)
		}
		if mark.approve && user != c.Requester && h.could(user, looked, written, false) {
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

// decided reports whether what stands on a card decides it.
func (h *History) decided(c *Card) bool {
	agreed := 0
	for user, mark := range marksAt(c, forever) {
		if user == c.Requester || !slices.Contains(voters, user) {
			continue
		}
		if mark.deny {
			return true
		}
		agreed++
	}
	return agreed >= h.Quorum
}

// personAge is how old the bot's knowledge of a person may be when it weighs a
// vote, and a little.
const personAge = 65 * time.Second

// unheeded are the votes on a card of people whose right to vote changed just
// before, so that the bot may not have known of it and not have counted them,
// or who lost it since: once a vote is found not to count, it takes another.
func (h *History) unheeded(c *Card) []Vote {
	return slices.DeleteFunc(votesAt(c, forever), func(v Vote) bool {
		changed := h.changedRight(v.User, v.At)
		return (changed.IsZero() || v.At.Sub(changed) > personAge) && !h.lostRight(v.User, v.At)
	})
}

// lostRight reports whether a person was without the right to vote at some time
// after another.
func (h *History) lostRight(user string, after time.Time) bool {
	return slices.ContainsFunc(h.Rights, func(r Right) bool { return r.User == user && r.At.After(after) && !r.Has })
}

// changedRight is when a person last got or lost the right to vote.
func (h *History) changedRight(user string, before time.Time) (at time.Time) {
	var had *bool
	for _, r := range h.Rights {
		if r.User != user || r.At.After(before) {
			continue
		}
		if had != nil && r.Has != *had {
			at = r.At
		}
		had = &r.Has
	}
	return at
}

// could reports whether a person had the right to approve at some time, or all
// the time, from when the bot may last have asked until the write.
func (h *History) could(user string, looked, written time.Time, always bool) bool {
	from := looked
	if slices.Contains(groupFolk, user) {
		from = looked.Add(-groupAge)
	}
	has, ever, ceaseless := false, false, true
	judge := func() { ever, ceaseless = ever || has, ceaseless && has }
	for _, r := range h.Rights {
		if r.User != user || r.At.After(written) {
			continue
		}
		if r.At.After(from) {
			judge()
		}
		has = r.Has
	}
	judge()
	if always {
		return ceaseless
	}
	return ever
}
