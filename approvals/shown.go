package approvals

import (
	"slices"
	"unicode/utf8"
)

// Room for a change on its card. Consent is given to what the card shows, so a
// change that does not fit is refused before it is put before approvers.
//
// A message that is updated may have a text of 4,000 characters, which says all
// that the blocks say. Package bot/message needs up to 2,500 of them for the rest
// of a card: who asks, why, who may approve, where it stands.
const (
	maxShownChange = 1500
	maxShownCode   = 100 // of one code; a longer one is cut where it is shown
	shownLineRoom  = 16  // of one line around a code, without its limit
	shownLimitRoom = 34  // what a line says about a limit, or removal about the limit that goes
)

// shownCodes is how many of the codes of a change fit on its card, in the order of
// AllCodes. quotas are the limits that the group has before the change.
func (c Change) shownCodes(quotas []Quota) int {
	room := maxShownChange
	for i, code := range c.AllCodes() {
		if room -= c.shownLength(code, quotas); room < 0 || escapedLength(code) > maxShownCode {
			return i
		}
	}
	return len(c.AllCodes())
}

// fitsCard reports whether the card of the change shows each code and limit.
func (c Change) fitsCard(quotas []Quota) bool { return c.shownCodes(quotas) == len(c.AllCodes()) }

// shownLength is how many characters a card needs at most to show what changes
// about a code.
func (c Change) shownLength(code string, quotas []Quota) int {
	length := escapedLength(code) + shownLineRoom
	changes := slices.ContainsFunc(c.Quotas, func(q QuotaChange) bool { return q.Code == code })
	goes := slices.Contains(c.Remove, code) && (Allocation{Quotas: quotas}).limitOf(code) > 0
	if changes || goes {
		length += shownLimitRoom
	}
	return length
}

// escapedLength counts characters as Slack does: it writes & as &amp;.
func escapedLength(code string) int {
	length := utf8.RuneCountInString(code)
	for _, r := range code {
		switch r {
		case '&':
			length += len("amp;")
		case '<', '>':
			length += len("lt;")
		}
	}
	return length
}
