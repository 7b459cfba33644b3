package command

import (
	"slices"
	"strconv"
	"strings"
)

// questionWords begin a question.
var questionWords = []string{
	"does", "do", "did", "is", "are", "was", "has", "what", "what's", "whats", "which", "who", "how", "when", "where",
	"where's", "why", "should", "shall", "who's",
	"anything", "wieviele", "wieviel", "hoeveel", "combien", "cuántos",
}

// A lookup is a command that people mean by any of these words in a sentence.
type lookup struct {
	verb  Verb
	words []string
}

// Lookups in the order in which their words decide: about one request, and about none.
var (
	idLookups = []lookup{
		{VerbCancel, []string{
			"cancel", "cancelled", "canceled", "withdraw", "withdrawn", "retract", "undo", "delete", "remove", "forget",
			"scrap", "drop", "abort",
		}},
		{VerbEnd, []string{
			"end", "ended", "stop", "stopped", "terminate", "terminated", "revoke", "finish", "close",
		}},
		{VerbStatus, []string{"approved", "denied", "declined", "rejected", "status"}},
		{VerbWhy, []string{"why", "who", "approve", "approves", "approver", "approvers", "waiting", "waits", "stuck"}},
	}
	lookups = []lookup{
		{VerbStatus, []string{"many", "viele", "wieviele", "wieviel", "hoeveel", "cuántos", "combien", "cuántas", "quante"}},
		{VerbPending, []string{"approval"}},
		{VerbMine, []string{"my", "mine", "approved", "denied", "declined", "rejected"}},
		{VerbStatus, []string{"status"}},
		{VerbPending, []string{"pending", "waiting", "waits", "open", "approve", "approval"}},
		{VerbMine, []string{"request", "requests"}},
	}
	requestWords = []string{
		"request", "requests", "mine", "pending", "approved", "denied", "declined", "rejected", "approval",
		"waiting", "waits", "approve",
	}
	licenseLooks = []string{
		"left", "available", "free", "order", "own", "code", "codes", "license", "licenses", "licence", "licences", "seats",
		"pack", "packs",
	}
)

// findLookup is the verb of the first lookup that words name, or else seem to name.
func findLookup(all []lookup, tokens []word) (Verb, bool) {
	isNear := func(w word, name string) bool { return !w.quoted && len(name) > 5 && isOneEdit(w.lower(), name) }
	for _, isNamed := range []func(word, string) bool{word.isKeyword, isNear} {
		for _, l := range all {
			isMeant := func(name string) bool {
				return slices.ContainsFunc(tokens, func(w word) bool { return isNamed(w, name) })
			}
			if slices.ContainsFunc(l.words, isMeant) {
				return l.verb, true
			}
		}
	}
	return "", false
}

// areUnsure reports whether one of the words turns what is said about the request that stands
// at this place, or puts it off. Behind the request, not and the like say why.
func areUnsure(words []word, at int) bool {
	isTurning := slices.ContainsFunc(words[:at], word.isTurning) || words[len(words)-1].isTurning()
	isTold := func(w word) bool { return w.isOneOf(tellingWords) } // not needed after all
	isLater := func(w word) bool {
		return w.isOneOf(conditions) && !isTold(w) || w.isOneOf([]string{"yet", "tomorrow"}) || isWeekday(w.lower())
	}
	return isTurning || slices.ContainsFunc(words, isLater)
}

// aboutRequest is the command with this verb for the request that stands at this place. Words
// behind it are why it is taken back.
func aboutRequest(verb Verb, words []word, at int) string {
	if (verb == VerbCancel || verb == VerbEnd) && areUnsure(words, at) {
		verb = VerbStatus
	}
	text := string(verb) + " " + strings.ToUpper(words[at].text)
	behind := withoutPoliteness(words[at+1:])
	act := slices.Concat(idLookups[0].words, politeWords, []string{"now", "today", "immediately", "back", "again"})
	isSaying := func(w word) bool { return w.saysMuch() && !w.isOneOf(act) }
	if why := strings.Trim(joinTyped(behind), ",;:.-() "); verb == VerbCancel && slices.ContainsFunc(behind, isSaying) {
		if with := text + " because " + why; reasonProblem(why) == "" && fitsCommand(with) {
			return with
		}
	}
	return text
}

