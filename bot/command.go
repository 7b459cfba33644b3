package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"licensebot/approvals"
)

// A Verb is what a command asks for.
type Verb string

// The verbs of /allocate.
const (
	VerbAdd    Verb = "add"
	VerbCancel Verb = "cancel"
	VerbHelp   Verb = "help"
	VerbForm   Verb = "form" // nothing typed
)

// A Command is a slash command, understood.
type Command struct {
	Verb Verb
	Ask  approvals.Ask // for VerbAdd
	ID   string        // for VerbCancel
}

// A CommandError says what is wrong with a command and how to type it right.
type CommandError struct {
	Problem string // one sentence in mrkdwn, escaped
	Try     string // a command to copy, plain text; empty where none can be guessed
}

func (e *CommandError) Error() string { return e.Problem }

// Bounds of one request.
const (
	maxCodes  = 20
	maxCode   = 40  // characters
	maxGroup  = 200 // characters of a group's id or name
	maxReason = 300
)

var (
	codeShape = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$`)
	idShape   = regexp.MustCompile(`^R-[0-9A-Z]{8}$`)
	mention   = regexp.MustCompile(`^<[@#!]`)
)

// later lists words that mean something else than a group's name. A group that
// is really called so can be written in double quotes.
var later = []string{"set", "remove", "show", "codes", "status", "mine", "pending", "why", "end"}

// ParseCommand understands the text of a slash command. name is the command as
// typed, for example "/allocate"; it appears in what is suggested instead. The
// error is always a *CommandError.
func ParseCommand(name, text string) (Command, error) {
	if utf8.RuneCountInString(text) > maxCommand {
		return Command{}, &CommandError{Problem: fmt.Sprintf("That is longer than the %d characters I read.", maxCommand), Try: name + " help"}
	}
	text = normalise(text)
	if text == "" {
		return Command{Verb: VerbForm}, nil
	}
	tokens := words(text)
	if len(tokens) == 0 {
		return Command{Verb: VerbHelp}, nil
	}
	if first := tokens[0]; !first.quoted {
		switch verb := strings.ToLower(first.text); {
		case verb == "help":
			return Command{Verb: VerbHelp}, nil
		case verb == "cancel":
			return parseCancel(name, tokens[1:])
		case slices.Contains(later, verb):
			return Command{}, &CommandError{
				Problem: fmt.Sprintf("I cannot do %s yet; I can add codes to a group's rule. (A group of that name goes in double quotes.)", code(verb)),
				Try:     name + " help",
			}
		}
	}
	return parseAdd(name, tokens)
}

func parseCancel(name string, tokens []word) (Command, error) {
	if len(tokens) != 1 {
		return Command{}, &CommandError{Problem: "Say which request to cancel, by its id.", Try: name + " cancel R-7K3F9QXA"}
	}
	id := strings.ToUpper(tokens[0].text)
	if !strings.HasPrefix(id, "R-") {
		id = "R-" + id
	}
	if !idShape.MatchString(id) {
		return Command{}, &CommandError{
			Problem: fmt.Sprintf("%s is not a request id; an id is R- and eight letters or digits, as on the card.", code(tokens[0].text)),
			Try:     name + " cancel R-7K3F9QXA",
		}
	}
	return Command{Verb: VerbCancel, ID: id}, nil
}

func parseAdd(name string, tokens []word) (Command, error) {
	group := tokens[0].text
	rest, why := splitReason(tokens[1:])
	if err := checkGroup(name, group); err != nil {
		return Command{}, err
	}
	codes, err := parseCodes(name, group, rest)
	if err != nil {
		return Command{}, err
	}
	if utf8.RuneCountInString(why) > maxReason {
		return Command{}, &CommandError{
			Problem: fmt.Sprintf("The reason is longer than the %d characters a card has room for.", maxReason),
			Try:     suggestion(name, group, codes),
		}
	}
	return Command{Verb: VerbAdd, Ask: approvals.Ask{Group: group, Codes: codes, Why: why}}, nil
}

func checkGroup(name, group string) error {
	switch {
	case group == "":
		return &CommandError{Problem: "The group's name is empty.", Try: name + " group-01 RPADEVPRONU"}
	case mention.MatchString(group):
		return &CommandError{
			Problem: "That is a person or a channel in Slack; name the UiPath group, by its id or its exact name.",
			Try:     name + " group-01 RPADEVPRONU",
		}
	case utf8.RuneCountInString(group) > maxGroup:
		return &CommandError{Problem: fmt.Sprintf("A group's id or name has at most %d characters.", maxGroup), Try: name + " help"}
	}
	return nil
}

// splitReason cuts the tokens at the first unquoted "because".
func splitReason(tokens []word) ([]word, string) {
	at := slices.IndexFunc(tokens, func(w word) bool { return !w.quoted && strings.EqualFold(w.text, "because") })
	if at < 0 {
		return tokens, ""
	}
	var reason []string
	for _, w := range tokens[at+1:] {
		reason = append(reason, w.typed)
	}
	return tokens[:at], strings.Join(reason, " ")
}

// parseCodes reads user bundle codes: any case, separated by blanks, commas or
// semicolons, each counted once.
func parseCodes(name, group string, tokens []word) ([]string, error) {
	var codes, bad []string
	for _, token := range tokens {
		if !token.quoted && (strings.EqualFold(token.text, "for") || strings.EqualFold(token.text, "until")) {
			return nil, &CommandError{
				Problem: "I cannot grant licences for a limited time yet; leave out everything from " + code(token.text) + " on.",
				Try:     suggestion(name, group, codes),
			}
		}
		for _, part := range strings.FieldsFunc(token.text, func(r rune) bool { return r == ',' || r == ';' }) {
			part = strings.TrimSpace(part) // blanks are left where it was quoted
			upper := strings.ToUpper(undecorated(part))
			switch {
			case part == "":
			case !isCode(upper):
				bad = append(bad, part)
			case !slices.Contains(codes, upper):
				codes = append(codes, upper)
			}
		}
	}
	return codes, judgeCodes(name, group, codes, bad)
}

func judgeCodes(name, group string, codes, bad []string) error {
	switch {
	case len(bad) > 0 && strings.Contains(bad[0], "="):
		base, _, _ := strings.Cut(bad[0], "=")
		return &CommandError{
			Problem: fmt.Sprintf("I cannot set seat quotas such as %s yet; ask for the code alone.", code(bad[0])),
			Try:     suggestion(name, group, append(codes, strings.ToUpper(base))),
		}
	case len(bad) > 0:
		return &CommandError{
			Problem: fmt.Sprintf("%s is not a licence code: codes are letters and digits, such as %s. If the group's name has blanks, put it in double quotes.", code(bad[0]), code("RPADEVPRONU")),
			Try:     suggestion(name, group, codes),
		}
	case len(codes) == 0:
		return &CommandError{
			Problem: fmt.Sprintf("Say which licence codes the group %s should get.", code(group)),
			Try:     suggestion(name, group, nil),
		}
	case len(codes) > maxCodes:
		return &CommandError{
			Problem: fmt.Sprintf("That names %d codes; one request takes at most %d.", len(codes), maxCodes),
			Try:     suggestion(name, group, codes[:maxCodes]),
		}
	}
	return nil
}

func isCode(s string) bool { return len(s) <= maxCode && codeShape.MatchString(s) }

// suggestion is a command that would be understood: with as many of the codes
// as one request takes.
func suggestion(name, group string, codes []string) string {
	codes = slices.DeleteFunc(slices.Clone(codes), func(c string) bool { return !isCode(c) })
	if len(codes) == 0 {
		codes = []string{"RPADEVPRONU"}
	}
	for n := min(len(codes), maxCodes); ; n-- {
		text := quoted(group) + " " + strings.Join(codes[:n], " ")
		if n == 1 || utf8.RuneCountInString(text) <= maxCommand {
			return name + " " + text
		}
	}
}

// quoted writes a group so that it is read as this one word and never as a
// verb.
func quoted(group string) string {
	group = strings.ReplaceAll(group, `"`, "")
	reserved := slices.Contains(append([]string{"help", "cancel"}, later...), strings.ToLower(group))
	if read := words(group); !reserved && len(read) == 1 && read[0].text == group {
		return group
	}
	return `"` + group + `"`
}
