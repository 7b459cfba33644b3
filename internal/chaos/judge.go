//go:build linux

package chaos

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Kind says which promise a violation breaks.
type Kind string

// The kinds of violations.
const (
	Lost    Kind = "lost"    // acknowledged or owed, and never seen again
	Doubled Kind = "doubled" // done, posted or told more often than once
	Untrue  Kind = "untrue"  // said or done without what it rests on
	Late    Kind = "late"    // not ready, or not settled, in time; or crashed
)

// A Violation is a promise that was broken in a round.
type Violation struct {
	Kind    Kind
	Rule    string   // a few words, the same for the same sort of violation
	Request string   // the request's id, where there is one
	What    string   // what happened
	Lines   []string // of the journals, that show it
}

func (v Violation) String() string {
	text := fmt.Sprintf("%s: %s", v.Kind, v.Rule)
	if v.Request != "" {
		text += " (request " + v.Request + ")"
	}
	return text + ": " + v.What
}

// A request is everything that the journals have of one request.
type request struct {
	id      string
	command *Command // the one that filed it, where known
	cards   []*Card
	words   []Word     // that name it and were read by its requester alone
	writes  []*Write   // that made its change
	endings []*Write   // that took it out again when its time was over
	cancels []*Command // answered that it is cancelled
}

// A judge collects what it finds.
type judge struct {
	h        *History
	requests map[string]*request
	found    []Violation
}

// Judge names every promise that a settled history shows to be broken.
func Judge(h *History) []Violation {
	j := &judge{h: h, requests: map[string]*request{}}
	j.collect()
	j.judgeWrites()
	for _, c := range h.Commands {
		j.judgeCommand(c)
	}
	for _, id := range sortedKeys(j.requests) {
		j.judgeRequest(j.requests[id])
	}
	for _, m := range h.Stray {
		j.find(Untrue, "a message that is no card", "", fmt.Sprintf("in the approvals channel: %q", m.Text), m.TS)
	}
	return j.found
}

func (j *judge) find(kind Kind, rule, id, what string, also ...string) {
	j.findAt(time.Time{}, kind, rule, id, what, also...)
}

// findAt is find of what happened at some time.
func (j *judge) findAt(when time.Time, kind Kind, rule, id, what string, also ...string) {
	j.found = append(j.found, Violation{Kind: kind, Rule: rule, Request: id, What: what, Lines: j.excerpt(id, when, also)})
}

var cancelled = regexp.MustCompile("^Request `(R-[0-9A-Z]{8})` is cancelled")

func (j *judge) collect() {
	for _, c := range j.h.Commands {
		if c.ID != "" {
			r := j.request(c.ID)
			r.command = c
		}
		if found := cancelled.FindStringSubmatch(c.Answer); found != nil {
			r := j.request(found[1])
			r.cancels = append(r.cancels, c)
		}
	}
	for _, c := range j.h.Cards {
		r := j.request(c.ID)
		r.cards = append(r.cards, c)
		if r.command == nil {
			r.command = j.h.command(c.Ticket)
		}
	}
	for _, word := range j.h.Private {
		for id, r := range j.requests {
			if strings.Contains(word.Text, id) {
				r.words = append(r.words, word)
			}
		}
	}
}

func (j *judge) request(id string) *request {
	if j.requests[id] == nil {
		j.requests[id] = &request{id: id}
	}
	return j.requests[id]
}

func (h *History) command(ticket string) *Command {
	for _, c := range h.Commands {
		if ticket != "" && c.Ticket == ticket {
			return c
		}
	}
	return nil
}

// nothingRecorded are the answers that promise that nothing will come of a
// command.
var nothingRecorded = regexp.MustCompile(`[Nn]othing was recorded|nothing was asked and nothing will happen`)

// unsure are the answers that leave open whether a command was recorded.
var unsure = regexp.MustCompile(`cannot tell whether it was recorded`)

// judgeCommand compares what a person was answered with what came of it.
func (j *judge) judgeCommand(c *Command) {
	var of []*Card
	for _, card := range j.h.Cards {
		if c.Ticket != "" && card.Ticket == c.Ticket {
			of = append(of, card)
		}
	}
	ids := map[string]bool{}
	for _, card := range of {
		ids[card.ID] = true
	}
	said := c.ID != "" || nothingRecorded.MatchString(c.Answer) || unsure.MatchString(c.Answer)
	switch {
	case c.Ticket != "" && c.Acked && !said:
		j.find(Lost, "acknowledged without saying what became of it", c.ID, fmt.Sprintf("%q was answered %q", c.Text, c.Answer), c.Envelope)
	case len(ids) > 1:
		j.find(Doubled, "one command, several requests", of[0].ID, fmt.Sprintf("%q became %d requests", c.Text, len(ids)), c.Envelope)
	case len(of) > 0 && nothingRecorded.MatchString(c.Answer) && c.Copies == 1: // copies may fare differently
		j.find(Untrue, "said that nothing was recorded", of[0].ID, fmt.Sprintf("%q was answered %q", c.Text, c.Answer), c.Envelope)
	case len(of) > 0 && c.ID != "" && of[0].ID != c.ID:
		j.find(Untrue, "the receipt names another request", of[0].ID, fmt.Sprintf("it was answered that it is %s", c.ID), c.Envelope)
	}
}