// isQuestion reports whether words begin as a question.
func (r *reader) isQuestion(tokens []word) bool {
	if r.knowsGroups() && asksSince(tokens) {
		return true
	}
	if !r.knowsGroups() || len(tokens) < 2 || !tokens[0].isOneOf(questionWords) {
		return false
	}
	isOrder := tokens[0].isKeyword("do") && (tokens[1].isOneOf(addVerbs) || tokens[1].isOneOf(removeVerbs))
	if isOrder || tokens[1].isKeyword("not") {
		return false
	}
	return !tokens[0].isKeyword("why") || len(tokens) > 2 && !hasRequestID(tokens[1:2])
}

// asksSince reports whether the second word begins a question: until when does Sales have it?
func asksSince(tokens []word) bool {
	if len(tokens) < 3 || !tokens[1].isOneOf(questionWords) {
		return false
	}
	isAsked := func(w word) bool { return strings.HasSuffix(w.typed, "?") }
	isBefore := tokens[0].isOneOf(untilWords) || tokens[0].isOneOf(prepositions) || tokens[0].isKeyword("since")
	return isBefore && slices.ContainsFunc(tokens, isAsked)
}

// lookAt is a command that only looks something up. One that changes something, or that may be beside
// the point, is offered.
func (r *reader) lookAt(look string, isSure bool, format string) (Command, error) {
	check := *r
	check.isCheck = true
	c, err := check.parse(look)
	switch {
	case c.Verb == VerbCancel:
		return Command{}, newError(r.name+" "+look, "The command below takes the request back.")
	case c.Verb == VerbEnd:
		return Command{}, newError(r.name+" "+look, aboutEnd)
	case err != nil, !isSure:
		return Command{}, newError(r.name+" "+look, format)
	}
	return c, nil
}

// Sentences before a command that answers another one.
const (
	aboutQuestion = "That is a question. The command below answers it."
	aboutEnd      = "The command below ends early what has a limited time. It takes no reason: write one in the thread " +
		"of the request's card."
	aboutLookup = "That asks for no licenses. The command below fits it best."
)

// readQuestion answers a question with the command that looks it up.
func (r *reader) readQuestion(tokens []word) (Command, error) {
	if tokens[0].isKeyword("how") && tokens[1].isOneOf([]string{"do", "to", "can", "does"}) {
		return Command{Verb: VerbHelp}, nil
	}
	if r.asksForGroups(tokens) {
		return r.showHolders(tokens)
	}
	look := r.lookUp(tokens)
	isList := look == string(VerbPending) || strings.HasPrefix(look, string(VerbMine))
	if isList && tokens[0].isKeyword("who") {
		return Command{}, newFill(r.name+" why <id>", "Each card names who may approve it, and so does %s.",
			Typed(r.name+" why"))
	}
	look = r.answerTo(tokens, look)
	if look == string(VerbPending) && haveOneOf(tokens, []string{"me", "i", "my"}) {
		which := newError("", "These can be your own requests, or those that wait for approvers.")
		which.Either = []string{r.name + " mine", r.name + " pending"}
		return Command{}, which
	}
	if hasMoreBehindQuestion(tokens) {
		return Command{}, newError(r.name+" "+look, "That is a question, and more. The command below answers the "+
			"question. Type what is to change in a command of its own.")
	}
	isWish := tokens[0].isOneOf([]string{"should", "shall"}) || hasRequestID(tokens) && r.wantsLaterEnd(tokens)
	return r.lookAt(look, !isWish, aboutQuestion)
}

// answerTo is the command that answers a question: what it is about, or else what comes nearest.
func (r *reader) answerTo(tokens []word, about string) string {
	isAboutBot := tokens[0].isOneOf([]string{"is", "are", "do", "what", "who"}) &&
		tokens[1].isOneOf([]string{"this", "you"})
	isAsked := func(w word) bool { return w.isKeyword("asked") || w.isKeyword("ask") && tokens[1].isKeyword("did") }
	switch {
	case isAboutBot:
		return string(VerbHelp)
	case about != "":
		return about
	case r.hasLicense(tokens):
		return string(VerbCodes)
	case slices.ContainsFunc(tokens, isAsked):
		return string(VerbMine)
	}
	return string(VerbHelp)
}

