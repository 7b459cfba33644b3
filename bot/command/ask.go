package command

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"licensebot/approvals"
)

// WordEmpty lets a change leave a group without codes. People may also type its
// former name.
const (
	WordEmpty       = "empty"
	formerWordEmpty = "emptying"
)

// A draft is an ask while it is being read. The first problem is what the
// person is told. Reading goes on after it, so that the suggestion keeps
// everything that was understood.
type draft struct {
	ask     approvals.Ask
	now     time.Time
	problem *Error
	lost    bool // a code was typed that is not in the ask
}

// parseAsk reads a group and the change to its allocation.
func parseAsk(name string, action approvals.Action, tokens []word, now time.Time) (Command, error) {
	if len(tokens) == 0 {
		return Command{}, newError(name+" show "+ExampleGroup,
			"After %s comes a group, by its id or its exact name."+quoteGroupHint, Typed(action))
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
	if d.problem != nil {
		d.problem.Try = d.suggestCorrection()
		return Command{}, d.problem
	}
	return Command{Verb: VerbAsk, Ask: d.ask}, nil
}

// noteProblem keeps the first problem.
func (d *draft) noteProblem(format string, args ...any) {
	if d.problem == nil {
		d.problem = newError("", format, args...)
	}
}

// readWords reads what stands between the group and the reason, in any order.
func (d *draft) readWords(tokens []word) {
	for len(tokens) > 0 {
		first := tokens[0]
		tokens = tokens[1:]
		switch {
		case first.isKeyword(WordEmpty), first.isKeyword(formerWordEmpty):
			d.ask.MayEmpty = true
		case first.isKeyword("for"), first.isKeyword("until"):
			tokens = d.readPeriod(strings.ToLower(first.text), tokens)
		default:
			d.readCodes(first.text)
		}
	}
}

// readCodes reads user bundle codes in any case, separated by blanks, commas or
// semicolons. Each counts once, and may have a limit.
func (d *draft) readCodes(text string) {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		part = strings.TrimSpace(part) // inside quotes blanks remain
		base, limit, limited := strings.Cut(part, "=")
		upper := strings.ToUpper(stripDecoration(strings.TrimSpace(base)))
		switch {
		case part == "":
			continue
		case limited && upper == "":
			d.noteProblem("A seat limit is written next to its code, without blanks, such as %s; %s is none.",
				Typed("IDU=10"), Typed(part))
			continue
		case !IsCode(upper):
			d.noteProblem("%s is not a license code: codes are letters and digits, such as %s. "+
				"If the group's name has blanks, put it in double quotes.", Typed(part), Typed(ExampleCode))
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

var limitShape = regexp.MustCompile(`^[0-9]{1,9}$`)

// readLimit reads the seat limit of a code. The same limit may be typed twice.
func (d *draft) readLimit(of, text string) {
	limit, err := strconv.Atoi(text)
	if !limitShape.MatchString(text) || err != nil || limit < 1 || limit > MaxSeats {
		d.noteProblem("%s sets no seat limit: a limit is a number from 1 to %d, such as %s. "+
			"To remove a code, use %s.",
			Typed(of+"="+text), MaxSeats, Typed(of+"=10"), Typed("remove"))
		return
	}
	for _, q := range d.ask.Quotas {
		if q.Code == of && q.Limit != limit {
			d.noteProblem("%s has two seat limits, %d and %d; say which.", Typed(of), q.Limit, limit)
		}
		if q.Code == of {
			return
		}
	}
	d.ask.Quotas = append(d.ask.Quotas, approvals.Quota{Code: of, Limit: limit})
}

// checkAction rejects what does not go with the action.
func (d *draft) checkAction() {
	a := &d.ask
	if a.Action != approvals.Add && a.IsTimed() {
		d.noteProblem("Only codes that are added can have a limited time. Leave the time out.")
		a.For, a.Until = 0, time.Time{}
	}
	if a.Action == approvals.Remove && len(a.Quotas) > 0 {
		d.noteProblem("A seat limit goes with %s and %s; a code that is removed loses its limit. "+
			"Leave the limit out.", Typed("add"), Typed("set"))
		a.Quotas = nil
	}
	if a.Action == approvals.Add && a.MayEmpty {
		d.noteProblem("The word %s goes with %s and %s; adding removes nothing.",
			Typed(WordEmpty), Typed("set"), Typed("remove"))
		a.MayEmpty = false
	}
	if a.Action == approvals.Set && a.MayEmpty && (len(a.Codes) > 0 || d.lost) {
		d.noteProblem("A group that is set to codes is not empty: name the codes, or say %s alone.",
			Typed(WordEmpty))
		a.MayEmpty = false
	}
	if len(a.Codes) == 0 {
		d.requireCodes()
	}
}

// requireCodes asks for the codes that the action needs.
func (d *draft) requireCodes() {
	switch group := Typed(d.ask.Group); {
	case d.ask.Action == approvals.Set && !d.ask.MayEmpty:
		d.noteProblem("Say which license codes the group %s should have from now on, all of them. "+
			"To leave it without codes, say %s instead.", group, Typed(WordEmpty))
	case d.ask.Action == approvals.Remove:
		d.noteProblem("Say which license codes to remove from the group %s.", group)
	case d.ask.Action == approvals.Add:
		d.noteProblem("Say which license codes the group %s should get.", group)
	}
}

// applyBounds cuts what is longer than one request may be.
func (d *draft) applyBounds() {
	a := &d.ask
	if n := len(a.Codes); n > MaxCodes {
		d.noteProblem("That names %d codes; one request takes at most %d.", n, MaxCodes)
		a.Codes, d.lost = a.Codes[:MaxCodes], true
	}
	if problem := reasonProblem(a.Reason); problem != "" {
		d.noteProblem("%s", problem)
		a.Reason = ""
	}
}

// suggestCorrection is the command to copy. It never takes away more than the
// person typed: if one code was unreadable, it adds the others instead of setting
// the allocation to them.
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
