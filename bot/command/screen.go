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
	if len(words) == 0 || strings.HasSuffix(words[len(words)-1].typed, "?") {
		return false
	}
	if d.isTicket(words) {
		return true
	}
	said := words
	if last := len(words) - 1; last > 0 && words[last].isKeyword("end") && words[last].means == "" {
		said = words[:last] // the end of what stands before
	}
	return !slices.ContainsFunc(said, d.isRisky) && !d.namesOther(words) && !d.isNearLicense(words) &&
		!d.countsSeats(words) && !d.saysWhen(words)
}

// isDated reports whether words are harmless but for a day that they name: month end closing, release 26.12.
func (d *draft) isDated(words []word) bool {
	isEnd := func(w word) bool { return w.isOneOf(untilWords) || w.isOneOf(startWords) || w.isKeyword("for") }
	isSaying := func(w word) bool { return w.saysMuch() && !soundsLikeTime(w) && !isEndWord(w) }
	isCounted := false
	for i := range words {
		isCounted = isCounted || d.readEnd(words[i:]).n > 0 || isUnit(words[i]) && i > 0 && (item{word: words[i-1]}).isNumber()
	}
	return d.ask.Reason == "" && !isCounted && slices.ContainsFunc(words, isSaying) && !slices.ContainsFunc(words, isEnd) &&
		!slices.ContainsFunc(words, func(w word) bool { return d.isRisky(w) && !w.isKeyword("end") }) &&
		!d.namesOther(words) && !d.isNearLicense(words)
}

// isRisky reports whether a word may turn, limit, put off or undo what is asked for.
func (d *draft) isRisky(w word) bool {
	isRemoval := d.ask.Action == approvals.Remove
	isUndone := isActing(w) && !isRemoval
	return w.isHedged() && !isRemoval || w.isOneOf(hedges) || isUndone || w.isOneOf(onlyWords) || w.isOneOf(moreWords) ||
		w.isOneOf(vagueWords) || w.isOneOf(undoWords) || w.isOneOf(idLookups[0].words) || w.isOneOf(everything)
}

// undoWords say that a license is not wanted, or not yet.
var undoWords = []string{
	"unused", "obsolete", "redundant", "surplus", "offboarding", "removal", "hold", "pending", "trial", "loan",
	"unlimited",
	briefly, "temporary", "temporarily", "temp", "wait", "add", "grant", "extend", "longer", "with", "return",
}

// namesOther reports whether words name a group or a license.
func (d *draft) namesOther(words []word) bool {
	isOwn := func(w word) bool { return w.means == nothing }
	others := slices.DeleteFunc(slices.Clone(words), isOwn)
	isCode := func(w word) bool { return d.isAskable(w.text) }
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
		_, days := d.readDay(words[i:])
		_, isMonth := findMonth(w.lower())
		isMonth = isMonth && !w.isKeyword("may")
		if first, last, isRange := strings.Cut(w.lower(), "-"); isRange && isWeekday(first) && isWeekday(last) {
			return true
		}
		isNext := w.isOneOf([]string{"next", "this", "coming", "rest"}) && (isUnit(wordAt(words, i+1)) || len(words) == 1)
		isName := i+1 < len(words) && isPartOfName(words[i:], i > 0)
		isTime := days > 0 || isMonth || isUnit(w) || isNext || w.isOneOf(startWords) || w.isOneOf(untilWords)
		if isTime && !isName {
			return true
		}
	}
	return mentionsPeriod(words)
}
