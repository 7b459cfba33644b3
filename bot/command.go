package bot

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
)

// A Verb is what a command asks for.
type Verb string

// The verbs of /allocate. VerbAsk is add, set and remove: the Ask tells which.
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

// reserved are the words that are no group's name unless they are in double
// quotes.
var reservedWords = []string{"add", "set", "remove", "show", "codes", "status", "mine", "pending", "why", "cancel", "end", "help"}

// A Command is a slash command, understood.
type Command struct {
	Verb  Verb
	Ask   approvals.Ask // for VerbAsk
	Group string        // for VerbShow
	ID    string        // for VerbWhy, VerbCancel and VerbEnd; for VerbStatus it may be empty
	Why   string        // for VerbCancel; may be empty
	Page  int           // for VerbMine and VerbPending, from 1
}

// A CommandError says what is wrong with a command and how to type it right.
type Error struct {
	Problem string // one sentence in mrkdwn, escaped
	Try     string // a command to copy, plain text; empty where none can be guessed
}

func (e *Error) Error() string { return e.Problem }

// Bounds of one command.
const (
	MaxNameLength = 40 // characters; Slack allows 32

	MaxCodes      = 20
	maxCodeLength = 40  // characters
	MaxGroup      = 200 // characters of a group's id or name
	MaxReason     = 300
	maxPages      = 9999
	maxSeats      = 1_000_000
)

// What examples are made of.
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

// ParseCommand understands the text of a slash command that arrives now. name
// is the command as typed, for example "/allocate"; it appears in what is
// suggested instead. The error is always a *CommandError.
func Parse(name, text string, now time.Time) (Command, error) {
	if utf8.RuneCountInString(html.UnescapeString(text)) > MaxLength {
		return Command{}, &Error{Problem: fmt.Sprintf("That is longer than the %d characters I read.", MaxLength), Try: name + " help"}
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

// parseVerb understands what follows a verb that asks for no change.
func parseVerb(name string, verb Verb, rest []word) (Command, error) {
	switch {
	case verb == VerbShow:
		return parseShow(name, rest)
	case verb == VerbMine || verb == VerbPending:
		return parsePage(name, verb, rest)
	case verb == VerbCodes && len(rest) > 0:
		return Command{}, &Error{
			Problem: fmt.Sprintf("%s lists the codes of the whole organisation and takes nothing else.", quoteCode(string(verb))) + quoteGroupHint,
			Try:     name + " " + string(verb),
		}
	case verb == VerbHelp || verb == VerbCodes || verb == VerbStatus && len(rest) == 0:
		return Command{Verb: verb}, nil
	}
	return parseID(name, verb, rest)
}

// butGroup is for those who meant a group that is called like a verb.
const quoteGroupHint = " (A group of that name goes in double quotes.)"

func parseShow(name string, rest []word) (Command, error) {
	if len(rest) == 0 {
		return Command{}, &Error{Problem: "Say which group to show, by its id or its exact name.", Try: name + " show " + ExampleGroup}
	}
	group := rest[0].text
	if len(rest) > 1 {
		for _, w := range rest[1:] {
			group += " " + w.text
		}
		if checkGroup(name, group) != nil {
			group = ExampleGroup
		}
		return Command{}, &Error{
			Problem: "Name one group to show. If its name has blanks, put it in double quotes.",
			Try:     name + " show " + QuoteGroup(group),
		}
	}
	if err := checkGroup(name, group); err != nil {
		return Command{}, err
	}
	return Command{Verb: VerbShow, Group: group}, nil
}

func parsePage(name string, verb Verb, rest []word) (Command, error) {
	if len(rest) == 0 {
		return Command{Verb: verb, Page: 1}, nil
	}
	page, err := strconv.ParseUint(rest[0].text, 10, 16)
	if err != nil || page < 1 || page > maxPages || len(rest) > 1 {
		return Command{}, &Error{
			Problem: fmt.Sprintf("After %s comes nothing, or the number of a page from 1 to %d.", quoteCode(string(verb)), maxPages) + quoteGroupHint,
			Try:     name + " " + string(verb),
		}
	}
	return Command{Verb: verb, Page: int(page)}, nil
}

// parseID understands the verbs that are about one request. Only a cancel has
// a reason.
func parseID(name string, verb Verb, rest []word) (Command, error) {
	why := ""
	if verb == VerbCancel {
		rest, why = splitReason(rest)
	}
	example := name + " " + string(verb) + " " + ExampleID
	if len(rest) != 1 || rest[0].text == "" {
		return Command{}, &Error{Problem: fmt.Sprintf("After %s comes one request, by its id.", quoteCode(string(verb))) + quoteGroupHint, Try: example}
	}
	id := strings.ToUpper(rest[0].text)
	if !strings.HasPrefix(id, "R-") {
		id = "R-" + id
	}
	if !idShape.MatchString(id) {
		return Command{}, &Error{
			Problem: fmt.Sprintf("%s is not a request id; an id is R- and eight letters or digits, as on the card.", quoteCode(rest[0].text)) + quoteGroupHint,
			Try:     example,
		}
	}
	if utf8.RuneCountInString(why) > MaxReason {
		return Command{}, &Error{Problem: reasonTooLong, Try: name + " " + string(verb) + " " + id}
	}
	return Command{Verb: verb, ID: id, Why: why}, nil
}

var reasonTooLong = fmt.Sprintf("The reason is longer than the %d characters there is room for.", MaxReason)

func checkGroup(name, group string) error {
	switch {
	case group == "":
		return &Error{Problem: "The group's name is empty.", Try: name + " " + ExampleGroup + " " + ExampleCode}
	case mention.MatchString(group):
		return &Error{
			Problem: "That is a person or a channel in Slack; name the UiPath group, by its id or its exact name.",
			Try:     name + " " + ExampleGroup + " " + ExampleCode,
		}
	case utf8.RuneCountInString(group) > MaxGroup:
		return &Error{Problem: fmt.Sprintf("A group's id or name has at most %d characters.", MaxGroup), Try: name + " help"}
	}
	return nil
}

// splitReason cuts the tokens at the first unquoted "because".
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
	return tokens[:at], strings.Join(reason, " ")
}

func IsCode(s string) bool { return len(s) <= maxCodeLength && codeShape.MatchString(s) }
