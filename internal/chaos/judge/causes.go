package judge

import (
	"fmt"
	"slices"
	"time"
)

// judgeCause wants a reason for every outcome except success: a denial, a command,
// a deadline without enough consent, or an attempt to carry the consent out.
func (j *judge) judgeCause(r *request, c *Card, outcome Reply) {
	switch outcome.Event {
	case deniedEvent:
		if !j.h.deniedBy(c, outcome.At) {
			j.report(deniedGroundless, r.id, outcome.Text)
		}
	case cancelledEvent:
		if c.Deleted.IsZero() && !j.cancelledBy(c, outcome.At) {
			j.report(cancelGroundless, r.id, outcome.Text)
		}
	case expiredEvent:
		if look, stood := j.agreedAtDeadline(r, c, outcome.At); stood {
			j.report(expiredAgreed, r.id, fmt.Sprintf("which the bot saw at %s: %s", look.Format(clockLayout), outcome.Text))
		}
	case failedEvent, supersededEvent:
		if !j.h.approvedBy(c, outcome.At) {
			j.report(carriedUnagreed, r.id, outcome.Text)
		}
		if outcome.Event == failedEvent && !j.mayHaveFailed(c, outcome.At) {
			j.report(failedGroundless, r.id, outcome.Text)
		}
		if saysOtherName.MatchString(outcome.Text) && !j.h.mayDifferInName(c, outcome.At) {
			j.report(renameUntrue, r.id, outcome.Text)
		}
	}
}

// mayDifferInName reports whether the bot may have read another name of a card's group than the
// card has by then. It looks names up in lists that are some minutes old.
func (h *History) mayDifferInName(c *Card, by time.Time) bool {
	from := c.At.Add(-5 * time.Minute)
	other := func(name string) bool { return name != c.Name && h.wasNamed(c.Group, name, from, by) }
	return other(h.Groups[c.Group]) ||
		slices.ContainsFunc(h.Renames[c.Group], func(n Naming) bool { return other(n.Name) })
}

// mayHaveFailed reports whether there is a reason why a request failed by then: a write,
// a refusal of UiPath's to show something, or the approval lapsed. What only an operator
// can mend is no reason.
func (j *judge) mayHaveFailed(c *Card, by time.Time) bool {
	lapsed := !by.Before(c.At.Add(j.h.earliestExpiry()))
	meanwhile := func(at time.Time) bool { return at.After(c.At) && at.Before(by) }
	return lapsed || slices.ContainsFunc(j.h.Refusals, meanwhile) ||
		slices.ContainsFunc(j.h.Writes, func(w *Write) bool { return w.Group == c.Group && meanwhile(w.Arrived) })
}

// deniedBy reports whether an approver had denied by then. When the bot counts
// a vote, what it knows of people may be a minute old.
func (h *History) deniedBy(c *Card, when time.Time) bool {
	votes := slices.Clone(c.Votes)
	for _, double := range slices.Concat(h.Doubles, h.Cards) {
		if double.ID == c.ID && double != c {
			votes = append(votes, double.Votes...)
		}
	}
	return slices.ContainsFunc(votes, func(v Vote) bool { return v.Deny && h.mayCount(c, v, when) })
}

// approvedBy reports whether a quorum had approved by then. The bot hears of a
// vote without a look; it may hear of a withdrawal later, or only by a look.
func (h *History) approvedBy(c *Card, when time.Time) bool {
	consents := map[string]bool{}
	for _, v := range c.Votes {
		if !v.Deny && h.mayCount(c, v, when) {
			consents[v.User] = true
		}
	}
	return len(consents) >= h.quorumOf(c)
}

// mayCount reports whether the bot may have counted a vote by then.
func (h *History) mayCount(c *Card, v Vote, when time.Time) bool {
	return v.Present && v.At.Before(when) && h.mayEver(c, v.User, v.At.Add(-personAge), when)
}

// cancelledBy reports whether the requester or an approver had cancelled by
// then.
func (j *judge) cancelledBy(c *Card, when time.Time) bool {
	return slices.ContainsFunc(j.h.Orders, func(o Order) bool {
		return o.Verb == "cancel" && o.ID == c.ID && o.At.Before(when) &&
			(o.User == c.Requester || j.h.mayEverApprove(o.User, o.At.Add(-personAge), when))
	})
}

// judgeExpiry wants the expiry after the deadline and after a last look at the
// card: a vote in time counts even if its event was lost. Two things excuse the
// look: the bot did not know the card yet, or Slack was silent for another lifetime
// of the request.
func (j *judge) judgeExpiry(r *request, c *Card, outcome Reply) {
	if r.command == nil {
		return
	}
	due := r.command.At.Add(j.h.earliestExpiry())
	if outcome.At.Before(due) {
		j.report(expiredTooEarly, r.id, fmt.Sprintf("%v after it was typed", outcome.At.Sub(r.command.At)))
	}
	looked := slices.ContainsFunc(c.Looks, func(l Look) bool { return !l.To.Before(due) && l.From.Before(outcome.At) })
	known := !c.Known.IsZero() && c.Known.Before(due)
	if known && !looked && outcome.At.Before(due.Add(j.h.TTL)) {
		j.report(expiredUnseen, r.id, outcome.Text)
	}
}

// earliestExpiry is how long after its command a request may expire, at the
// earliest: the clock that decides may be off, and may have been off the other
// way when the deadline was set.
func (h *History) earliestExpiry() time.Duration { return h.TTL - 2*h.Skew - time.Second }

// agreedAtDeadline reports whether every look at a card since its deadline
// certainly showed consent that was given in time, and when the last one was.
func (j *judge) agreedAtDeadline(r *request, c *Card, ended time.Time) (latest time.Time, agreed bool) {
	if r.command == nil {
		return latest, false
	}
	due := r.command.At.Add(j.h.earliestExpiry())
	if !ended.Before(due.Add(j.h.TTL)) { // Slack answered nothing for another lifetime
		return latest, false
	}
	for _, look := range c.Looks {
		if look.From.Before(due) || !look.From.Before(ended) {
			continue
		}
		if !j.h.certainlyAgreed(c, look, due) {
			return latest, false
		}
		latest = look.From
	}
	return latest, !latest.IsZero()
}

// certainlyAgreed reports whether a look showed a quorum, whatever the bot knew
// of people then: of approvals that were given by due and stood all the while, and
// of which an event told it.
func (h *History) certainlyAgreed(c *Card, look Look, due time.Time) bool {
	consents := map[string]bool{}
	if look.Lag > 0 {
		return false
	}
	for _, v := range c.Votes {
		switch {
		case v.At.After(look.To):
		case v.Deny && v.Present:
			return false
		case !v.Deny:
			consents[v.User] = v.Present && v.At.Before(due) && v.heardBefore(look.From) &&
				!h.wasToldInVain(c, v, look.To) && h.mayAlways(c, v.User, v.At.Add(-personAge), look.To)
		}
	}
	n := 0
	for _, counts := range consents {
		if counts {
			n++
		}
	}
	return n >= h.quorumOf(c)
}
