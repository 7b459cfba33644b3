package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Violation is a promise that was broken in a round.
type Violation struct {
	Rule    Rule
	Request string   // the request's id, if there is one
	What    string   // what happened
	Lines   []string // of the journals, as proof
}

// String tells what was broken and how, without the journals.
func (v Violation) String() string {
	text := fmt.Sprintf("%s: %s", v.Rule.Kind, v.Rule.Name)
	if v.Request != "" {
		text += " (request " + v.Request + ")"
	}
	return text + ": " + v.What
}

// A request is everything that the journals have of one request.
type request struct {
	id          string
	command     *Command // that filed it, if known
	cards       []*Card
	words       []Word     // private, and with its id
	writes      []*Write   // that made its change
	revocations []*Write   // that took the change out again
	cancels     []*Command // answered that it is cancelled
}

// A judge collects what it finds.
type judge struct {
	h        *History
	requests map[string]*request
	found    []Violation
}

// Judge names every promise that a settled history shows to be broken.
func Judge(h *History) []Violation {
	j := collectRequests(h)
	j.judgeWrites()
	for _, c := range h.Commands {
		j.judgeCommand(c)
	}
	for _, id := range sortedKeys(j.requests) {
		j.judgeRequest(j.requests[id])
	}
	for _, m := range h.Stray {
		j.report(notACard, "", fmt.Sprintf("in the approvals channel: %q", m.Text), m.TS)
	}
	j.judgeAlerts()
	return j.found
}

// judgeAlerts wants each alert once, and for each code and limit of it an edit by hand before, or a
// write of which UiPath made something else.
func (j *judge) judgeAlerts() {
	told := map[string]bool{}
	for _, a := range j.h.Alerts {
		if told[a.ID] {
			j.report(alertTwice, "", a.ID+" of "+a.Group, a.TS)
		}
		told[a.ID] = true
		added, removed := a.Added, a.Removed
		for _, e := range j.h.Edits {
			if e.Group == a.Group && !e.At.After(a.At) {
				added, removed = without(added, e.added()), without(removed, e.removed())
				added = without(added, without(e.LimitsAfter, e.LimitsBefore))
				removed = without(removed, without(e.LimitsBefore, e.LimitsAfter))
			}
		}
		for _, w := range j.h.Writes {
			if w.Group == a.Group && !w.Took.IsZero() && !w.Took.After(a.At) {
				added, removed = without(added, without(w.After, w.Asked)), without(removed, without(w.Asked, w.After))
			}
		}
		if len(added)+len(removed) > 0 {
			j.report(falseAlert, "", fmt.Sprintf("%s: nobody added %v or removed %v", a.Group, added, removed), a.TS)
		}
	}
}

func (j *judge) report(broken Rule, id, what string, also ...string) {
	j.reportAt(time.Time{}, broken, id, what, also...)
}

// reportAt is report for what happened at a known time.
func (j *judge) reportAt(when time.Time, broken Rule, id, what string, also ...string) {
	j.found = append(j.found, Violation{Rule: broken, Request: id, What: what, Lines: j.excerpt(id, when, also)})
}

// collectRequests gives each request its command, cards and words.
func collectRequests(h *History) *judge {
	j := &judge{h: h, requests: map[string]*request{}}
	for _, c := range h.Commands {
		if c.ID != "" {
			j.requestOf(c.ID).command = c
		}
		if id, ok := cancelledID(c.Answer); ok {
			r := j.requestOf(id)
			r.cancels = append(r.cancels, c)
		}
	}
	for _, c := range h.Cards {
		r := j.requestOf(c.ID)
		r.cards = append(r.cards, c)
		if r.command == nil {
			r.command = h.commandWith(c.Ticket)
		}
	}
	for _, word := range h.Private {
		for id, r := range j.requests {
			if strings.Contains(word.Text, id) {
				r.words = append(r.words, word)
			}
		}
	}
	return j
}

func (j *judge) requestOf(id string) *request {
	if j.requests[id] == nil {
		j.requests[id] = &request{id: id}
	}
	return j.requests[id]
}

func (h *History) commandWith(ticket string) *Command {
	for _, c := range h.Commands {
		if ticket != "" && c.Ticket == ticket {
			return c
		}
	}
	return nil
}

// CardAt is the card with this timestamp, or nil.
func (h *History) CardAt(ts string) *Card {
	for _, c := range h.Cards {
		if c.TS == ts {
			return c
		}
	}
	return nil
}

// judgeCommand compares what a person was answered with what came of it.
func (j *judge) judgeCommand(c *Command) {
	if c.Ticket == "" {
		return
	}
	cards := j.h.cardsWith(c.Ticket)
	answered := c.ID != "" || deniesRecord(c.Answer) || leavesRecordOpen(c.Answer)
	switch {
	case c.Acked && !answered:
		j.report(unanswered, c.ID, fmt.Sprintf("%q was answered %q", c.Text, c.Answer), c.Envelope)
	case len(cards) == 0:
	case countIDs(cards) > 1:
		j.report(filedTwice, cards[0].ID, fmt.Sprintf("%q became %d requests", c.Text, countIDs(cards)), c.Envelope)
	case deniesRecord(c.Answer) && c.Copies == 1: // copies may fare differently
		j.report(falseNoRecord, cards[0].ID, fmt.Sprintf("%q was answered %q", c.Text, c.Answer), c.Envelope)
	case c.ID != "" && cards[0].ID != c.ID:
		j.report(wrongReceipt, cards[0].ID, fmt.Sprintf("it was answered that it is %s", c.ID), c.Envelope)
	}
}

