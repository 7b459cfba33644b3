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

	problem *Error   // it was not understood, or is ambiguous
	either  []period // what an ambiguous one can mean
}

// isBroken reports whether the words mean no end.
func (p period) isBroken() bool { return p.problem != nil && len(p.either) == 0 }

func (p period) applyTo(a *approvals.Ask) { a.For, a.Until = p.length, p.until }

// Words for times.
var (
	forGood     = []string{"forever", "permanently", "permanent", "indefinitely", "always"}
	untilWords  = []string{"until", "till", "til", "through", "thru"}
	numberWords = []string{
		"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
	}
	compactShape = regexp.MustCompile(`^([0-9]{1,4})([a-z]+)$`)
	mixedShape   = regexp.MustCompile(`^([0-9]{1,4}w)?([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,4}m)?$`)
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
	n := slices.Index(numberWords, strings.ToLower(text))
	return n, n >= 0
}

// readPeriod reads a time at the beginning of words.
func (k Known) readPeriod(words []word) period {
	switch first := words[0]; {
	case first.quoted:
		return period{}
	case first.isOneOf(forGood):
		return period{n: 1, isForGood: true}
	case first.isOneOf(untilWords):
		return k.readUntil(words)
	case first.isKeyword("for") && len(words) > 1:
		return k.readFor(words)
	}
	isArticle := words[0].isOneOf([]string{"a", "an"}) || len(words) > 1 && len(words[1].text) == 1
	if p := k.readLength(words); p.n == 1 || p.n > 1 && !isArticle {
		p.isNaked = true
		return p
	}
	if days, n := k.readDay(words[:1]); n > 0 && fullDate.MatchString(words[0].text) {
		p := k.untilOneOf(words[0].text, days)
		p.n, p.isNaked = 1, true
		return p
	}
	return period{}
}

// readFor reads the words behind "for": a length, or forever.
func (k Known) readFor(words []word) period {
	skipped := 1
	for len(words) > skipped+1 && words[skipped].isOneOf([]string{"the", "next"}) {
		skipped++
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
		p.n += skipped
		return p
	}
	return k.rejectFor(words)
}

// rejectFor rejects what begins like a length and is none. Other words behind "for"
// are no time at all.
func (k Known) rejectFor(words []word) period {
	second := strings.ToLower(words[1].text)
	isSeats := len(words) > 2 && words[2].isOneOf(seatWords)
	if !strings.ContainsAny(second, "0123456789") && !words[1].quoted || isSeats || IsCode(strings.ToUpper(second)) {
		return period{}
	}
	return k.brokenPeriod(2, "for <time>", "%s is not a duration. Write hours, days, weeks, months or years, such as %s.",
		Typed("for "+second), Typed("for 30 days"))
}

func (k Known) brokenPeriod(n int, fill, format string, args ...any) period {
	return period{n: n, problem: newFill(fill, format, args...)}
}

// readLength reads a count and its unit, in one word or in two.
func (k Known) readLength(words []word) period {
	if words[0].quoted {
		return period{}
	}
	if p := k.readCompact(strings.ToLower(words[0].text)); p.n > 0 || len(words) < 2 || words[1].quoted {
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
	if mixedShape.MatchString(text) && len(text) > 3 {
		return k.checkLength(1, text, text)
	}
	return period{}
}

// readSpaced reads a length in several words, such as 30 days.
func (k Known) readSpaced(words []word) period {
	text := strings.ToLower(words[0].text)
	count, ok := readNumber(text)
	n := 2
	switch {
	case text == "a", text == "an":
		count, ok = 1, true
	case text == "half" && len(words) > 2 && words[1].isKeyword("a") && words[2].isKeyword("year"):
		return k.lengthOf(3, "half a year", 6, unit{months: 1})
	}
	whole := text + " " + words[1].text
	if ok && words[1].isKeyword("m") {
		return k.minutesOrMonths(n, whole, count)
	}
	if u, known := findUnit(words[1].text); ok && known {
		return k.lengthOf(n, whole, count, u)
	}
	return period{}
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
		p := k.untilDay(typed, addMonths(k.today(), count*u.months))
		p.n = n
		return p
	}
	return k.boundLength(n, typed, time.Duration(count)*u.length)
}

func (k Known) boundLength(n int, typed string, length time.Duration) period {
	if length > MaxPeriod {
		return k.brokenPeriod(n, "for <time>", "%s is longer than ten years. Leave it out to ask for good.",
			Typed("for "+typed))
	}
	return period{n: n, length: length}
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
		return k.brokenPeriod(1, "until <day>", "Say after %s when it ends, such as %s.", Typed(words[0].text),
			Typed("until "+k.exampleDay()))
	}
	if len(rest) > 1 && rest[0].isKeyword("further") && rest[1].isKeyword("notice") {
		return period{n: 3, isForGood: true}
	}
	days, n := k.readDay(rest)
	if n == 0 {
		return k.brokenPeriod(2, "until <day>", "%s is not a day: write year, month and day, such as %s.",
			Typed("until "+rest[0].text), Typed("until "+k.exampleDay()))
	}
	var typed []string
	for _, w := range rest[:n] {
		typed = append(typed, w.text)
	}
	p := k.untilOneOf(strings.Join(typed, " "), days)
	p.n = 1 + n
	return p
}

// untilOneOf is a period until a day, or a question if several are meant.
func (k Known) untilOneOf(typed string, days []time.Time) period {
	if len(days) == 1 {
		return k.untilDay(typed, days[0])
	}
	asked := period{problem: newError("", "%s can mean several days.", Typed("until "+typed))}
	for _, d := range days {
		if p := k.untilDay(typed, d); p.problem == nil {
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
		return k.brokenPeriod(0, "until <day>", "%s is over, and a grant cannot end before it begins.",
			Typed("until "+typed))
	case end.Sub(k.Now) > MaxPeriod:
		return k.brokenPeriod(0, "until <day>", "%s is more than ten years away. Leave it out to ask for good.",
			Typed("until "+typed))
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
