package command

import (
	"slices"
	"strings"
	"unicode"

	"licensebot/approvals"
)

// takeWords takes words that change how the rest is meant: only, more, all, and verbs that
// set a limit.
func (d *draft) takeWords(items []item) []item {
	var rest []item
	d.saysExactly = slices.ContainsFunc(items, func(it item) bool { return it.means == "exactly" })
	d.takeOnlyTwice(items)
	for i := 0; i < len(items); i++ {
		it, behind := items[i], items[i+1:]
		isOnly := it.isOneOf(onlyWords)
		switch {
		case it.kind != plain, isUpAlone(items, i):
			rest = append(rest, it)
		case d.takeSignature(items[i:]):
			return rest
		case it.isOneOf(prepositions) && areAboutPersons(plainWords(behind)) && !d.standsBefore(behind):
			i += len(plainWords(behind))
		case d.takeMore(it, slices.ContainsFunc(items, item.isNumber)):
			rest, items = withoutNumbers(rest), slices.Concat(items[:i+1], withoutNumbers(behind))
		case isOnly && d.isOnlyUntil(items, i):
		case isOnly && saysWhatIs(items, i), !d.takeAmount(it, behind) && !d.takeWord(it):
			rest = append(rest, it)
		}
	}
	return rest
}

// isUpAlone reports whether an item is the word up, apart from the group: set it up.
func isUpAlone(items []item, i int) bool {
	return items[i].isKeyword("up") && (i == 0 || items[i-1].kind != group)
}

// takeSignature leaves out the end of a letter, if all items are that.
func (d *draft) takeSignature(items []item) bool {
	if !items[0].isOneOf(signOffs) || !d.isSigned(items[1:]) {
		return false
	}
	letter := typedText(plainWords(items))
	d.noteCorrection(letter, "", "%s is left out.", Typed(letter))
	return true
}

// takeMore asks how many seats there are to be in all, where a word says how many more.
func (d *draft) takeMore(it item, hasNumber bool) bool {
	if !it.isOneOf(moreWords) || d.ask.Action != approvals.Add || d.onlyCode() == "" {
		return false
	}
	if !hasNumber {
		d.isUnclear = true // it may have no limit
		d.noteOpen("A seat limit is how many seats the group may use in all. Say the whole number, or leave out %s.",
			Typed(it.text))
		return true
	}
	d.askLimit("A seat limit is how many seats the group may use in all. Say the whole number in place of %s.",
		Typed(it.text))
	return true
}

// takeOnlyTwice takes two words such as only for exactly: only these, nothing else.
func (d *draft) takeOnlyTwice(items []item) {
	n := 0
	for i, it := range items {
		isOfSeats := i+1 < len(items) && items[i+1].isNumber()
		if it.kind == plain && it.isOneOf(onlyWords) && !isOfSeats {
			n++
		}
	}
	if n > 1 && d.ask.Action == approvals.Add && !d.saysExactly {
		d.takeWord(item{word: word{text: "exactly"}})
	}
}

func withoutNumbers(items []item) []item {
	return slices.DeleteFunc(slices.Clone(items), item.isNumber)
}

// takeAmount takes a word that says how many seats are meant, or that there are no more.
func (d *draft) takeAmount(it item, behind []item) bool {
	switch {
	case it.isOneOf(onlyWords) && d.ask.Action != approvals.Add:
	case d.limitsSeats(it) && len(behind) > 0 && behind[0].isNumber():
		d.noteCorrection(it.text, "", "%s is left out.", Typed(it.text))
	case it.isKeyword("unlimited") && d.ask.Action != approvals.Remove && len(d.ask.Quotas) == 0:
		d.noteUnlimited(it)
	case it.isOneOf(vagueWords) && d.onlyCode() != "" && d.ask.Action != approvals.Remove:
		d.askLimit("%s is no number of seats. Say how many the group may use, or leave it out.", Typed(it.text))
	default:
		return false
	}
	return true
}

// noteUnlimited answers a word for no limit. Where nothing else is asked for, it may be about a limit
// that the group has.
func (d *draft) noteUnlimited(it item) {
	if d.ask.Action == approvals.Add && !d.isSaid && !d.ask.IsTimed() {
		d.isUnclear = true
		d.noteOpen("A code without a number sets no seat limit, and one that the group has stays: the bot lifts none. "+
			"Leave %s out.", Typed(it.text))
		return
	}
	d.noteCorrection(it.text, "", "%s is left out: a code without a number sets no seat limit, and one that the group "+
		"has stays.", Typed(it.text))
}

// limitsSeats reports whether a word before a number says that there are no more seats. Beside several
// licenses exactly may be about all of them.
func (d *draft) limitsSeats(it item) bool {
	return it.isOneOf(onlyWords) && (!it.isKeyword("exactly") || len(d.ask.Codes) == 1)
}

// isOnlyUntil reports whether a word such as only stands beside the end: only until then.
func (d *draft) isOnlyUntil(items []item, i int) bool {
	isBehind := i > 0 && items[i-1].isEnd && d.ask.Action == approvals.Add
	return isBehind || i+1 < len(items) && items[i+1].isEnd
}

// saysWhatIs reports whether a word beside it says what is so, and not what is asked for.
func saysWhatIs(items []item, i int) bool {
	isSaying := func(it item) bool { return it.isOneOf([]string{"has", "had", "got"}) }
	return i > 0 && isSaying(items[i-1]) || i+1 < len(items) && isSaying(items[i+1])
}

