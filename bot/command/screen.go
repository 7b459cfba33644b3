package command

import (
	"slices"
	"strings"

	"licensebot/approvals"
)

// A reason behind a dash, in brackets, or behind since has no word of its own that says so for sure. It is
// screened: words that may change what is asked for are asked about.

// isHarmless reports whether none of the words can be a part of a request, or turn, limit, put off or undo it.
func (d *draft) isHarmless(words []word) bool {
	if len(words) == 0 || strings.HasSuffix(words[len(words)-1].typed, "?") || words[0].isOneOf(separators) {
		return false
	}
	isIdle := d.ask.Action == approvals.Remove && saysUnneeded(words) && !haveOneOf(words, onlyWords)
	if d.isTicket(words) || isIdle {
		return true
	}
	said := words
	if last := len(words) - 1; last > 0 && words[last].isKeyword("end") && words[last].means == "" {
		said = words[:last] // the end of what stands before
	}
	return !slices.ContainsFunc(said, d.isRisky) && !d.namesOther(words) && !d.isNearLicense(words) &&
		!d.countsSeats(words) && !d.saysWhen(words)
}

// namesDated reports whether words name something with a day in its name: year end reporting, release 4.2.
func (d *draft) namesDated(words []word) bool {
	relative := []string{"next", "this", "last", "latest", "starts", "start", "early", "late", "half"}
	isOther := func(w word) bool {
		return isActing(w) || (item{word: w}).isNumber() || w.isOneOf(relative) || w.isOneOf(dayEnds) ||
			w.isOneOf(prepositions) || w.isOneOf(openers) || d.isUndoing(w) || d.isNearName(w)
	}
	return d.ask.Action == approvals.Add && len(words) > 1 && words[len(words)-1].saysMuch() && d.isDated(words) &&
		!slices.ContainsFunc(words, isOther) && !d.mayNameGroup(words, true)
}

// isDated reports whether words are harmless but for a day that they name: month end closing, release 26.12.
func (d *draft) isDated(words []word) bool {
	isSaying := func(w word) bool { return w.saysMuch() && !soundsLikeTime(w) && !isEndWord(w) }
	isHarmful := func(w word) bool {
		return w.isOneOf(untilWords) || w.isOneOf(startWords) || w.isKeyword("for") || d.isRisky(w) && !w.isKeyword("end")
	}
	return d.ask.Reason == "" && slices.ContainsFunc(words, isSaying) && !slices.ContainsFunc(words, isHarmful) &&
		!d.countsTime(words) && !d.namesOther(words) && !d.isNearLicense(words)
}

// countsTime reports whether there is a number that is no part of a day, or a length of time.
func (d *draft) countsTime(words []word) bool {
	for i, w := range words {
		isNumber := (item{word: w}).isNumber()
		isLength := isUnit(w) && (len(w.text) < 3 || i > 0 && (item{word: words[i-1]}).isNumber())
		if isNumber && !isOfDay(words, i) || isLength || d.readEnd(words[i:]).n > 0 {
			return true
		}
	}
	return false
}

// isOfDay reports whether a number is a part of a day or names a week: 1 December, week 50.
func isOfDay(words []word, i int) bool {
	_, isMonth := findMonth(wordAt(words, i+1).lower())
	isWeek := i > 0 && words[i-1].isOneOf([]string{"week", "kw", "cw"})
	_, isBehindMonth := findMonth(words[max(i-1, 0)].lower())
	return isDigits(words[i].text) && (isMonth || isWeek || isBehindMonth)
}

// isRisky reports whether a word may turn, limit, put off or undo what is asked for.
func (d *draft) isRisky(w word) bool {
	isRemoval := d.ask.Action == approvals.Remove
	isUndone := isActing(w) && !isRemoval
	return w.isHedged() && !isRemoval || w.isOneOf(hedges) || isUndone || w.isOneOf(onlyWords) || w.isOneOf(moreWords) ||
		w.isOneOf(vagueWords) || w.isOneOf(undoWords) || w.isOneOf(everything) ||
		!isRemoval && (w.isOneOf(idLookups[0].words) || w.isOneOf(idleWords))
}

