//go:build linux

package chaos

import (
	"fmt"
	"slices"
	"time"
)

// judgeWrites gives every write to the card it was made for, and judges it.
func (j *judge) judgeWrites() {
	for _, w := range j.h.Writes {
		c, ending := j.cause(w)
		if c == nil {
			if !w.Took.IsZero() {
				j.findAt(w.Arrived, Untrue, "a write that no card asks for", "", fmt.Sprintf("%s: %v became %v", w.Group, w.Before, w.After), w.Group)
			}
			continue
		}
		r := j.request(c.ID)
		if ending {
			j.judgeEnding(r, c, w)
			r.endings = append(r.endings, w)
			continue
		}
		j.judgeWrite(r, c, w)
		r.writes = append(r.writes, w)
	}
	j.judgeOverlaps()
}

// cause finds the card whose change a write makes, or whose grant it ends. It
// is an end if it only takes out, and nobody agreed to that or the end says so,
// or if no consent would cover it otherwise.
func (j *judge) cause(w *Write) (c *Card, ending bool) {
	asks, end := j.owner(w), j.grantEndedBy(w)
	covered := asks != nil && j.uncovered(asks, w) == ""
	takesOut := w.Changed && len(without(w.Asked, w.Before)) == 0
	agreed := asks != nil && len(asks.Removes) > 0
	if end != nil && (!covered || takesOut && (!agreed || j.tellsOf(end, w))) {
		return end, true
	}
	return asks, false
}

// tellsOf reports whether the end of a grant says that it took out what a write
// did, and no later write can be meant.
func (j *judge) tellsOf(end *Card, w *Write) bool {
	gone := without(w.Before, w.After)
	return slices.ContainsFunc(end.Thread, func(r Reply) bool {
		return r.Event == endedEvent && r.At.After(w.Took) && len(without(gone, ticked(tookOut, r.Text))) == 0 &&
			!j.h.takenOut(w.Group, gone, w.Took, r.At)
	})
}

// owner finds the open card of the group whose change a write makes. Of several
// it is the one that the bot looked at last.
func (j *judge) owner(w *Write) *Card {
	var best *Card
	for _, c := range j.h.Cards {
		if c.Group != w.Group || c.At.After(w.Arrived) || !c.in(w.Asked) || c.endedBy(w.Arrived) {
			continue
		}
		if best == nil || j.fits(c, w) > j.fits(best, w) ||
			j.fits(c, w) == j.fits(best, w) && c.looked(w.Arrived).After(best.looked(w.Arrived)) {
			best = c
		}
	}
	return best
}

// candidates are the words that find, in the journals, the cards that a write
// may have been made for.
func (j *judge) candidates(w *Write) []string {
	words := []string{w.Group}
	for _, c := range j.h.Cards {
		if c.Group == w.Group && c.in(w.Asked) {
			words = append(words, c.TS)
		}
	}
	return words
}

// fits ranks cards: those whose change on top of the rule is the very write
// come first, of these the ones with consent, and then those that say that
// they were done.
func (j *judge) fits(c *Card, w *Write) (rank int) {
	if !w.Took.IsZero() && sameSet(w.Asked, without(union(w.Before, c.Codes), c.Removes)) {
		rank += 4
	}
	if j.uncovered(c, w) == "" {
		rank += 2
	}
	if slices.ContainsFunc(c.Thread, func(r Reply) bool { return r.Event == doneEvent }) {
		rank++
	}
	return rank
}

// in reports whether a card's change is in a rule.
func (c *Card) in(rule []string) bool {
	return len(without(c.Codes, rule)) == 0 && len(common(c.Removes, rule)) == 0
}

func (c *Card) endedBy(when time.Time) bool {
	return slices.ContainsFunc(c.Thread, func(r Reply) bool { return isEnd(r.Event) && r.At.Before(when) })
}

// looked is when the bot last looked at the card before some time.
func (c *Card) looked(before time.Time) time.Time {
	var at time.Time
	for _, look := range c.Looks {
		if look.From.Before(before) && look.From.After(at) {
			at = look.From
		}
	}
	return at
}

