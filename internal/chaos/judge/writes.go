package judge

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// judgeWrites gives every write to the card that it was made for, and judges
// it.
func (j *judge) judgeWrites() {
	for _, w := range j.h.Writes {
		c, revokes := j.causeOf(w)
		if c == nil {
			if !w.Took.IsZero() {
				j.reportAt(w.Arrived, writeUnasked, "", fmt.Sprintf("%s: %v became %v", w.Group, w.Before, w.After), w.Group)
			}
			continue
		}
		r := j.requestOf(c.ID)
		if revokes {
			j.judgeRevoking(r, c, w)
			r.revocations = append(r.revocations, w)
			continue
		}
		j.judgeWrite(r, c, w)
		r.writes = append(r.writes, w)
	}
	j.judgeOverlaps()
}

// causeOf finds the card behind a write: it asks for the write, or its grant is
// revoked. A write revokes in two cases. It only removes codes, and a revocation
// reports it or no card with consent asks for it. Or no consent covers it.
func (j *judge) causeOf(w *Write) (c *Card, revokes bool) {
	asks, grant := j.askingCard(w), j.revokedGrant(w, without(w.Before, w.Asked))
	if asks == nil && grant == nil && j.h.editedBetween(w.Group, j.h.readFor(w), w.Took) {
		grant = j.revokedGrant(w, nil) // what was there is not what was read
	}
	covered := asks != nil && j.uncovered(asks, w, standard{}) == ""
	removesOnly := w.Changed && len(without(w.Asked, w.Before)) == 0
	agreed := asks != nil && len(asks.Removes) > 0
	if grant != nil && (!covered || removesOnly && (!agreed || j.tellsRemoval(grant, w))) {
		return grant, true
	}
	return asks, false
}

// tellsRemoval reports whether a revocation reports the removal by this write, and
// cannot mean a later one.
func (j *judge) tellsRemoval(grant *Card, w *Write) bool {
	gone := without(w.Before, w.After)
	return slices.ContainsFunc(grant.Thread, func(r Reply) bool {
		return r.Event == revokedEvent && r.At.After(w.Took) && len(without(gone, r.removed())) == 0 &&
			!j.h.removedBetween(w.Group, gone, w.Took, r.At)
	})
}

// askingCard finds the open card of the group that asks for a write. Of several
// it is the one that the bot looked at last.
func (j *judge) askingCard(w *Write) *Card {
	var best *Card
	for _, c := range j.h.Cards {
		if c.Group != w.Group || c.At.After(w.Arrived) || !c.changeIn(w.Asked) || c.outcomeToldBy(w.Arrived) {
			continue
		}
		if best == nil || j.rankFit(c, w) > j.rankFit(best, w) ||
			j.rankFit(c, w) == j.rankFit(best, w) && c.lookedBefore(w.Arrived).After(best.lookedBefore(w.Arrived)) {
			best = c
		}
	}
	return best
}

// searchCards are the words that find, in the journals, the cards for which a
// write may have been made.
func (j *judge) searchCards(w *Write) []string {
	words := []string{w.Group}
	for _, c := range j.h.Cards {
		if c.Group == w.Group && c.changeIn(w.Asked) {
			words = append(words, c.TS)
		}
	}
	return words
}

// rankFit ranks cards for a write. First come cards whose change makes exactly this
// allocation of one that the bot may have read, then cards with consent, then cards
// reported as done.
func (j *judge) rankFit(c *Card, w *Write) (rank int) {
	if j.h.mayHaveRead(w, func(codes []string) bool {
		return sameSet(w.Asked, without(union(codes, c.Codes), c.Removes))
	}) {
		rank += 4
	}
	if j.uncovered(c, w, standard{}) == "" {
		rank += 2
	}
	if c.doneReply() != nil {
		rank++
	}
	return rank
}

// lookedBefore is when the bot last looked at the card before some time.
func (c *Card) lookedBefore(when time.Time) time.Time {
	var at time.Time
	for _, look := range c.Looks {
		if look.From.Before(when) && look.From.After(at) {
			at = look.From
		}
	}
	return at
}

// uncovered tells why a card's consent does not cover a write, "" if it does.
// Each write needs a look of its own. A write that is made again with a fresh token
// is the same one.
func (j *judge) uncovered(c *Card, w *Write, s standard) string {
	var earlier time.Time
	for _, before := range j.requestOf(c.ID).writes {
		if before.Status != http.StatusUnauthorized {
			earlier = before.Arrived
		}
	}
	return j.h.whyUnagreed(c, w, earlier, s)
}

