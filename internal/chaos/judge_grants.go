//go:build linux

package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// grantEndedBy finds the grant whose end a write makes: that of a done card whose
// codes it leaves out. Of several, those come first whose time is over, then
// those that say they took out what was, and then those that had it all.
func (j *judge) grantEndedBy(w *Write) *Card {
	gone := without(w.Before, w.Asked)
	rank := func(c *Card) (rank int) {
		if j.due(c, w.Arrived) {
			rank += 4
		}
		if slices.ContainsFunc(c.Thread, func(r Reply) bool {
			return r.Event == endedEvent && r.At.After(w.Arrived) && len(without(gone, ticked(tookOut, r.Text))) == 0
		}) {
			rank += 2
		}
		if len(without(gone, c.Codes)) == 0 {
			rank++
		}
		return rank
	}
	var best *Card
	for _, c := range j.h.Cards {
		if !j.holds(c, w.Group, w.Arrived) || len(without(c.Codes, w.Asked)) == 0 || len(gone) > 0 && len(common(gone, c.Codes)) == 0 {
			continue
		}
		if best == nil || rank(c) > rank(best) {
			best = c
		}
	}
	return best
}

// holds reports whether a card may have been granted for a time, and not have
// ended, at some time.
func (j *judge) holds(c *Card, group string, when time.Time) bool {
	granted := j.granted(c)
	return c.Lasts > 0 && c.Group == group && !granted.IsZero() && granted.Before(when) && !c.overBy(when) &&
		(c.done() != nil || !c.Deleted.IsZero())
}

// granted is when a card's change was in the rule: since its first effect, or
// since consent was seen, where nothing was to be written or somebody else made
// the change while an answer was lost. Zero: never.
func (j *judge) granted(c *Card) time.Time {
	took := j.took(c)
	if took.IsZero() && (c.done() != nil || c.writesNothing()) {
		return j.h.agreed(c)
	}
	return took
}

// took is when a card's change first took effect by a write of its own.
func (j *judge) took(c *Card) time.Time {
	for _, w := range j.request(c.ID).writes {
		if !w.Took.IsZero() {
			return w.Took
		}
	}
	return time.Time{}
}

// added are the codes that a card's change puts in.
func (c *Card) added() []string { return without(c.Codes, c.Renews) }

// writesNothing reports whether a card only asks to let codes stay.
func (c *Card) writesNothing() bool { return len(c.added()) == 0 && len(c.Removes) == 0 }

// agreed is when the bot first saw consent on a card; zero: never.
func (h *History) agreed(c *Card) time.Time {
	for _, look := range c.Looks {
		if h.seen(c, look, look.To) == "" {
			return look.To
		}
	}
	return time.Time{}
}

// due reports whether a grant may have ended by then: its time was over, by a
// clock that may be off, or somebody who may ended it early.
func (j *judge) due(c *Card, by time.Time) bool {
	if granted := j.granted(c); granted.Add(c.Lasts - 2*j.h.Skew - time.Second).Before(by) {
		return true
	}
	return slices.ContainsFunc(j.h.Orders, func(o Order) bool {
		return o.Verb == "end" && o.ID == c.ID && o.At.Before(by) && (o.User == c.Requester || j.h.could(o.User, o.At, by, false))
	})
}

// judgeEnding judges a write that ends a grant: it comes in its time, and takes
// out nothing but the grant's codes, and none that another request holds.
func (j *judge) judgeEnding(r *request, c *Card, w *Write) {
	if !j.due(c, w.Arrived) {
		j.findAt(w.Arrived, Untrue, "a grant ended before its time", r.id, "at "+w.Arrived.Format(clockLayout), w.Group)
	}
	edited := j.h.editedBetween(w.Group, j.h.readFor(w), w.Took)
	j.judgeAltered(r, w, edited)
	if !w.Changed || edited {
		return
	}
	gone := without(w.Before, w.Asked)
	if wrong := without(gone, c.Codes); len(wrong) > 0 {
		j.findAt(w.Arrived, Lost, "a write took away what was there", r.id, fmt.Sprintf("the end of a grant took %v out of the rule of %s, which it never put in", wrong, w.Group), w.Group)
	}
	if strange := without(w.Asked, w.Before); len(strange) > 0 {
		j.findAt(w.Arrived, Untrue, "a write added what nobody asked for", r.id, fmt.Sprintf("%v, with the end of a grant", strange), w.Group)
	}
	for _, code := range gone {
		if other := j.holder(c, code, w.Arrived); other != "" {
			j.findAt(w.Arrived, Lost, "the end of a grant took what another holds", r.id, fmt.Sprintf("%s holds %s", other, code), w.Group)
		}
	}
}