// takeWord takes a word that changes how the rest is meant, if it is one.
func (d *draft) takeWord(it item) bool {
	switch {
	case it.isOneOf(onlyWords) && d.ask.Action == approvals.Add:
		d.takeOnly(it)
	case it.isOneOf(limitWords) && d.action == approvals.Set && d.isSaid && len(d.ask.Codes) > 0:
		d.askSetOfOne()
	case it.isOneOf([]string{besides, "too", "additionally"}) && d.ask.Action == approvals.Set && d.isSaid:
		d.askWhich("%s takes out what is not named.", []any{Typed(approvals.Set)}, withAction(approvals.Add), unchanged)
	case it.isOneOf(everything) && d.ask.Action == approvals.Remove:
		d.takeEverything(it)
	default:
		return d.takeLimitWord(it)
	}
	return true
}

// takeOnly takes a word that says that there is nothing else. The word exactly says it of the licenses; beside
// it another one adds nothing.
func (d *draft) takeOnly(it item) {
	switch {
	case it.isKeyword("exactly"):
		d.ask.Action = approvals.Set
		d.noteCorrection(it.text, string(approvals.Set), "To give a group exactly these codes and no other, begin with %s.",
			Typed(approvals.Set))
	case !d.saysExactly:
		d.askWhich("%s can mean that the group keeps no other license (then begin with %s), or just that one is added.",
			[]any{Typed(it.text), Typed(approvals.Set)}, withAction(approvals.Set), unchanged)
	}
}

// takeLimitWord takes a verb that changes a limit or an end, or by how much.
func (d *draft) takeLimitWord(it item) bool {
	switch {
	case it.isOneOf(limitVerbs) && !it.isFiller() && d.ask.Action == approvals.Add && !d.isSaid:
		d.limitVerb = it.text
	case it.isKeyword("by") && d.limitVerb != "":
		d.isByAmount = true
	case it.isKeyword("by") && d.isLate && d.hasEnd:
		d.refuseLength()
	default:
		return false
	}
	return true
}

// onlyWords say that there is nothing else.
var onlyWords = []string{"only", "just", "exactly"}

// limitWords stand beside set where it is no list of all codes: they name a seat limit, or are
// the second half of "set up".
var limitWords = []string{"limit", "limits", "cap", "quota", "max", "maximum", "up"}

// askLimit asks for the limit of the only code.
func (d *draft) askLimit(format string, args ...any) {
	d.seatsOf = d.onlyCode()
	d.noteOpen(format, args...)
}

// signOffs end a letter, before the name of its writer.
var signOffs = []string{"best", "cheers", "regards", "thanks", "thx", "greetings", "grüße", "gruß"}

// isSigned reports whether all that follows is the name of a person.
func (d *draft) isSigned(items []item) bool {
	words := plainWords(items)
	if len(words) != len(items) || len(words) == 0 || len(words) > 2 {
		return false
	}
	isOther := func(w word) bool {
		first := []rune(w.text)[0]
		return w.quoted || !unicode.IsUpper(first) || len([]rune(w.text)) < 3 || strings.ToUpper(w.text) == w.text ||
			w.means != "" || len(d.nearGroups(w.text)) > 0 || len(d.nearest(w.text)) > 0
	}
	return !slices.ContainsFunc(words, isOther)
}

// takeEverything takes all out of a group if no codes are named.
func (d *draft) takeEverything(it item) {
	if len(d.ask.Codes) > 0 || d.question != nil {
		return
	}
	d.ask.Action, d.ask.MayEmpty = approvals.Set, true
	d.noteCorrection(it.text, WordEmpty, "To leave a group without codes, set it to %s.", Typed(WordEmpty))
}

// requireLimit asks for the limit that a verb such as increase is about.
func (d *draft) requireLimit() {
	switch {
	case len(d.ask.Quotas) == 0 && d.limit == "" && d.startsWithLimit:
		d.askWhich("%s without a number can mean that the group keeps no other license, or just that one is added.",
			[]any{Typed("limit")}, withAction(approvals.Set), unchanged)
	case d.limitVerb == "" || d.question != nil:
	case len(d.ask.Quotas) == 0 && d.limit != "" && !d.isByAmount:
		d.isUnclear = true
		d.askLimit("A request can set another seat limit, but takes none away. Say how many seats the group may use in all, "+
			"such as %s.", Typed("IDU=100"))
	case len(d.ask.Quotas) == 0, d.isByAmount:
		d.ask.Quotas = nil
		d.askLimit("Say how many seats the group may use in all, such as %s.", Typed("IDU=10"))
	case d.saysTo, strings.EqualFold(d.limit, "limit"): // it says just that
	default:
		d.noteCorrection(d.limitVerb, "", "A seat limit is written next to its code, such as %s.", Typed("IDU=10"))
	}
}

// areAboutPersons reports whether words only say for which person.
func areAboutPersons(words []word) bool {
	isOther := func(w word) bool {
		return !w.isOneOf(personWords) && !w.isOneOf([]string{"team", "department"}) && !(item{word: w}).isFiller()
	}
	hasPerson := slices.ContainsFunc(words, func(w word) bool { return w.isOneOf(personWords) || w.isKeyword("team") })
	return hasPerson && !slices.ContainsFunc(words, isOther)
}

func hasLicense(items []item) bool {
	return slices.ContainsFunc(items, func(it item) bool { return it.kind == license })
}

// isOneNumber reports whether there is one number.
func isOneNumber(items []item) bool {
	at := slices.IndexFunc(items, item.isNumber)
	return at >= 0 && !slices.ContainsFunc(items[at+1:], item.isNumber)
}

func hasRequestID(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool {
		hasDigit := strings.ContainsAny(w.text, "0123456789") // no word such as attended
		return isRequestID(w.text) || hasDigit && isRequestID("R-"+w.text)
	})
}
