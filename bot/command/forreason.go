package command

import (
	"maps"
	"slices"
	"strings"
)

// takeForReason takes words behind "for", up to punctuation or the end, that are neither a time
// nor a group nor a license: they are a reason.
func (d *draft) takeForReason(items []item) []item {
	for i, it := range items {
		isSeats := i+2 < len(items) && items[i+1].isNumber() && items[i+2].isOneOf(seatWords)
		if !it.isKeyword("for") || isSeats || d.standsBefore(items[i+1:]) || d.isInClause(items, i) {
			continue
		}
		words := clauseWordsAt(items[i+1:])
		end := i + 1 + len(words)
		switch {
		case len(words) == 0 && end == len(items):
			d.endToFill = "for <time>"
			d.noteOpen("Say after %s when it ends, such as %s or %s.", Typed("for"), Typed("for 30d"),
				Typed("until "+d.exampleDay()))
		case d.isNoForReason(items, i, words):
			continue
		default:
			d.takeForWords(withoutPoliteness(words))
		}
		return slices.Concat(items[:i], []item{{kind: gap, endsClause: true, isEnd: d.endToFill != ""}}, items[end:])
	}
	return items
}

// clauseWordsAt are the words up to punctuation or to the next item that is understood.
func clauseWordsAt(items []item) []word {
	words := plainWords(items)
	if n := slices.IndexFunc(items[:len(words)], func(it item) bool { return it.endsClause }); n >= 0 {
		return words[:n+1]
	}
	return words
}

// isNoForReason reports whether words behind "for" may be something else than a reason.
func (d *draft) isNoForReason(items []item, i int, words []word) bool {
	end := i + 1 + len(words)
	isWhole := end == len(items) || items[end-1].endsClause || items[end].kind == gap && !items[end].isNaked
	mayBeGroup := d.group.from < 0 && i > 0 && !items[i-1].endsClause
	return len(words) == 0 || !isWhole || mayBeGroup || d.isGroup(joinWords(words)) || d.namesGroup(words) ||
		areAboutPersons(words) || slices.ContainsFunc(words, word.isHedged)
}

// isInClause reports whether a word stands behind another that is no part of the request: what
// follows belongs to that one.
func (d *draft) isInClause(items []item, i int) bool {
	if i == 0 || items[i-1].kind != plain || items[i-1].endsClause {
		return false
	}
	isPart, _ := d.findParts(items)
	before := items[i-1]
	from := i
	for from > 0 && items[from-1].kind == plain && !items[from-1].endsClause {
		from--
	}
	isApart := from > 0 && items[from-1].endsClause && !slices.Contains(isPart[from:i], true)
	if isApart && hasSubject(plainWords(items[from:])) {
		return true // they need it for …
	}
	return !isPart[i-1] && !before.isFiller() && !before.isNumber() && !before.isOneOf(addVerbs) &&
		!before.isOneOf(politeWords) && !before.isOneOf(prepositions)
}

// takeForWords takes words behind "for" as a reason, if they name no day and sound like no time.
func (d *draft) takeForWords(words []word) {
	reason := strings.TrimRight(joinTyped(words), ".,;:?")
	switch {
	case len(words) == 0: // they were thanks
	case d.nameDay(words) && !d.hasEnd:
		d.endToFill = "until <day>"
		d.noteOpen("%s can be when it is needed, or when it ends. Say when it ends with %s.",
			Typed("for "+joinWords(words)), Typed("until"))
	case d.ask.Reason != "" || !d.canBeReason(words):
		if d.isUnclear = d.hasEnd || !soundLikeTime(words) && len(words) > 1; !d.isUnclear {
			d.endToFill = "for <time>"
		}
		d.noteOpen("%s is no time that I understand. Write it such as %s. A reason stands after %s.",
			Typed("for "+reason), Typed("for 30 days"), Typed("because"))
	default:
		d.ask.Reason = reason
		d.noteCorrection("for "+reason, "because "+reason, "%s is no time. If it is the reason, write it after %s.",
			Typed("for "+reason), Typed("because"))
	}
}

