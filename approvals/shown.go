package approvals

import (
	"slices"
	"unicode/utf8"
)

// Room for a change on its card, in characters. Consent is given to what the card
// shows, so a change that does not fit is refused before approvers see it.
//
// The text of a message that is updated may have 4,000 characters, and it says all
// that the blocks say. Package bot/message needs up to 2,600 of them for the rest of
// a card: who asks and why, what stays, who may approve, where it stands. The
// other numbers are the longest words that it has for one code.
const (
	maxShownChange = 1350
	maxShownCode   = 100 // of one code, which is cut where it is longer

	roomToAdd       = 7  // • `+ CODE`
	roomToExtend    = 22 // • Extends `CODE` for good
	roomToRemove    = 5  // `CODE`,
	roomToKeep      = 4  // `CODE`,
	roomOfLimit     = 23 // • `CODE` · at most 1000000
	roomOfGoneLimit = 35 //  (and its limit of 1000000 seats)
)

// fitsCard reports whether a card has room for the whole change. Of an exact change the
// result is what people consent to, so the codes that stay are shown in full as well.
func (c Change) fitsCard(quotas []Quota) bool {
	room := maxShownChange
	if c.Exact {
		for _, code := range c.Keep {
			length := escapedLength(code)
			if room -= length + roomToKeep; room < 0 || length > maxShownCode {
				return false
			}
		}
	}
	return len(c.shownWithin(room, quotas)) == len(c.AllCodes())
}

// shownCodes lists as many codes of a change as its card has room for. quotas are
// the limits that the group has before the change.
func (c Change) shownCodes(quotas []Quota) []string {
	return c.shownWithin(maxShownChange, quotas)
}

func (c Change) shownWithin(room int, quotas []Quota) []string {
	all := c.AllCodes()
	for i, code := range all {
		length := escapedLength(code)
		if room -= length + c.roomAround(code, quotas); room < 0 || length > maxShownCode {
			return all[:i]
		}
	}
	return all
}

// roomAround is how many characters a card has around a code, at most.
func (c Change) roomAround(code string, quotas []Quota) int {
	room := 0
	if slices.Contains(c.Add, code) {
		room += roomToAdd
	}
	if slices.Contains(c.Extend, code) {
		room += roomToExtend
	}
	if slices.ContainsFunc(c.Quotas, func(q QuotaChange) bool { return q.Code == code }) {
		room += roomOfLimit
	}
	if slices.Contains(c.Remove, code) {
		room += roomToRemove
		if (Allocation{Quotas: quotas}).limitOf(code) > 0 {
			room += roomOfGoneLimit
		}
	}
	return room
}

// escapedLength counts characters as Slack writes them: & is &amp;.
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
