package command

import (
	"slices"
	"strings"

	"licensebot/approvals"
)

// takeBrackets takes a reason in round brackets at the end, or behind a dash. Brackets
// and dashes around codes mean nothing.
func (d *draft) takeBrackets(items []item) []item {
	for i, it := range items {
		if it.kind != plain || it.quoted {
			continue
		}
		isDash := slices.Contains([]string{"-", "--", "//"}, it.text) && !d.isBetweenDays(items, i)
		if plainer, isPart := d.dropMark(items, i, isDash); isPart {
			return d.takeBrackets(plainer)
		}
		inner := innerBracketAt(items, i)
		if len(inner) > 0 && d.ask.Reason == "" && d.takeHarmless(plainWords(inner)) {
			return d.takeBrackets(slices.Concat(items[:i], []item{{kind: gap, endsClause: true}}, items[i+len(inner):]))
		}
		if isDash || isLastBracket(items[i:]) {
			return d.takeMarked(items, i, !isDash)
		}
	}
	return items
}

// isLastBracket reports whether all of the items are in brackets.
func isLastBracket(items []item) bool {
	last := items[len(items)-1]
	return strings.HasPrefix(items[0].text, "(") && strings.HasSuffix(last.text, ")") && last.kind == plain
}

// takeMarked takes what stands in brackets at the end, or behind a dash.
func (d *draft) takeMarked(items []item, i int, isBracket bool) []item {
	inside := slices.Clone(items[i:])
	if isBracket {
		inside[0] = inside[0].trim("(")
		inside[len(inside)-1] = inside[len(inside)-1].trim("()")
	} else {
		inside = inside[1:]
	}
	_, days := d.readDay(plainWords(inside))
	if isDay := isBracket && days == len(inside); isDay || d.isRequestPart(inside) {
		return slices.Concat(items[:i], inside)
	}
	if inside[0].isTurning() {
		d.noteTurning(Typed(joinTexts(inside)))
		return items[:i]
	}
	var words []word
	for _, it := range inside {
		words = append(words, it.word)
	}
	switch {
	case d.areEnd(words):
		d.takeReason(words)
	case !d.takeHarmless(words):
		d.isUnclear = true
		d.noteOpen("%s can be the reason, or a part of the request. Write a reason after %s.", Typed(joinTexts(inside)),
			Typed("because"))
	}
	return items[:i]
}

// areEnd reports whether words are an end, maybe with harmless words beside it.
func (d *draft) areEnd(words []word) bool {
	if _, n := d.readDay(words); n == len(words) && d.ask.Action == approvals.Add {
		return true
	}
	at, n, isTimed := findPeriod(&d.ask, words, d.Known)
	return isTimed && (n == len(words) || d.isHarmless(slices.Concat(words[:at], words[at+n:])))
}

// takeHarmless takes words that can be no part of the request as its reason, and offers those that are so but
// for a day.
func (d *draft) takeHarmless(words []word) bool {
	text := strings.Trim(typedText(words), ",;:-() ")
	switch {
	case len(words) == 0 || words[0].isOneOf(separators):
		return false
	case d.isHarmless(words):
		d.takeReason(splitWords(text))
	case d.isDated(words):
		d.ask.Reason = text
		d.noteReason(readsLikeReason, text, text)
	default:
		return false
	}
	return true
}

// isBetweenDays reports whether a dash stands between the first and the last day.
func (d *draft) isBetweenDays(items []item, at int) bool {
	if at+1 == len(items) || len(plainWords(items[at+1:])) == 0 {
		return false
	}
	for from := max(at-3, 0); from < at; from++ {
		words := plainWords(items[from:])
		if _, n := d.readDay(words); n == at-from && d.endOfRange(words[n:]) > 0 {
			return true
		}
	}
	return false
}

// dropMark drops the brackets or the dash around a part of the request that is followed by
// others.
func (d *draft) dropMark(items []item, i int, isDash bool) (plainer []item, isPart bool) {
	inner := innerBracketAt(items, i)
	switch {
	case len(inner) > 0 && d.isRequestPart(inner):
		return slices.Concat(items[:i], inner, items[i+len(inner):]), true
	case isDash && (d.isBeforePart(items[i+1:]) || d.isBeforeLicenses(items, i) || areSeats(items[i+1:])):
		return slices.Concat(items[:i], items[i+1:]), true
	}
	return items, false
}

// areSeats reports whether items begin with a number of seats, and punctuation or a word for seats follows it.
func areSeats(items []item) bool {
	return len(items) > 0 && items[0].isNumber() &&
		(len(items) == 1 || items[0].endsClause || items[1].isOneOf(seatWords))
}

// isBeforeLicenses reports whether all licenses stand behind a dash.
func (d *draft) isBeforeLicenses(items []item, at int) bool {
	trial := &draft{reader: d.reader, isTrial: true}
	isNamed := func(items []item) bool { return len(items) > 0 && hasLicense(trial.takeLicenses(items)) }
	return d.Licenses != nil && !isNamed(items[:at]) && isNamed(items[at+1:])
}

// isBeforePart reports whether what stands behind a dash, up to the next one, is a part of the
// request or of a license's name.
func (d *draft) isBeforePart(items []item) bool {
	next := dashBehind(items)
	hasGroup := slices.ContainsFunc(items, func(it item) bool { return it.kind == group })
	if next > 0 {
		if _, n := d.readDay(plainWords(items[:next])); n == next {
			return true
		}
	}
	return next > 0 && d.isRequestPart(items[:next]) || d.isPeriod(items) || d.beginsKindOfUser(items) || hasGroup
}

// isPeriod reports whether items say when it ends, up to the end or to the next dash.
func (d *draft) isPeriod(items []item) bool {
	if next := dashBehind(items); next >= 0 {
		items = items[:next]
	}
	words := plainWords(items)
	if len(words) == 0 {
		return false
	}
	n := d.readPeriod(words).n
	return n > 0 && (n == len(items) || items[n-1].endsClause)
}

// dashBehind is where the next dash stands.
func dashBehind(items []item) int {
	return slices.IndexFunc(items, func(it item) bool { return it.isKeyword("-") || it.isKeyword("--") })
}

// innerBracketAt are the items in the round brackets that one of them opens, if others follow.
func innerBracketAt(items []item, i int) []item {
	if inner := bracketAt(items[i:]); i+len(inner) < len(items) {
		return inner
	}
	return nil
}

// bracketAt are the items in the round brackets that the first one opens.
func bracketAt(items []item) []item {
	if !strings.HasPrefix(items[0].text, "(") {
		return nil
	}
	for i, it := range items {
		if it.kind != plain {
			return nil
		}
		if strings.HasSuffix(it.text, ")") {
			inner := slices.Clone(items[:i+1])
			inner[0] = inner[0].trim("(")
			inner[i] = inner[i].trim("()")
			return inner
		}
	}
	return nil
}

// beginsKindOfUser reports whether items begin with what the name of a license has behind
// its dash.
func (d *draft) beginsKindOfUser(items []item) bool {
	words := nameWords(joinWords(plainWords(items)))
	return slices.ContainsFunc(d.names, func(l licenseName) bool {
		kind := l.words[min(len(l.head), len(l.words)):]
		return len(kind) > 0 && len(words) >= len(kind) && slices.Equal(words[:len(kind)], kind)
	})
}

// trim is an item without these characters around it.
func (it item) trim(cut string) item {
	it.text, it.typed = stripDecoration(strings.Trim(it.text, cut)), strings.Trim(it.typed, cut)
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