// hasMoreBehindQuestion reports whether something is to change as well, behind the question mark.
func hasMoreBehindQuestion(tokens []word) bool {
	end := slices.IndexFunc(tokens, func(w word) bool { return strings.HasSuffix(w.typed, "?") })
	return end >= 0 && haveOneOf(tokens[end+1:], slices.Concat(addVerbs, removeVerbs, wantVerbs))
}

// asksForGroups reports whether words ask which groups there are, or which have a license.
func (r *reader) asksForGroups(words []word) bool {
	isAbout := haveOneOf(words, []string{"groups"}) || haveOneOf(words, []string{"who", "who's"}) && r.hasLicense(words)
	return r.knowsGroups() && isAbout && !r.namesGroup(words) && !hasRequestID(words)
}

// showHolders answers which groups have a license. There is no list of all groups.
func (r *reader) showHolders(words []word) (Command, error) {
	codes := r.licensesIn(words)
	switch len(codes) {
	case 0:
		return Command{}, newError("", "The bot has no list of groups. %s alone opens a form that finds a group by its name.",
			Typed(r.name))
	case 1:
		return Command{Verb: VerbShow, Code: codes[0]}, nil
	}
	question := newError("", "Say which license: an answer lists the groups that have one.")
	for _, code := range codes[:min(len(codes), maxEither)] {
		question.Either = append(question.Either, r.name+" show "+code)
	}
	return Command{}, question
}

// readLookup answers a sentence that asks for no licenses with the command that it is about. Without one
// it answers nothing.
func (r *reader) readLookup(tokens []word) (c Command, isAny bool, err error) {
	body, reason := cutReason(tokens, 1)
	if !r.mayLookUp(body) {
		return Command{}, false, nil
	}
	if hasRequestID(body) && r.wantsLaterEnd(body) {
		return Command{}, true, r.askToExtend(tokens)
	}
	if again := r.askAgain(tokens); again != nil {
		return Command{}, true, again
	}
	if which := r.askWhatToDo(body); which != nil {
		return Command{}, true, which
	}
	look := r.lookUp(body)
	if look == "" {
		return Command{}, false, nil
	}
	why := strings.TrimRight(joinTyped(reason), ".,;: ")
	if isBare := !strings.Contains(look, " because "); isBare && strings.HasPrefix(look, string(VerbCancel)) && why != "" {
		look += " because " + why
	}
	isSure := body[0].isOneOf(showVerbs) || slices.ContainsFunc(body, word.isID) || namesOwnRequests(body)
	c, err = r.lookAt(look, isSure, aboutLookup)
	return c, true, err
}

// asksForSeats reports whether words ask for the licenses of the organization, its free seats or its packs.
func (r *reader) asksForSeats(words []word) bool {
	isOther := func(w word) bool {
		return !w.isOneOf(licenseLooks) && !w.isOneOf(showVerbs) && !(item{word: w}).isFiller() && !r.isAskable(w.text)
	}
	return r.knowsGroups() && !r.namesGroup(words) && !slices.ContainsFunc(words, isOther) &&
		haveOneOf(words, []string{"free", "left", "available", "packs"})
}

// mayLookUp reports whether a sentence is to show something or is about requests. With a group, a
// license and an id it asks for licenses, and the id says why, unless it is about an end.
func (r *reader) mayLookUp(words []word) bool {
	hasID, hasLicense := slices.ContainsFunc(words, word.isID), r.hasLicense(words)
	isAbout := hasID || !hasLicense && haveOneOf(words, requestWords)
	if !r.knowsGroups() || !isAbout && !words[0].isOneOf(showVerbs) {
		return false
	}
	isAboutEnd := words[0].isOneOf(idLookups[1].words) || haveOneOf(words, lateVerbs) ||
		haveOneOf(words, []string{"longer", "run"})
	return isAboutEnd || !hasID || !hasLicense || !r.namesGroup(words)
}

