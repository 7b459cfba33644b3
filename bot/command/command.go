// Package command reads the text of a slash command as an [approvals.Ask] or a
// question, and writes an ask as the command that says the same.
//
// [Parse] normalizes the text that Slack sends, splits it into words, and reads
// them by the grammar. What it cannot read becomes an [Error]: one sentence, and
// where possible a command to copy. [Suggest] writes that command, so that it is
// understood when a person copies it:
//
//	c, err := command.Parse("/allocate", "group-01 IDU=10 for 30d because audit", now)
//	// c.Ask adds IDU, limited to ten seats, to group-01 for thirty days
//
// Package message quotes and escapes the sentences for Slack.
package command

import (
	"cmp"
	"errors"
	"fmt"
	"html"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// A Verb is what a command asks for.
type Verb string

// The verbs of /allocate. VerbAsk stands for add, set and remove.
const (
	VerbAsk     Verb = "ask"
	VerbShow    Verb = "show"
	VerbCodes   Verb = "codes"
	VerbStatus  Verb = "status"
	VerbMine    Verb = "mine"
	VerbPending Verb = "pending"
	VerbWhy     Verb = "why"
	VerbCancel  Verb = "cancel"
	VerbEnd     Verb = "end"
	VerbHelp    Verb = "help"
	VerbForm    Verb = "form" // nothing typed
)

// reservedWords begin a command. A group of that name goes in double quotes.
var reservedWords = []string{
	"add", "set", "remove", "show", "codes", "status", "mine", "pending", "why", "cancel", "end", "help",
}

// A Command is a slash command as it was understood.
type Command struct {
	Verb  Verb
	Ask   approvals.Ask // for VerbAsk
	Group string        // for VerbShow
	Code  string        // for VerbShow of a license: which groups have it
	ID    string        // for VerbWhy, VerbCancel and VerbEnd; for VerbStatus it may be empty
	Why   string        // for VerbCancel; may be empty
	Page  int           // for VerbMine and VerbPending, from 1; for VerbShow and VerbCodes, 0 is the first as well
}

// Bounds of one command. Lengths are in characters.
const (
	MaxNameLength = 40  // of the command's own name; Slack allows 32
	MaxCodes      = 20  // in one request
	MaxGroup      = 200 // of a group's id or name
	MaxReason     = 300
	MaxSeats      = 1_000_000 // of one code's limit

	maxCodeLength = 40
	maxPages      = 9999
)

// ReasonToFill stands in a command for the reason that a person has to give.
const ReasonToFill = "<reason>"

// Examples for suggestions and help.
const (
	ExampleID    = "R-7K3F9QXA"
	ExampleGroup = "group-01"
	ExampleCode  = "RPADEVPRONU"
)

var (
	codeShape  = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$`)
	idShape    = regexp.MustCompile(`^R-[0-9A-Z]{8}$`)
	crossedOut = regexp.MustCompile(`(^| )~[^~]+~`)
	mention    = regexp.MustCompile(`^<[@#!]`)
)

// Parse reads the text of a slash command that arrives now, with the grammar alone.
func Parse(name, text string, now time.Time) (Command, error) {
	return Known{Now: now}.Parse(name, text)
}

// Parse reads the text of a slash command. The name is the command as typed, such as
// "/allocate", and is repeated in suggestions. The error is always an *Error.
func (k Known) Parse(name, text string) (Command, error) {
	return newReader(name, k).parse(text)
}

// parse reads the text of a slash command.
func (r *reader) parse(text string) (Command, error) {
	name := r.name
	if utf8.RuneCountInString(html.UnescapeString(text)) > MaxLength {
		return Command{}, newError(name+" help", "The command is longer than the %d characters I read.", MaxLength)
	}
	text = flag.ReplaceAllString(Normalize(text), "$1$2 ")
	if out := crossedOut.FindString(text); out != "" {
		return Command{}, newError("", "%s is crossed out. Leave it out, or type it plainly.", Typed(strings.Trim(out, "~ ")))
	}
	if text == "" {
		return Command{Verb: VerbForm}, nil
	}
	tokens := splitWords(text)
	if len(tokens) == 0 {
		return Command{Verb: VerbHelp}, nil
	}
	if w := translated(tokens[0]); len(tokens) == 1 && r.knowsGroups() && w.means == "my" {
		return Command{Verb: VerbMine, Page: 1}, nil
	}
	if r.knowsGroups() {
		tokens = r.translate(r.splitSlashes(dropLabels(r.openQuotes(dropListNumbers(r.plainIDs(tokens))))))
	}
	c, err := r.read(tokens)
	if problem, ok := errors.AsType[*Error](err); ok && !r.isCheck && problem.Try == "" && len(problem.Either) == 0 {
		if look, isAny, lookErr := r.readLookup(tokens); isAny && !strings.HasSuffix(problem.Fill, "<id>") {
			return look, lookErr
		}
	}
	return c, err
}

// read reads a command by its first word. A group whose name begins with that word,
// such as Show Room, is tried as well.
func (r *reader) read(tokens []word) (Command, error) {
	if r.isGreeting(tokens) {
		return Command{Verb: VerbHelp}, nil
	}
	if c, isAny, err := r.readTicketFirst(tokens); isAny {
		return c, err
	}
	byVerb, err := r.readSentence(r.dropOpening(tokens))
	if !r.beginsGroup(tokens) {
		return byVerb, err
	}
	byName, nameErr := r.readAsk(opening{action: approvals.Add}, tokens)
	switch {
	case nameErr != nil:
		return byVerb, err
	case err != nil || reflect.DeepEqual(byVerb, byName):
		return byName, nameErr
	}
	question := newError("", "The first word can be a verb, or begin a group's name. Put a name in double quotes.")
	if byVerb.Verb == VerbAsk {
		question.Either = []string{Suggest(byVerb.Ask), Suggest(byName.Ask)}
	}
	return Command{}, question
}

// isGreeting reports whether all words come before what a person asks for, or are thanks alone.
func (r *reader) isGreeting(tokens []word) bool {
	if r.knowsGroups() && tokens[0].isOneOf([]string{"thanks", "thank"}) {
		return !r.namesGroup(tokens) && !r.hasLicense(tokens) && !slices.ContainsFunc(tokens, mayAsk)
	}
	isOther := func(w word) bool { return !w.isOneOf(openers) && !w.isOneOf(politeWords) && !w.isKeyword("there") }
	return r.knowsGroups() && len(r.exactRuns(tokens)) == 0 && !slices.ContainsFunc(tokens, isOther)
}

// mayAsk reports whether a word may ask for something, besides help.
func mayAsk(w word) bool {
	isVerb := w.isOneOf(slices.Concat(reservedWords, otherVerbs, addVerbs, showVerbs)) && !w.isKeyword(string(VerbHelp))
	return isVerb || isRequestID(w.text) || isActing(w) || w.isOneOf(questionWords) || w.isOneOf(requestWords)
}

// beginsGroup reports whether the first word means something to the grammar, and a
// known group is called by it and what follows.
func (r *reader) beginsGroup(tokens []word) bool {
	if !r.knowsGroups() || tokens[0].quoted || !isReserved(tokens[0].text) {
		return false
	}
	return slices.ContainsFunc(r.exactRuns(tokens), func(found run) bool { return found.from == 0 })
}

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

// readSentence reads a command that begins with a verb or with none.
func (r *reader) readSentence(tokens []word) (Command, error) {
	first, rest := tokens[0], tokens[1:]
	verb := first.lower()
	question := cmp.Or(r.askWhichRequest(tokens), r.askWhatEnds(first, rest), r.readEmptying(first, rest),
		r.askWhatEquals(tokens), r.askWhatDash(tokens), r.askWhatTake(first, rest), r.askStatement(tokens), r.readGroupAlone(tokens))
	if question != nil {
		return Command{}, question
	}
	if r.isQuestion(tokens) {
		return r.readQuestion(tokens)
	}
	if first.isKeyword("revoke") && len(rest) == 1 && isRequestID(rest[0].text) {
		return parseID(r.name, VerbEnd, rest)
	}
	if o := r.readOpening(first, rest); o.isSaid {
		return r.readAsk(o, rest)
	}
	switch {
	case first.isOneOf(helpWords):
		return Command{Verb: VerbHelp}, nil
	case !slices.ContainsFunc(tokens, func(w word) bool { return !w.isOneOf(licenseWords) }):
		return Command{Verb: VerbCodes}, nil
	case first.isOneOf(showVerbs):
		return r.readShow(verb, rest)
	case first.isOneOf(otherVerbs):
		return r.readOther(verb, rest)
	case first.isKeyword(string(VerbEnd)) && r.knowsGroups() && hasRequestID(rest) && r.wantsLaterEnd(tokens):
		return Command{}, r.askToExtend(append([]word{{text: verb, typed: verb}}, rest...))
	case first.isKeyword(string(VerbStatus)) && !hasRequestID(rest) && namesOwnRequests(rest) && !r.hasLicense(rest):
		return Command{Verb: VerbMine, Page: 1}, nil
	case first.isOneOf(reservedWords):
		return parseVerb(r.name, Verb(verb), rest)
	}
	return r.readAsk(opening{action: approvals.Add}, tokens)
}

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
		for _, action := range []approvals.Action{approvals.Set, approvals.Add} {
			if ask, ok := (several{reader: r}).readHalf(action, rest); ok {
				question.Either = append(question.Either, r.verify(ask))
			}
		}
		if len(question.Either) == 1 {
			question.Either = nil // one alone would answer the question
		}
		return question
	}
	return nil
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
	isOut := func(w word) bool { return w.isOneOf([]string{"from", "off", "out", "away", "back", "of"}) }
	isFor := func(f run) bool { return f.from > 0 && rest[f.from-1].isKeyword("for") }
	if !r.knowsGroups() || !verb.isKeyword("take") || slices.ContainsFunc(rest, isOut) ||
		!slices.ContainsFunc(r.exactRuns(rest), isFor) {
		return nil
	}
	question := newError("", "%s can mean that the group gets it, or that it is taken out.", Typed(verb.text))
	for _, action := range []approvals.Action{approvals.Add, approvals.Remove} {
		if ask, ok := (several{reader: r}).readHalf(action, rest); ok {
			question.Either = append(question.Either, r.verify(ask))
		}
	}
	question.keepChoice()
	return question
}