// takeTold asks about licenses that a sentence of its own only mentions, beside those that are asked for: they
// use Attended. So it does where a license stands behind the word for.
func (d *draft) takeTold(items []item) []item {
	if !d.knowsGroups() || d.isTrial {
		return items
	}
	trial := &draft{reader: d.reader, isTrial: true}
	from, named := 0, 0         // where the sentence begins, and where the last license ends
	var before, inside []string // the licenses that stand before it, and in it
	for i, it := range items {
		if found := trial.licensesAt(items[i:]); i >= named && !found.isNone() {
			named = i + found.n
			if at := forBefore(items, i); at > 0 && len(before)+len(inside) > 0 {
				return d.askTold(items, at, i+1)
			}
			inside = append(inside, strings.Join(found.codes, " or "))
		}
		if i+1 < len(items) && !it.endsClause {
			continue
		}
		sentence := items[from : i+1]
		switch isTold := len(before) > 0 && len(inside) > 0; {
		case isTold && tellsOfUse(sentence):
			return d.askTold(items, from, i+1)
		case isTold && len(approvals.Without(inside, before)) == 0 && d.takeNamedAgain(sentence):
			return slices.Concat(items[:from], []item{{kind: gap, endsClause: true}}, items[i+1:])
		}
		from, before, inside = i+1, append(before, inside...), nil
	}
	return items
}

// takeNamedAgain takes words that name a license once more, and say something else, as the reason: citizen
// developer training.
func (d *draft) takeNamedAgain(items []item) bool {
	words := plainWords(items)
	isName := func(w word) bool {
		return slices.ContainsFunc(d.names, func(l licenseName) bool { return slices.Contains(l.words, nameKey(w.text)) })
	}
	isOther := func(w word) bool { return w.saysMuch() && !isName(w) && !d.isAskable(w.text) }
	hasLimit := func(w word) bool { return limitSign.MatchString(w.text) }
	if len(words) < len(items) || slices.ContainsFunc(words, hasLimit) || d.ask.Reason != "" ||
		!slices.ContainsFunc(words, isOther) || slices.ContainsFunc(words, d.isRisky) || d.countsSeats(words) ||
		d.saysWhen(words) {
		return false
	}
	reason := reasonOf(words)
	d.ask.Reason = reason
	d.noteReason(readsLikeReason, reason, reason)
	return true
}

// forBefore is where the word for stands before an item, maybe with words that count it between them. It is
// zero if there is none, or if it belongs to what stands before it.
func forBefore(items []item, i int) int {
	for i--; i >= 0 && (items[i].isNumber() || items[i].isOneOf([]string{"our", "the", "their", "my"})); i-- {
	}
	if i > 0 && items[i].isKeyword("for") && items[i-1].kind != gap && !items[i-1].isNumber() {
		return i
	}
	return 0
}

// tellsOfUse reports whether a sentence tells who has or needs something.
func tellsOfUse(items []item) bool {
	words := plainWords(items)
	if len(words) < len(items) {
		return false
	}
	isUse := func(w word) bool {
		return w.isOneOf(wantVerbs) || w.isOneOf([]string{"has", "uses", "using", "like", "likes"})
	}
	isSubject := words[0].isOneOf(clauseWords) || words[0].isOneOf([]string{"the", "our"})
	return isSubject && slices.ContainsFunc(words[1:], isUse)
}

// askTold asks whether words give the reason.
func (d *draft) askTold(items []item, from, to int) []item {
	d.isUnclear = true
	d.noteOpen("%s can be the reason, or a part of the request. Write a reason after %s.",
		Typed(joinTexts(items[from:to])), Typed("because"))
	return slices.Concat(items[:from], []item{{kind: gap, endsClause: true}}, items[to:])
}

// isUndoing reports whether a word says that a license is not wanted, or under a condition.
func (d *draft) isUndoing(w word) bool {
	return w.isOneOf(undoWords) && !w.isKeyword("with") && !w.isKeyword("add") ||
		d.ask.Action != approvals.Remove && w.isOneOf(idleWords)
}