// uncovered tells why a card's consent does not cover a write; "" if it does.
// Each write needs a look of its own.
func (j *judge) uncovered(c *Card, w *Write) string {
	var earlier time.Time
	if before := j.request(c.ID).writes; len(before) > 0 {
		earlier = last(before).Arrived
	}
	return j.h.consented(c, w, earlier)
}

func (j *judge) judgeWrite(r *request, c *Card, w *Write) {
	if problem := j.uncovered(c, w); problem != "" {
		j.findAt(w.Arrived, Untrue, "a write without consent", r.id, fmt.Sprintf("at %s: %s", w.Arrived.Format(clockLayout), problem), j.candidates(w)...)
	}
	if w.Took.IsZero() || !w.Changed {
		return
	}
	edited := j.h.editedBetween(w.Group, j.h.readFor(w), w.Took)
	j.judgeAltered(r, w, edited)
	if gone := without(without(w.Before, w.Asked), c.Removes); len(gone) > 0 && !edited {
		j.findAt(w.Arrived, Lost, "a write took away what was there", r.id, fmt.Sprintf("%v were in the rule of %s and nobody asked to take them out", gone, w.Group), w.Group)
	}
	if strange := without(without(w.Asked, w.Before), c.Codes); len(strange) > 0 && !edited {
		j.findAt(w.Arrived, Untrue, "a write added what nobody asked for", r.id, fmt.Sprint(strange), w.Group)
	}
	if effects := effectsOf(r.writes); len(effects) > 0 {
		before := last(effects)
		again := common(without(before.After, before.Before), without(w.After, w.Before))
		if len(again) > 0 && !j.h.editedBetween(w.Group, before.Took, w.Took) && !j.h.takenOut(w.Group, again, before.Took, w.Took) {
			j.findAt(w.Arrived, Doubled, "one request, two effects", r.id, fmt.Sprintf("%v were added twice", again), w.Group)
		}
	}
}

// judgeAltered wants limits and useExternalLicense left as they are.
func (j *judge) judgeAltered(r *request, w *Write, edited bool) {
	if w.Altered != "" && !edited {
		j.findAt(w.Arrived, Untrue, "a write changed what nobody asked for", r.id, w.Altered, w.Group)
	}
}

// readFor is when the rule was read for a write, at the earliest. The rule is
// read by two calls right before; as nobody can tell whose calls these are, a
// few more of others are allowed for.
func (h *History) readFor(w *Write) time.Time {
	const calls = 2 + 4
	earliest := w.Arrived.Add(-taskLimit)
	reads := h.Reads[w.Group]
	before, _ := slices.BinarySearchFunc(reads, w.Arrived, time.Time.Compare)
	if before < calls || reads[before-calls].Before(earliest) {
		return earliest
	}
	return reads[before-calls]
}

func (h *History) editedBetween(group string, from, to time.Time) bool {
	return slices.ContainsFunc(h.Edits, func(e Edit) bool { return e.Group == group && !e.At.Before(from) && !e.At.After(to) })
}

// judgeOverlaps wants no two writes to one group at the same time. A write is
// under way until it took effect; one whose connection was spoilt without an
// effect never was.
func (j *judge) judgeOverlaps() {
	for i, a := range j.h.Writes {
		for _, b := range j.h.Writes[i+1:] {
			if a.Group == b.Group && b.Arrived.Before(a.over()) && a.over().After(a.Arrived) && b.over().After(b.Arrived) {
				j.findAt(b.Arrived, Doubled, "two writes to one group at once", "",
					fmt.Sprintf("%s: one from %s to %s, one from %s", a.Group, a.Arrived.Format(clockLayout), a.over().Format(clockLayout), b.Arrived.Format(clockLayout)), a.Group)
			}
		}
	}
}

func (w *Write) over() time.Time {
	switch {
	case !w.Took.IsZero():
		return w.Took
	case w.Spoilt || w.Status == 0:
		return w.Arrived
	}
	return w.Ended
}
