package command

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"licensebot/approvals"
)

// Bounds of a timed grant. Ten years are longer than any license contract, and
// a grant of less than a minute would pass before people notice it.
const (
	MaxPeriod     = 3652 * 24 * time.Hour
	ExamplePeriod = 30 * 24 * time.Hour // for examples

	minPeriod  = time.Minute
	dateLayout = "2006-01-02"
)

// A period is when a grant ends, as it was typed. Without words it is none.
type period struct {
	n         int // words
	length    time.Duration
	until     time.Time
	isForGood bool
	isNaked   bool // without for or until before it
	isNothing bool // it says what is so anyway
	isRough   bool // the length was said roughly
	isCounted bool // it is a length from when the change is made
	isUnread  bool // words begin an end, and what follows is none
	isStart   bool // they say when it begins
	isVague   bool // it ends, and they do not say when

	problem *Error   // it was not understood, or is ambiguous
	either  []period // what an ambiguous one can mean
}

// isBroken reports whether the words mean no end.
func (p period) isBroken() bool { return p.problem != nil && len(p.either) == 0 }

// readings are the ends that it can mean.
func (p period) readings() []period {
	if p.problem == nil {
		return []period{p}
	}
	return p.either
}

func (p period) applyTo(a *approvals.Ask) { a.For, a.Until = p.length, p.until }

// Words for times.
var (
	forGood    = []string{"forever", "permanently", "permanent", "perm", "indefinitely", "always"}
	untilWords = append([]string{
		"until", "untill", "till", "til", "through", "thru", //nolint:misspell // as people type them
	}, endingWords...)
	// endingWords can end a sentence too.
	endingWords = []string{"expires", "expiring", "ends", "ending"}
	startWords  = []string{"from", "starting", "beginning", "ab"}
	// restWords begin what is left of a week, a month, a quarter or a year.
	restWords = []string{"this", "rest", "remainder"}
	// beforeLength are words between for and a length.
	beforeLength = []string{
		"the", "next", "another", "at", "least", "most", "up", "to", "max", "maximum",
		"about", "around", "roughly", "approximately",
		"ca", "like", "just", "only",
	}
	numberWords = []string{
		"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
		"thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
	}
	tens = map[string]int{
		"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
		"hundred": 100,
	}
	compactShape = regexp.MustCompile(`^([0-9]{1,4})([a-z]+)$`)
	mixedShape   = regexp.MustCompile(`^([0-9]{1,4}w)?([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,4}m)?$`)
	clockShape   = regexp.MustCompile(`^[0-9]{1,2}(:[0-9]{2}(am|pm)?|am|pm)$`)
	rangeShape   = regexp.MustCompile(`^[0-9]{1,2}[./][0-9]{1,2}([./][0-9]*)?-[0-9]{1,2}[./][0-9]{1,2}([./][0-9]*)?$`)
	fullDate     = regexp.MustCompile(`^[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}$`)
	number       = regexp.MustCompile(`^[0-9]{1,4}$`)
)

// A unit of time is a duration, or a part of the calendar.
type unit struct {
	length time.Duration
	months int
}

const day = 24 * time.Hour

// units are what people call units of time. One m is minutes or months.
var units = map[string]unit{
	"min": {length: time.Minute}, "minute": {length: time.Minute},
	"h": {length: time.Hour}, "hr": {length: time.Hour}, "hour": {length: time.Hour},
	"d": {length: day}, "day": {length: day},
	"w": {length: 7 * day}, "wk": {length: 7 * day}, "week": {length: 7 * day}, "fortnight": {length: 14 * day},
	"mo": {months: 1}, "mth": {months: 1}, "month": {months: 1}, "quarter": {months: 3},
	"y": {months: 12}, "yr": {months: 12}, "year": {months: 12},
}

func findUnit(text string) (unit, bool) {
	text = strings.ToLower(text)
	u, ok := units[text]
	if short, isPlural := strings.CutSuffix(text, "s"); !ok && isPlural && len(short) > 1 {
		u, ok = units[short]
	}
	return u, ok
}

// readNumber reads a count in digits or as a word.
func readNumber(text string) (int, bool) {
	if number.MatchString(text) {
		n, err := strconv.Atoi(text)
		return n, err == nil
	}
	return numberNamed(text)
}

