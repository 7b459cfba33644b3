package command

import (
	"licensebot/approvals"
)

// A draft is one reading of a request: these words are the group, and the others are
// the rest. It is complete, or it has one thing to say to the person: a correction, a
// choice, or a question.
type draft struct {
	*reader
	opening
	group   run
	ask     approvals.Ask
	isTrial bool
	hasEnd  bool // when it ends was said
	hasEnds bool // several times, and with no word such as or between them
	forGood bool // it never does

	correction *Error // what was typed wrongly, and is right in the ask
	mistyped   string // the words of the correction
	meant      string // and what they are in the ask
	isGuess    bool   // a license was not typed as it is called
	question   *Error // what is missing in the ask, or can mean several things
	options    []func(*approvals.Ask)
	open       int // questions

	endToFill   string // such as <day>, in place of an end that was not understood
	seatsOf     string // the code whose limit was not understood
	asksLicense bool   // which of several is meant
	isByAmount  bool   // it says by how much a limit changes
	limitVerb   string // as it was typed

	startsWithLimit bool // the first word is limit

	saysExactly bool     // that the group is to have nothing else
	minusCodes  []string // and the codes
	minus       []string // codes with a minus before them, as they were typed
	lacksCodes  bool     // a code was typed that is not in the ask
	isUnclear   bool     // words were typed that may change what is asked for
	left        int      // how many
	seatsToKeep string   // the limit of a code that is not in the ask, such as =5
	saysTo      bool     // the word to is left: it may stand before a limit
}

func (d *draft) isBad() bool { return d.question != nil || d.correction != nil }

// noteCorrection notes what was typed wrongly if the ask has it right.
func (d *draft) noteCorrection(typed, meant, format string, args ...any) {
	if d.correction == nil {
		d.correction, d.mistyped, d.meant = newError("", format, args...), typed, meant
	}
}

// maxQuestions bounds the questions that one answer asks.
const maxQuestions = 3

// noteOpen notes what the person has to say. The first questions are asked.
func (d *draft) noteOpen(format string, args ...any) {
	d.open++
	switch {
	case d.question == nil:
		d.question = newError("", format, args...)
	case d.open <= maxQuestions:
		d.question.Format += " " + format
		d.question.Args = append(d.question.Args, args...)
	}
}

// askWhich asks which of several things is meant.
func (d *draft) askWhich(format string, args []any, options ...func(*approvals.Ask)) {
	if d.question == nil {
		d.options = options
	}
	d.noteOpen(format, args...)
}

// unchanged is the option to leave an ask as it is.
func unchanged(*approvals.Ask) {}

// withAction is the option that another action is meant.
func withAction(action approvals.Action) func(*approvals.Ask) {
	return func(a *approvals.Ask) { a.Action = action }
}

// onlyCode is the code of an ask for one.
func (d *draft) onlyCode() string {
	if len(d.ask.Codes) == 1 {
		return d.ask.Codes[0]
	}
	return ""
}
