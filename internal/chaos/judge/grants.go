package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// tellsGrantOver reports whether a reply says the whole grant is over.
func (r Reply) tellsGrantOver() bool {
	return r.Event == revokedEvent && !strings.Contains(r.Text, saysByHand)
}

// grantOverBy reports whether the end of a card's grant was told by then.
func (c *Card) grantOverBy(when time.Time) bool {
	return slices.ContainsFunc(c.Thread, func(r Reply) bool { return r.tellsGrantOver() && r.At.Before(when) })
}

// GrantOver reports whether the end of a card's grant was told.
func (c *Card) GrantOver() bool { return c.grantOverBy(forever) }

// GrantRuns reports whether a card's codes are granted for a time whose end has not
// been told.
func (c *Card) GrantRuns() bool { return c.madeReply() != nil && c.Lasts > 0 && !c.GrantOver() }

// revokedGrant finds the grant behind a write that took out the codes gone. It belongs to a
// done card with codes the write leaves out. Among several, it prefers grants whose time is
// over, then cards that report the removal, then cards with all of the codes.
func (j *judge) revokedGrant(w *Write, gone []string) *Card {
	var best *Card
	for _, c := range j.h.Cards {
		if !j.mayHold(c, w.Group, w.Arrived) || len(without(c.Codes, w.Asked)) == 0 || len(gone) > 0 && len(common(gone,
			c.Codes)) == 0 {
			continue
		}
		if best == nil || j.rankGrant(c, w, gone) > j.rankGrant(best, w, gone) {
			best = c
		}
	}
	return best
}

func (j *judge) rankGrant(c *Card, w *Write, gone []string) (rank int) {
	if j.revocable(c, w.Arrived) {
		rank += 4
	}
	if slices.ContainsFunc(c.Thread, func(r Reply) bool {
		return r.Event == revokedEvent && r.At.After(w.Arrived) && len(without(gone, r.removed())) == 0
	}) {
		rank += 2
	}
	if len(without(gone, c.Codes)) == 0 {
		rank++
	}
	return rank
}

// mayHold reports whether the grant of a card may run at a time.
func (j *judge) mayHold(c *Card, group string, when time.Time) bool {
	granted := j.grantedAt(c)
	return c.Lasts > 0 && c.Group == group && !granted.IsZero() && granted.Before(when) && !c.grantOverBy(when) &&
		(c.madeReply() != nil || !c.Deleted.IsZero())
}

// grantedAt is when a card's change was made: with its first effect, or with
// consent if nothing was to be written, or if an edit made the change while an
// answer was lost. Zero: never.
func (j *judge) grantedAt(c *Card) time.Time {
	took := j.firstEffect(c)
	if took.IsZero() && (c.madeReply() != nil || c.needsNoWrite()) {
		return j.h.firstAgreed(c)
	}
	return took
}

// firstEffect is when a card's change first took effect by a write of its own.
func (j *judge) firstEffect(c *Card) time.Time {
	for _, w := range j.requestOf(c.ID).writes {
		if !w.Took.IsZero() {
			return w.Took
		}
	}
	return time.Time{}
}

// revocable reports whether a grant may have been revoked by then: its time was
// over, by a clock that may be off, or the requester or an approver ended it.
func (j *judge) revocable(c *Card, by time.Time) bool {
	if granted := j.grantedAt(c); granted.Add(c.Lasts - 2*j.h.Skew - time.Second).Before(by) {
		return true
	}
	return slices.ContainsFunc(j.h.Orders, func(o Order) bool {
		return o.Verb == "end" && o.ID == c.ID && o.At.Before(by) && (o.User == c.Requester || j.h.mayEverApprove(o.User,
			o.At, by))
	})
}

// judgeRevoking judges a revoking write. It comes in its time. It removes only the
// grant's codes, and leaves those another request holds.
func (j *judge) judgeRevoking(r *request, c *Card, w *Write) {
	if !j.revocable(c, w.Arrived) {
		j.reportAt(w.Arrived, revokedTooEarly, r.id, "at "+w.Arrived.Format(clockLayout), w.Group)
	}
	edited := j.h.editedBetween(w.Group, j.h.readFor(w), w.Took)
	j.judgeAltered(r, w, edited)
	if !w.Changed || edited {
		return
	}
	gone := without(w.Before, w.Asked)
	if wrong := without(gone, c.Codes); len(wrong) > 0 {
		j.reportAt(w.Arrived, writeTakesAway, r.id,
			fmt.Sprintf("the revocation of a grant took %v from %s, which it never added", wrong, w.Group), w.Group)
	}
	if strange := without(w.Asked, w.Before); len(strange) > 0 {
		j.reportAt(w.Arrived, writeAddsMore, r.id, fmt.Sprintf("%v, with the revocation of a grant", strange), w.Group)
	}
	for _, code := range gone {
		if other := j.otherHolder(c, code, w.Arrived); other != "" {
			j.reportAt(w.Arrived, revokedOthers, r.id, fmt.Sprintf("%s holds %s", other, code), w.Group)
		}
	}
}