// ended are private words that a request has ended, and how: without a card, or
// with one that was deleted and its thread with it.
var ended = regexp.MustCompile("was not put before an approver| expired|(is|was) cancelled|was denied|failed after|was not carried out|is done: ")

// told finds a private word that says why nobody was asked.
func (r *request) told() bool { return len(r.privateEnds()) > 0 }

// own is false for words that somebody else read, and for words about another
// request that asks the very same as this one, and therefore name both.
func (r *request) own(w Word) bool {
	if by := r.requester(); by != "" && w.User != by {
		return false
	}
	return !strings.Contains(w.Text, "asks for the very same") || strings.Contains(w.Text, "`"+r.id+"` was not put")
}

// requester is who asked, as far as that is known.
func (r *request) requester() string {
	switch {
	case r.command != nil:
		return r.command.User
	case len(r.cards) > 0:
		return r.cards[0].Requester
	}
	return ""
}

func (j *judge) judgeRequest(r *request) {
	cards := slices.DeleteFunc(slices.Clone(r.cards), r.replaced)
	if len(cards) == 0 && !r.told() {
		j.find(Lost, "acknowledged, neither a card nor a word", r.id, r.asked())
	}
	if len(cards) > 1 {
		j.find(Doubled, "several cards", r.id, fmt.Sprintf("%d cards were posted", len(cards)))
	}
	if len(cards) == 0 {
		return
	}
	for _, word := range r.words {
		if r.own(word) && strings.Contains(word.Text, "was not put before an approver") {
			j.find(Untrue, "refused and asked all the same", r.id, word.Text)
		}
	}
	for _, c := range cards {
		j.judgeCard(r, c)
	}
	j.judgeNotices(r)
}

// replaced reports whether a card was deleted before the bot knew of it, and
// another one came: what nobody can see any more is posted again. The end of a
// card that it knew is told, and is no card of another.
func (r *request) replaced(c *Card) bool {
	unknown := c.Known.IsZero() || c.Known.After(c.Deleted)
	return !c.Deleted.IsZero() && unknown && slices.ContainsFunc(r.cards, func(next *Card) bool { return next.At.After(c.Deleted) })
}

// privateEnds are the words that told the requester that it has ended. What
// answers a command tells so only of a command that cancelled it: whoever asks
// where a request stands was not told before.
func (r *request) privateEnds() []Word {
	return slices.DeleteFunc(slices.Clone(r.words), func(w Word) bool {
		asked := w.Via == "ack" && !cancelled.MatchString(w.Text)
		return asked || !r.own(w) || !ended.MatchString(w.Text)
	})
}

func (r *request) asked() string {
	if r.command == nil {
		return "nothing in the journal says who asked"
	}
	return fmt.Sprintf("%s typed %q and read %q", r.command.User, r.command.Text, r.command.Answer)
}

// judgeNotices looks for notices that one reader got twice. That a vote does
// not count is told once at most for each reason.
func (j *judge) judgeNotices(r *request) {
	seen := map[Word]int{}
	for _, word := range r.words {
		if strings.HasPrefix(word.Text, "Your reaction on request") {
			if seen[word]++; seen[word] == 2 {
				j.find(Doubled, "told twice that a vote does not count", r.id, fmt.Sprintf("%s read %q twice", word.User, word.Text))
			}
		}
	}
}

// judgeCard judges a card, its thread and what it says.
func (j *judge) judgeCard(r *request, c *Card) {
	j.judgeAsk(r, c)
	j.judgeProgress(r, c)
	var ends, grant []Reply
	for i, reply := range c.Thread {
		switch {
		case isEnd(reply.Event):
			ends = append(ends, reply)
		case !slices.Contains(progressEvents, reply.Event) && !slices.Contains(grantEvents, reply.Event):
			j.find(Untrue, "a reply of no known kind", r.id, fmt.Sprintf("%q: %s", reply.Event, reply.Text))
		case c.Lasts > 0 && len(ends) == 1 && ends[0].Event == doneEvent && slices.Contains(grantEvents, reply.Event):
			grant = append(grant, reply)
		case slices.Contains(grantEvents, reply.Event) && len(ends) == 0:
			j.find(Untrue, "told of a grant before it was done", r.id, reply.Text)
		case len(ends) > 0:
			j.find(Doubled, "spoke after the end", r.id, fmt.Sprintf("reply %d: %s", i+1, reply.Text))
		}
	}
	switch {
	case len(ends) == 0 && !c.Deleted.IsZero():
		j.judgeDeleted(r, c)
		return
	case len(ends) == 0:
		j.find(Lost, "a card without an end", r.id, "the card still says: "+statusOf(last(c.Says).Text))
		return
	case len(ends) > 1:
		j.find(Doubled, "several ends", r.id, fmt.Sprintf("its thread tells %d: %s, then %s", len(ends), ends[0].Event, ends[1].Event))
	}
	end := ends[0]
	if c.Deleted.IsZero() && !c.shows(end.Event) {
		j.find(Lost, "the card does not show its end", r.id, fmt.Sprintf("it ended as %s and the card still says: %s", end.Event, statusOf(last(c.Says).Text)))
	}
	j.judgeEnd(r, c, end)
	j.judgeGrant(r, c, grant)
}

