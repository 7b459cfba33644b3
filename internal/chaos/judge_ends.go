//go:build linux

package chaos

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// judgeEnd compares the end that was told with what happened at UiPath.
func (j *judge) judgeEnd(r *request, c *Card, end Reply) {
	if end.Event == doneEvent {
		j.judgeDone(r, c, end)
	} else {
		j.judgeUnchanged(r, effectsOf(r.writes), end.Text, end.At)
	}
	j.judgeCause(r, c, end)
	if end.Event == "allocation_expired" {
		j.judgeExpired(r, c, end)
	}
	if len(r.cancels) > 0 && end.Event != "allocation_cancelled" {
		j.find(Untrue, "cancelled and carried on", r.id, fmt.Sprintf("%s read %q and it ended as %s", r.cancels[0].User, r.cancels[0].Answer, end.Event))
	}
	for _, s := range c.Says {
		if strings.Contains(statusOf(s.Text), shows[doneEvent]) && !j.effectBefore(r, s.At) {
			j.find(Untrue, "the card said done before it was", r.id, "at "+s.At.Format(clockLayout))
			return
		}
	}
}

// judgeUnchanged judges an end that claims that nothing was changed, as every
// one does that is neither a success nor in doubt.
func (j *judge) judgeUnchanged(r *request, effects []*Write, text string, at time.Time) {
	if len(effects) == 0 || mayHaveChanged(text) || j.undone(effects, at) {
		return
	}
	j.find(Untrue, "said that nothing was changed", r.id,
		fmt.Sprintf("%s, but UiPath had made %v of %v at %s", text, effects[0].After, effects[0].Before, effects[0].Took.Format(clockLayout)))
}

// judgeDeleted wants the requester told, truthfully, when a card is deleted
// before its thread told the end.
func (j *judge) judgeDeleted(r *request, c *Card) {
	words := r.privateEnds()
	if len(words) == 0 {
		j.find(Lost, "a deleted card without a word", r.id, "it was deleted at "+c.Deleted.Format(clockLayout))
	}
	for _, word := range words {
		if !strings.Contains(word.Text, " is done: ") {
			j.judgeUnchanged(r, effectsOf(r.writes), word.Text, forever)
		} else if !j.effectBefore(r, forever) {
			j.find(Untrue, "success told before the effect", r.id, word.Text)
		}
	}
}

// judgeExpired wants no expiry before its time, and none without a last look
// at the card: a vote that was given in time and missed still counts. A card
// that the bot did not know of yet it could not look at; and where Slack
// answered nothing for another lifetime of the request it need not.
func (j *judge) judgeExpired(r *request, c *Card, end Reply) {
	if r.command == nil {
		return
	}
	due := r.command.At.Add(j.h.expiry())
	if end.At.Before(due) {
		j.find(Untrue, "expired before its time", r.id, fmt.Sprintf("%v after it was typed", end.At.Sub(r.command.At)))
	}
	looked := slices.ContainsFunc(c.Looks, func(l Look) bool { return !l.To.Before(due) && l.From.Before(end.At) })
	known := !c.Known.IsZero() && c.Known.Before(due)
	if known && !looked && end.At.Before(due.Add(j.h.TTL)) {
		j.find(Lost, "expired without a last look", r.id, end.Text)
	}
}

// mayHaveChanged are ends that do not claim that nothing was changed.
func mayHaveChanged(text string) bool {
	return slices.ContainsFunc([]string{"took effect is unknown", "may have taken effect", "does not show the change to", "may be in there"},
		func(hedge string) bool { return strings.Contains(text, hedge) })
}

func effectsOf(writes []*Write) []*Write {
	return slices.DeleteFunc(slices.Clone(writes), func(w *Write) bool { return !w.Changed })
}

// undone reports whether somebody, by hand or with another request, undid some
// of the last effect: what the bot then read is no proof that it had one.
func (j *judge) undone(effects []*Write, until time.Time) bool {
	effect := last(effects)
	return j.h.reverted(effect.Group, Edit{Before: effect.Before, After: effect.After}, effect.Took, until)
}

var ruleNow = regexp.MustCompile(`(?:rule is now|it is now|rule of .* is now|has them and is) (.*?)\.`)
var emptyNow = regexp.MustCompile(`(rule|it) is now empty\.`)
var inTicks = regexp.MustCompile("`([^`]+)`")