// otherHolder names another request that certainly holds a code: the bot reported
// it done, and its grant still runs and cannot be revoked now.
func (j *judge) otherHolder(than *Card, code string, when time.Time) string {
	for _, c := range j.holdersOf(than, code, when) {
		if c != than && !c.grantOverBy(when) && (c.Lasts == 0 || !j.revocable(c, when)) {
			return c.ID
		}
	}
	return ""
}

// holdersOf are the holders of a code, in the order of their grants. A card adds a
// code only when it is missing, so the earlier holders have lost it by then.
func (j *judge) holdersOf(than *Card, code string, when time.Time) (holders []*Card) {
	for _, c := range j.grantedCards(than, when) {
		switch {
		case slices.Contains(c.Removes, code):
			holders = nil
		case slices.Contains(c.addedCodes(), code) && !j.firstEffect(c).IsZero():
			holders = []*Card{c}
		case slices.Contains(c.Codes, code):
			holders = append(holders, c)
		}
	}
	return holders
}

// grantedCards are the cards of a group whose change took effect, in the order of
// the effects: than, and the cards reported as done before when. A removal counts
// even without a report.
func (j *judge) grantedCards(than *Card, when time.Time) []*Card {
	granted := slices.DeleteFunc(slices.Clone(j.h.Cards), func(c *Card) bool {
		told := c.madeReply() != nil && c.madeReply().At.Before(when)
		took := j.firstEffect(c)
		removed := len(c.Removes) > 0 && !took.IsZero() && took.Before(when)
		return c.Group != than.Group || c != than && !told && !removed || j.grantedAt(c).IsZero()
	})
	slices.SortStableFunc(granted, func(a, b *Card) int { return j.grantedAt(a).Compare(j.grantedAt(b)) })
	return granted
}

// judgeGrant judges what the thread of a grant says after it is done.
func (j *judge) judgeGrant(r *request, c *Card, said []Reply) {
	seen := map[[2]string]bool{}
	over := false
	for _, reply := range said {
		this := [2]string{reply.Event, reply.Number}
		switch {
		case seen[this]:
			j.report(grantToldTwice, r.id, reply.Text)
		case over:
			j.report(wordAfterOutcome, r.id, reply.Text)
		}
		seen[this], over = true, over || reply.tellsGrantOver()
		if reply.Event == revokedEvent {
			j.judgeRevoked(r, c, reply)
		}
	}
}

// judgeRevoked wants a revocation made before it is told, and a word about
// every code.
func (j *judge) judgeRevoked(r *request, c *Card, told Reply) {
	if !j.revocable(c, told.At) {
		j.reportAt(told.At, revokedTooEarly, r.id, told.Text)
	}
	var out []string
	for _, w := range r.revocations {
		if !w.Took.IsZero() && w.Took.Before(told.At) {
			out = append(out, without(w.Before, w.After)...)
		}
	}
	since := j.grantedAt(c)
	if early := without(told.removed(), out); len(early) > 0 && !j.h.removedBetween(c.Group, early, since, told.At) {
		j.reportAt(told.At, revocationUntrue, r.id, told.Text)
	}
	for _, allocation := range told.allocationsAfterwards() {
		if !j.h.everAllocated(c.Group, allocation, since, told.At) {
			j.reportAt(told.At, allocationUntrue, r.id, fmt.Sprintf("the allocation of %s was never %v", c.Group, allocation))
		}
	}
	if !told.tellsGrantOver() {
		return
	}
	for _, code := range without(c.Codes, union(told.removed(), codesIn(codesKept, told.Text))) {
		if !j.h.everLacked(c.Group, code, since, told.At) {
			j.reportAt(told.At, codeLeftBehind, r.id, fmt.Sprintf("%s has %s all the while, and it was told: %s", c.Group,
				code, told.Text))
		}
	}
}