// namesOwnRequests reports whether words name the requests of the person who types.
func namesOwnRequests(words []word) bool {
	for i, w := range words {
		next := wordAt(words, i+1)
		if next.isOneOf([]string{"open", "last", "pending"}) {
			next = wordAt(words, i+2)
		}
		if w.isKeyword(string(VerbMine)) || w.isKeyword("my") && next.isOneOf([]string{"request", "requests"}) {
			return true
		}
	}
	return false
}

// askWhatToDo asks what is to happen with a request, if a word that is not understood stands
// before its id like a verb.
func (r *reader) askWhatToDo(words []word) *Error {
	at := slices.IndexFunc(words, word.isID)
	_, isAct := findLookup(idLookups, words)
	known := slices.Concat(openers, prepositions, showVerbs, requestWords, questionWords,
		[]string{"about", "update", "news"})
	isOther := func(w word) bool { return !w.isOneOf(known) && !(item{word: w}).isFiller() }
	if at < 1 || isAct || saysTakeBack(words) || !slices.ContainsFunc(words[:at], isOther) || r.namesGroup(words) {
		return nil
	}
	id := strings.ToUpper(words[at].text)
	question := newError("", "Say what should happen with %s.", Typed(id))
	for _, verb := range []Verb{VerbStatus, VerbCancel, VerbEnd} {
		question.Either = append(question.Either, withID(r.name, verb, id))
	}
	return question
}

// pageOf is the page of a list that words ask for.
func pageOf(verb Verb, words []word) string {
	at := slices.IndexFunc(words, func(w word) bool { return w.isKeyword("page") })
	if verb != VerbMine && verb != VerbPending || at < 0 {
		return ""
	}
	for _, w := range words[max(at-1, 0):min(at+2, len(words))] {
		n := slices.Index([]string{"first", "second", "third", "fourth", "fifth"}, w.lower()) + 1
		if named, ok := readNumber(w.lower()); ok && named <= maxPages {
			n = named
		}
		if n > 1 {
			return " " + strconv.Itoa(n)
		}
	}
	return ""
}

// saysTakeBack reports whether something is to be taken back.
func saysTakeBack(words []word) bool {
	at := slices.IndexFunc(words, func(w word) bool { return w.isKeyword("take") })
	return at >= 0 && haveOneOf(words[at:], []string{"back"})
}

// withoutEndOf leaves out the word end where it asks for nothing: the end of February.
func withoutEndOf(words []word) []word {
	var rest []word
	for i, w := range words {
		isBehind := i > 0 && words[i-1].means == "" && words[i-1].isOneOf([]string{"the", "until", "till"})
		isNoun := isBehind || wordAt(words, i+1).isKeyword("of")
		if !w.isKeyword(string(VerbEnd)) || !isNoun {
			rest = append(rest, w)
		}
	}
	return rest
}

// lookUp is the command for what a sentence is about: one request, requests, a group or the
// licenses of the organization. It is empty if it is about none of these.
func (r *reader) lookUp(tokens []word) string {
	if at := slices.IndexFunc(tokens, word.isID); at >= 0 {
		return aboutRequest(verbForID(tokens), tokens, at)
	}
	has := func(these ...string) bool { return haveOneOf(tokens, these) }
	runs := r.maximalRuns(tokens)
	verb, isListed := findLookup(lookups, tokens)
	switch {
	case isListed && has(requestWords...):
		return string(verb) + pageOf(verb, tokens)
	case len(runs) > 0:
		return string(VerbShow) + " " + QuoteGroup(runs[0].text)
	case isListed && verb == VerbStatus && has("open") && !r.hasLicense(tokens):
		return string(verb)
	case has("end", "ends", "ending", "expire", "expires", "expiring"):
		return string(VerbMine)
	case isListed && verb == VerbPending:
		return string(verb)
	case has(licenseLooks...):
		return string(VerbCodes)
	}
	return ""
}

// verbForID is what a sentence wants of the one request that it names.
func verbForID(tokens []word) Verb {
	verb, isAct := findLookup(idLookups, withoutEndOf(tokens))
	switch {
	case saysTakeBack(tokens):
		return VerbCancel
	case tokens[0].isKeyword("why"):
		return VerbWhy
	case !isAct, tokens[0].isOneOf(questionWords) && verb != VerbWhy:
		return VerbStatus
	}
	return verb
}
