package command

import (
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
)

// checkEndOfSome asks about an end that may be for some of the licenses only: those before it, or those of
// its own sentence.
func (d *draft) checkEndOfSome(items []item) {
	end := slices.IndexFunc(items, func(it item) bool { return it.isEnd })
	if end < 0 || len(d.ask.Codes) < 2 || !d.ask.IsTimed() {
		return
	}
	hasBefore, isCut, isApart := false, false, false
	for _, it := range items[:end] {
		isApart = isApart || isCut && it.kind == license
		hasBefore = hasBefore || it.kind == license
		isCut = isCut || hasBefore && endsSentence([]word{it.word})
	}
	if hasBefore && hasLicense(items[end:]) || isApart && !items[end-1].endsClause {
		d.isUnclear = true
		d.noteOpen("The end can be for some of the licenses only. Ask for those in a request of their own.")
	}
}

// saidTimes are the times that a request says.
type saidTimes struct {
	ends   []period
	typed  [][]item // the words of each end
	begins string   // when it should begin, as it was typed
	isOr   bool     // a word such as or stands between them
}

// takePeriods takes when the grant ends.
func (d *draft) takePeriods(items []item) []item {
	var rest []item
	var said saidTimes
	for i := 0; i < len(items); i++ {
		skipped, p := d.periodAt(items, i, len(said.ends) > 0 && rest[len(rest)-1].isEnd)
		i += skipped
		if p.n == 0 || d.isOfClause(p, items, i) || len(said.ends) > 0 && isBehindWeak(rest) {
			rest = append(rest, items[i])
			continue
		}
		if n := len(rest); d.ask.Action != approvals.Add && n > 0 && rest[n-1].isOneOf([]string{"on", "at", "by", "after"}) {
			rest = rest[:n-1] // no day can be set, however it is written
		}
		p.isNaked = p.isNaked && !(p.isCounted && d.standsFree(items, i))
		said.isOr = said.isOr || skipped > 0
		said.add(p, items[i:i+p.n])
		i += p.n - 1
		rest = append(rest, item{kind: gap, endsClause: items[i].endsClause, isNaked: p.isNaked, isEnd: true})
	}
	said.dropVague()
	d.takeTimes(said)
	return rest
}

// isBehindWeak reports whether a reason has begun with a word such as since: it may have a time of its own.
func isBehindWeak(items []item) bool {
	for i := len(items) - 1; i >= 0 && items[i].kind == plain; i-- {
		if items[i].isOneOf(weakReasonWords) {
			return i+1 < len(items)
		}
	}
	return false
}

// isOfClause reports whether a time without a word such as until belongs to another word before it.
func (d *draft) isOfClause(p period, items []item, i int) bool {
	isLoose := p.isNaked && !items[i].isKeyword("to") || p.isForGood && p.n == 1
	return isLoose && d.isInClause(items, i) && !items[i-1].isOneOf([]string{"by", "next"})
}

// add adds a time.
func (s *saidTimes) add(p period, typed []item) {
	switch {
	case p.isStart && p.until.IsZero():
		s.begins = joinTexts(typed)
	case !p.isNothing:
		s.ends, s.typed = append(s.ends, p), append(s.typed, typed)
	}
}

// dropVague drops one of two ends if only the other says when it ends.
func (s *saidTimes) dropVague() {
	if len(s.ends) != 2 || s.ends[0].isVague == s.ends[1].isVague {
		return
	}
	at := slices.IndexFunc(s.ends, func(p period) bool { return !p.isVague })
	s.ends, s.typed = s.ends[at:at+1], s.typed[at:at+1]
}

// takeTimes takes the only end, or asks about what was said.
func (d *draft) takeTimes(said saidTimes) {
	isEnd := func(p period) bool { return !p.isForGood }
	switch {
	case said.begins != "":
		d.refuseBegin(said.begins, said.ends)
	case len(said.ends) == 0:
	case len(said.ends) == 1 || !slices.ContainsFunc(said.ends, isEnd):
		d.takePeriod(said.ends[0], said.typed[0])
	default:
		d.askEnds(said.ends)
		d.hasEnds = !said.isOr
	}
}

// refuseBegin says that no day can be set on which a grant begins. The end is asked for once more: it may
// be another one if the grant begins sooner.
func (d *draft) refuseBegin(typed string, ends []period) {
	d.isUnclear = d.isUnclear || len(ends) == 0 && d.ask.Action == approvals.Add
	if d.ask.Action != approvals.Add {
		d.isUnclear = true
		d.noteOpen(aboutNoDay(d.ask.Action))
		return
	}
	d.hasEnd, d.endToFill = len(ends) > 0, "until <day>"
	if len(ends) == 1 && !ends[0].until.IsZero() && !ends[0].isCounted {
		var end approvals.Ask
		ends[0].applyTo(&end)
		d.noteOpen(aboutBegin+" To have it sooner, write %s alone.", Typed(typed), Typed(FormatPeriod(end)))
		return
	}
	d.noteOpen(aboutBegin, Typed(typed))
}

