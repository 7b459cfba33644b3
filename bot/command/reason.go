package command

import (
	"slices"
	"strings"

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
		return tokens[:i], reason
	}
	return tokens, nil
}

// joinTyped is the text of words as they were typed, mentions too.
func joinTyped(words []word) string {
	var typed []string
	for _, w := range words {
		if w.typed != "" {
			typed = append(typed, w.typed)
		}
	}
	return undoMentions(strings.Join(typed, " "))
}

// formatReason writes a reason so that all of it is read as one. In quotes an end
// that it mentions is not taken for the end of the grant.
func formatReason(ask approvals.Ask) string {
	if ask.Reason == "" {
		return ""
	}
	if _, _, found := findPeriod(&ask, splitWords(ask.Reason), Known{}); found {
		return "because \"" + strings.ReplaceAll(ask.Reason, `"`, "'") + `"`
	}
	return "because " + ask.Reason
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
		if p.n > 0 && !p.isForGood && !p.isBroken() && (!p.isNaked || isAtEnd) {
			return i, p.n, true
		}
	}
	return 0, 0, false
}

// takeReason keeps a reason. If it mentions an end, it asks whether the end is meant
// for the grant.
func (d *draft) takeReason(reason []word) {
	text := joinTyped(reason)
	if problem := reasonProblem(text); problem != "" {
		d.noteOpen("%s", problem)
		return
	}
	if d.ask.Reason != "" && text != "" {
		d.noteOpen("That gives two reasons. Say why once, after %s.", Typed("because"))
		return
	}
	at, n, found := findPeriod(&d.ask, reason, d.Known)
	if !found {
		d.ask.Reason = text
		return
	}
	period := d.readPeriod(reason[at : at+n])
	rest := joinTyped(slices.Concat(reason[:at], reason[at+n:]))
	rest = strings.Trim(rest, " ,;-")
	d.askWhich("%s can be the end of the grant, or a part of the reason.",
		[]any{Typed(joinWords(reason[at : at+n]))},
		func(a *approvals.Ask) { a.Reason = rest; period.applyTo(a) },
		func(a *approvals.Ask) { a.Reason = text })
}

// takeBrackets takes a reason in round brackets at the end, or behind a dash. Brackets
// and dashes around codes mean nothing.
func (d *draft) takeBrackets(items []item) []item {
	for i, it := range items {
		if it.kind != plain || it.quoted {
			continue
		}
		last := items[len(items)-1]
		isBracket := strings.HasPrefix(it.text, "(") && strings.HasSuffix(last.text, ")") && last.kind == plain
		isDash := it.text == "-" || it.text == "--"
		if !isBracket && !isDash {
			continue
		}
		inside := slices.Clone(items[i:])
		if isDash {
			inside = inside[1:]
		} else {
			inside[0] = inside[0].trim("(")
			inside[len(inside)-1] = inside[len(inside)-1].trim("()")
		}
		if d.isRequestPart(inside) {
			return slices.Concat(items[:i], inside)
		}
		var words []word
		for _, it := range inside {
			words = append(words, it.word)
		}
		d.takeReason(words)
		return items[:i]
	}
	return items
}

// trim is an item without these characters around it.
func (it item) trim(cut string) item {
	it.text, it.typed = strings.Trim(it.text, cut), strings.Trim(it.typed, cut)
	return it
}

// isRequestPart reports whether all of the items are codes, seats, times and what may
// stand between them.
func (d *draft) isRequestPart(items []item) bool {
	trial := draft{reader: d.reader, opening: d.opening, isTrial: true}
	trial.ask.Action = d.ask.Action
	items = trial.takePeriods(items)
	items = trial.takeLicenses(items)
	for _, it := range items {
		if it.kind == plain && !it.isFiller() && !it.isNumber() {
			return false
		}
	}
	return !trial.isBad()
}