// askStatement asks what is wanted where a sentence says what a group has.
func (r *reader) askStatement(words []word) *Error {
	if !r.knowsGroups() {
		return nil
	}
	for _, f := range r.exactRuns(words) {
		if f.to >= len(words) || !words[f.to].isOneOf([]string{"has", "uses", "had", "used"}) || f.from > 0 && !words[f.from-1].isOneOf(openers) {
			continue
		}
		rest := words[f.to+1:]
		isTo := len(rest) > 0 && rest[0].isOneOf([]string{"to", "need", "asked", "requested", "been"})
		if isTo || !r.hasLicense(rest) {
			continue
		}
		question := newError("", "%s says what is so. Say what the group should get, without what it has.", Typed(words[f.to].text))
		if ask, ok := (several{reader: r}).readHalf(approvals.Add, slices.Concat(words[f.from:f.to], rest)); ok && len(ask.Codes) == 1 && len(ask.Quotas) == 0 && words[f.to].isOneOf([]string{"has", "uses"}) {
			question.Either = []string{r.verify(ask), r.name + " show " + QuoteGroup(f.text)}
		}
		return question
	}
	return nil
}

// readGroupAlone answers a group with a question mark, and nothing else.
func (r *reader) readGroupAlone(words []word) *Error {
	for _, f := range r.exactRuns(words) {
		if f.from == 0 && f.to == len(words) && strings.HasSuffix(words[f.to-1].typed, "?") {
			return newError(r.name+" show "+QuoteGroup(f.text), "That is a question. The command below answers it.")
		}
	}
	return nil
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
	isVerb := verb.isOneOf(removeVerbs) || verb.isOneOf([]string{"limit", "lift"})
	body, _ := cutReason(rest, 0)
	isLimit := func(w word) bool { return w.isOneOf(limitNouns) }
	isVerb = isVerb || verb.isKeyword("set") && len(body) > 0 && isLimit(body[0])
	isTo := func(i int) bool {
		return body[i].isKeyword("to") && i+1 < len(body) && isCount(body[i+1]) && r.readPeriod(body[i:]).n == 0
	}
	for i := range body {
		if isVerb && (isLimit(body[i]) || isTo(i)) {
			return r.knowsGroups()
		}
	}
	return false
}