// numberNamed is the number that a word such as seven or twenty-five says.
func numberNamed(text string) (int, bool) {
	ten, one, isTwo := strings.Cut(strings.ToLower(text), "-")
	n := slices.Index(numberWords, ten)
	if of, isTen := tens[ten]; isTen {
		n = of
	}
	if !isTwo {
		return n, n >= 0
	}
	more := slices.Index(numberWords, one)
	return n + more, n >= 20 && n < 100 && more > 0 && more < 10
}

// readPeriod reads a time at the beginning of words.
func (k Known) readPeriod(words []word) period {
	if words[0].quoted {
		return period{}
	}
	if p, isSaid := k.readSaidPeriod(words); isSaid {
		return p
	}
	isArticle := words[0].isOneOf([]string{"a", "an"}) ||
		len(words) > 1 && len(words[1].text) == 1 && !words[0].isKeyword("half")
	if p := k.readLength(words); p.n == 1 || p.n > 1 && !isArticle {
		p.isNaked = true
		return p
	}
	if _, n := k.readDay(words); n > 0 && n < len(words) && words[n].text == "-" {
		if m := k.endOfRange(words[n:]); m > 0 {
			return k.startUntil(words, n+1, m-1)
		}
	}
	if days, n := k.readDay(words[:1]); n > 0 && fullDate.MatchString(words[0].text) {
		p := k.untilOneOf(words[0].text, days)
		p.n, p.isNaked = 1, true
		return p
	}
	return period{}
}

// readSaidPeriod reads a time that begins with a word of its own.
func (k Known) readSaidPeriod(words []word) (p period, isSaid bool) {
	switch first := words[0]; {
	case first.isOneOf(forGood):
		return period{n: 1, isForGood: true}, true
	case first.isOneOf(untilWords):
		return k.readUntil(words), true
	case first.isOneOf([]string{briefly, "temporarily", "temporary", "temp"}):
		p = k.brokenPeriod(1, "for <time>", "Say for how long, such as %s.", Typed("for 30d"))
		p.isVague = true
		return p, true
	case rangeShape.MatchString(first.text):
		return k.readStart(words), true
	case first.isOneOf(restWords):
		return k.readThis(words), true
	case len(words) > 1:
		return k.readTimeBehind(first, words)
	}
	return period{}, false
}

// readTimeBehind reads a time behind the first word, which says nothing alone.
func (k Known) readTimeBehind(first word, words []word) (p period, isSaid bool) {
	isInTime := strings.EqualFold(first.text, "zum") || strings.EqualFold(first.text, "zur") ||
		first.isKeyword("by") || first.isKeyword("deadline")
	switch {
	case isInTime:
		return k.readBy(words), true
	case first.isOneOf([]string{"end", "expiry", "expire", "exp", "up", "upto"}):
		return k.readEndDay(words), true
	case first.isKeyword("for"):
		return k.readFor(words), true
	case first.isKeyword("to"):
		return k.readTo(words), true
	case first.isOneOf(startWords):
		return k.readStart(words), true
	}
	return period{}, false
}

// readTo reads the words behind "to": a day, if they are one.
func (k Known) readTo(words []word) period {
	p := k.readUntil(words)
	if p.isBroken() {
		return period{}
	}
	p.isNaked = len(p.either) == 0 && p.n < 3 && !strings.ContainsAny(words[1].text, "0123456789")
	return p
}

// readEndDay reads a day behind "end" or "up to".
func (k Known) readEndDay(words []word) period {
	skipped := 0
	if words[0].isKeyword("up") {
		skipped = 1
	}
	if len(words) < skipped+2 || skipped > 0 && !words[1].isKeyword("to") {
		return period{}
	}
	if _, n := k.readDay(words[skipped+1:]); n == 0 {
		return period{}
	}
	p := k.readUntil(words[skipped:])
	p.n += skipped
	return p
}

// readFor reads the words behind "for": a length, or forever.
func (k Known) readFor(words []word) period {
	skipped := 1
	for len(words) > skipped+1 && words[skipped].isOneOf(beforeLength) {
		skipped++
	}
	for _, read := range []func(words []word, skipped int) period{k.readRestOf, k.readNextUnit, k.readLater} {
		if p := read(words, skipped); p.n > 0 {
			return p
		}
	}
	second := words[1]
	if second.isKeyword("today") {
		return k.readUntil(words)
	}
	if second.isOneOf([]string{"good", "ever", "always", "life"}) || second.isOneOf(forGood) {
		return period{n: 2, isForGood: true}
	}
	p := k.readLength(words[skipped:])
	if p.n > 0 {
		isRough := func(w word) bool { return w.isKeyword("least") || w.isOneOf(roughWords) }
		p.n, p.isRough = p.n+skipped, slices.ContainsFunc(words[1:skipped], isRough)
		return p
	}
	return k.rejectFor(words)
}

