package bot

import (
	"errors"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/message"
)

// formFields is a form as it was submitted: each field as the words of the
// command that say the same.
type formFields struct {
	group, codes, term, until, why string
}

// readForm reads the fields, whether they are menus or were typed.
func readForm(v view) formFields {
	in := formFields{
		group: v.inputOf(message.FieldGroup).Selected.Value,
		codes: v.inputOf(message.FieldCodes).Value,
		term:  v.inputOf(message.FieldTerm).Selected.Value,
		until: v.inputOf(message.FieldUntil).Date,
		why:   v.inputOf(message.FieldReason).Value,
	}
	if in.group == "" {
		in.group = v.inputOf(message.FieldGroup).Value
	}
	for _, chosen := range v.inputOf(message.FieldCodes).Several {
		in.codes += " " + chosen.Value
	}
	in.group = command.QuoteGroup(command.Normalize(in.group))
	if in.term == message.TermForGood {
		in.term = ""
	}
	return in
}

// parseAsk is the ask of the form, or what is wrong with which field. The parser
// of the command reads it, under the command's name. To find the field that is
// wrong, it reads each field beside good ones first.
func (in formFields) parseAsk(name string, now time.Time) (approvals.Ask, map[string]string) {
	const goodGroup, goodCode = command.ExampleGroup, command.ExampleCode
	wrong := make(map[string]string)
	check := func(field string, words ...string) {
		if _, problem := parseWords(name, now, words...); problem != "" && wrong[field] == "" {
			wrong[field] = problem
		}
	}
	check(message.FieldGroup, in.group, goodCode)
	group := in.group
	if wrong[message.FieldGroup] != "" {
		group = goodGroup
	}
	check(message.FieldCodes, group, in.codes)
	check(message.FieldTerm, goodGroup, goodCode, in.durationWords())
	check(message.FieldUntil, goodGroup, goodCode, in.untilWords())
	if in.term != "" && in.until != "" {
		wrong[message.FieldUntil] = message.TermTwice()
	}
	check(message.FieldReason, goodGroup, goodCode, in.reasonWords())
	if len(wrong) > 0 {
		return approvals.Ask{}, wrong
	}
	ask, problem := parseWords(name, now, in.group, in.codes, in.durationWords(), in.untilWords(), in.reasonWords())
	if problem != "" {
		return approvals.Ask{}, map[string]string{message.FieldReason: problem}
	}
	return ask, nil
}

func (in formFields) durationWords() string { return withKeyword("for", in.term) }

func (in formFields) untilWords() string { return withKeyword("until", in.until) }

// reasonWords puts the reason in double quotes, so that nothing in it is read as an end.
func (in formFields) reasonWords() string {
	why := strings.ReplaceAll(command.Normalize(in.why), `"`, " ")
	if strings.TrimSpace(why) == "" {
		return ""
	}
	return withKeyword("because", `"`+why+`"`)
}

// withKeyword puts the command's keyword before what a person filled in, if they
// did.
func withKeyword(keyword, text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return keyword + " " + text
}

// parseWords has the command's parser read the words. The problem is plain text,
// for a field to show.
func parseWords(name string, now time.Time, words ...string) (ask approvals.Ask, problem string) {
	understood, err := command.Parse(name, strings.Join(words, " "), now)
	if wrong, ok := errors.AsType[*command.Error](err); ok {
		return approvals.Ask{}, message.PlainProblem(wrong)
	}
	return understood.Ask, ""
}