// limitNouns are what people call a seat limit.
var limitNouns = []string{"limit", "limits", "cap", "quota", "ceiling", "restriction"}

// dropKind drops the word group behind the name of a known group.
func (r *reader) dropKind(rest []word) []word {
	last := len(rest) - 1
	if last < 1 || !rest[last].isKeyword("group") {
		return rest
	}
	whole, _, _ := joinRun(rest)
	name, _, _ := joinRun(rest[:last])
	isKnown := func(ref string) bool { return len(r.groups[groupname.Canonical(ref).String()]) > 0 }
	if isKnown(name) && !isKnown(whole) {
		return rest[:last]
	}
	return rest
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
	isRequest := func(w word) bool { return w.isOneOf([]string{"request", "requests", "asked"}) }
	isBack := func(w word) bool {
		return w.isOneOf(removeVerbs) || w.isOneOf(idLookups[0].words) || w.isOneOf([]string{"stop", "ignore", "disregard", returned})
	}
	isOther := func(w word) bool {
		return !(item{word: w}).isFiller() && !w.isOneOf(openers) && !w.isOneOf(prepositions)
	}
	at := slices.IndexFunc(words, isOther)
	if !r.knowsGroups() || at < 0 || !isBack(words[at]) || hasRequestID(words) ||
		!slices.ContainsFunc(words[at:], isRequest) {
		return nil
	}
	return newFill(r.name+" cancel <id>", "A request is taken back by its id, which %s shows.", Typed(r.name+" mine"))
}