// readRestOf reads what is left of a week and the like: for the rest of the year.
func (k Known) readRestOf(words []word, skipped int) period {
	if !words[skipped].isOneOf(restWords) {
		return period{}
	}
	p := k.readThis(words[skipped:])
	if p.n > 0 {
		p.n, p.isNaked = p.n+skipped, false
	}
	return p
}

// readNextUnit reads one week or one month: for the next week.
func (k Known) readNextUnit(words []word, skipped int) period {
	n, name := skipped+1, words[skipped].lower()
	u, isUnit := findUnit(name)
	if skipped < 3 || !words[skipped-1].isKeyword("next") || !isUnit || u.months > 1 || strings.HasSuffix(name, "s") {
		return period{}
	}
	return k.lengthOf(n, joinWords(words[1:n]), 1, u)
}

// readLater reads that what runs is to run longer: for another month.
func (k Known) readLater(words []word, skipped int) period {
	if skipped < 2 || !words[skipped-1].isKeyword("another") {
		return period{}
	}
	n := k.readLength(words[skipped:]).n
	if n == 0 && isUnit(words[skipped]) {
		n = 1
	}
	if n == 0 {
		return period{}
	}
	return k.rejectLater(words[:skipped+n])
}

func (k Known) rejectLater(words []word) period {
	return k.brokenPeriod(len(words), "until <day>", "Say the new last day in place of %s. A time is counted from when "+
		"the change is made, not from the present end.", Typed(joinWords(words)))
}

// readBy reads the words behind "by": until that day, or in time for it.
func (k Known) readBy(words []word) period {
	p := k.readUntil(words)
	if p.isBroken() || len(p.either) > 0 {
		return period{}
	}
	return period{
		n: p.n, either: []period{p, {isForGood: true}},
		problem: newError("", "%s can be when the grant ends, or when it is needed at the latest.",
			Typed(joinWords(words[:p.n]))),
	}
}

// readThis reads this week and the like.
func (k Known) readThis(words []word) period {
	days, n := k.readBoundaryOf(words)
	if n == 0 {
		return period{}
	}
	p := k.untilOneOf(joinWords(words[:n]), days)
	p.n, p.isNaked = n, true
	return p
}

func (k Known) readBoundaryOf(words []word) ([]time.Time, int) {
	var text []string
	for _, w := range words[:min(len(words), 6)] {
		text = append(text, w.lower())
	}
	return k.readBoundary(text)
}

// readStart reads on which day a grant begins. It begins when it is approved, so today is
// all that can be said.
func (k Known) readStart(words []word) period {
	if rangeShape.MatchString(words[0].text) {
		return k.brokenPeriod(1, "until <day>", aboutBegin, Typed(words[0].text))
	}
	if words[1].isKeyword("now") {
		return period{n: 2, isNothing: true}
	}
	days, n := k.readDay(words[1:])
	switch {
	case n == 0:
		return period{}
	case len(days) == 1 && days[0].Equal(k.today()):
		return period{n: 1 + n, isNothing: true}
	}
	if m := k.endOfRange(words[1+n:]); m > 0 {
		return k.startUntil(words, n+2, m-1)
	}
	return period{n: 1 + n, isStart: true}
}

// startUntil reads the day that ends a range, at a place among words.
func (k Known) startUntil(words []word, at, n int) period {
	days, _ := k.readDay(words[at:])
	p := k.untilOneOf(joinWords(words[at:at+n]), days)
	p.n, p.isStart = at+n, true
	return p
}

// endOfRange is how many words say until which day, behind the first one.
func (k Known) endOfRange(words []word) int {
	if len(words) > 1 && (words[0].isKeyword("to") || words[0].isOneOf(untilWords) || words[0].text == "-") {
		if _, n := k.readDay(words[1:]); n > 0 {
			return 1 + n
		}
	}
	return 0
}

