package judge

import (
	"slices"
	"strings"
	"time"
)

// isDated reports whether the bot can know that an approval came before the deadline:
// its event told, or Slack showed it before.
func (h *History) isDated(c *Card, v Vote, written time.Time) bool {
	due := c.At.Add(h.TTL + 2*h.Skew) // the deadline is set right before the card is posted
	shows := func(look Look) bool { return look.To.Add(-look.Lag).After(v.At) && look.From.Before(due) }
	return v.At.Before(due) && (!v.Sent.IsZero() && v.Sent.Before(written) ||
		slices.ContainsFunc(c.Looks, shows) || slices.ContainsFunc(h.Surveys, shows))
}

// wasToldInVain reports whether the giver of an approval had been told that it does
// not count. That holds until the person takes it back. A word about an earlier
// reaction of the person may be meant, so only the first one is judged.
func (h *History) wasToldInVain(c *Card, v Vote, written time.Time) bool {
	before := slices.ContainsFunc(c.Votes, func(o Vote) bool { return o.User == v.User && o.Present && o.At.Before(v.At) })
	return !before && slices.ContainsFunc(h.Private, func(w Word) bool {
		return w.User == v.User && w.At.After(v.At) && w.At.Before(written) && strings.Contains(w.Text, c.ID) &&
			strings.Contains(w.Text, saysNotCounted) && !strings.Contains(w.Text, saysUncheckable)
	})
}
