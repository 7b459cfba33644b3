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
		return Command{}, &CommandError{
			Problem: fmt.Sprintf("After %s comes a group, by its id or its exact name.", code(string(action))) + butGroup,
			Try:     name + " show " + someGroup,
		}
	}
	d := draft{now: now, ask: approvals.Ask{Action: action, Group: tokens[0].text, Command: name}}
	if err := checkGroup(name, d.ask.Group); err != nil {
		return Command{}, err
	}
	var rest []word
	rest, d.ask.Reason = splitReason(tokens[1:])
	d.read(rest)
	d.agree()
	d.bound()
	if d.problem != "" {
		return Command{}, &CommandError{Problem: d.problem, Try: d.correction()}
	}
	return Command{Verb: VerbAsk, Ask: d.ask}, nil
}

// fail notes what is wrong, unless something was before.
func (d *draft) fail(format string, args ...any) {
	if d.problem == "" {
		d.problem = fmt.Sprintf(format, args...)
	}
}

// read understands the words between the group and the reason, in any order.
func (d *draft) read(tokens []word) {
	for len(tokens) > 0 {
		first := tokens[0]
		tokens = tokens[1:]
		switch {
		case first.is("emptying"):
			d.ask.MayEmpty = true
		case first.is("for"), first.is("until"):
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
		upper := strings.ToUpper(undecorated(strings.TrimSpace(base)))
		switch {
		case part == "":
			continue
		case limited && upper == "":
			d.fail("A limit of seats is written next to its code and without blanks, such as %s; %s is none.", code("IDU=10"), code(part))
			continue
		case !isCode(upper):
			d.fail("%s is not a licence code: codes are letters and digits, such as %s. If the group's name has blanks, put it in double quotes.", code(part), code(someCode))
			d.lost = true
			continue
		}
		if !slices.Contains(d.ask.Codes, upper) {
			d.ask.Codes = append(d.ask.Codes, upper)
		}
		if limited {
			d.readLimit(upper, undecorated(strings.TrimSpace(limit)))
		}
	}
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

func (d *draft) readLimit(of, text string) {
	limit, err := strconv.Atoi(text)
	if !digits.MatchString(text) || err != nil || limit < 1 || limit > maxSeats {
		d.fail("%s sets no limit of seats: a limit is a number from 1 to %d, such as %s. To take a code away altogether there is %s.",
			code(of+"="+text), maxSeats, code(of+"=10"), code("remove"))
		return
	}
	for _, q := range d.ask.Quotas {
		if q.Code == of && q.Limit != limit {
			d.fail("%s has two limits of seats, %d and %d; say which.", code(of), q.Limit, limit)
		}
		if q.Code == of {
			return
		}
	}
	d.ask.Quotas = append(d.ask.Quotas, approvals.Quota{Code: of, Limit: limit})
}

// agree looks whether all that was said goes with the action.
func (d *draft) agree() {
	a := &d.ask
	if a.Action != approvals.Add && a.IsTimed() {
		d.fail("Only what is added can end by itself; what is set or removed stays so until somebody changes it. Leave the time out.")
		a.For, a.Until = 0, time.Time{}
	}
	if a.Action == approvals.Remove && len(a.Quotas) > 0 {
		d.fail("A limit of seats goes with %s and %s; a code that is removed takes its limit with it. Leave the limit out.", code("add"), code("set"))
		a.Quotas = nil
	}
	if a.Action == approvals.Add && a.MayEmpty {
		d.fail("The word %s goes with %s and %s; adding takes nothing away.", code("emptying"), code("set"), code("remove"))
		a.MayEmpty = false
	}
	if a.Action == approvals.Set && a.MayEmpty && (len(a.Codes) > 0 || d.lost) {
		d.fail("A rule that is set to codes is not empty: name the codes, or say %s alone.", code("emptying"))
		a.MayEmpty = false
	}
	if len(a.Codes) == 0 {
		d.wantCodes()
	}
}

func (d *draft) wantCodes() {
	switch group := code(d.ask.Group); {
	case d.ask.Action == approvals.Set && !d.ask.MayEmpty:
		d.fail("Say which licence codes the rule of the group %s should have from now on, all of them. To leave it without any, say %s instead.", group, code("emptying"))
	case d.ask.Action == approvals.Remove:
		d.fail("Say which licence codes to take out of the rule of the group %s.", group)
	case d.ask.Action == approvals.Add:
		d.fail("Say which licence codes the group %s should get.", group)
	}
}

func (d *draft) bound() {
	a := &d.ask
	if n := len(a.Codes); n > maxCodes {
		d.fail("That names %d codes; one request takes at most %d.", n, maxCodes)
		a.Codes, d.lost = a.Codes[:maxCodes], true
	}
	if utf8.RuneCountInString(a.Reason) > maxReason {
		d.fail("%s", tooLongReason)
		a.Reason = ""
	}
}

// correction is the command to copy. It never takes more away than what was
// typed: where a code was not understood, a rule is not set to the others.
func (d *draft) correction() string {
	a := d.ask
	switch {
	case a.Action != approvals.Add && len(a.Codes) == 0:
		return a.Command + " show " + quoted(a.Group)
	case a.Action == approvals.Set && d.lost:
		a.Action = approvals.Add
	}
	return suggestion(a)
}