const aboutBegin = "No day can be set on which a grant begins: it begins when its request is approved. " +
	"Leave %s out, or ask again on that day."

// rejectFor rejects what begins like a length and is none. Other words behind "for"
// are no time at all.
func (k Known) rejectFor(words []word) period {
	second := strings.ToLower(words[1].text)
	isSeats := len(words) > 2 && (words[2].isOneOf(seatWords) || k.beginsLicense(words[2]))
	if !strings.ContainsAny(second, "0123456789") && !words[1].quoted || isSeats || IsCode(strings.ToUpper(second)) {
		return period{}
	}
	p := k.brokenPeriod(2, "for <time>", "%s is not a duration. Write hours, days, weeks, months or years, such as %s.",
		Typed("for "+second), Typed("for 30 days"))
	p.isUnread = true
	return p
}

// beginsLicense reports whether a word is a license's code or the first word of its name.
func (k Known) beginsLicense(w word) bool {
	return slices.ContainsFunc(k.Licenses, func(l License) bool {
		first, _, _ := strings.Cut(l.Name, " ")
		return strings.EqualFold(w.text, l.Code) || strings.EqualFold(w.text, first)
	})
}

func (k Known) brokenPeriod(n int, fill, format string, args ...any) period {
	return period{n: n, problem: newFill(fill, format, args...)}
}

// readLength reads a count and its unit, in one word or in two.
func (k Known) readLength(words []word) period {
	if words[0].quoted {
		return period{}
	}
	if p := k.readCompact(words[0].lower()); p.n > 0 || len(words) < 2 || words[1].quoted {
		return p
	}
	return k.readSpaced(words)
}

// readCompact reads a length in one word, such as 30d.
func (k Known) readCompact(text string) period {
	if parts := compactShape.FindStringSubmatch(text); parts != nil {
		count, _ := strconv.Atoi(parts[1])
		if parts[2] == "m" {
			return k.minutesOrMonths(1, text, count)
		}
		if u, ok := findUnit(parts[2]); ok {
			return k.lengthOf(1, text, count, u)
		}
	}
	if text == "fortnight" {
		return k.lengthOf(1, text, 1, units[text])
	}
	if mixedShape.MatchString(text) && len(text) > 3 {
		return k.checkLength(1, text, text)
	}
	return period{}
}

// readSpaced reads a length in several words, such as 30 days.
func (k Known) readSpaced(words []word) period {
	text := words[0].lower()
	count, ok := readNumber(text)
	switch {
	case text == "a", text == "an":
		count, ok = 1, true
	case text == "half" && words[1].isKeyword("year"):
		return k.lengthOf(2, "half a year", 6, unit{months: 1})
	case text == "half" && len(words) > 2 && words[1].isKeyword("a") && words[2].isKeyword("year"):
		return k.lengthOf(3, "half a year", 6, unit{months: 1})
	}
	whole := text + " " + words[1].text
	u, known := findUnit(words[1].lower())
	switch {
	case !ok:
	case words[1].isKeyword("m"):
		return k.minutesOrMonths(2, whole, count)
	case known:
		return k.lengthOf(2, whole, count, u)
	case isUnit(wordAt(words, 2)):
		return k.readBetween(words)
	}
	return period{}
}

// readBetween reads a count and its unit with a word between them.
func (k Known) readBetween(words []word) period {
	switch {
	case words[1].isKeyword("next"): // the 3 next months
		p := k.readSpaced(slices.Delete(slices.Clone(words), 1, 2))
		p.n++
		return p
	case words[1].isOneOf([]string{"more", "extra", "additional"}):
		return k.rejectLater(words[:3])
	case words[1].isOneOf([]string{"working", "business"}) && words[2].isOneOf([]string{"day", "days"}):
		return k.brokenPeriod(3, "until <day>", "A time is counted in calendar days, so %s is not exact. Say the last day.",
			Typed(joinWords(words[:3])))
	}
	return period{}
}

// wordAt is a word, or an empty one beyond the end.
func wordAt(words []word, i int) word {
	if i < len(words) {
		return words[i]
	}
	return word{}
}

// checkLength reads a duration with several units.
func (k Known) checkLength(n int, typed, text string) period {
	length, err := approvals.ParseDuration(text)
	if err != nil {
		return k.brokenPeriod(n, "for <time>", "%s is not a duration above zero.", Typed("for "+typed))
	}
	return k.boundLength(n, typed, length)
}

