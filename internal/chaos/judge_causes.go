//go:build linux

package chaos

import (
	"fmt"
	"slices"
	"time"
)

// judgeCause wants a reason for an end that is no success: a denial, a command,
// a deadline at which the consent on the card did not suffice, or a consent
// that was tried to be carried out.
func (j *judge) judgeCause(r *request, c *Card, end Reply) {
	switch end.Event {
	case "allocation_denied":
		if !j.h.denied(c, end.At) {
			j.find(Untrue, "denied by nobody", r.id, end.Text)
		}
	case "allocation_cancelled":
		if c.Deleted.IsZero() && !j.cancelled(c, end.At) {
			j.find(Untrue, "cancelled by nobody", r.id, end.Text)
		}
	case "allocation_expired":
		if look, stood := j.stoodAtDeadline(r, c, end.At); stood {
			j.find(Lost, "expired with consent on the card", r.id, fmt.Sprintf("which the bot saw at %s: %s", look.Format(clockLayout), end.Text))
		}
	case failedEvent, "allocation_superseded":
		if !j.h.approved(c, end.At) {
			j.find(Untrue, "carried out without consent", r.id, end.Text)
		}
	}
}

// denied reports whether somebody who could had denied by then. At a vote what
// the bot knows of people may be a minute old.
func (h *History) denied(c *Card, by time.Time) bool {
	return slices.ContainsFunc(c.Votes, func(v Vote) bool {
		return v.Deny && v.Present && v.At.Before(by) && v.User != c.Requester && h.could(v.User, v.At.Add(-personAge), by, false)
	})
}

// approved reports whether as many people as are needed had consented by then.
// The bot hears of votes without looking, and of a withdrawal later perhaps, or
// not at all before it looks.
func (h *History) approved(c *Card, by time.Time) bool {
	consents := map[string]bool{}
	for _, v := range c.Votes {
		if v.Present && !v.Deny && v.At.Before(by) && v.User != c.Requester && h.could(v.User, v.At.Add(-personAge), by, false) {
			consents[v.User] = true
		}
	}
	return len(consents) >= h.Quorum
}

// cancelled reports whether somebody who could had cancelled by then.
func (j *judge) cancelled(c *Card, by time.Time) bool {
	return slices.ContainsFunc(j.h.Orders, func(o Order) bool {
		return o.Verb == "cancel" && o.ID == c.ID && o.At.Before(by) && (o.User == c.Requester || j.h.could(o.User, o.At.Add(-personAge), by, false))
	})
}

// stoodAtDeadline reports whether every look at a card since its deadline
// certainly showed consent that was given in time, and when the last was.
func (j *judge) stoodAtDeadline(r *request, c *Card, ended time.Time) (latest time.Time, stood bool) {
	if r.command == nil {
		return latest, false
	}
	due := r.command.At.Add(j.h.expiry())
	if !ended.Before(due.Add(j.h.TTL)) { // Slack answered nothing for another lifetime
		return latest, false
	}
	for _, look := range c.Looks {
		if look.From.Before(due) || !look.From.Before(ended) {
			continue
		}
		if !j.h.certain(c, look, due) {
			return latest, false
		}
		latest = look.From
	}
	return latest, !latest.IsZero()
}

// certain reports whether a look showed a quorum whatever the bot knew of
// people then: of approvals that stood all the while and were given by due.
func (h *History) certain(c *Card, look Look, due time.Time) bool {
	before, consents := look.From.Add(-personAge), map[string]bool{}
	for _, v := range c.Votes {
		switch {
		case v.At.After(look.To):
		case v.Deny && v.Present:
			return false
		case !v.Deny:
			consents[v.User] = v.Present && v.At.Before(due) && v.User != c.Requester && h.could(v.User, before, look.To, true)
		}
	}
	n := 0
	for _, counts := range consents {
		if counts {
			n++
		}
	}
	return n >= h.Quorum
}
