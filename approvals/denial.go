package approvals

import "slices"

// A Denial is a deny emoji on a message that names the request and is not its card. It
// counts as on the card.
type Denial struct {
	TS        string `json:"ts"` // of the message
	User      string `json:"user" words:"person"`
	Name      string `json:"name"`               // of the emoji
	EventTS   string `json:"event_ts,omitempty"` // empty if no event told
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// addTo adds a denial to those known. Slack may report one several times and out of
// order: the report with the latest event time holds.
func (d Denial) addTo(known []Denial) (denials []Denial, changed bool) {
	for i, k := range known {
		if k.TS != d.TS || k.User != d.User || k.Name != d.Name {
			continue
		}
		if d.EventTS <= k.EventTS {
			return known, false
		}
		denials = slices.Clone(known)
		denials[i] = d
		return denials, true
	}
	return append(slices.Clone(known), d), true
}

// denialsBeside are the denials that are left when the card's timestamp is known: those
// on the card itself were recorded as reactions.
func (r Request) denialsBeside(cardTS string) []Denial {
	return slices.DeleteFunc(slices.Clone(r.Denials), func(d Denial) bool { return d.TS == cardTS })
}