func (k Known) lengthOf(n int, typed string, count int, u unit) period {
	if count == 0 {
		return k.brokenPeriod(n, "for <time>", "%s is not a duration above zero.", Typed("for "+typed))
	}
	if u.months > 0 {
		p := k.untilDay("for "+typed, addMonths(k.today(), count*u.months))
		p.n, p.isCounted = n, true
		return p
	}
	return k.boundLength(n, typed, time.Duration(count)*u.length)
}

func (k Known) boundLength(n int, typed string, length time.Duration) period {
	if length > MaxPeriod {
		return k.brokenPeriod(n, "for <time>", "%s is longer than ten years. Leave it out to ask for good.",
			Typed("for "+typed))
	}
	return period{n: n, length: length, isCounted: true}
}

// minutesOrMonths asks which of the two is meant.
func (k Known) minutesOrMonths(n int, typed string, count int) period {
	months, minutes := k.lengthOf(n, typed, count, unit{months: 1}), k.lengthOf(n, typed, count, unit{length: time.Minute})
	if months.problem != nil || minutes.problem != nil {
		return k.brokenPeriod(n, "for <time>", "%s can be minutes or months, and both are out of bounds.", Typed(typed))
	}
	return period{
		n: n, either: []period{months, minutes},
		problem: newError("", "%s can be months or minutes.", Typed("for "+typed)),
	}
}

// readUntil reads the words behind "until": a day, or for good.
func (k Known) readUntil(words []word) period {
	rest := words[1:]
	if len(rest) == 0 {
		return k.rejectLoneUntil(words[0])
	}
	if len(rest) > 1 && rest[0].isKeyword("further") && rest[1].isKeyword("notice") {
		return period{n: 3, isForGood: true}
	}
	skipped := 0
	if len(rest) > 1 && rest[0].isOneOf([]string{"eod", "cob", "of"}) { // the end of that day
		rest, skipped = rest[1:], 1
	}
	days, n := k.readLastDay(words[0], rest)
	if n == 0 {
		return k.rejectUntil(rest)
	}
	typed := joinWords(rest[:n])
	p := k.untilOneOf(typed, days)
	isFar := p.until.Sub(k.Now) > farAhead && !yearTyped.MatchString(typed) // the day has just passed
	p.n, p.isRough = 1+skipped+n, isFar || rest[0].isOneOf(middleWords)
	if wordAt(rest, n).isOneOf(dayEnds) {
		p.n++
	} else if m := timeOfDay(rest[n:]); m > 0 {
		p.n, p.isRough = p.n+m, true
	}
	return p
}

// dayEnds stand behind a day, and say that it is to its end.
var dayEnds = []string{"evening", "eve", "night", "eod", "cob", "inclusive", "included", "incl", "including"}

// farAhead is how far a day without its year is seldom meant.
const farAhead = 330 * day

// yearTyped is a day that was typed with its year.
var yearTyped = regexp.MustCompile(`(^|[^0-9])2[0-9]([0-9]{2})?$|2[0-9]{3}|year`)

// readLastDay reads the day behind "until" and the like.
func (k Known) readLastDay(until word, rest []word) (days []time.Time, n int) {
	if days, n = k.readDay(rest); n > 0 {
		isForeign := translations[strings.ToLower(until.text)] == "until"
		if isForeign && n == 1 && numbersShape.MatchString(rest[0].text) {
			days = days[:1] // all of them write the day first
		}
		return days, n
	}
	if month, isMonth := findMonth(rest[0].lower()); isMonth && until.isOneOf([]string{"through", "thru"}) {
		return k.endOfMonth(month, nil, 1)
	}
	if len(rest) > 1 && endsClause(rest[0]) {
		if days, n = k.readDay(rest[1:]); n > 0 { // until Christmas Eve, 24.12.
			n++
		}
	}
	return days, n
}

// rejectLoneUntil rejects the word for an end at the end. Some of these words end a sentence.
func (k Known) rejectLoneUntil(until word) period {
	if until.isOneOf(endingWords) {
		return period{}
	}
	return k.brokenPeriod(1, "until <day>", "Say after %s when it ends, such as %s.", Typed(until.text),
		Typed("until "+k.exampleDay()))
}

