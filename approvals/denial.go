package approvals

import (
	"slices"
	"time"
)

// A Denial is a deny emoji on a message that names the request and is not its card. It
// counts as on the card.
type Denial struct {
	TS        string    `json:"ts"` // of the message
	User      string    `json:"user" words:"person"`
	Name      string    `json:"name"`               // of the emoji
	EventTS   string    `json:"event_ts,omitempty"` // of the last event about it; empty if none told
	Withdrawn bool      `json:"withdrawn,omitempty"`
	HeardAt   time.Time `json:"heard_at,omitzero"` // by the store's clock; set when it is recorded
}

func (d Denial) isSame(other Denial) bool {
	return d.TS == other.TS && d.User == other.User && d.Name == other.Name
}

// addTo adds a denial to those known. Slack may report one several times and out of
// order: the report with the latest event time holds. One that a look shows though it was
// withdrawn was given anew, unless the look may be late.
func (d Denial) addTo(known []Denial) (denials []Denial, changed bool) {
	i := slices.IndexFunc(known, d.isSame)
	if i < 0 {
		return append(slices.Clone(known), d), true
	}
	switch k := known[i]; {
	case d.EventTS == "" && k.Withdrawn && !k.mayBeShownLate(d.HeardAt):
		d.EventTS = k.EventTS
	case d.EventTS <= k.EventTS:
		return known, false
	}
	denials = slices.Clone(known)
	denials[i] = d
	return denials, true
}

// mayBeShownLate reports whether a look that shows a withdrawn denial may show what was before.
func (d Denial) mayBeShownLate(now time.Time) bool { return d.Withdrawn && mayBeLate(d.HeardAt, now) }

// IsInDispute reports whether a thread shows a denial that was withdrawn a moment ago: either
// the look is late, or the denial was given anew.
func (r Request) IsInDispute(shown []Denial, now time.Time) bool {
	return slices.ContainsFunc(r.Denials, func(k Denial) bool {
		return k.mayBeShownLate(now) && slices.ContainsFunc(shown, k.isSame)
	})
}

// HasReplies reports whether the bot said something in the thread of an open request, which
// people may deny there.
func (r Request) HasReplies() bool {
	return r.RemindersSent > 0 || r.ConsentLosses > 0 || r.PressCount > 0 || r.Terms.Escalated ||
		r.State == Approved && r.DelayReason != ""
}

// denialsBeside are the denials that are left when the card's timestamp is known: those
// on the card itself were recorded as reactions.
func (r Request) denialsBeside(cardTS string) []Denial {
	return slices.DeleteFunc(slices.Clone(r.Denials), func(d Denial) bool { return d.TS == cardTS })
}
