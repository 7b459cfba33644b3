package command

import (
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
)

// cutReason cuts the words at the first one that begins a reason, from a position on.
func cutReason(tokens []word, from int) (rest, reason []word) {
	for i := from; i < len(tokens); i++ {
		if !tokens[i].isOneOf(reasonWords) {
			continue
		}
		reason = tokens[i+1:]
		if tokens[i].isKeyword("reason") && len(reason) > 1 && reason[0].isKeyword("is") {
			reason = reason[1:]
		}
		n := nextLabel(reason)
		return slices.Concat(tokens[:i], reason[n:]), reason[:n]
	}
	return tokens, nil
}

// nextLabel is where a reason ends before the label of another part: Reason: audit. Until: Friday.
func nextLabel(reason []word) int {
	for i := 1; i < len(reason); i++ {
		w := reason[i]
		isName := w.isOneOf(labels) || w.isOneOf(untilWords) || slices.Contains(labels, strings.ToLower(w.text))
		if isName && (strings.HasSuffix(w.typed, ":") || w.means == nothing) {
			return i
		}
	}
	return len(reason)
}

// joinTyped is the text of words as they were typed, mentions too.
func joinTyped(words []word) string {
	return undoMentions(typedText(words))
}

// typedText is the text of words as they were typed.
func typedText(words []word) string {
	var typed []string
	for _, w := range words {
		if w.typed != "" {
			typed = append(typed, w.typed)
		}
	}
	return strings.Join(typed, " ")
}

// formatReason writes a reason so that all of it is read as one. In quotes an end
// that it mentions is not taken for the end of the grant.
func formatReason(ask approvals.Ask) string {
	if ask.Reason == "" {
		return ""
	}
	words := translateAll(splitWords(ask.Reason))
	if _, n := (Known{}).readDay(words); n == len(words) || mentionsPeriod(words) {
		return "because \"" + strings.ReplaceAll(ask.Reason, `"`, "'") + `"`
	}
	return "because " + ask.Reason
}

// mentionsPeriod reports whether words have a time among them, on whatever day they are read.
func mentionsPeriod(words []word) bool {
	for i := range words {
		if p := (Known{}).readPeriod(words[i:]); p.n > 0 && !p.isForGood {
			return true
		}
	}
	return false
}

// findPeriod finds an end that a reason mentions: for 30d, until Friday, or a
// duration at its end. An ask that has an end, or can have none, mentions none.
func findPeriod(ask *approvals.Ask, reason []word, known Known) (at, n int, found bool) {
	if ask.Action == approvals.Remove || ask.Action == approvals.Set || ask.IsTimed() {
		return 0, 0, false
	}
	for i := range reason {
		p := known.readPeriod(reason[i:])
		isAtEnd := i+p.n == len(reason)
		isTold := i > 0 && !endsClause(reason[i-1]) && reason[i].isOneOf(toldEnds) // by its subject
		if p.n > 0 && !p.isForGood && !p.isBroken() && (!p.isNaked || isAtEnd) && !isTold {
			return i, p.n, true
		}
	}
	return 0, 0, false
}

// toldEnds say of something else when it ends or begins.
var toldEnds = []string{"expires", "expiring", "ends", "ending", "expire", "end", "starting", "beginning"}

// takeReason keeps a reason. If it mentions an end, it asks whether the end is meant
// for the grant.
func (d *draft) takeReason(reason []word) {
	reason, text := reasonText(reason)
	if problem := reasonProblem(text); problem != "" {
		d.noteOpen("%s", problem)
		return
	}
	if !d.isSaid && d.ask.Action == approvals.Add && len(reason) > 0 && reason[0].means == unneeded {
		d.askWhich("That reads like a reason to take codes out.", nil,
			func(a *approvals.Ask) { a.Action, a.Reason = approvals.Remove, text }, func(a *approvals.Ask) { a.Reason = text })
		return
	}
	if d.ask.Reason != "" && text != "" {
		d.noteOpen("That gives two reasons. Say why once, after %s.", Typed("because"))
		return
	}
	if tail := d.tailOf(reason); tail != "" {
		d.isUnclear = true
		d.noteOpen("%s can be a part of the reason, or of the request. Write it before %s, or put the whole reason in "+
			"double quotes.", Typed(tail), Typed("because"))
		return
	}
	if days, n := d.readDay(reason); n > 0 && n == len(reason) && d.ask.Action == approvals.Add && !d.hasEnd {
		d.askEndOrReason(text, days)
		return
	}
	at, n, isTimed := findPeriod(&d.ask, reason, d.Known)
	if !isTimed {
		d.ask.Reason = text
		return
	}
	d.askEndInReason(reason, at, n)
}

// askEndInReason asks whether an end that a reason mentions, at a place in it, is meant for the grant.
func (d *draft) askEndInReason(reason []word, at, n int) {
	text, end := joinTyped(reason), reason[at:at+n]
	rest := strings.Trim(joinTyped(slices.Concat(reason[:at], reason[at+n:])), " ,;-")
	var options []func(*approvals.Ask)
	for _, p := range d.readPeriod(end).readings() {
		if !p.isForGood { // that is the other reading
			options = append(options, func(a *approvals.Ask) { addReason(a, rest); p.applyTo(a) })
		}
	}
	options = append(options, func(a *approvals.Ask) { addReason(a, text) })
	d.askWhich("%s can be the end of the grant, or a part of the reason.", []any{Typed(joinWords(end))}, options...)
}