func (r *reader) askWithdraw(verb word, ask approvals.Ask) *Error {
	question := newError("", "%s is for a request, by its id. To take codes out of a group, say %s.",
		Typed(verb.text), Typed(approvals.Remove))
	question.Either = []string{Suggest(ask), r.name + " mine"}
	return question
}

// groupAmong is the only known group that a sentence names, if the sentence itself is none.
func (r *reader) groupAmong(rest []word) []word {
	if !r.knowsGroups() {
		return rest
	}
	runs := r.maximalRuns(rest)
	isSentence := len(rest) > 0 && rest[0].isOneOf([]string{
		"me", "us", "what", "which", "the", "all", "licenses", "licences", "codes",
	})
	if len(runs) == 1 && isSentence && runs[0].from > 0 {
		return rest[runs[0].from:runs[0].to]
	}
	return rest
}

// readOther answers words that people try in place of the verbs.
func (r *reader) readOther(verb string, rest []word) (Command, error) {
	switch verb {
	case "extend", "prolong", "prolongate", "renew", "shorten":
		if len(rest) > 0 && !isRequestID(rest[0].text) {
			return r.readAsk(opening{action: approvals.Add, isSaid: true, isLate: true}, rest)
		}
		return Command{}, r.askToExtend(append([]word{{text: verb, typed: verb}}, rest...))
	case "approve", "deny", "reject":
		try := r.name + " pending"
		if at := slices.IndexFunc(rest, func(w word) bool { return isRequestID(w.text) }); at >= 0 {
			try = r.name + " status " + strings.ToUpper(rest[at].text)
		}
		return Command{}, newError(try, "Approvers react to the request's card to approve or to deny it. "+
			"The answer to this command shows where.")
	case "licenses", "licences":
		isOther := func(w word) bool { return !w.isOneOf(licenseWords) && !w.isOneOf(showVerbs) }
		if !slices.ContainsFunc(rest, isOther) {
			return Command{Verb: VerbCodes}, nil
		}
		if r.namesGroup(rest) && (r.hasLicense(rest) || len(rest) > maxTicketWords) {
			return r.readAsk(opening{action: approvals.Add}, rest)
		}
	}
	return Command{}, r.askWhichList()
}

