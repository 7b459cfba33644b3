package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// judgeOutcome compares the outcome that was told with what happened at UiPath.
func (j *judge) judgeOutcome(r *request, c *Card, outcome Reply) {
	if outcome.Event == doneEvent {
		j.judgeDone(r, c, outcome)
	} else {
		j.judgeOtherOutcome(r, c, outcome)
	}
	j.judgeCause(r, c, outcome)
	if outcome.Event == expiredEvent {
		j.judgeExpiry(r, c, outcome)
	}
	if len(r.cancels) > 0 && outcome.Event != cancelledEvent {
		j.report(cancelIgnored, r.id, fmt.Sprintf("%s read %q and it ended as %s", r.cancels[0].User, r.cancels[0].Answer,
			outcome.Event))
	}
	for _, s := range c.Says {
		if strings.Contains(statusOf(s.Text), statuses[doneEvent]) && !j.effectBefore(r, s.At) {
			j.report(earlyCard, r.id, "at "+s.At.Format(clockLayout))
			return
		}
	}
}

// judgeOtherOutcome judges an outcome except success. It may be mistaken if a read
// after the write lagged behind. Then a reply corrects it, unless the effect was undone
// by that time.
func (j *judge) judgeOtherOutcome(r *request, c *Card, outcome Reply) {
	effects := effectiveWrites(r.writes)
	if outcome.Event == failedEvent && c.isPartForGood(effects) {
		return
	}
	misled := len(effects) > 0 && j.h.wasReadLate(last(effects), outcome.At)
	if !misled || c.foundReply() == nil && !j.effectUndone(effects, forever) && !j.h.partUndone(c, last(effects)) {
		j.judgeUnchanged(r, effects, outcome.Text, outcome.At)
	}
}

// isPartForGood reports whether a part of a change without an end was made. The words tell the
// part that a read showed. One that is shown late stays, and is not told.
func (c *Card) isPartForGood(effects []*Write) bool {
	return len(effects) > 0 && c.Lasts == 0 && !c.changeIn(last(effects).After)
}

// partUndone reports whether an edit by hand after an effect took out a part of what a card asks
// for, for good. The part that is left stays, and is not told.
func (h *History) partUndone(c *Card, effect *Write) bool {
	asked := Edit{Before: without(effect.After, c.Codes), After: effect.After}
	return c.Lasts == 0 && h.revertedBetween(c.Group, asked, effect.Took, forever)
}

// wasReadLate reports whether a read after a write, and before some time, showed what
// was so before it.
func (h *History) wasReadLate(w *Write, by time.Time) bool {
	return slices.ContainsFunc(h.LateReads[w.Group], func(read Look) bool {
		return read.From.After(w.Arrived) && read.From.Before(by) && read.From.Add(-read.Lag).Before(w.Took)
	})
}

// judgeUnchanged judges every outcome except success. Unless it hedges, it claims
// an unchanged allocation.
func (j *judge) judgeUnchanged(r *request, effects []*Write, text string, at time.Time) {
	if len(effects) == 0 || hedged(text) || j.effectUndone(effects, at) {
		return
	}
	j.report(falseUnchanged, r.id,
		fmt.Sprintf("%s, but UiPath had made %v of %v at %s", text, effects[0].After, effects[0].Before,
			effects[0].Took.Format(clockLayout)))
}

// judgeDeleted wants the requester told, truthfully, when a card is deleted
// before its thread told the outcome.
func (j *judge) judgeDeleted(r *request, c *Card) {
	words := r.privateOutcomes()
	if len(words) == 0 {
		j.report(deletedUntold, r.id, "it was deleted at "+c.Deleted.Format(clockLayout))
	}
	effects := effectiveWrites(r.writes)
	for _, word := range words {
		switch {
		case r.correctedAfter(word), strings.Contains(word.Text, saysFailed) && c.isPartForGood(effects):
		case !strings.Contains(word.Text, " "+saysDone):
			j.judgeUnchanged(r, effects, word.Text, forever)
		case !j.effectBefore(r, forever):
			j.report(successTooEarly, r.id, word.Text)
		}
	}
}