// What is said of words that were taken for the reason.
const (
	readsLikeReason = "%s reads like a reason. Write it after %s."
	notUnderstood   = "%s is not understood. If it is the reason, write it after %s."
)

// noteReason notes that what was typed is taken for the reason, and where it belongs.
func (d *draft) noteReason(format, typed, reason string) {
	d.noteCorrection(typed, "because "+reason, format, Typed(typed), Typed("because"))
}

// reasonText are the words of a reason and its text, without thanks behind it and without the question mark of
// the whole request.
func reasonText(reason []word) ([]word, string) {
	if said := withoutPoliteness(reason); len(said) > 0 && endsSentence(said[len(said)-1:]) {
		reason = said
	}
	text := joinTyped(reason)
	if len(reason) > 1 {
		text = strings.TrimRight(text, "? ")
	}
	return reason, text
}

// tailOf is what stands behind the first sentence of a reason, or is a number of seats behind a comma, if it may
// be meant as a part of the request.
func (d *draft) tailOf(reason []word) string {
	for i := 1; i < len(reason); i++ {
		tail := reason[i:]
		isNext := endsSentence(reason[i-1:i]) && !d.isHarmless(tail)
		if isNext || endsClause(reason[i-1]) && d.beginsPart(tail) {
			return typedText(tail)
		}
	}
	return ""
}

// beginsPart reports whether the words behind a comma in a reason may be a part of the request: seats, a time, or
// what turns it.
func (d *draft) beginsPart(tail []word) bool {
	if tail[0].isOneOf(turningConjunctions) &&
		(d.namesOther(tail) || d.saysWhen(tail) || slices.ContainsFunc(tail[1:], word.isHedged)) {
		return true
	}
	isOther := func(w word) bool {
		return !(item{word: w}).isNumber() && !(item{word: w}).isFiller() && !w.isOfSeats()
	}
	p := d.readPeriod(tail)
	isTime := p.n == len(tail) && (p.isBroken() || p.isStart)
	return isTime || d.countsSeats(tail) && !slices.ContainsFunc(tail, isOther)
}

// turningConjunctions may join to a reason what turns or adds to the request.
var turningConjunctions = []string{besides, "and", "plus", "but", "not", "only", "without", "except"}

// isOfSeats reports whether a word says that a number is one of seats.
func (w word) isOfSeats() bool { return w.isOneOf(seatWords) || w.isOneOf(limitNouns) }

// addReason adds to the reason what stands elsewhere.
func addReason(a *approvals.Ask, more string) { a.Reason = strings.Trim(a.Reason+", "+more, ", ") }

// askEndOrReason asks what a day is that stands where a reason does.
func (d *draft) askEndOrReason(text string, days []time.Time) {
	var options []func(*approvals.Ask)
	for _, end := range d.untilOneOf(text, days).readings() {
		options = append(options, end.applyTo)
	}
	if !strings.ContainsAny(text, "0123456789") {
		options = append(options, func(a *approvals.Ask) { a.Reason = text })
	}
	d.hasEnd, d.endToFill = true, "until <day>"
	d.askWhich("%s can be when it ends, or the reason.", []any{Typed(text)}, options...)
}

// maxFirstReason bounds the words of a reason before the request.
const maxFirstReason = 20

// readReasonFirst reads a reason before the request that it is for.
func (r *reader) readReasonFirst(tokens []word) *Error {
	if !r.knowsGroups() || r.isCheck || !tokens[0].isOneOf(reasonWords) {
		return nil
	}
	check := *r
	check.isCheck = true
	for i := 2; i < min(len(tokens), maxFirstReason) && !tokens[i-1].isTurning(); i++ {
		c, err := check.readSentence(check.dropOpening(tokens[i:]))
		if err != nil || c.Verb != VerbAsk || c.Ask.Reason != "" || r.namesGroup(tokens[1:i]) {
			continue
		}
		c.Ask.Reason = strings.TrimRight(joinTyped(tokens[1:i]), ",;:")
		return newError(r.verify(c.Ask), "The reason comes last, after %s.", Typed("because"))
	}
	return nil
}

// lateReasonDrafts read the last words of a reason as parts of the request, if a group or
// codes are missing before it: IDU because audit for Sales.
func (r *reader) lateReasonDrafts(o opening, body, reason []word) []*draft {
	if !r.knowsGroups() || len(r.exactRuns(body)) > 0 && r.hasLicense(body) {
		return nil
	}
	for i := len(reason) - 1; i > 0 && i >= len(reason)-maxLateWords; i-- {
		if reason[i-1].isOneOf(prepositions) || (item{word: reason[i-1]}).isFiller() {
			continue // it belongs to what follows
		}
		rest := slices.Concat(body, reason[i:])
		var drafts []*draft
		for _, found := range r.exactRuns(rest) {
			d := r.readDraft(o, rest, found, reason[:i])
			d.noteCorrection(typedText(reason[i:]), "", "The reason comes last, after %s.", Typed("because"))
			if d.question == nil {
				drafts = append(drafts, d)
			}
		}
		if len(drafts) > 0 {
			return drafts
		}
	}
	return nil
}

// maxLateWords bounds the words behind a reason.
const maxLateWords = 12