// readShow reads what is to be shown: a list, or a group.
func (r *reader) readShow(verb string, rest []word) (Command, error) {
	isOther := func(w word) bool { return w.isOneOf(addVerbs) || w.isOneOf(removeVerbs) }
	if at := slices.IndexFunc(rest, isOther); at > 0 && r.namesGroup(rest[:at]) && !r.isCheck {
		return Command{}, newError(r.name+" show "+QuoteGroup(r.exactRuns(rest[:at])[0].text),
			"That is more than one command. Type what is to change in one of its own.")
	}
	if several := r.showSeveral(rest); several != nil {
		return Command{}, several
	}
	rest = r.groupAmong(r.dropKind(rest))
	name, _, _ := joinRun(rest)
	if c, ok := listed(rest); ok && !r.isGroup(name) {
		return c, nil
	}
	if !r.isGroup(name) && !r.isCheck {
		shown := append([]word{{text: string(VerbShow)}}, rest...)
		if look, isAny, err := r.readLookup(shown); isAny {
			return look, err
		}
	}
	if c, ok := r.shownLicense(rest); ok && !r.isGroup(name) {
		return c, nil
	}
	if r.asksForGroups(rest) {
		return r.showHolders(rest)
	}
	if verb != string(VerbShow) && (len(rest) == 0 || r.knowsGroups() && !r.isGroup(name)) {
		return Command{}, r.askWhichList()
	}
	return parseShow(r.name, rest)
}

// showSeveral offers to show each of several groups.
func (r *reader) showSeveral(words []word) *Error {
	runs := r.maximalRuns(words)
	if !r.knowsGroups() || len(runs) < 2 || len(runs) > maxEither || r.isCheck {
		return nil
	}
	each := newError("", "One answer is about one group.")
	each.AllMeant = true
	for _, f := range runs {
		each.Either = append(each.Either, r.name+" show "+QuoteGroup(f.text))
	}
	return each
}

// shownLicense is the command that shows which groups have a license, if words are its code or
// its name, and maybe the number of a page.
func (r *reader) shownLicense(words []word) (Command, bool) {
	words, page := cutPage(words)
	name := joinWords(words)
	d := &draft{reader: r}
	codes := d.named(name)
	if license, ok := d.license(strings.ToUpper(name)); ok {
		codes = []string{license.Code}
	}
	if len(codes) != 1 {
		return Command{}, false
	}
	return Command{Verb: VerbShow, Code: codes[0], Page: page}, true
}

// askWhichList says what can be listed.
func (r *reader) askWhichList() *Error {
	question := newError("", "Say which list: the licenses of the organization, your requests, or those that wait "+
		"for approval. To look for a group, type %s alone: its form finds groups by their names.", Typed(r.name))
	question.Either = []string{r.name + " codes", r.name + " mine", r.name + " pending"}
	return question
}

// listed is the list that people ask for by this name.
func listed(rest []word) (Command, bool) {
	var named []string
	for _, w := range rest {
		if !w.isOneOf([]string{"all", "the", "my", "open", "requests"}) || w.isKeyword("my") {
			named = append(named, strings.ToLower(w.text))
		}
	}
	switch what := strings.Join(named, " "); what {
	case "codes", "licenses", "licences":
		return Command{Verb: VerbCodes}, true
	case "mine", "my":
		return Command{Verb: VerbMine, Page: 1}, true
	case "pending":
		return Command{Verb: VerbPending, Page: 1}, true
	}
	return Command{}, false
}

// isRequestID reports whether text is the id of a request, with its beginning.
func isRequestID(text string) bool { return idShape.MatchString(strings.ToUpper(text)) }

// parseVerb reads what follows a verb that asks for no change.
func parseVerb(name string, verb Verb, rest []word) (Command, error) {
	switch {
	case verb == VerbShow:
		return parseShow(name, rest)
	case verb == VerbMine || verb == VerbPending:
		return parsePage(name, verb, rest)
	case verb == VerbCodes && len(rest) == 1 && isPage(rest[0]):
		return parsePage(name, verb, rest)
	case verb == VerbCodes && len(rest) > 0 && !slices.ContainsFunc(rest, func(w word) bool {
		return !w.isOneOf(showVerbs) && !(item{word: w}).isFiller() && !w.isOneOf(politeWords)
	}):
		return Command{Verb: verb}, nil
	case verb == VerbCodes && len(rest) > 0:
		return Command{}, newError(name+" "+string(verb),
			"%s lists the codes of the whole organization and takes nothing else, "+
				"but the number of a page."+quoteGroupHint, Typed(verb))
	case verb == VerbHelp || verb == VerbCodes || verb == VerbStatus && len(rest) == 0:
		return Command{Verb: verb}, nil
	}
	return parseID(name, verb, rest)
}

