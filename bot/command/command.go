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
	"fmt"
	"html"
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

// Examples for suggestions and help.
const (
	ExampleID    = "R-7K3F9QXA"
	ExampleGroup = "group-01"
	ExampleCode  = "RPADEVPRONU"
)

var (
	codeShape = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$`)
	idShape   = regexp.MustCompile(`^R-[0-9A-Z]{8}$`)
	mention   = regexp.MustCompile(`^<[@#!]`)
)

// Parse reads the text of a slash command that arrives now. The name is the
// command as typed, such as "/allocate", and is repeated in suggestions. The
// error is always an *Error.
func Parse(name, text string, now time.Time) (Command, error) {
	if utf8.RuneCountInString(html.UnescapeString(text)) > MaxLength {
		return Command{}, newError(name+" help", "That is longer than the %d characters I read.", MaxLength)
	}
	text = Normalize(text)
	if text == "" {
		return Command{Verb: VerbForm}, nil
	}
	tokens := splitWords(text)
	if len(tokens) == 0 {
		return Command{Verb: VerbHelp}, nil
	}
	verb, rest := strings.ToLower(tokens[0].text), tokens[1:]
	if tokens[0].quoted || !slices.Contains(reservedWords, verb) {
		return parseAsk(name, approvals.Add, tokens, now)
	}
	switch action := approvals.Action(verb); action {
	case approvals.Add, approvals.Set, approvals.Remove:
		return parseAsk(name, action, rest, now)
	}
	return parseVerb(name, Verb(verb), rest)
}

// parseVerb reads what follows a verb that asks for no change.
func parseVerb(name string, verb Verb, rest []word) (Command, error) {
	switch {
	case verb == VerbShow:
		return parseShow(name, rest)
	case verb == VerbMine || verb == VerbPending:
		return parsePage(name, verb, rest)
	case verb == VerbCodes && len(rest) == 1 && isPage(rest[0]):
		return parsePage(name, verb, rest)
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
		return Command{}, newError(name+" show "+ExampleGroup, "Say which group to show, "+
			"by its id or its exact name.")
	}
	rest, page := cutPage(rest)
	group := rest[0].text
	if len(rest) > 1 {
		for _, w := range rest[1:] {
			group += " " + w.text
		}
		if checkGroup(name, group) != nil {
			group = ExampleGroup
		}
		return Command{}, newError(name+" show "+QuoteGroup(group),
			"Name one group to show. If its name has blanks, put it in double quotes.")
	}
	if err := checkGroup(name, group); err != nil {
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
	if len(rest) == 0 {
		return Command{Verb: verb, Page: 1}, nil
	}
	page, err := strconv.ParseUint(rest[0].text, 10, 16)
	if err != nil || page < 1 || page > maxPages || len(rest) > 1 {
		return Command{}, newError(name+" "+string(verb),
			"After %s comes nothing, or the number of a page from 1 to %d."+quoteGroupHint, Typed(verb), maxPages)
	}
	return Command{Verb: verb, Page: int(page)}, nil
}

// parseID reads the verbs about one request. Only cancel takes a reason.
func parseID(name string, verb Verb, rest []word) (Command, error) {
	why := ""
	if verb == VerbCancel {
		rest, why = splitReason(rest)
	}
	example := name + " " + string(verb) + " " + ExampleID
	if len(rest) != 1 || rest[0].text == "" {
		return Command{}, newError(example, "After %s comes one request, by its id."+quoteGroupHint, Typed(verb))
	}
	id := strings.ToUpper(rest[0].text)
	if !strings.HasPrefix(id, "R-") {
		id = "R-" + id
	}
	if !idShape.MatchString(id) {
		return Command{}, newError(example,
			"%s is not a request id; an id is R- and eight letters or digits, as on the card."+quoteGroupHint,
			Typed(rest[0].text))
	}
	if problem := reasonProblem(why); problem != "" {
		return Command{}, newError(name+" "+string(verb)+" "+id, "%s", problem)
	}
	return Command{Verb: verb, ID: id, Why: why}, nil
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
		return newError(name+" "+ExampleGroup+" "+ExampleCode, "The group's name is empty.")
	case mention.MatchString(group):
		return newError(name+" "+ExampleGroup+" "+ExampleCode,
			"That is a person or a channel in Slack; name the UiPath group, by its id or its exact name.")
	case utf8.RuneCountInString(group) > MaxGroup:
		return newError(name+" help", "A group's id or name has at most %d characters.", MaxGroup)
	}
	return nil
}

// splitReason cuts the tokens at the first "because" outside quotes.
func splitReason(tokens []word) ([]word, string) {
	at := slices.IndexFunc(tokens, func(w word) bool { return w.isKeyword("because") })
	if at < 0 {
		return tokens, ""
	}
	var reason []string
	for _, w := range tokens[at+1:] {
		if w.typed != "" {
			reason = append(reason, w.typed)
		}
	}
	return tokens[:at], undoMentions(strings.Join(reason, " "))
}

// IsCode reports whether s has the shape of a user bundle code.
func IsCode(s string) bool { return len(s) <= maxCodeLength && codeShape.MatchString(s) }