// standsFree reports whether no word before a length at an item may make something else of it than when
// the grant ends: in two weeks, every two weeks.
func (d *draft) standsFree(items []item, i int) bool {
	before := i - 1
	for before > 0 && items[before].isOneOf([]string{"the", "a"}) {
		before--
	}
	if before < 0 || items[before].kind != plain || items[before].endsClause {
		return d.knowsGroups()
	}
	isOther := items[before].isOneOf(prepositions) || items[before].isOneOf(eachWords) ||
		items[before].isOneOf([]string{"at", "every", "per"})
	return d.knowsGroups() && !isOther
}

// periodAt reads an end at an item. Behind another end one may stand behind a word such as "or".
func (d *draft) periodAt(items []item, i int, isBehindEnd bool) (skipped int, p period) {
	words := plainWords(items[i:])
	isTold := i > 0 && items[i-1].isOneOf(beWords) && items[i].isOneOf(toldEnds) // of something else
	if len(words) == 0 || isTold {
		return 0, period{}
	}
	if n := d.startIn(words); n > 0 {
		return 0, period{n: n, isStart: true}
	}
	if p = d.readPeriod(words); p.isUnread {
		p.n = d.endOfUnread(items, i, p.n)
		p.problem.Args[0] = Typed(joinTexts(items[i : i+p.n]))
	}
	if n := besideAlternative(items, i); p.n == 0 && n > 0 && isBehindEnd {
		if other := d.readOtherEnd(plainWords(items[i+n:])); other.n > 0 {
			return n, other
		}
	}
	return 0, p
}

// startIn is how many words say in how long a grant should begin: in two weeks, 2 weeks from now.
func (d *draft) startIn(words []word) int {
	if words[0].isKeyword("after") && len(words) > 1 {
		if _, n := d.readDay(words[1:]); n > 0 {
			return 1 + n
		}
	}
	if words[0].isOneOf([]string{"in", "within", "after"}) && len(words) > 1 {
		if p := d.readEnd(words[1:]); p.n > 0 && p.isCounted {
			return 1 + p.n
		}
	}
	p := d.readEnd(words)
	switch next := wordAt(words, p.n); {
	case p.n == 0 || !p.isCounted:
	case next.isOneOf([]string{"later", "hence"}):
		return p.n + 1
	case next.isKeyword("from") && wordAt(words, p.n+1).isOneOf([]string{"now", "today"}):
		return p.n + 2
	}
	return 0
}

// endOfUnread is how many items an end has that is not understood: those up to punctuation or
// to what is a part of the request.
func (d *draft) endOfUnread(items []item, from, n int) int {
	trial := &draft{reader: d.reader, isTrial: true}
	for ; from+n < len(items) && !items[from+n-1].endsClause; n++ {
		next := items[from+n:]
		first := next[0]
		isOther := first.kind != plain || first.isKeyword("for") || first.isOneOf(alternativeWords) || first.isTurning() ||
			first.isOneOf(politeWords)
		if isOther || !trial.licensesAt(next).isNone() || d.standsBefore(next) || d.readPeriod(plainWords(next)).n > 0 {
			break
		}
	}
	return n
}

// readOtherEnd reads an end or just its day, behind another end.
func (d *draft) readOtherEnd(words []word) period {
	if len(words) == 0 {
		return period{}
	}
	if p := d.readPeriod(words); p.n > 0 {
		return p
	}
	if days, n := d.readDay(words); n > 0 {
		p := d.untilOneOf(joinWords(words[:n]), days)
		p.n = n
		return p
	}
	return period{}
}

// askEnds asks which of several ends is meant.
func (d *draft) askEnds(found []period) {
	options := endOptions(found)
	isOpen := func(p period) bool { return p.problem != nil }
	isFixed := func(p period) bool { return !p.isCounted }
	if slices.ContainsFunc(found, isOpen) || len(found) > maxEither || !slices.ContainsFunc(found, isFixed) {
		options = nil
	}
	d.hasEnd, d.endToFill = true, "until <day>"
	d.askWhich("Say once when it ends, with %s or with %s.", []any{Typed("for"), Typed("until")}, options...)
}

// endOptions are the options of several ends.
func endOptions(ends []period) []func(*approvals.Ask) {
	var options []func(*approvals.Ask)
	for _, p := range ends {
		options = append(options, p.applyTo)
	}
	return options
}

