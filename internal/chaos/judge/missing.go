package judge

import (
	"slices"
	"strings"
	"time"
)

// Missing lists what the bot still owes, as far as the fakes can tell.
func (h *History) Missing() []string {
	var missing []string
	j := collectRequests(h)
	j.judgeWrites()
	for _, id := range sortedKeys(j.requests) {
		r := j.requests[id]
		if len(r.cards) == 0 && !r.requesterTold() && !h.awaitsRepeat(r) {
			missing = append(missing, id+" has neither a card nor a private word")
		}
		if cards := slices.DeleteFunc(slices.Clone(r.cards), r.replacedCard); len(cards) > 1 {
			missing = append(missing, id+" has several cards")
		}
		for _, c := range r.cards {
			if lack := c.lacks(); lack != "" && !r.replacedCard(c) && (c.Deleted.IsZero() || !r.requesterTold()) {
				missing = append(missing, id+" "+lack)
			}
			if len(j.leftForever(r, c)) > 0 {
				missing = append(missing, id+" leaves codes that have to end")
			}
			if j.lacksCorrection(r, c) {
				missing = append(missing, id+" has its change made, and its thread does not tell")
			}
		}
	}
	for _, m := range h.Stray {
		missing = append(missing, m.TS+" stands in the channel and belongs to a thread")
	}
	return missing
}

// About is what the journals have of the request in a line of Missing.
func (h *History) About(missing string) []string {
	id, _, _ := strings.Cut(missing, " ")
	return collectRequests(h).excerpt(id, time.Time{}, nil)
}

// lacks tells what a card is without.
func (c *Card) lacks() string {
	at := slices.IndexFunc(c.Thread, func(r Reply) bool { return IsOutcome(r.Event) })
	switch {
	case at < 0:
		return "has no outcome; its card says: " + statusOf(last(c.Says).Text)
	case !c.showsOutcome(c.Thread[at].Event):
		return "has an outcome and its card does not show it"
	case c.hasOutcomeTwice():
		return "has a reply twice"
	case c.hasLateWords(at):
		return "has words below those that made them untrue"
	}
	return c.lacksOfGrant()
}

// hasOutcomeTwice reports whether a thread has an outcome or a word of a grant twice:
// the bot looks for such doubles and deletes them.
func (c *Card) hasOutcomeTwice() bool {
	seen := map[[2]string]bool{}
	for _, r := range c.Thread {
		this := [2]string{r.Event, r.Number}
		if seen[this] && r.Event != doubleEvent {
			return true
		}
		seen[this] = true
	}
	return false
}

// hasLateWords reports whether words of progress stand below the outcome, or those of a
// grant below its end: the bot looks for what Slack stored late and deletes it.
func (c *Card) hasLateWords(outcome int) bool {
	isOver := false
	return slices.ContainsFunc(c.Thread[outcome:], func(r Reply) bool {
		isLate := isOver && slices.Contains(grantEvents, r.Event)
		isOver = isOver || r.tellsGrantOver()
		return slices.Contains(progressEvents, r.Event) || isLate
	})
}

// lacksOfGrant tells what the grant of a done request is without.
func (c *Card) lacksOfGrant() string {
	switch {
	case c.Lasts == 0 || c.madeReply() == nil:
		return ""
	case !c.GrantOver():
		return "is done for a time, and its end is not told"
	case c.doneReply() != nil && !strings.Contains(statusOf(last(c.Says).Text), showsRevoked):
		return "has its grant over and its card does not show it"
	}
	return ""
}
