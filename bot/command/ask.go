package command

import (
	"errors"
	"slices"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// WordEmpty lets a change leave a group without codes. People may also type its
// former name.
const (
	WordEmpty       = "empty"
	formerWordEmpty = "emptying"
)

// readAsk reads a group and the change to its allocation, in every way in which the
// words can be read.
func (r *reader) readAsk(o opening, tokens []word) (Command, error) {
	tokens = r.dropArticles(tokens)
	if len(tokens) == 0 {
		return Command{}, newFill(r.fillFor(o, "<group> <code>"),
			"After %s comes a group, by its id or its exact name."+quoteGroupHint, Typed(o.action))
	}
	for _, w := range tokens {
		if !w.quoted && placeholder.MatchString(w.text) {
			return Command{}, newError("", "Put your own words in the place of %s.", Typed(w.text))
		}
	}
	if first := r.readReasonFirst(tokens); first != nil {
		return Command{}, first
	}
	body, reason := cutReason(tokens, 1)
	if len(body) > maxWords {
		return Command{}, newFill(r.fillFor(o, "<group> <code>"),
			"That has more than %d words before the reason. Ask for less in one request.", maxWords)
	}
	if several := r.readSeveral(o, body, reason); several != nil {
		return Command{}, several
	}
	var drafts []*draft
	for _, found := range r.firstRuns(body) {
		drafts = append(drafts, r.readDraft(o, body, found, reason))
	}
	return r.choose(o, body, reason, drafts)
}

func (r *reader) fillFor(o opening, rest string) string {
	if o.action == approvals.Add {
		return r.name + " " + rest
	}
	return r.name + " " + string(o.action) + " " + rest
}

// readDraft reads a request for a given group.
func (r *reader) readDraft(o opening, tokens []word, group run, reason []word) *draft {
	d := &draft{reader: r, opening: o, group: group, limitVerb: o.limit}
	d.ask = approvals.Ask{Action: o.action, Group: group.text, Command: r.name}
	d.checkGroup(group)
	d.checkFrom(tokens)
	d.startsWithLimit = wordAt(tokens, 0).isOneOf([]string{"limit", "restrict"}) && !o.isSaid
	items := d.expand(tokens, group)
	items = d.takeSiblings(items)
	items = d.takeBrackets(items)
	items = d.takeLoneDays(d.takePeriods(items))
	if d.isLate && !d.hasEnd {
		d.endToFill = "until <day>"
		d.noteOpen("Say the new last day, such as %s.", Typed("until "+d.exampleDay()))
	}
	if reason != nil {
		d.takeReason(reason)
	}
	items = d.takeState(d.takeWeakReason(items))
	items = d.takeForReason(items)
	items = d.takeClauses(d.takeTold(items))
	items = d.takeLicenses(items)
	d.checkEndOfSome(items)
	d.checkOneSeat(items)
	d.checkSetOfOne(items)
	items = d.takeAlternatives(d.takeSpelled(items))
	items = d.takeWords(items)
	items = d.takeSeats(items)
	d.requireLimit()
	d.takeRest(items)
	d.checkAction()
	d.applyBounds()
	return d
}

// checkFrom asks what to do where no verb says it, and the word from stands before the group.
func (d *draft) checkFrom(tokens []word) {
	needs := func(w word) bool { return w.isOneOf([]string{"need", "needs", "want", "wants"}) }
	before := d.group.from - 1
	if !d.isSaid && before >= 0 && tokens[before].isKeyword("from") && !slices.ContainsFunc(tokens, needs) {
		d.askWhich("Codes are added to a group, or removed from it.", nil, withAction(approvals.Add),
			withAction(approvals.Remove))
	}
}

// checkGroup asks for another group if it can be none of this name, or for one of several of the same name.
func (d *draft) checkGroup(group run) {
	if problem, ok := errors.AsType[*Error](checkGroup(d.name, d.ask.Group)); ok {
		d.ask.Group = ""
		d.noteOpen(problem.Format, problem.Args...)
		return
	}
	var ids []string
	for _, g := range group.groups {
		if !slices.ContainsFunc(ids, func(id string) bool { return groupname.SameID(id, g.ID) }) {
			ids = append(ids, g.ID)
		}
	}
	if len(ids) < 2 {
		return
	}
	var options []func(*approvals.Ask)
	for _, id := range ids[:min(len(ids), maxEither)] {
		options = append(options, func(a *approvals.Ask) { a.Group = id })
	}
	d.askWhich("Several groups at UiPath are called %s. Say which by its id.", []any{Typed(d.ask.Group)}, options...)
}

// maxWords bounds the words that are tried in all ways.
const maxWords = 120

// maxEither is how many commands a question offers at most.
const maxEither = 3

// plainWords are the words up to the next item that is understood.
func plainWords(items []item) []word {
	var words []word
	for _, it := range items {
		if it.kind != plain {
			break
		}
		words = append(words, it.word)
	}
	return words
}