// rejectUntil rejects what stands behind "until" and is no day.
func (k Known) rejectUntil(rest []word) period {
	if m := timeOfDay(rest); m > 0 && m < len(rest) {
		if _, n := k.readDay(rest[m:]); n > 0 {
			return k.brokenPeriod(1+m+n, "until <day>", "A grant ends at the end of a day, so leave out %s.",
				Typed(joinWords(rest[:m])))
		}
	}
	p := k.brokenPeriod(2, "until <day>", "%s is not a day: write year, month and day, such as %s.",
		Typed("until "+rest[0].text), Typed("until "+k.exampleDay()))
	p.isUnread = true
	return p
}

// timeOfDay is how many words say when on a day.
func timeOfDay(words []word) int {
	n := 0
	if len(words) > 1 && words[0].isOneOf([]string{"at", "@", "um", "à"}) {
		n = 1
	}
	switch {
	case len(words) <= n:
		return 0
	case len(words) > n+1 && number.MatchString(words[n].text) && words[n+1].isOneOf(clockWords):
		return n + 2
	case clockShape.MatchString(words[n].lower()), words[n].isOneOf([]string{"noon", "midnight", "morning", "afternoon"}):
		return n + 1
	}
	return 0
}

// clockWords stand behind the number of an hour.
var clockWords = []string{"am", "pm", "a.m", "p.m", "o'clock", "uhr", "hrs"}

// untilOneOf is a period until a day, or a question if several are meant.
func (k Known) untilOneOf(typed string, days []time.Time) period {
	if len(days) == 1 {
		return k.untilDay("until "+typed, days[0])
	}
	asked := period{problem: newError("", "%s can mean several days.", Typed("until "+typed))}
	for _, d := range days {
		if p := k.untilDay("until "+typed, d); p.problem == nil {
			asked.either = append(asked.either, p)
		}
	}
	return asked
}

// untilDay lasts to the end of a day in the requester's time zone.
func (k Known) untilDay(typed string, day time.Time) period {
	end := endOfDay(day, k.Now.Location())
	switch {
	case !end.After(k.Now):
		return k.brokenPeriod(0, "until <day>", "%s is in the past. Choose a day that is still to come.",
			Typed(typed))
	case end.Sub(k.Now) > MaxPeriod:
		return k.brokenPeriod(0, "until <day>", "%s is more than ten years away. Leave it out to ask for good.",
			Typed(typed))
	}
	return period{until: end}
}

func endOfDay(day time.Time, zone *time.Location) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, zone)
}

// today is the requester's day, at noon in UTC, so that days can be added.
func (k Known) today() time.Time { return dayOf(k.Now.Year(), k.Now.Month(), k.Now.Day()) }

func dayOf(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
}

// addMonths is the same day some months later, or the last day of a shorter month.
func addMonths(from time.Time, months int) time.Time {
	first := dayOf(from.Year(), from.Month()+time.Month(months), 1)
	return dayOf(first.Year(), first.Month(), min(from.Day(), lastDay(first)))
}

func lastDay(month time.Time) int { return dayOf(month.Year(), month.Month()+1, 0).Day() }

// exampleDay is a day to show in an example.
func (k Known) exampleDay() string { return k.Now.Add(ExamplePeriod).Format(dateLayout) }

// FormatDuration writes a duration as people type it: 30d, 36h, 1d12h, 20min.
func FormatDuration(d time.Duration) string {
	text := ""
	if days := d / day; days > 2 || days > 0 && d%day == 0 {
		text, d = fmt.Sprintf("%dd", days), d%day
	}
	if hours := d / time.Hour; hours > 0 {
		text += fmt.Sprintf("%dh", hours)
	}
	if minutes := d % time.Hour / time.Minute; minutes > 0 && text == "" {
		text += fmt.Sprintf("%dmin", minutes)
	} else if minutes > 0 {
		text += fmt.Sprintf("%dm", minutes)
	}
	return text
}

// FormatPeriod writes when a grant ends as people type it: "for 30d" or "until
// 2026-12-31", which is a day in the requester's time zone. It is empty for a grant
// without an end.
func FormatPeriod(a approvals.Ask) string {
	switch {
	case !a.Until.IsZero():
		return "until " + a.Until.Format(dateLayout)
	case a.For > 0:
		return "for " + FormatDuration(a.For)
	}
	return ""
}