// holder names another request that certainly holds a code: done, told so, and
// neither over nor due. Who puts a code in found it missing, so that whoever
// held it before holds it no more.
func (j *judge) holder(than *Card, code string, when time.Time) string {
	done := slices.DeleteFunc(slices.Clone(j.h.Cards), func(c *Card) bool {
		told := c.done() != nil && c.done().At.Before(when)
		took := j.took(c)
		tookOut := len(c.Removes) > 0 && !took.IsZero() && took.Before(when) // whether or not it was told
		return c.Group != than.Group || c != than && !told && !tookOut || j.granted(c).IsZero()
	})
	slices.SortStableFunc(done, func(a, b *Card) int { return j.granted(a).Compare(j.granted(b)) })
	var holders []*Card
	for _, c := range done {
		switch {
		case slices.Contains(c.Removes, code):
			holders = nil
		case slices.Contains(c.added(), code) && !j.took(c).IsZero():
			holders = []*Card{c}
		case slices.Contains(c.Codes, code):
			holders = append(holders, c)
		}
	}
	for _, c := range holders {
		if c != than && !c.overBy(when) && (c.Lasts == 0 || !j.due(c, when)) {
			return c.ID
		}
	}
	return ""
}

// judgeGrant judges what is said in the thread of a grant after it is done.
func (j *judge) judgeGrant(r *request, c *Card, said []Reply) {
	seen := map[[2]string]bool{}
	over := false
	for _, reply := range said {
		this := [2]string{reply.Event, reply.Number}
		switch {
		case seen[this]:
			j.find(Doubled, "told twice of a grant", r.id, reply.Text)
		case over:
			j.find(Doubled, "spoke after the end", r.id, reply.Text)
		}
		seen[this], over = true, over || reply.over()
		if reply.Event == endedEvent {
			j.judgeEnded(r, c, reply)
		}
	}
}

// judgeEnded wants the end made before it is told, and a word of every code.
func (j *judge) judgeEnded(r *request, c *Card, end Reply) {
	if !j.due(c, end.At) {
		j.findAt(end.At, Untrue, "a grant ended before its time", r.id, end.Text)
	}
	took := ticked(tookOut, end.Text)
	var out []string
	for _, w := range r.endings {
		if !w.Took.IsZero() && w.Took.Before(end.At) {
			out = append(out, without(w.Before, w.After)...)
		}
	}
	since := j.granted(c)
	if early := without(took, out); len(early) > 0 && !j.h.takenOut(c.Group, early, since, end.At) {
		j.findAt(end.At, Untrue, "an end told before it was made", r.id, end.Text)
	}
	if now := ticked(ruleNow, end.Text); strings.Contains(end.Text, " is now ") && !j.h.everHeld(c.Group, now, since, end.At) {
		j.findAt(end.At, Untrue, "claimed a rule that never was", r.id, fmt.Sprintf("the rule of %s was never %v", c.Group, now))
	}
	if !end.over() {
		return
	}
	for _, code := range without(c.Codes, union(took, ticked(leftIn, end.Text))) {
		if !j.h.lacked(c.Group, code, since, end.At) {
			j.findAt(end.At, Lost, "a grant that left a code behind", r.id, fmt.Sprintf("%s is in the rule all the while, and it was told: %s", code, end.Text))
		}
	}
}

// reverted reports whether some of a change of a group's rule was changed back.
func (h *History) reverted(group string, change Edit, from, to time.Time) bool {
	return slices.ContainsFunc(h.changes(group), func(e Edit) bool {
		back := union(common(change.added(), e.removed()), common(change.removed(), e.added()))
		return e.At.After(from) && e.At.Before(to) && len(back) > 0
	})
}

func (e Edit) added() []string   { return without(e.After, e.Before) }
func (e Edit) removed() []string { return without(e.Before, e.After) }

// takenOut reports whether any of some codes was taken out of a group's rule.
func (h *History) takenOut(group string, codes []string, from, to time.Time) bool {
	return slices.ContainsFunc(h.changes(group), func(e Edit) bool {
		return e.At.After(from) && e.At.Before(to) && len(common(codes, e.removed())) > 0
	})
}

// lacked reports whether a group's rule was without a code at some time.
func (h *History) lacked(group, code string, from, to time.Time) bool {
	return slices.ContainsFunc(h.states(group), func(s state) bool {
		return s.until.After(from) && !s.from.After(to) && !slices.Contains(s.codes, code)
	})
}
