package command

import (
	"slices"
	"strings"
	"unicode"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// takeRest deals with what is left.
func (d *draft) takeRest(items []item) {
	left, quoted := d.leftOf(items)
	if d.takeLoneSeats(items, len(left) == 1) {
		left = slices.DeleteFunc(left, item.isNumber)
	}
	if len(left) == 0 || len(quoted) == 1 && d.takeLoneDay(left) || d.refuseDay(left) {
		return
	}
	d.isUnclear = d.isUnclear || len(quoted) > 1 || !d.mayNamePart(items, left)
	d.noteLeft(left, Typed(strings.Join(quoted, " … ")))
}

// leftOf are the words that are not understood, and their texts with what stands between them. It takes the word
// empty.
func (d *draft) leftOf(items []item) (left []item, quoted []string) {
	last := -1
	for i, it := range items {
		switch {
		case it.isKeyword(WordEmpty), it.isKeyword(formerWordEmpty):
			d.ask.MayEmpty = true
		case it.kind == plain && !d.meansNothing(items, i):
			if n := len(plainWords(items[last+1:])); last < 0 || last+1+n < i {
				quoted = append(quoted, it.text)
			} else {
				quoted[len(quoted)-1] += " " + joinTexts(items[last+1:i+1])
			}
			left, last = append(left, it), i
		}
	}
	return left, quoted
}

// mayNamePart reports whether words that are not understood can be nothing but what a gap stands
// for: seats, the license or the group that is missing, or a person. Other words may change what is asked for, so
// no command is offered that leaves them out.
func (d *draft) mayNamePart(items, left []item) bool {
	isOther := func(it item) bool {
		return it.isHedged() || isActing(it.word) || isUnit(it.word) || it.isOneOf(requestWords)
	}
	first := left[0]
	switch {
	case mention.MatchString(first.text) || isPerson(first.text):
		return len(left) == 1
	case !slices.ContainsFunc(left, func(it item) bool { return lettersOf(it.text) != digitsOf(it.text) }):
		return true // numbers
	case slices.ContainsFunc(left, isOther):
		return false
	case d.group.from < 0:
		return true
	}
	isVerbSaid := d.isSaid || slices.ContainsFunc(items, func(it item) bool { return it.isOneOf(wantVerbs) })
	return len(d.ask.Codes) == 0 && (isVerbSaid || len(left) == 1 && !isBeforeGroup(items, first))
}

// isBeforeGroup reports whether a word stands before the group like a verb, without a preposition between them.
func isBeforeGroup(items []item, w item) bool {
	at := slices.IndexFunc(items, func(it item) bool { return it.kind == plain && it.word == w.word }) + 1
	for at < len(items) && items[at].isFiller() {
		at++
	}
	return at < len(items) && items[at].kind == group
}

// wantVerbs say in a sentence that a group is to have licenses.
var wantVerbs = []string{"need", "needs", "needed", "want", "wants", "get", "gets", "have", "use", "required"}

// isUnit reports whether a word is a unit of time.
func isUnit(w word) bool {
	_, ok := findUnit(w.lower())
	return ok
}

// standsAlone reports whether punctuation is on both sides of a number, maybe with a word for
// seats behind it.
func standsAlone(items []item, at int) bool {
	end := at
	if at+1 < len(items) && items[at+1].isOneOf(seatWords) {
		end++
	}
	for at > 1 && (items[at-1].isFiller() || items[at-1].isKeyword("to")) && !items[at-1].endsClause {
		at--
	}
	return at > 0 && items[at-1].endsClause && (end == len(items)-1 || items[end].endsClause)
}

// meansNothing reports whether a word adds nothing to what is understood.
func (d *draft) meansNothing(items []item, i int) bool {
	it, behind := items[i], items[i+1:]
	if isSwap(items, i) {
		return false
	}
	isToEmpty := it.isKeyword("to") && len(behind) > 0 && behind[0].isKeyword(WordEmpty)
	return isToEmpty || it.isFiller() || it.isOneOf(politeWords) || d.isOnTop(it) ||
		it.isOneOf(addVerbs) && !d.isSaid || it.isOneOf(prepositions) && d.standsBefore(behind) ||
		d.saysRemovalAgain(items, i)
}

// isOnTop reports whether a word says no more than what is so anyway: that licenses are kept until their end,
// are given again, or of which request the end is another one.
func (d *draft) isOnTop(it item) bool {
	isKept := d.ask.IsTimed() && it.isOneOf([]string{"keep", "keeps"})
	isAgain := d.ask.Action == approvals.Add && it.isKeyword("again")
	return isKept || isAgain || d.isLate && isRequestID(it.text)
}

// isSwap reports whether a word between two licenses may say that one takes the place of the other.
func isSwap(items []item, i int) bool {
	return (isArrow(items[i].text) || items[i].isKeyword("to")) && i > 0 && i+1 < len(items) &&
		items[i-1].kind == license && items[i+1].kind == license
}

// saysRemovalAgain reports whether an item says no more than that codes are removed, and now, as the request
// says anyway.
func (d *draft) saysRemovalAgain(items []item, i int) bool {
	if !d.isSaid || d.action != approvals.Remove {
		return false
	}
	again := slices.Concat(removeVerbs, []string{"back", "off", "again", "weg", unneeded})
	return items[i].isOneOf([]string{"away", "today", "now"}) ||
		(i == 0 || !hasLicense(items[i:])) && items[i].isOneOf(again)
}

// takeLoneSeats takes the only number as the limit of the only code, if it is all that is left or stands alone.
func (d *draft) takeLoneSeats(items []item, isAllLeft bool) bool {
	at := slices.IndexFunc(items, item.isNumber)
	if at < 0 || !isOneNumber(items) || !d.areLoneSeats(items, at) || !isAllLeft && !standsAlone(items, at) {
		return false
	}
	it, code := items[at], d.onlyCode()
	limit, _ := it.count()
	d.readLimit(code, limit)
	if !standsAlone(items, at) && !items[at-1].isOneOf([]string{"max", "maximum", "limit", "most"}) {
		d.noteCorrection(it.text, FormatCode(code, d.ask.Quotas), "A seat limit is written next to its code, such as %s.",
			Typed("IDU=10"))
	}
	return true
}

// areLoneSeats reports whether the only number, behind the only code, can be nothing but its limit.
func (d *draft) areLoneSeats(items []item, at int) bool {
	if d.onlyCode() == "" || len(d.ask.Quotas) > 0 || d.ask.Action == approvals.Remove || !hasLicense(items[:at]) ||
		hasLicense(items[at:]) {
		return false
	}
	before, text := items[at-1], items[at].lower()
	isCutOff := before.kind == gap && !before.endsClause
	isOfNext := strings.HasPrefix(text, "x") && (before.endsClause || before.isOneOf(separators))
	return !isCutOff && !isOfNext && !year.MatchString(items[at].text)
}

// noteLeft asks about words that were not understood.
func (d *draft) noteLeft(left []item, ref Typed) {
	first := left[0]
	d.left = len(left)
	if d.noteLeftSeats(left, ref) {
		return
	}
	d.lacksCodes = len(d.ask.Codes) == 0
	isOfPerson := func(it item) bool { return mention.MatchString(it.text) || isPerson(it.text) }
	switch at := slices.IndexFunc(left, isOfPerson); {
	case at >= 0:
		d.noteOpen(aboutPersons, Typed(left[at].text))
	case len(d.groupsIn(left)) > 0:
		d.lacksCodes = false
		d.askGroups(d.groupsIn(left))
	case slices.ContainsFunc(left, item.isTurning):
		d.lacksCodes = false
		d.noteTurning(ref)
	case d.Licenses == nil:
		d.lacksCodes = true
		d.noteOpen("%s is not a license code: codes are letters and digits, such as %s. "+
			"If the group's name has blanks, put it in double quotes.", Typed(first.text), Typed(ExampleCode))
	case d.lacksCodes && !d.isUnclear || len(left) == 1 && looksLikeCode(first.text):
		d.lacksCodes = true
		d.noteOpen("%s is not understood: your organization owns no license of this code or name (%s lists them). "+
			"If it belongs to a group's name, put the name in double quotes.", ref, Typed(d.name+" codes"))
		d.question.Unlisted = true
	default:
		d.noteUnread(ref, plainWords(left))
		d.question.Unlisted = true
	}
}

// noteUnread asks for other words, and says how the parts are written that these words may be.
func (d *draft) noteUnread(ref Typed, words []word) {
	format, args := "%s is not understood. Say it in other words", []any{ref}
	if d.ask.Reason == "" {
		format, args = format+", or after %s if it is the reason", append(args, Typed("because"))
	}
	format += "."
	isTime := soundLikeTime(words) || slices.ContainsFunc(words, isEndWord)
	if isTime && !d.hasEnd && d.ask.Action == approvals.Add {
		format, args = format+" An end is written such as %s.", append(args, Typed("until "+d.exampleDay()))
	}
	if !d.isSaid && slices.ContainsFunc(words, isActing) {
		format, args = format+" %s in front takes codes out.", append(args, Typed(approvals.Remove))
	}
	d.noteOpen(format, args...)
}

// looksLikeCode reports whether a word has the letters of a code, and is no key of a ticket.
func looksLikeCode(text string) bool {
	return codeShape.MatchString(text) && len(text) > 2 && !ticketKey.MatchString(text)
}

// noteLeftSeats asks about numbers that were not understood, if there is nothing else.
func (d *draft) noteLeftSeats(left []item, ref Typed) bool {
	first := left[0]
	isOther := func(it item) bool { return lettersOf(it.text) != digitsOf(it.text) }
	limit, isNumber := first.count()
	switch isSigned := limitSign.MatchString(first.text[:min(len(first.text), 1)]); {
	case len(d.groupsIn(left)) > 0:
		return false
	case isSigned:
		d.noteOpen("A seat limit is written next to its code, such as %s; %s stands beside none.",
			Typed("IDU=10"), Typed(first.text))
	case thousands.MatchString(first.text):
		d.noteOpen("Write the number %s without separators.", Typed(first.text))
	case len(left) == 1 && unicode.IsDigit([]rune(first.text)[0]):
		if isNumber && d.ask.Action != approvals.Remove {
			d.seatsToKeep = "=" + limit
		}
		d.isUnclear = d.isUnclear || strings.ContainsAny(first.text, "/.") || d.ask.Action == approvals.Remove // a day
		d.noteOpen("%s stands beside no license code. A seat limit is written such as %s.", Typed(first.text),
			Typed("IDU=10"))
	case d.onlyCode() != "" && !slices.ContainsFunc(left, isOther):
		d.noteOpen("%s sets no seat limit. A seat limit is one number, such as %s.", ref, Typed("IDU=10"))
	default:
		return false
	}
	d.lacksCodes, d.seatsOf = d.onlyCode() == "", d.onlyCode()
	return true
}

// noteTurning asks what is meant where a word may turn the request around.
func (d *draft) noteTurning(typed Typed) {
	d.isUnclear = true
	d.noteOpen("%s may turn the request into its opposite. Say what the group should get. "+
		"To take codes out, begin with %s.", typed, Typed(approvals.Remove))
}

// groupsIn are the groups that words name, if they name nothing else.
func (d *draft) groupsIn(items []item) []string {
	var named []string
	for i := 0; i < len(items); {
		if items[i].isOneOf(prepositions) || items[i].isOneOf(separators) || items[i].isOneOf(alternativeWords) {
			i++
			continue
		}
		n := len(items) - i
		for n > 0 && !d.isGroup(joinTexts(items[i:i+n])) {
			n--
		}
		if n == 0 {
			return nil
		}
		named = append(named, joinTexts(items[i:i+n]))
		i += n
	}
	return named
}

// askGroups asks for which of several groups the request is.
func (d *draft) askGroups(others []string) {
	own := groupname.Canonical(d.ask.Group)
	others = slices.DeleteFunc(others, func(ref string) bool { return groupname.Canonical(ref) == own })
	if len(others) == 0 {
		return // it is named again
	}
	all := append([]string{d.ask.Group}, others...)
	var options []func(*approvals.Ask)
	for _, ref := range all {
		options = append(options, func(a *approvals.Ask) { a.Group = ref })
	}
	if len(all) == 2 {
		d.askWhich("%s and %s are both groups. One request is for one group.",
			[]any{Typed(all[0]), Typed(all[1])}, options...)
		return
	}
	if len(all) > maxEither {
		options = nil
	}
	d.askWhich("%s are all groups. One request is for one group.", []any{Typed(strings.Join(all, ", "))}, options...)
}

// isPerson reports whether a word is an address or the handle of a person.
func isPerson(text string) bool {
	return strings.HasPrefix(text, "@") && len(text) > 1 || emailShape.MatchString(text)
}
