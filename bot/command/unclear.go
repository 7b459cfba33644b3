package command

import (
	"slices"
	"strings"

	"licensebot/approvals"
)

// askWhatEquals asks what an equals sign behind a group means: to add licenses, or to have it keep no others.
func (r *reader) askWhatEquals(words []word) *Error {
	isSign := func(w word) bool { return w.text == "=" || w.text == ":=" }
	o := r.readOpening(words[0], words[1:])
	if !slices.ContainsFunc(words, isSign) || o.isSaid && o.action != approvals.Add {
		return nil
	}
	for _, f := range r.exactRuns(words) {
		if f.to >= len(words) || !isSign(words[f.to]) {
			continue
		}
		question := newError("", "%s behind a group can mean that it keeps no other license, or that these are added.",
			Typed(words[f.to].text))
		rest := slices.Delete(slices.Clone(words), f.to, f.to+1)
		question.Either = r.readAs(rest, approvals.Set, approvals.Add)
		if len(question.Either) == 1 {
			question.Either = nil // one alone would answer the question
		}
		return question
	}
	return nil
}

// readAs are the commands for the same words with each of these actions.
func (r *reader) readAs(words []word, actions ...approvals.Action) []string {
	var commands []string
	for _, action := range actions {
		if ask, ok := (several{reader: r}).readHalf(action, words); ok {
			commands = append(commands, r.verify(ask))
		}
	}
	return commands
}

// askWhatDash asks what a dash before a request means: to take out, or just that something follows.
func (r *reader) askWhatDash(words []word) *Error {
	if len(words) < 3 || words[0].text != "-" || words[1].isOneOf(addVerbs) {
		return nil
	}
	ask, ok := (several{reader: r}).readHalf(approvals.Add, words[1:])
	if !ok || ask.IsTimed() || len(ask.Quotas) > 0 {
		return nil
	}
	question := newError("", "A dash in front can mean to take out, or nothing.")
	for _, action := range []approvals.Action{approvals.Remove, approvals.Add} {
		ask.Action = action
		question.Either = append(question.Either, r.verify(ask))
	}
	return question
}

// askWhatTake asks what to take for a group means: to get it, or to take it out.
func (r *reader) askWhatTake(verb word, rest []word) *Error {
	isOut := haveOneOf(rest, []string{"from", "off", "out", "away", "back", "of"})
	isFor := func(f run) bool { return f.from > 0 && rest[f.from-1].isKeyword("for") }
	if !r.knowsGroups() || !verb.isKeyword("take") || isOut || !slices.ContainsFunc(r.exactRuns(rest), isFor) {
		return nil
	}
	question := newError("", "%s can mean that the group gets it, or that it is taken out.", Typed(verb.text))
	question.Either = r.readAs(rest, approvals.Add, approvals.Remove)
	question.keepChoice()
	return question
}

// askStatement asks what is wanted where a sentence says what a group has.
func (r *reader) askStatement(words []word) *Error {
	if !r.knowsGroups() {
		return nil
	}
	for _, f := range r.exactRuns(words) {
		verb := wordAt(words, f.to)
		isFirst := f.from == 0 || words[f.from-1].isOneOf(openers)
		if !isFirst || !verb.isOneOf([]string{"has", "uses", "had", "used"}) {
			continue
		}
		rest := words[f.to+1:]
		isTo := wordAt(rest, 0).isOneOf([]string{"to", "need", "asked", "requested", "been"})
		if isTo || !r.hasLicense(rest) {
			continue
		}
		question := newError("", "%s says what is so. Say what the group should get, without what it has.",
			Typed(verb.text))
		ask, ok := (several{reader: r}).readHalf(approvals.Add, slices.Concat(words[f.from:f.to], rest))
		if ok && len(ask.Codes) == 1 && len(ask.Quotas) == 0 && verb.isOneOf([]string{"has", "uses"}) {
			question.Either = []string{r.verify(ask), r.toShow(f)}
		}
		return question
	}
	return nil
}

// readGroupAlone answers a group with a question mark, and nothing else.
func (r *reader) readGroupAlone(words []word) *Error {
	for _, f := range r.exactRuns(words) {
		if f.from == 0 && f.to == len(words) && strings.HasSuffix(words[f.to-1].typed, "?") {
			return newError(r.toShow(f), aboutQuestion)
		}
	}
	return nil
}

// askWhatEnds asks whether a request is to be withdrawn, or codes are to be taken out of a
// group, if a verb for requests is said about codes.
func (r *reader) askWhatEnds(verb word, rest []word) *Error {
	for i, w := range rest { // a verb at the end, as in German
		if w.means == string(VerbEnd) && !hasRequestID(rest) {
			verb, rest = w, slices.Concat([]word{verb}, rest[:i], rest[i+1:])
			break
		}
	}
	if !r.knowsGroups() || !verb.isOneOf([]string{"cancel", "end", "stop", "undo"}) || hasRequestID(rest) {
		return nil
	}
	c, err := r.readAsk(opening{action: approvals.Remove, isSaid: true}, rest)
	switch {
	case err == nil:
		return r.askWithdraw(verb, c.Ask)
	case verb.isOneOf([]string{"end", "stop"}) && r.namesGroup(rest) && r.hasLicense(rest):
		return newFill(r.name+" end <id>", "What has a limited time is ended early by the id of its request, which %s "+
			"shows. To take codes out of a group, begin with %s.", Typed(r.name+" mine"), Typed(approvals.Remove))
	}
	return nil
}

// askWhichRequest asks for the id of a request that is to be taken back, or to end.
func (r *reader) askWhichRequest(words []word) *Error {
	backVerbs := slices.Concat(removeVerbs, idLookups[0].words, []string{"stop", "ignore", "disregard", returned})
	isOther := func(w word) bool {
		return !(item{word: w}).isFiller() && !w.isOneOf(openers) && !w.isOneOf(prepositions)
	}
	at := slices.IndexFunc(words, isOther)
	if !r.knowsGroups() || at < 0 || !words[at].isOneOf(backVerbs) || hasRequestID(words) ||
		!haveOneOf(words[at:], []string{"request", "requests", "asked"}) {
		return nil
	}
	fill := r.name + " cancel <id>"
	_, why := cutReason(words, 1)
	if len(why) == 0 {
		_, why = cutClause(words)
	}
	reason := formatReason(approvals.Ask{Reason: strings.TrimRight(joinTyped(why), ".,;: ")})
	if reason != "" && fitsCommand(fill+" "+reason) {
		fill += " " + reason
	}
	return newFill(fill, "A request is taken back by its id, which %s shows.", Typed(r.name+" mine"))
}

// askWithdraw asks whether a request is to be taken back, or these codes out of their group.
func (r *reader) askWithdraw(verb word, ask approvals.Ask) *Error {
	question := newError("", "%s is for a request, by its id. To take codes out of a group, say %s.",
		Typed(verb.text), Typed(approvals.Remove))
	question.Either = []string{Suggest(ask), r.name + " mine"}
	return question
}
