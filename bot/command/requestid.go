package command

import (
	"slices"
	"strings"
)

// isRequestID reports whether text is the id of a request, with its beginning.
func isRequestID(text string) bool { return idShape.MatchString(strings.ToUpper(text)) }

// parseID reads the verbs about one request. Only cancel takes a reason.
func parseID(name string, verb Verb, rest []word) (Command, error) {
	why := ""
	if verb == VerbCancel {
		var reason []word
		rest, reason = cutReason(rest, 0)
		if len(reason) == 1 && placeholder.MatchString(reason[0].text) {
			return Command{}, newError("", "Put your own words in the place of %s.", Typed(reason[0].text))
		}
		why = joinTyped(reason)
	}
	example := name + " " + string(verb) + " <id>"
	if asked, isReason := cutReason(rest, 1); verb != VerbCancel && len(isReason) > 0 && len(idAmong(asked)) == 1 {
		return Command{}, newError(name+" "+string(verb)+" "+strings.ToUpper(idAmong(asked)[0].text),
			"%s takes no reason. Leave it out, or write it in the thread of the request's card.", Typed(verb))
	}
	if at := slices.IndexFunc(rest, func(w word) bool { return isRequestID(w.text) }); at > 0 && rest[0].isKeyword("of") && verb == VerbEnd {
		return Command{}, newError(name+" "+string(VerbStatus)+" "+strings.ToUpper(rest[at].text), aboutQuestion)
	}
	if ids := idsIn(rest); len(ids) > 1 && len(ids) <= maxEither {
		each := newError("", "After %s comes one request, by its id.", Typed(verb))
		each.AllMeant = true
		for _, id := range ids {
			each.Either = append(each.Either, name+" "+string(verb)+" "+id)
		}
		return Command{}, each
	}
	isAsked := len(rest) > 0 && strings.HasSuffix(rest[len(rest)-1].typed, "?")
	rest = idAmong(rest)
	if len(rest) == 1 && isRequestID(rest[0].text) && isAsked && (verb == VerbCancel || verb == VerbEnd) {
		return Command{}, newError(name+" "+string(verb)+" "+strings.ToUpper(rest[0].text), "That is a question. The command "+
			"below does it.")
	}
	if at := slices.IndexFunc(rest, func(w word) bool { return isRequestID(w.text) }); at >= 0 && len(rest) > 1 {
		about := aboutRequest(verb, rest, at)
		if strings.HasPrefix(about, string(VerbEnd)) {
			return Command{}, newError(name+" "+about, aboutEnd)
		}
		if strings.Contains(about, " because ") {
			return Command{}, newError(name+" "+about, "The reason stands after %s.", Typed("because"))
		}
		return Command{}, newError(name+" "+about, "After %s comes one request, by its id."+quoteGroupHint, Typed(verb))
	}
	if len(rest) != 1 || rest[0].text == "" {
		return Command{}, newFill(example, "After %s comes one request, by its id, which %s and %s show."+quoteGroupHint,
			Typed(verb), Typed(name+" mine"), Typed(name+" pending"))
	}
	id := strings.ToUpper(rest[0].text)
	if !strings.HasPrefix(id, "R-") {
		id = "R-" + id
	}
	if !idShape.MatchString(id) {
		return Command{}, newFill(example,
			"%s is not a request id; an id is R- and eight letters or digits, as on the card."+quoteGroupHint,
			Typed(rest[0].text))
	}
	if problem := reasonProblem(why); problem != "" {
		return Command{}, newError(name+" "+string(verb)+" "+id, "%s", problem)
	}
	return Command{Verb: verb, ID: id, Why: why}, nil
}

// idsIn are the ids of requests among words.
func idsIn(words []word) []string {
	var ids []string
	for _, w := range words {
		for part := range strings.FieldsFuncSeq(w.text, func(r rune) bool { return strings.ContainsRune(",;/+&", r) }) {
			if isRequestID(part) && !slices.Contains(ids, strings.ToUpper(part)) {
				ids = append(ids, strings.ToUpper(part))
			}
		}
	}
	return ids
}

// idAmong is the only id among words that mean nothing beside it.
func idAmong(words []word) []word {
	var ids []word
	for _, w := range words {
		isNothing := (item{word: w}).isFiller() || w.isOneOf(prepositions)
		if !isNothing && !w.isOneOf([]string{"request", "requests", "is", "about"}) {
			ids = append(ids, w)
		}
	}
	if len(ids) == 1 && isRequestID(ids[0].text) {
		return ids
	}
	return words
}
