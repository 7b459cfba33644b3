package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"licensebot/approvals"
)

// A draft is an ask while it is read. What is wrong first is what is said; what
// is understood all the same, put right, is what is suggested instead.
type draft struct {
	ask     approvals.Ask
	now     time.Time
	problem string
	lost    bool // a code was typed that is not in the ask
}

// parseAsk understands a group and what is to be done to its rule.
func parseAsk(name string, action approvals.Action, tokens []word, now time.Time) (Command, error) {
	if len(tokens) == 0 {
		return Command{}, &Error{
			Problem: fmt.Sprintf("After %s comes a group, by its id or its exact name.", quoteCode(string(action))) + quoteGroupHint,
			Try:     name + " show " + ExampleGroup,
		}
	}
	d := draft{now: now, ask: approvals.Ask{Action: action, Group: tokens[0].text, Command: name}}
	if err := checkGroup(name, d.ask.Group); err != nil {
		return Command{}, err
	}
	var rest []word
	rest, d.ask.Reason = splitReason(tokens[1:])
	d.readWords(rest)
	d.checkAction()
	d.applyBounds()
	if d.problem != "" {
		return Command{}, &Error{Problem: d.problem, Try: d.suggestCorrection()}
	}
	return Command{Verb: VerbAsk, Ask: d.ask}, nil
}

// fail notes what is wrong, unless something was before.
func (d *draft) noteProblem(format string, args ...any) {
	if d.problem == "" {
		d.problem = fmt.Sprintf(format, args...)
	}
}

// read understands the words between the group and the reason, in any order.
func (d *draft) readWords(tokens []word) {
	for len(tokens) > 0 {
		first := tokens[0]
		tokens = tokens[1:]
		switch {
		case first.isKeyword("emptying"):
			d.ask.MayEmpty = true
		case first.isKeyword("for"), first.isKeyword("until"):
			tokens = d.readPeriod(strings.ToLower(first.text), tokens)
		default:
			d.readCodes(first.text)
		}
	}
}

// readCodes reads user bundle codes: any case, separated by blanks, commas or
// semicolons, each counted once, with or without a limit.
func (d *draft) readCodes(text string) {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		part = strings.TrimSpace(part) // blanks are left where it was quoted
		base, limit, limited := strings.Cut(part, "=")
		upper := strings.ToUpper(stripDecoration(strings.TrimSpace(base)))
		switch {
		case part == "":
			continue
		case limited && upper == "":
			d.noteProblem("A limit of seats is written next to its code and without blanks, such as %s; %s is none.", quoteCode("IDU=10"), quoteCode(part))
			continue
		case !IsCode(upper):
			d.noteProblem("%s is not a licence code: codes are letters and digits, such as %s. If the group's name has blanks, put it in double quotes.", quoteCode(part), quoteCode(ExampleCode))
			d.lost = true
			continue
		}
		if !slices.Contains(d.ask.Codes, upper) {
			d.ask.Codes = append(d.ask.Codes, upper)
		}
		if limited {
			d.readLimit(upper, stripDecoration(strings.TrimSpace(limit)))
		}
	}
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

func (d *draft) readLimit(of, text string) {
	limit, err := strconv.Atoi(text)
	if !digits.MatchString(text) || err != nil || limit < 1 || limit > maxSeats {
		d.noteProblem("%s sets no limit of seats: a limit is a number from 1 to %d, such as %s. To take a code away altogether there is %s.",
			quoteCode(of+"="+text), maxSeats, quoteCode(of+"=10"), quoteCode("remove"))
		return
	}
	for _, q := range d.ask.Quotas {
		if q.Code == of && q.Limit != limit {
			d.noteProblem("%s has two limits of seats, %d and %d; say which.", quoteCode(of), q.Limit, limit)
		}
		if q.Code == of {
			return
		}
	}
	d.ask.Quotas = append(d.ask.Quotas, approvals.Quota{Code: of, Limit: limit})
}

// agree looks whether all that was said goes with the action.
func (d *draft) checkAction() {
	a := &d.ask
	if a.Action != approvals.Add && a.IsTimed() {
		d.noteProblem("Only what is added can end by itself; what is set or removed stays so until somebody changes it. Leave the time out.")
		a.For, a.Until = 0, time.Time{}
	}
	if a.Action == approvals.Remove && len(a.Quotas) > 0 {
		d.noteProblem("A limit of seats goes with %s and %s; a code that is removed takes its limit with it. Leave the limit out.", quoteCode("add"), quoteCode("set"))
		a.Quotas = nil
	}
	if a.Action == approvals.Add && a.MayEmpty {
		d.noteProblem("The word %s goes with %s and %s; adding takes nothing away.", quoteCode("emptying"), quoteCode("set"), quoteCode("remove"))
		a.MayEmpty = false
	}
	if a.Action == approvals.Set && a.MayEmpty && (len(a.Codes) > 0 || d.lost) {
		d.noteProblem("A rule that is set to codes is not empty: name the codes, or say %s alone.", quoteCode("emptying"))
		a.MayEmpty = false
	}
	if len(a.Codes) == 0 {
		d.requireCodes()
	}
}

func (d *draft) requireCodes() {
	switch group := quoteCode(d.ask.Group); {
	case d.ask.Action == approvals.Set && !d.ask.MayEmpty:
		d.noteProblem("Say which licence codes the rule of the group %s should have from now on, all of them. To leave it without any, say %s instead.", group, quoteCode("emptying"))
	case d.ask.Action == approvals.Remove:
		d.noteProblem("Say which licence codes to take out of the rule of the group %s.", group)
	case d.ask.Action == approvals.Add:
		d.noteProblem("Say which licence codes the group %s should get.", group)
	}
}

func (d *draft) applyBounds() {
	a := &d.ask
	if n := len(a.Codes); n > MaxCodes {
		d.noteProblem("That names %d codes; one request takes at most %d.", n, MaxCodes)
		a.Codes, d.lost = a.Codes[:MaxCodes], true
	}
	if utf8.RuneCountInString(a.Reason) > MaxReason {
		d.noteProblem("%s", reasonTooLong)
		a.Reason = ""
	}
}

// correction is the command to copy. It never takes more away than what was
// typed: where a code was not understood, a rule is not set to the others.
func (d *draft) suggestCorrection() string {
	a := d.ask
	switch {
	case a.Action != approvals.Add && len(a.Codes) == 0:
		return a.Command + " show " + QuoteGroup(a.Group)
	case a.Action == approvals.Set && d.lost:
		a.Action = approvals.Add
	}
	return Suggest(a)
}