// judgeAsk compares a card with the command it rests on, and with itself: what
// consent was asked for must not change.
func (j *judge) judgeAsk(r *request, c *Card) {
	switch {
	case r.command == nil:
		j.find(Untrue, "a card that nobody asked for", r.id, last(c.Says).Text)
	case r.command.User != c.Requester:
		j.find(Untrue, "the card names another requester", r.id, fmt.Sprintf("%s instead of %s", c.Requester, r.command.User))
	case !asksFor(r.command.Text, c) || lastsAsTyped(r.command.Text) != c.Lasts:
		j.find(Untrue, "the card asks for something else", r.id, fmt.Sprintf("%v without %v for %s for %v instead of %q", c.Codes, c.Removes, c.Group, c.Lasts, r.command.Text))
	}
	for _, seen := range []string{c.Says[0].Text, c.Blocks} {
		if added, removed := shown(seen); !sameSet(added, c.Codes) || !sameSet(removed, c.Removes) || !sameSet(ticked(takesAway, seen), c.Removes) {
			j.find(Untrue, "the card shows something else than it asks", r.id, fmt.Sprintf("it asks for %v without %v and shows %q", c.Codes, c.Removes, seen))
		}
	}
	for _, s := range c.Says {
		if askOf(s.Text) != askOf(c.Says[0].Text) {
			j.find(Untrue, "the card changed what it asks", r.id, fmt.Sprintf("%q became %q", askOf(c.Says[0].Text), askOf(s.Text)))
			return
		}
	}
}

// shows reports whether a card's last word is an end.
func (c *Card) shows(event string) bool {
	return strings.Contains(statusOf(last(c.Says).Text), shows[event])
}

// asksFor reports whether a card's change is what was typed, less what it says
// is in the rule already.
func asksFor(text string, c *Card) bool {
	before, _, _ := strings.Cut(text, " because ")
	if !strings.Contains(before, c.Group) && !strings.Contains(before, groupNames[c.Group]) {
		return false
	}
	words := strings.FieldsFunc(strings.ToUpper(before), func(r rune) bool { return strings.ContainsRune(" ,;`", r) })
	typed, there := common(owned, words), ticked(stays, c.Says[0].Text)
	if verb, _, _ := strings.Cut(before, " "); verb == "remove" {
		return len(c.Codes) == 0 && len(without(c.Removes, typed)) == 0 && len(common(typed, there)) == 0
	} else if verb != "set" && len(c.Removes) > 0 {
		return false
	}
	return len(without(c.Codes, typed)) == 0 && len(without(typed, union(c.Codes, there))) == 0 && len(common(typed, c.Removes)) == 0
}

var (
	stays     = regexp.MustCompile(`(?m)^Stays: (.*)$`)
	takesAway = regexp.MustCompile(`(?m)^\*Takes away: (.*)\*$`)
	changes   = regexp.MustCompile("(?m)^• (?:`\\+ ([A-Z0-9]+)`|Extends `([A-Z0-9]+)`)")
)

// shown are the codes that a card says it adds or lets stay, and those that it
// says it takes out, each on a line of its own.
func shown(card string) (added, removed []string) {
	for _, line := range changes.FindAllStringSubmatch(card, -1) {
		added = append(added, line[1]+line[2])
	}
	for _, line := range removes.FindAllStringSubmatch(card, -1) {
		removed = append(removed, line[1])
	}
	return added, removed
}

// askOf is the part of a card's text above its status.
func askOf(text string) string {
	ask, _, _ := strings.Cut(text, "May approve:")
	return ask
}

// statusOf is the line of a card that says where the request stands.
func statusOf(text string) string {
	lines := strings.Split(text, "\n")
	return lines[max(len(lines)-2, 0)]
}

// expiry is how much earlier than its deadline an expiry may be told: the
// clock that decides may be off, and was perhaps off the other way when the
// deadline was set.
func (h *History) expiry() time.Duration { return h.TTL - 2*h.Skew - time.Second }