func (h *History) cardsWith(ticket string) []*Card {
	return slices.DeleteFunc(slices.Clone(h.Cards), func(c *Card) bool { return c.Ticket != ticket })
}

func countIDs(cards []*Card) int {
	ids := map[string]bool{}
	for _, card := range cards {
		ids[card.ID] = true
	}
	return len(ids)
}

func (j *judge) judgeRequest(r *request) {
	cards := slices.DeleteFunc(slices.Clone(r.cards), r.replacedCard)
	if len(cards) == 0 && !r.requesterTold() && !j.h.awaitsRepeat(r) {
		j.report(vanished, r.id, r.describeAsk())
	}
	if len(cards) > 1 {
		j.report(severalCards, r.id, fmt.Sprintf("%d cards were posted", len(cards)))
	}
	if len(cards) == 0 {
		return
	}
	for _, word := range r.words {
		if r.owns(word) && strings.Contains(word.Text, saysNotPosted) {
			j.report(refusedAndDone, r.id, word.Text)
		}
		if strings.Contains(word.Text, saysDeleted) && !slices.ContainsFunc(r.cards,
			func(c *Card) bool { return !c.Deleted.IsZero() }) {
			j.report(deletionUntrue, r.id, word.Text)
		}
	}
	for _, c := range cards {
		j.judgeCard(r, c)
	}
	j.judgeNotices(r)
}

// requesterTold finds a private word that tells the requester the outcome.
func (r *request) requesterTold() bool { return len(r.privateOutcomes()) > 0 }

// awaitsRepeat reports whether the requester was told, as far as the bot knows: it says
// private words again only after minutes, and not for ever.
func (h *History) awaitsRepeat(r *request) bool {
	return h.Unhurried && slices.ContainsFunc(h.Unsaid, func(text string) bool { return strings.Contains(text, r.id) })
}

// owns is false for words to another person. It is also false for words about
// another request with the very same ask: they name both.
func (r *request) owns(w Word) bool {
	if by := r.requester(); by != "" && w.User != by {
		return false
	}
	return !strings.Contains(w.Text, saysSameAsk) || strings.Contains(w.Text, "`"+r.id+"` "+saysNotPosted)
}

// requester is the person who asked, as far as that is known.
func (r *request) requester() string {
	switch {
	case r.command != nil:
		return r.command.User
	case len(r.cards) > 0:
		return r.cards[0].Requester
	}
	return ""
}

// replacedCard reports whether a card was deleted before the bot knew of it, and
// another one came: the bot posts a missing card again. The deletion of a known
// card cancels the request instead.
func (r *request) replacedCard(c *Card) bool {
	unknown := c.Known.IsZero() || c.Known.After(c.Deleted)
	return !c.Deleted.IsZero() && unknown && slices.ContainsFunc(r.cards,
		func(next *Card) bool { return next.At.After(c.Deleted) })
}

// privateOutcomes are the private messages to the requester about the outcome. The
// answer to a command counts only if the command cancelled the request: an answer
// to a question about its state is no news of an outcome.
func (r *request) privateOutcomes() []Word {
	return slices.DeleteFunc(slices.Clone(r.words), func(w Word) bool {
		_, cancelled := cancelledID(w.Text)
		asked := w.Via == viaAck && !cancelled
		return asked || !r.owns(w) || !privateOutcomes.MatchString(w.Text)
	})
}

// viaAck marks words that answer a command.
const viaAck = "ack"

func (r *request) describeAsk() string {
	if r.command == nil {
		return "no journal tells the requester"
	}
	return fmt.Sprintf("%s typed %q and read %q", r.command.User, r.command.Text, r.command.Answer)
}

// givenAnew is how often a person gave a reaction that they had taken back.
func (r *request) givenAnew(user string) (n int) {
	for _, c := range r.cards {
		taken := map[string]bool{}
		for _, v := range c.Votes {
			if v.User == user && v.Present && taken[v.Emoji] {
				n++
			}
			if v.User == user {
				taken[v.Emoji] = !v.Present
			}
		}
	}
	return n
}

// judgeNotices looks for repeated notices to one person. A person hears each reason
// why a vote does not count at most once, and again for a vote given anew.
func (j *judge) judgeNotices(r *request) {
	type notice struct{ user, text string }
	seen := map[notice]int{}
	for _, word := range r.words {
		if word.Via == viaAck || !strings.Contains(word.Text, saysNotCounted) {
			continue
		}
		this := notice{word.User, word.Text}
		if seen[this]++; seen[this] == 2+r.givenAnew(word.User) {
			j.report(noticeTwice, r.id, fmt.Sprintf("%s read %q twice", word.User, word.Text))
		}
	}
}
