package command

import (
	"cmp"
	"slices"
	"strings"
)

// aboutOneID says what the verbs about one request take.
const aboutOneID = "After %s comes one request, by its id."

// isRequestID reports whether text is the id of a request, with its beginning.
func isRequestID(text string) bool { return idShape.MatchString(strings.ToUpper(text)) }

// isID reports whether a word is the id of a request, with its beginning.
func (w word) isID() bool { return isRequestID(w.text) }

// withID is the command that does this with the request of this id.
func withID(name string, verb Verb, id string) string {
	return name + " " + string(verb) + " " + strings.ToUpper(id)
}

// parseID reads the verbs about one request. Only cancel takes a reason.
func parseID(name string, verb Verb, rest []word) (Command, error) {
	var reason []word
	if verb == VerbCancel {
		rest, reason = cutReason(rest, 0)
	}
	problem := cmp.Or(
		refuseReason(name, verb, rest, reason), askOtherID(name, verb, rest), askBesideID(name, verb, rest),
	)
	if problem != nil {
		return Command{}, problem
	}
	example := name + " " + string(verb) + " <id>"
	rest = idAmong(rest)
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
	why := joinTyped(reason)
	if problem := reasonProblem(why); problem != "" {
		return Command{}, newError(withID(name, verb, id), "%s", problem)
	}
	return Command{Verb: verb, ID: id, Why: why}, nil
}

// refuseReason answers a reason that is still to fill in, and one behind a verb that takes none.
func refuseReason(name string, verb Verb, rest, reason []word) *Error {
	if len(reason) == 1 && placeholder.MatchString(reason[0].text) {
		return newError("", "Put your own words in the place of %s.", Typed(reason[0].text))
	}
	asked, extra := cutReason(rest, 1)
	if ids := idAmong(asked); verb != VerbCancel && len(extra) > 0 && len(ids) == 1 {
		return newError(withID(name, verb, ids[0].text),
			"%s takes no reason. Leave it out, or write it in the thread of the request's card.", Typed(verb))
	}
	return nil
}

// askOtherID answers what is no order for one request: the end of it, and the ids of several.
func askOtherID(name string, verb Verb, rest []word) *Error {
	if at := slices.IndexFunc(rest, word.isID); at > 0 && rest[0].isKeyword("of") && verb == VerbEnd {
		return newError(withID(name, VerbStatus, rest[at].text), aboutQuestion)
	}
	ids := idsIn(rest)
	if len(ids) < 2 || len(ids) > maxEither {
		return nil
	}
	each := newError("", aboutOneID, Typed(verb))
	each.AllMeant = true
	for _, id := range ids {
		each.Either = append(each.Either, withID(name, verb, id))
	}
	return each
}

// askBesideID answers an id with a question mark behind a verb that changes something, and one with
// other words beside it.
func askBesideID(name string, verb Verb, rest []word) *Error {
	words := idAmong(rest)
	at := slices.IndexFunc(words, word.isID)
	if at < 0 {
		return nil
	}
	if len(words) == 1 {
		isAsked := strings.HasSuffix(rest[len(rest)-1].typed, "?")
		if isAsked && (verb == VerbCancel || verb == VerbEnd) {
			return newError(withID(name, verb, words[at].text), "That is a question. The command below does it.")
		}
		return nil
	}
	about := aboutRequest(verb, words, at)
	switch {
	case strings.HasPrefix(about, string(VerbEnd)):
		return newError(name+" "+about, aboutEnd)
	case strings.Contains(about, " because "):
		return newError(name+" "+about, "The reason stands after %s.", Typed("because"))
	}
	return newError(name+" "+about, aboutOneID+quoteGroupHint, Typed(verb))
}

// idsIn are the ids of requests among words.
func idsIn(words []word) []string {
	var ids []string
	for _, w := range words {
		for part := range strings.FieldsFuncSeq(w.text, func(r rune) bool { return strings.ContainsRune(",;/+&", r) }) {
			if id := strings.ToUpper(part); isRequestID(id) && !slices.Contains(ids, id) {
				ids = append(ids, id)
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
	if len(ids) == 1 && ids[0].isID() {
		return ids
	}
	return words
}
