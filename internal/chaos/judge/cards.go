package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// judgeCard judges a card, its thread and what it says.
func (j *judge) judgeCard(r *request, c *Card) {
	if slices.Contains(j.h.Protected, c.Group) {
		j.report(cardProtected, r.id, c.Group)
	}
	j.judgeAsk(r, c)
	j.judgeShown(r, c)
	j.judgeProgress(r, c)
	outcomes, grant := j.sortThread(r, c)
	switch {
	case len(outcomes) == 0 && !c.Deleted.IsZero():
		j.judgeDeleted(r, c)
		return
	case len(outcomes) == 0:
		j.report(noOutcome, r.id, "the card still says: "+statusOf(last(c.Says).Text))
		return
	case len(outcomes) > 1:
		j.report(severalOutcomes, r.id, fmt.Sprintf("its thread tells %d: %s, then %s", len(outcomes), outcomes[0].Event,
			outcomes[1].Event))
	}
	outcome := outcomes[0]
	if c.Deleted.IsZero() && !c.showsOutcome(outcome.Event) {
		j.report(outcomeNotShown, r.id, fmt.Sprintf("it ended as %s and the card still says: %s", outcome.Event,
			statusOf(last(c.Says).Text)))
	}
	j.judgeOutcome(r, c, outcome)
	j.judgeGrant(r, c, grant)
	j.judgeForever(r, c)
}

// sortThread picks the outcomes of a thread, and the replies about a grant after
// the first outcome. It reports every other reply, and replies out of order.
func (j *judge) sortThread(r *request, c *Card) (outcomes, grant []Reply) {
	for i, reply := range c.Thread {
		ofGrant := slices.Contains(grantEvents, reply.Event)
		switch {
		case IsOutcome(reply.Event):
			outcomes = append(outcomes, reply)
		case reply.isUnknown():
			j.report(unknownReply, r.id, fmt.Sprintf("%q: %s", reply.Event, reply.Text))
		case ofGrant && c.Lasts > 0 && len(outcomes) == 1 && c.madeReply().toldBefore(reply):
			grant = append(grant, reply)
		case reply.corrects(outcomes):
			j.judgeCorrection(r, c, reply)
		case ofGrant && len(outcomes) == 0:
			j.report(grantToldTooEarly, r.id, reply.Text)
		case len(outcomes) > 0 && reply.Event != doubleEvent:
			j.report(wordAfterOutcome, r.id, fmt.Sprintf("reply %d: %s", i+1, reply.Text))
		}
	}
	return outcomes, grant
}

// isUnknown reports whether a reply is of no kind that the bot may post.
func (r Reply) isUnknown() bool {
	return !IsOutcome(r.Event) && r.Event != foundEvent && r.Event != doubleEvent &&
		!slices.Contains(grantEvents, r.Event) && !slices.Contains(progressEvents, r.Event)
}

// corrects reports whether a reply may correct the only outcome before it.
func (r Reply) corrects(outcomes []Reply) bool {
	return r.Event == foundEvent && len(outcomes) == 1 && outcomes[0].Event != doneEvent
}

// toldBefore reports whether a thread has a reply before another one.
func (r *Reply) toldBefore(other Reply) bool { return r != nil && !r.At.After(other.At) }

// judgeAsk compares a card with the command it rests on.
func (j *judge) judgeAsk(r *request, c *Card) {
	switch {
	case r.command == nil:
		j.report(cardUnasked, r.id, last(c.Says).Text)
	case r.command.User != c.Requester:
		j.report(otherRequester, r.id, fmt.Sprintf("%s instead of %s", c.Requester, r.command.User))
	case !j.h.asksAsTyped(r.command.Text, c) || periodTyped(r.command.Text) != c.Lasts:
		j.report(otherAsk, r.id, fmt.Sprintf("%v without %v for %s for %v instead of %q", c.Codes, c.Removes, c.Group,
			c.Lasts, r.command.Text))
	}
}

// judgeShown compares a card with itself: approvers consent to what it shows, so
// it must stay the same.
func (j *judge) judgeShown(r *request, c *Card) {
	for _, seen := range []string{c.Says[0].Text, c.Blocks} {
		added, removed := changesShown(seen)
		if !sameSet(added, c.Codes) || !sameSet(removed, c.Removes) || !sameSet(codesIn(removedList, seen), c.Removes) {
			j.report(otherShown, r.id, fmt.Sprintf("it asks for %v without %v and shows %q", c.Codes, c.Removes, seen))
		}
	}
	for _, s := range c.Says {
		if askOf(s.Text) != askOf(c.Says[0].Text) {
			j.report(askChanged, r.id, fmt.Sprintf("%q became %q", askOf(c.Says[0].Text), askOf(s.Text)))
			return
		}
	}
}

// showsOutcome reports whether a card's last text shows an outcome.
func (c *Card) showsOutcome(event string) bool {
	return strings.Contains(statusOf(last(c.Says).Text), statuses[event])
}

// asksAsTyped reports whether a card's change is what was typed, less the codes
// that, by the card, the group has already.
func (h *History) asksAsTyped(text string, c *Card) bool {
	before, _, _ := strings.Cut(text, reasonWord)
	names := []string{c.Group, h.Groups[c.Group]}
	for _, n := range h.Renames[c.Group] {
		names = append(names, n.Name)
	}
	if !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(before, name) }) {
		return false
	}
	words := strings.FieldsFunc(strings.ToUpper(before), func(r rune) bool { return strings.ContainsRune(" ,;`", r) })
	typed, there := common(h.Codes, words), codesIn(unchanged, c.Says[0].Text)
	verb, _, _ := strings.Cut(before, " ")
	switch {
	case verb == "remove":
		return len(c.Codes) == 0 && len(without(c.Removes, typed)) == 0 && len(common(typed, there)) == 0
	case verb != "set" && len(c.Removes) > 0:
		return false
	}
	return len(without(c.Codes, typed)) == 0 && len(without(typed, union(c.Codes, there))) == 0 && len(common(typed,
		c.Removes)) == 0
}

// changeIn reports whether a card's change is made in an allocation.
func (c *Card) changeIn(allocation []string) bool {
	return len(without(c.Codes, allocation)) == 0 && len(common(c.Removes, allocation)) == 0
}

// outcomeToldBy reports whether the thread told an outcome before some time.
func (c *Card) outcomeToldBy(when time.Time) bool {
	return slices.ContainsFunc(c.Thread, func(r Reply) bool { return IsOutcome(r.Event) && r.At.Before(when) })
}

// doneReply is the reply with the news of success, or nil.
func (c *Card) doneReply() *Reply {
	at := slices.IndexFunc(c.Thread, func(r Reply) bool { return r.Event == doneEvent })
	if at < 0 {
		return nil
	}
	return &c.Thread[at]
}

// addedCodes are the codes that a card's change puts in.
func (c *Card) addedCodes() []string { return without(c.Codes, c.Extends) }

// needsNoWrite reports whether a card only asks to keep codes for longer.
func (c *Card) needsNoWrite() bool { return len(c.addedCodes()) == 0 && len(c.Removes) == 0 }