func (j *judge) judgeWrite(r *request, c *Card, w *Write) {
	j.judgeConsent(r, c, w)
	if c.Name != "" && !j.h.wasNamed(c.Group, c.Name, j.h.nameReadFor(c, w), w.Arrived) {
		j.reportAt(w.Arrived, writeMisnamed, r.id, c.Name, w.Group)
	}
	if w.Took.IsZero() || !w.Changed {
		return
	}
	j.judgeAltered(r, w, j.h.editedBetween(w.Group, j.h.readFor(w), w.Took))
	j.judgeCodes(r, c, w)
	if effects := effectiveWrites(r.writes); len(effects) > 0 {
		before := last(effects)
		again := common(without(before.After, before.Before), without(w.After, w.Before))
		if len(again) > 0 && !j.h.editedBetween(w.Group, before.Took, w.Took) && !j.h.removedBetween(w.Group, again,
			before.Took, w.Took) {
			j.reportAt(w.Arrived, effectTwice, r.id, fmt.Sprintf("%v were added twice", again), w.Group)
		}
	}
}

// judgeConsent wants consent for a write: at a look before it, by all that was said
// and shown until then.
func (j *judge) judgeConsent(r *request, c *Card, w *Write) {
	tell := func(broken Rule, problem string) {
		j.reportAt(w.Arrived, broken, r.id, fmt.Sprintf("at %s: %s", w.Arrived.Format(clockLayout), problem),
			j.searchCards(w)...)
	}
	if problem := j.uncovered(c, w, standard{}); problem != "" {
		tell(writeUnagreed, problem)
		return
	}
	for _, more := range []struct {
		broken   Rule
		standard standard
	}{
		{writeForbidden, standard{today: true}},
		{writeUndated, standard{dated: true}},
		{writeUnheeded, standard{heeded: true}},
	} {
		if problem := j.uncovered(c, w, more.standard); problem != "" {
			tell(more.broken, problem)
		}
	}
	if problem := j.h.whyTurned(c, w); problem != "" {
		tell(writeTurned, problem)
	}
}

// judgeCodes wants a write to change the codes that the card names, and no others, of
// an allocation that the bot may have read.
func (j *judge) judgeCodes(r *request, c *Card, w *Write) {
	if r.asksExactly() && !sameSet(w.Asked, union(c.Codes, c.Stays)) {
		j.reportAt(w.Arrived, writeInexact, r.id, fmt.Sprintf("%v instead of %v and %v", w.Asked, c.Codes, c.Stays), w.Group)
	}
	if j.h.mayHaveRead(w, func(codes []string) bool {
		return sameSet(w.Asked, without(union(codes, c.Codes), c.Removes))
	}) {
		return
	}
	if gone := without(without(w.Before, w.Asked), c.Removes); len(gone) > 0 {
		j.reportAt(w.Arrived, writeTakesAway, r.id, fmt.Sprintf("%s had %v and no card asks to remove them", w.Group,
			gone), w.Group)
	}
	if strange := without(without(w.Asked, w.Before), c.Codes); len(strange) > 0 {
		j.reportAt(w.Arrived, writeAddsMore, r.id, fmt.Sprint(strange), w.Group)
	}
}

// judgeAltered wants seat limits and useExternalLicense left as they are.
func (j *judge) judgeAltered(r *request, w *Write, edited bool) {
	if w.Altered != "" && !edited {
		j.reportAt(w.Arrived, writeAltersOther, r.id, w.Altered, w.Group)
	}
}

// judgeOverlaps wants the writes to one group one after another. A write is under
// way until it takes effect. A write with an earlier fault on its connection was
// never under way.
func (j *judge) judgeOverlaps() {
	for i, a := range j.h.Writes {
		for _, b := range j.h.Writes[i+1:] {
			if a.Group == b.Group && b.Arrived.Before(a.overAt()) && a.overAt().After(a.Arrived) && b.overAt().After(b.Arrived) {
				j.reportAt(b.Arrived, writesOverlap, "",
					fmt.Sprintf("%s: one from %s to %s, one from %s", a.Group, a.Arrived.Format(clockLayout),
						a.overAt().Format(clockLayout), b.Arrived.Format(clockLayout)), a.Group)
			}
		}
	}
}

func (w *Write) overAt() time.Time {
	switch {
	case !w.Took.IsZero():
		return w.Took
	case w.Spoilt || w.Status == 0:
		return w.Arrived
	}
	return w.Ended
}
