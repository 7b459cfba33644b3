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
	tokens := r.split(text)
	switch {
	case len(tokens) == 0:
		return Command{Verb: VerbHelp}, nil
	case len(tokens) == 1 && tokens[0].means == "my":
		return Command{Verb: VerbMine, Page: 1}, nil
	}
	if r.asksForSeats(tokens) {
		return Command{Verb: VerbCodes}, nil
	}
	c, err := r.read(tokens)
	if problem, ok := errors.AsType[*Error](err); ok && !r.isCheck && problem.Try == "" && len(problem.Either) == 0 {
		if look, isAny, lookErr := r.readLookup(tokens); isAny && !strings.Contains(problem.Fill, "<id>") {
			return look, lookErr
		}
	}
	return c, err
}

// split splits a text into words. While the groups are known, so that none is taken for their names, those of
// other languages are translated, and those of forms and lists are read as what they stand for.
func (r *reader) split(text string) []word {
	tokens := splitWords(text)
	if !r.knowsGroups() {
		return tokens
	}
	return r.translate(r.splitSlashes(dropLabels(r.openQuotes(dropListNumbers(r.plainIDs(tokens))))))
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
	return isVerb || w.isID() || isActing(w) || w.isOneOf(questionWords) || w.isOneOf(requestWords)
}

// beginsGroup reports whether the first word means something to the grammar, and a
// known group is called by it and what follows.
func (r *reader) beginsGroup(tokens []word) bool {
	if !r.knowsGroups() || tokens[0].quoted || !isReserved(tokens[0].text) {
		return false
	}
	return slices.ContainsFunc(r.exactRuns(tokens), func(found run) bool { return found.from == 0 })
}

// readSentence reads a command that begins with a verb or with none.
func (r *reader) readSentence(tokens []word) (Command, error) {
	first, rest := tokens[0], tokens[1:]
	question := cmp.Or(
		r.askWhichRequest(tokens), r.askWhatEnds(first, rest), r.readEmptying(first, rest), r.askWhatEquals(tokens),
		r.askWhatDash(tokens), r.askWhatTake(first, rest), r.askStatement(tokens), r.readGroupAlone(tokens),
	)
	if question != nil {
		return Command{}, question
	}
	if r.isQuestion(tokens) {
		return r.readQuestion(tokens)
	}
	if first.isKeyword("revoke") && len(rest) == 1 && rest[0].isID() {
		return parseID(r.name, VerbEnd, rest)
	}
	if o := r.readOpening(first, rest); o.isSaid {
		return r.readAsk(o, rest)
	}
	if first.isOneOf(helpWords) {
		return Command{Verb: VerbHelp}, nil
	}
	if !slices.ContainsFunc(tokens, func(w word) bool { return !w.isOneOf(licenseWords) }) {
		return Command{Verb: VerbCodes}, nil
	}
	return r.readVerb(tokens)
}

// readVerb reads a command that begins with a verb that asks for no licenses, or with none.
func (r *reader) readVerb(tokens []word) (Command, error) {
	first, rest := tokens[0], tokens[1:]
	verb := first.lower()
	switch {
	case first.isOneOf(showVerbs):
		return r.readShow(verb, rest)
	case first.isOneOf(otherVerbs):
		return r.readOther(verb, rest)
	case first.isKeyword(string(VerbEnd)) && r.knowsGroups() && hasRequestID(rest) && r.wantsLaterEnd(tokens):
		return Command{}, r.askToExtend(slices.Concat([]word{{text: verb, typed: verb}}, rest))
	case first.isKeyword(string(VerbStatus)) && !hasRequestID(rest) && namesOwnRequests(rest) && !r.hasLicense(rest):
		return Command{Verb: VerbMine, Page: 1}, nil
	case first.isOneOf(reservedWords):
		return parseVerb(r.name, Verb(verb), rest)
	}
	return r.readAsk(opening{action: approvals.Add}, tokens)
}

// readOther answers words that people try in place of the verbs.
func (r *reader) readOther(verb string, rest []word) (Command, error) {
	switch verb {
	case "extend", "prolong", "prolongate", "renew", "shorten":
		if len(rest) > 0 && !rest[0].isID() {
			return r.readAsk(opening{action: approvals.Add, isSaid: true, isLate: isLate(word{text: verb}, rest)}, rest)
		}
		return Command{}, r.askToExtend(slices.Concat([]word{{text: verb, typed: verb}}, rest))
	case "approve", "deny", "reject":
		try := r.name + " pending"
		if at := slices.IndexFunc(rest, word.isID); at >= 0 {
			try = withID(r.name, VerbStatus, rest[at].text)
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

// parseVerb reads what follows a verb that asks for no change.
func parseVerb(name string, verb Verb, rest []word) (Command, error) {
	switch {
	case verb == VerbShow:
		return parseShow(name, rest)
	case verb == VerbMine, verb == VerbPending:
		return parsePage(name, verb, rest)
	case verb == VerbCodes:
		return parseCodes(name, rest)
	case verb == VerbHelp, verb == VerbStatus && len(rest) == 0:
		return Command{Verb: verb}, nil
	}
	return parseID(name, verb, rest)
}

// parseCodes reads what follows codes: nothing that says more, or the number of a page.
func parseCodes(name string, rest []word) (Command, error) {
	isOther := func(w word) bool {
		return !w.isOneOf(showVerbs) && !(item{word: w}).isFiller() && !w.isOneOf(politeWords)
	}
	switch {
	case len(rest) == 1 && isPage(rest[0]):
		return parsePage(name, VerbCodes, rest)
	case slices.ContainsFunc(rest, isOther):
		return Command{}, newError(name+" "+string(VerbCodes),
			"%s lists the codes of the whole organization and takes nothing else, "+
				"but the number of a page."+quoteGroupHint, Typed(VerbCodes))
	}
	return Command{Verb: VerbCodes}, nil
}

// quoteGroupHint is for people who meant a group that is named like a verb.
const quoteGroupHint = " (A group of that name goes in double quotes.)"

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