func (d *draft) takePeriod(p period, typed []item) {
	text := joinTexts(typed)
	switch {
	case d.ask.Action != approvals.Add && !p.isForGood: // it can have none, however it is written
		d.hasEnd = true
		return
	case p.isBroken():
		d.endToFill = strings.TrimPrefix(p.problem.Fill, d.name+" ")
		d.noteOpen(p.problem.Format, p.problem.Args...)
	case len(p.either) == 1:
		p.either[0].applyTo(&d.ask)
		d.noteCorrection(text, FormatPeriod(d.ask), "%s can mean several days, of which only one is to come: %s.",
			Typed(text), Typed(FormatPeriod(d.ask)))
	case len(p.either) > 1:
		d.endToFill = "until <day>"
		d.askWhich(p.problem.Format, p.problem.Args, endOptions(p.either)...)
	case p.isStart:
		d.refuseBegin(text, []period{p})
		return
	default:
		p.applyTo(&d.ask)
		if p.isNaked {
			d.noteCorrection(text, FormatPeriod(d.ask), "%s says when it ends if %s or %s stands before it.",
				Typed(text), Typed("for"), Typed("until"))
		}
		if p.isRough {
			d.noteCorrection(text, FormatPeriod(d.ask), "A time is exact, or lasts to the end of a day: %s.",
				Typed(FormatPeriod(d.ask)))
		}
		if d.isLate && p.isCounted {
			d.refuseLength()
		}
	}
	d.hasEnd, d.forGood = true, p.isForGood
}

// refuseLength asks for a day in place of a length of time, which is not counted from the present end.
func (d *draft) refuseLength() {
	d.ask.For, d.ask.Until, d.endToFill = 0, time.Time{}, "until <day>"
	d.noteOpen("Say the new last day. A time is counted from when the change is made, not from the present end.")
}

// takeLoneDay asks what a day means that has no word such as until before it.
func (d *draft) takeLoneDay(left []item) bool {
	words := plainWords(left)
	isOn := words[0].isOneOf([]string{"on", "at", "by"})
	for len(words) > 1 && words[0].isOneOf([]string{"on", "at", "by", "eod", "cob"}) {
		words = words[1:]
	}
	if last := len(words) - 1; last > 0 && words[last].isOneOf(dayEnds) {
		words = words[:last]
	}
	days, n := d.readDay(words)
	p := d.untilOneOf(joinWords(words), days)
	isNumbers := numbersShape.MatchString(words[0].text) && len(days) > 1
	switch {
	case n < len(words) || d.hasEnd || isNumbers && !isOn:
		return false
	case d.ask.Action != approvals.Add:
		d.isUnclear = true
		d.noteOpen(aboutNoDay(d.ask.Action))
		return true
	case isOn:
		d.isUnclear = true
		d.noteOpen(aboutBegin+" If it ends then, write %s.", Typed(joinTexts(left)), Typed("until "+joinWords(words)))
		return true
	}
	ends := p.either
	if p.problem == nil {
		ends = []period{p}
	}
	options := endOptions(ends)
	if words[len(words)-1].isKeyword("end") && d.ask.Reason == "" { // the closing of the month
		options = append(options, func(a *approvals.Ask) { a.Reason = joinTyped(words) })
	}
	d.hasEnd, d.endToFill = true, "until <day>"
	d.askWhich("%s can be when the grant ends, or when it is needed.", []any{Typed(joinTexts(left))},
		append(options, unchanged)...)
	return true
}

// takeLoneDays asks about a day that stands between punctuation, such as 28 Feb.
func (d *draft) takeLoneDays(items []item) []item {
	from := 0
	for i := range items {
		if i+1 < len(items) && !items[i].endsClause {
			continue
		}
		clause := items[from : i+1]
		_, n := d.readDay(plainWords(clause))
		if from > 0 && n > 1 && n == len(clause) && d.ask.Action == approvals.Add && d.takeLoneDay(clause) {
			return slices.Concat(items[:from], []item{{kind: gap, endsClause: true, isEnd: true}}, items[i+1:])
		}
		from = i + 1
	}
	return items
}

// refuseDay says that no day can be set for a change other than to add, if one stands among other words.
func (d *draft) refuseDay(left []item) bool {
	words := plainWords(left)
	for i, w := range words {
		if d.ask.Action == approvals.Add || !w.isOneOf([]string{"on", "at", "by", "after", "before"}) || i+1 == len(words) {
			continue
		}
		if _, n := d.readDay(words[i+1:]); n > 0 {
			d.isUnclear = true
			d.noteOpen(aboutNoDay(d.ask.Action))
			return true
		}
	}
	return false
}

// aboutNoDay explains why a change other than to add has no day.
func aboutNoDay(action approvals.Action) string {
	if action == approvals.Remove {
		return "Codes are taken out as soon as the request is approved, and for good, so no time can be set. " +
			"To take them out on another day, ask again then."
	}
	return "Only codes that are added can have a limited time. Leave the time out, or say `add` in place of `set`."
}

// checkEnd rejects an end where no codes are added.
func (d *draft) checkEnd() {
	a := &d.ask
	if d.hasEnds && len(a.Codes) > 1 { // each may be for another license
		d.isUnclear, d.options = true, nil
	}
	if a.Action != approvals.Add && (a.IsTimed() || d.hasEnd && !d.forGood) {
		d.isUnclear = true // a command without it would ask for something else
		d.noteOpen(aboutNoDay(a.Action))
		a.For, a.Until = 0, time.Time{}
	}
}

// lacksEnd reports whether an end was typed that is not in the ask.
func (d *draft) lacksEnd() bool {
	return d.endToFill != "" || d.hasEnd && !d.forGood && !d.ask.IsTimed()
}