// canBeReason reports whether words behind "for" say why, and how many seats or when it ends they do not say.
func (d *draft) canBeReason(words []word) bool {
	isSaying := func(w word) bool { return w.saysMuch() && !soundsLikeTime(w) }
	return slices.ContainsFunc(words, isSaying) && !slices.ContainsFunc(words, isGlued) && !d.countsSeats(words) &&
		(d.hasEnd || !soundLikeTime(words))
}

// isGlued reports whether a word that begins a reason is stuck to another one.
func isGlued(w word) bool {
	_, last, isTwo := strings.Cut(w.lower(), "-")
	return isTwo && slices.Contains(reasonWords, last)
}

// nameDay reports whether words behind "for" name a day or a month: the whole of December.
func (d *draft) nameDay(words []word) bool {
	_, days := d.readDay(words)
	if days > 0 && days < len(words) && isPartOfName(words[days-1:], false) {
		days = 0
	}
	_, isMonth := findMonth(words[0].lower())
	last := words[len(words)-1].lower()
	_, endsInMonth := findMonth(last)
	return days > 0 || isMonth || endsInMonth && len(last) > 3
}

// standsBefore reports whether a group, a license or a number of seats follows.
func (d *draft) standsBefore(items []item) bool {
	trial := &draft{reader: d.reader, isTrial: true}
	for i, it := range items {
		if it.kind != plain || d.Licenses != nil && !trial.licensesAt(items[i:]).isNone() {
			return it.kind != gap
		}
		if !it.isFiller() && !it.isNumber() {
			return false
		}
	}
	return false
}

// soundLikeTime reports whether a word, or two that were split, may be a part of a time.
func soundLikeTime(words []word) bool {
	isNamed := func(i int) bool {
		isDay := i > 1 && isPartOfName(words[i-1:], true)
		return ticketKey.MatchString(words[i].text) || isNumbered(words, i) || isDay ||
			i+1 < len(words) && isPartOfName(words[i:], i > 0)
	}
	for i, w := range words {
		if isNamed(i) {
			continue
		}
		isSplit := i > 0 && !isNamed(i-1) && soundsLikeTime(word{text: words[i-1].text + w.text})
		if soundsLikeTime(w) || isSplit {
			return true
		}
	}
	return false
}

// isNumbered reports whether a number belongs to what stands before it: phase 3.
func isNumbered(words []word, i int) bool {
	return i > 0 && number.MatchString(words[i].text) && words[i-1].saysMuch() && len(words[i-1].text) > 3 &&
		!soundsLikeTime(words[i-1]) && !isUnit(wordAt(words, i+1))
}

// isPartOfName reports whether the first word, which sounds like a time, is a part of what is
// named: the year-end audit, the Q4 figures, the kickoff next Monday.
func isPartOfName(words []word, isBehind bool) bool {
	first := words[0].lower()
	isDay := isBehind && words[0].isOneOf([]string{"next", "this"}) && strings.HasSuffix(words[1].lower(), "day")
	isWeekend := isBehind && words[0].isOneOf([]string{"next", "this"}) && words[1].isKeyword("weekend")
	return strings.Contains(first, "-") && !strings.ContainsAny(first, "0123456789") || quarter.MatchString(first) ||
		isDay || isWeekend
}

// soundsLikeTime reports whether a word may be a part of a time that was mistyped.
func soundsLikeTime(w word) bool {
	text := w.lower()
	if (item{word: w}).isFiller() {
		return false
	}
	if strings.ContainsAny(text, "0123456789") {
		return true
	}
	for name := range units {
		isWord := len(name) > 3 || name == "day"
		isGlued := strings.HasPrefix(text, name) || strings.HasSuffix(strings.TrimSuffix(text, "s"), name)
		if isWord && (isOneEdit(text, name) || isOneEdit(text, name+"s") || isGlued) {
			return true
		}
	}
	others := slices.Concat(numberWords, slices.Collect(maps.Keys(tens)), forGood, []string{
		"good", "ever", "next", "rest", "remainder", "this", "tonight", "duration", "period", "length", "time", "meantime",
		"moment", "present",
	})
	return slices.ContainsFunc(others, func(name string) bool {
		return isOneEdit(text, name)
	})
}
