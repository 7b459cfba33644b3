package bot

import (
	"errors"
	"reflect"
	"strings"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/message"
)

// formFields is a form as it was submitted: each field as the words of the
// command that say the same.
type formFields struct {
	action, group, codes, seats, term, until, why string
}

// readForm reads the fields, whether they are menus or were typed.
func readForm(v view) formFields {
	in := formFields{
		action: readAction(v),
		group:  v.inputOf(message.FieldGroup).Selected.Value,
		codes:  v.inputOf(message.FieldCodes).Value,
		seats:  strings.TrimSpace(command.Normalize(v.inputOf(message.FieldSeats).Value)),
		term:   v.inputOf(message.FieldTerm).Selected.Value,
		until:  strings.TrimSpace(command.Normalize(v.inputOf(message.FieldUntil).Value)),
		why:    v.inputOf(message.FieldReason).Value,
	}
	if in.group == "" {
		in.group = v.inputOf(message.FieldGroup).Value
	}
	in.codes += " " + v.inputOf(message.FieldOther).Value
	for _, chosen := range v.inputOf(message.FieldCodes).Several {
		in.codes += " " + chosen.Value
	}
	in.group = command.QuoteGroup(command.Normalize(in.group))
	if in.term == message.TermForGood {
		in.term = ""
	}
	return in
}

// draft is what people filled in, except the end of the grant.
func (in formFields) draft() message.FormDraft {
	return message.FormDraft{
		Action: approvals.Action(in.action), Group: strings.Trim(in.group, `"`), Codes: strings.Fields(in.codes),
		Seats: in.seats, Reason: in.why,
	}
}

// readAction is the verb of the command. Only a choice of the form is one.
func readAction(v view) string {
	switch action := v.inputOf(message.FieldAction).Selected.Value; approvals.Action(action) {
	case approvals.Remove, approvals.Set:
		return action
	}
	return ""
}

// parseAsk is the ask of the form, or what is wrong with which field. The parser
// of the command reads it, under the command's name. To find the field that is
// wrong, it reads each field beside good ones first.
func (in formFields) parseAsk(name string, known command.Known) (approvals.Ask, map[string]string) {
	wrong := make(map[string]string)
	note := func(field, problem string) {
		if problem != "" && wrong[field] == "" {
			wrong[field] = problem
		}
	}
	parse := func(words ...string) (approvals.Ask, string) {
		return parseWords(name, known, append([]string{in.action}, words...)...)
	}
	const goodGroup, goodCode = command.ExampleGroup, command.ExampleCode
	_, problem := parse(in.group, goodCode)
	note(message.FieldGroup, problem)
	chosen, problem := parse(goodGroup, in.codes)
	note(message.FieldCodes, problem)
	if problem == "" {
		note(message.FieldSeats, in.checkSeats(chosen, parse))
	}
	_, problem = parse(goodGroup, goodCode, in.durationWords())
	note(message.FieldTerm, problem)
	note(message.FieldUntil, in.checkUntil(parse))
	_, problem = parse(goodGroup, goodCode, in.reasonWords())
	note(message.FieldReason, problem)
	if len(wrong) > 0 {
		return approvals.Ask{}, wrong
	}
	ask, problem := parse(in.group, in.codes, in.seatWords(chosen), in.durationWords(), in.untilWords(), in.reasonWords())
	if problem != "" {
		return approvals.Ask{}, map[string]string{message.FieldReason: problem}
	}
	return ask, nil
}

// A fieldParser reads words as the command of the form's action.
type fieldParser func(words ...string) (ask approvals.Ask, problem string)

// checkSeats says what is wrong with the seat limits beside the chosen licenses.
// Limits choose no license, because a person may overlook what they add.
func (in formFields) checkSeats(chosen approvals.Ask, parse fieldParser) string {
	if isNumber(in.seats) && len(chosen.Codes) > 1 {
		return message.SeatsOfWhich()
	}
	limited, problem := parse(command.ExampleGroup, in.codes, in.seatWords(chosen))
	if problem != "" {
		return problem
	}
	limited.Quotas = chosen.Quotas
	if !reflect.DeepEqual(limited, chosen) {
		return message.SeatsOfOther()
	}
	return ""
}

// checkUntil says what is wrong with the end. Words that say more than an end, such as
// another license, are refused.
func (in formFields) checkUntil(parse fieldParser) string {
	switch {
	case in.until == "" && in.term == message.TermBelow:
		return message.EndMissing()
	case in.until == "":
		return ""
	case in.term != "" && in.term != message.TermBelow:
		return message.TermTwice()
	}
	plain, problem := parse(command.ExampleGroup, command.ExampleCode)
	if problem != "" {
		return problem
	}
	ended, problem := parse(command.ExampleGroup, command.ExampleCode, in.untilWords())
	if problem != "" {
		return problem
	}
	ended.For, ended.Until = plain.For, plain.Until
	if !reflect.DeepEqual(ended, plain) {
		return message.UntilUnclear()
	}
	return ""
}

// seatWords are the limits as the command has them. A lone number is the limit of the
// one license.
func (in formFields) seatWords(chosen approvals.Ask) string {
	if isNumber(in.seats) && len(chosen.Codes) == 1 {
		return chosen.Codes[0] + "=" + in.seats
	}
	return in.seats
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func (in formFields) durationWords() string {
	if in.term == message.TermBelow {
		return ""
	}
	return withKeyword("for", in.term)
}

// untilWords are the end as the command has it. A bare end is a day.
func (in formFields) untilWords() string {
	first, _, _ := strings.Cut(strings.ToLower(in.until), " ")
	if first == "for" || first == "until" {
		return in.until
	}
	return withKeyword("until", in.until)
}

// reasonWords puts the reason in double quotes, on one line, so that nothing in it is read as an end.
func (in formFields) reasonWords() string {
	why := strings.ReplaceAll(command.Normalize(strings.Join(strings.Fields(in.why), " ")), `"`, " ")
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
func parseWords(name string, known command.Known, words ...string) (ask approvals.Ask, problem string) {
	understood, err := known.Parse(name, strings.Join(words, " "))
	if wrong, ok := errors.AsType[*command.Error](err); ok {
		return approvals.Ask{}, message.PlainProblem(wrong)
	}
	return understood.Ask, ""
}
