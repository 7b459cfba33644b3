package command

import (
	"strings"

	"licensebot/approvals"
)

// dropOpening drops the command's own name, and what people say before they ask.
func (r *reader) dropOpening(tokens []word) []word {
	own := strings.TrimPrefix(strings.ToLower(r.name), "/")
	for all := len(tokens); len(tokens) > 1; {
		first := strings.TrimPrefix(strings.ToLower(tokens[0].text), "/")
		isOwnName := !tokens[0].quoted && (first == own || first == "allocate")
		isSubject := !tokens[0].isOneOf(politeWords) && tokens[1].isOneOf([]string{"has", "is", "are", "was", "did"})
		isTo := len(tokens) < all && tokens[0].isKeyword("to") && tokens[1].isOneOf(showVerbs)
		if !isOwnName && !isTo && (!tokens[0].isOneOf(openers) || isSubject && !tokens[0].isOneOf(greetings)) {
			break
		}
		tokens = tokens[1:]
	}
	return tokens
}

// An opening is how a request begins.
type opening struct {
	action approvals.Action
	isSaid bool   // by a verb
	isLate bool   // it asks for a later end of what runs
	limit  string // the verb that changes a seat limit, if it says so
}

// readOpening reads the verb of a request for licenses, if a command begins with one.
func (r *reader) readOpening(verb word, rest []word) opening {
	switch {
	case verb.isOneOf(addVerbs):
		return opening{action: approvals.Add, isSaid: true}
	case r.isAboutLimit(verb, rest):
		return opening{action: approvals.Add, isSaid: true, limit: verb.text}
	case verb.isOneOf(removeVerbs), isDel(verb):
		return opening{action: approvals.Remove, isSaid: true}
	case verb.isKeyword("set"):
		return opening{action: approvals.Set, isSaid: true}
	}
	return opening{}
}

// isDel reports whether a word that begins or ends a command is short for delete. Elsewhere it is Spanish.
func isDel(w word) bool { return !w.quoted && strings.EqualFold(w.text, "del") }

// isAboutLimit reports whether a verb changes a seat limit, and no license: remove the limit, drop it to 5.
func (r *reader) isAboutLimit(verb word, rest []word) bool {
	body, _ := cutReason(rest, 0)
	isVerb := verb.isOneOf(removeVerbs) || verb.isOneOf([]string{"limit", "lift"}) ||
		verb.isKeyword("set") && wordAt(body, 0).isOneOf(limitNouns)
	if !isVerb || !r.knowsGroups() {
		return false
	}
	for i, w := range body {
		isTo := w.isKeyword("to") && i+1 < len(body) && isCount(body[i+1]) && r.readPeriod(body[i:]).n == 0
		if isTo || w.isOneOf(limitNouns) {
			return true
		}
	}
	return false
}

// limitNouns are what people call a seat limit.
var limitNouns = []string{"limit", "limits", "cap", "quota", "ceiling", "restriction"}