// correctedAfter reports whether a later private word corrects one.
func (r *request) correctedAfter(word Word) bool {
	return slices.ContainsFunc(r.words, func(later Word) bool {
		return later.At.After(word.At) && strings.Contains(later.Text, saysCorrection)
	})
}

// judgeDone wants the effect before the word, and an allocation that was.
func (j *judge) judgeDone(r *request, c *Card, outcome Reply) {
	if !j.effectBefore(r, outcome.At) {
		j.report(successTooEarly, r.id, outcome.Text)
		return
	}
	j.judgeNames(r, c, outcome)
	told := outcome.allocationsTold()
	if len(told) == 0 {
		j.report(successBare, r.id, outcome.Text)
		return
	}
	for _, allocation := range told {
		if !c.changeIn(allocation) {
			j.report(successIncomplete, r.id, outcome.Text)
		}
		if !j.h.everAllocated(c.Group, allocation, c.At, outcome.At) {
			j.reportAt(outcome.At, allocationUntrue, r.id, fmt.Sprintf("the allocation of %s was never %v", c.Group, allocation))
		}
	}
}

func effectiveWrites(writes []*Write) []*Write {
	return slices.DeleteFunc(slices.Clone(writes), func(w *Write) bool { return !w.Changed })
}

// CountEffects counts the writes that changed an allocation.
func (h *History) CountEffects() int { return len(effectiveWrites(h.Writes)) }

// effectUndone reports whether an edit by hand or another request undid a part
// of the last effect: the bot may have read the allocation after that.
func (j *judge) effectUndone(effects []*Write, until time.Time) bool {
	effect := last(effects)
	return j.h.revertedBetween(effect.Group, Edit{Before: effect.Before, After: effect.After}, effect.Took, until)
}

// effectBefore reports whether the request's change was made by then: by a write of
// its own, or by consent alone if it only keeps codes for longer. If the bot reports
// a lost answer, another change may have had the same effect: the bot's own write
// may never have left. So it may if UiPath said yes to a write and made nothing of it.
func (j *judge) effectBefore(r *request, when time.Time) bool {
	for _, w := range r.writes {
		if !w.Took.IsZero() && !w.Took.After(when) {
			return true
		}
	}
	return slices.ContainsFunc(r.cards, func(c *Card) bool {
		if agreed := j.h.firstAgreed(c); c.needsNoWrite() && !agreed.IsZero() && agreed.Before(when) {
			return true
		}
		return (r.readBack() || r.wroteInVain()) && slices.ContainsFunc(j.h.changesOf(c.Group), func(e Edit) bool {
			isNews := e.At.After(c.At) || j.h.wasHidden(e, c.Group, c.At, when)
			return isNews && e.At.Before(when) && c.changeIn(e.After)
		})
	})
}

// wasHidden reports whether an edit came so shortly before a card that a late read hid it still
// while the request was dealt with.
func (h *History) wasHidden(e Edit, group string, card, by time.Time) bool {
	return e.At.After(card.Add(-MaxLag)) && slices.ContainsFunc(h.LateReads[group], func(read Look) bool {
		return read.From.After(e.At) && read.From.Before(by) && read.From.Add(-read.Lag).Before(e.At)
	})
}

// wroteInVain reports whether UiPath said yes to a write that it did not carry out.
func (r *request) wroteInVain() bool {
	return slices.ContainsFunc(r.writes, func(w *Write) bool { return w.Status/100 == 2 && w.Took.IsZero() })
}

// readBack reports whether a request says of itself that it is done though the
// answer to its write was lost.
func (r *request) readBack() bool {
	return slices.ContainsFunc(r.words, func(w Word) bool { return strings.Contains(w.Text, saysReadBack) }) ||
		slices.ContainsFunc(r.cards, func(c *Card) bool {
			return c.doneReply() != nil &&
				strings.Contains(c.doneReply().Text, saysReadBack)
		})
}