// undoWords say that a license is not wanted, not yet, not for long, or that somebody has to agree.
var undoWords = []string{
	"hold", "trial", "loan", "unlimited", briefly, "temporary", "temporarily", "temp", "wait", "add", "grant", "extend",
	"longer", "with", "return", "must", "first", "confirm", "confirmed", "postponed", "afterwards", "lapse", "vanish",
	"short-term", "tbc", "tbd", "renewal", "extension", "excl", "incl", "including", "read-only", "against", "refuse",
	"refused", "decline", "declined", "disagree", "disagrees", "reject", "rejected", "accident", "error", "wrongly",
	"joke",
	"doubt", "doubts", "unsure", "forget", "nvm", "likewise", "ebenso", "evenals", "idem", "ainsi", "así", "subject",
	"exclusively", "instead", "dagegen", "erledigt", "irrtum", "falsch", "erreur", "probe", "testweise", "essai", "prueba",
	"vorbehalt", "vorbehaltlich", "fürs", "réserve", "withdrawn", "tegen",
}

// idleWords say of a license that it is not needed. That is why it is taken out, and no reason to add it.
var idleWords = []string{
	"unused", "obsolete", "redundant", "surplus", "superfluous", "offboarding", "removal", "nobody", "niemand", "nadie",
	"dissolved", "enough", "idle", "leaver", "leavers", "aufgelöst", "opgeheven", "pending",
}

// seasons are times without a day.
var seasons = []string{"spring", "summer", "autumn", "winter", "easter", "afterwards", "quarter", "semester"}

// namesOther reports whether words name a group or a license.
func (d *draft) namesOther(words []word) bool {
	isOwn := func(w word) bool { return w.means == nothing }
	others := slices.DeleteFunc(slices.Clone(words), isOwn)
	isCode := func(w word) bool { return d.isAskable(w.text) }
	if d.isGroup(d.ask.Group + " " + joinWords(words)) {
		return true
	}
	return len(others) > 0 && (d.namesGroup(others) || d.mayNameLicense(others) || slices.ContainsFunc(others, isCode))
}

// isNearLicense reports whether a few words are near to a code or the name of a license.
func (d *draft) isNearLicense(words []word) bool {
	isCode := func(w word) bool {
		return IsCode(w.text) && (looksOwned(w.text) || len(d.nearest(w.text)) > 0) && !d.isTicket([]word{w})
	}
	isShort := len(words) < 3 && (d.hasLicense(words) || len(d.nearest(joinWords(words))) > 0)
	return isShort || slices.ContainsFunc(words, isCode)
}

// countsSeats reports whether there is a number that counts something, and belongs to no name such as phase 3.
func (d *draft) countsSeats(words []word) bool {
	for i, w := range words {
		isLimit := i > 0 && (words[i-1].isOneOf(roughWords) || words[i-1].isOneOf(limitNouns) ||
			words[i-1].isOneOf([]string{"least", "most", "minus", "count"})) || wordAt(words, i+1).isOneOf(seatWords)
		isName := isNumbered(words, i) && !isLimit || d.isTicket(words[i:i+1]) || year.MatchString(w.text) && i > 0
		if (item{word: w}).isNumber() && !isName || w.isOneOf(eachWords) || strings.HasPrefix(w.text, "+") {
			return true
		}
	}
	return false
}

// saysWhen reports whether there is a time among words.
func (d *draft) saysWhen(words []word) bool {
	for i, w := range words {
		first, last, isRange := strings.Cut(w.lower(), "-")
		isQuarter := len(words) == 1 && quarter.MatchString(w.lower())
		isName := i+1 < len(words) && isPartOfName(words[i:], i > 0)
		if isRange && isWeekday(first) && isWeekday(last) || isQuarter || !isName && d.isTimeAt(words, i) {
			return true
		}
	}
	return mentionsPeriod(words)
}

// isTimeAt reports whether a word begins a day, a length of time or an end, or is a part of one.
func (d *draft) isTimeAt(words []word, i int) bool {
	w := words[i]
	_, days := d.readDay(words[i:])
	_, isMonth := findMonth(w.lower())
	isNext := w.isOneOf([]string{"next", "this", "coming", "rest"}) && (isUnit(wordAt(words, i+1)) || len(words) == 1)
	isSeason := w.isOneOf(seasons) && i+1 == len(words)
	return days > 0 || isMonth && !w.isKeyword("may") || isUnit(w) || isNext || isSeason || w.isOneOf(startWords) ||
		w.isOneOf(untilWords)
}
