package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// OverlookedVotes are votes on a card the bot may rightly leave out. Either the
// person's right to vote changed shortly before, and the bot may not have known. Or
// the person lost the right since, or was told that a configuration left them out: a vote
// once rejected stays rejected, and the person must vote again. Who has no right at present
// votes in vain.
func (h *History) OverlookedVotes(c *Card) []Vote {
	return slices.DeleteFunc(votesAt(c, forever), func(v Vote) bool {
		changed := h.rightChanged(v.User, v.At)
		isHeard := (changed.IsZero() || v.At.Sub(changed) > personAge) && !h.lostRight(v.User, v.At)
		return isHeard && !h.wasLeftOut(c, v) || !h.mayAlways(c, v.User, forever, forever)
	})
}

// wasLeftOut reports whether a configuration since a vote did not name its giver, and the
// bot said so.
func (h *History) wasLeftOut(c *Card, v Vote) bool {
	unnamed := slices.ContainsFunc(h.configsDuring(v.At, forever), func(config Config) bool {
		return !h.isNamedBy(config.Named, v.User)
	})
	return unnamed && (slices.ContainsFunc(c.Thread, func(said Reply) bool {
		return said.At.After(v.At) && strings.Contains(said.Text, fmt.Sprintf(saysLeftOut, v.User))
	}) || slices.ContainsFunc(h.Private, func(said Word) bool {
		return said.User == v.User && said.At.After(v.At) && strings.Contains(said.Text, c.ID) &&
			strings.Contains(said.Text, saysNotNamed)
	}))
}

// lostRight reports whether a person was without the right to vote at some time
// after another.
func (h *History) lostRight(user string, after time.Time) bool {
	return slices.ContainsFunc(h.Rights, func(r Right) bool { return r.User == user && r.At.After(after) && !r.Has })
}

// rightChanged is when a person last got or lost the right to vote.
func (h *History) rightChanged(user string, before time.Time) (at time.Time) {
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

// mayEverApprove reports whether a person had the right to approve at any time
// from when the bot may last have asked until the write.
func (h *History) mayEverApprove(user string, looked, written time.Time) bool {
	return slices.Contains(h.rightsDuring(user, looked, written), true)
}

// mayAlwaysApprove reports whether a person had the right all that time.
func (h *History) mayAlwaysApprove(user string, looked, written time.Time) bool {
	return !slices.Contains(h.rightsDuring(user, looked, written), false)
}

// rightsDuring tells whether a person had the right to approve, from when the
// bot may last have asked until the write, each time that it may have changed.
func (h *History) rightsDuring(user string, looked, written time.Time) (had []bool) {
	from := looked
	if !slices.Contains(h.Named, user) { // by the user group, at present or a moment ago
		from = looked.Add(-groupAge)
	}
	has := false
	for _, r := range h.Rights {
		if r.User != user || r.At.After(written) {
			continue
		}
		if r.At.After(from) {
			had = append(had, has)
		}
		has = r.Has
	}
	return append(had, has)
}