// ticked are the codes in the part of a text that a pattern finds.
func ticked(part *regexp.Regexp, text string) []string {
	var codes []string
	if found := part.FindStringSubmatch(text); found != nil {
		for _, code := range inTicks.FindAllStringSubmatch(found[1], -1) {
			codes = append(codes, code[1])
		}
	}
	return codes
}

// judgeDone wants the effect before the word, and the word as it was.
func (j *judge) judgeDone(r *request, c *Card, end Reply) {
	if !j.effectBefore(r, end.At) {
		j.find(Untrue, "success told before the effect", r.id, end.Text)
		return
	}
	j.judgeNames(r, c, end)
	claimed := ticked(ruleNow, end.Text)
	if len(claimed) == 0 && !emptyNow.MatchString(end.Text) {
		j.find(Untrue, "success told without the rule", r.id, end.Text)
		return
	}
	if !c.in(claimed) {
		j.find(Untrue, "success told without the codes", r.id, end.Text)
	}
	if !j.h.everHeld(c.Group, claimed, c.At, end.At) {
		j.findAt(end.At, Untrue, "claimed a rule that never was", r.id, fmt.Sprintf("the rule of %s was never %v", c.Group, claimed))
	}
}

// effectBefore reports whether the request's change was in the rule by then,
// through a write of its own, or, where it was all in there and is only to
// stay, consented to. Where it says that an answer was lost, somebody else may
// have made the same change meanwhile: nobody can tell them apart, and a write
// that was never sent is in no journal.
func (j *judge) effectBefore(r *request, by time.Time) bool {
	for _, w := range r.writes {
		if !w.Took.IsZero() && !w.Took.After(by) {
			return true
		}
	}
	return slices.ContainsFunc(r.cards, func(c *Card) bool {
		if agreed := j.h.agreed(c); c.writesNothing() && !agreed.IsZero() && agreed.Before(by) {
			return true
		}
		return r.readBack() && slices.ContainsFunc(j.h.changes(c.Group), func(e Edit) bool {
			return e.At.After(c.At) && e.At.Before(by) && c.in(e.After)
		})
	})
}

// readAgain is how a success says that it was found by reading the rule again.
const readAgain = "UiPath's answer was lost"

// readBack reports whether a request says of itself that it is done though the
// answer to its write was lost.
func (r *request) readBack() bool {
	return slices.ContainsFunc(r.words, func(w Word) bool { return strings.Contains(w.Text, readAgain) }) ||
		slices.ContainsFunc(r.cards, func(c *Card) bool { return c.done() != nil && strings.Contains(c.done().Text, readAgain) })
}

// everHeld reports whether a group's rule was exactly codes at some time. The
// bot reads it by two calls and takes what either tells, so that a change in
// between shows it both at once.
func (h *History) everHeld(group string, codes []string, from, to time.Time) bool {
	var before []string
	for _, s := range h.states(group) {
		if !s.until.Before(from) && !s.from.After(to) && (sameSet(s.codes, codes) || sameSet(union(before, s.codes), codes)) {
			return true
		}
		before = s.codes
	}
	return false
}

// A state is what a group's rule was for a while.
type state struct {
	from, until time.Time
	codes       []string
}

// states is the history of a group's rule as its writes and edits tell it.
func (h *History) states(group string) []state {
	var all []state
	add := func(at time.Time, before, after []string) {
		if len(all) == 0 {
			all = append(all, state{codes: before})
		}
		all[len(all)-1].until = at
		all = append(all, state{from: at, until: at.Add(1000 * time.Hour), codes: after})
	}
	for _, c := range h.changes(group) {
		add(c.At, c.Before, c.After)
	}
	return all
}

// changes are the writes that took effect and the edits of a group, in order.
func (h *History) changes(group string) []Edit {
	var all []Edit
	for _, w := range h.Writes {
		if w.Group == group && !w.Took.IsZero() {
			all = append(all, Edit{At: w.Took, Before: w.Before, After: w.After})
		}
	}
	for _, e := range h.Edits {
		if e.Group == group {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b Edit) int { return a.At.Compare(b.At) })
	return all
}