// quoteGroupHint is for people who meant a group that is named like a verb.
const quoteGroupHint = " (A group of that name goes in double quotes.)"

// parseShow reads the group to show.
func parseShow(name string, rest []word) (Command, error) {
	if len(rest) == 0 {
		return Command{}, newFill(name+" show <group>", "Say which group to show, "+
			"by its id or its exact name.")
	}
	rest, page := cutPage(rest)
	for len(rest) > 1 && rest[0].isOneOf([]string{"the", "group"}) {
		rest = rest[1:]
	}
	var words []string
	for _, w := range rest {
		words = append(words, w.text)
	}
	group := strings.Join(words, " ")
	if placeholder.MatchString(group) {
		return Command{}, newError("", "Put your own words in the place of %s.", Typed(group))
	}
	if err := checkGroup(name, group); err != nil {
		if problem, ok := errors.AsType[*Error](err); ok && problem.Fill != "" {
			problem.Fill = name + " show <group>"
		}
		return Command{}, err
	}
	return Command{Verb: VerbShow, Group: group, Page: page}, nil
}

// cutPage cuts the words "page 2" from the end. Without them the page is 0.
func cutPage(words []word) (rest []word, page int) {
	n := len(words) - 2
	if n < 1 || !words[n].isKeyword("page") || !isPage(words[n+1]) {
		return words, 0
	}
	page, _ = strconv.Atoi(words[n+1].text)
	return words[:n], page
}

// isPage reports whether a word is the number of a page.
func isPage(w word) bool {
	page, err := strconv.ParseUint(w.text, 10, 16)
	return err == nil && !w.quoted && page >= 1 && page <= maxPages
}

// parsePage reads the number of a page; without one it is the first.
func parsePage(name string, verb Verb, rest []word) (Command, error) {
	rest = slices.DeleteFunc(slices.Clone(rest), func(w word) bool {
		return (item{word: w}).isFiller() || w.isOneOf(politeWords) || w.isOneOf([]string{"approvals", "approval", "requests", "for"})
	})
	if len(rest) == 0 {
		return Command{Verb: verb, Page: 1}, nil
	}
	if len(rest) == 2 && rest[0].isKeyword("page") {
		rest = rest[1:]
	}
	page, err := strconv.ParseUint(rest[0].text, 10, 16)
	if err != nil || page < 1 || page > maxPages || len(rest) > 1 {
		return Command{}, newError(name+" "+string(verb)+pageOf(verb, rest),
			"After %s comes nothing, or the number of a page from 1 to %d."+quoteGroupHint, Typed(verb), maxPages)
	}
	return Command{Verb: verb, Page: int(page)}, nil
}

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

// reasonProblem says what is wrong with a reason. It is empty for a good one, and
// for none.
func reasonProblem(reason string) string {
	switch {
	case utf8.RuneCountInString(reason) > MaxReason:
		return fmt.Sprintf("The reason is longer than the %d characters there is room for.", MaxReason)
	case reason != "" && !approvals.HasVisibleText(reason):
		return "The reason has no letter or digit that people can read. Say why in words."
	}
	return ""
}

// checkGroup rejects what cannot be a group's id or name.
func checkGroup(name, group string) error {
	switch {
	case groupname.Canonical(group).IsUnknown():
		return newFill(name+" <group> <code>", "The group's name is empty.")
	case mention.MatchString(group):
		return newFill(name+" <group> <code>", aboutPersons, Typed(group))
	case utf8.RuneCountInString(group) > MaxGroup:
		return newError(name+" help", "A group's id or name has at most %d characters.", MaxGroup)
	}
	return nil
}

// aboutPersons explains that people get licenses by their groups.
const aboutPersons = "Licenses go to groups at UiPath, and %s is a person or a channel. " +
	"Ask for the person's group, or ask a UiPath admin to put the person into one that has the license."

// IsCode reports whether s has the shape of a user bundle code.
func IsCode(s string) bool { return len(s) <= maxCodeLength && codeShape.MatchString(s) }
