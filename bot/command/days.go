package command

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	yearFirst = regexp.MustCompile(`^([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})$`)
	yearLast  = regexp.MustCompile(`^([0-9]{1,2})[-./]([0-9]{1,2})[-./]([0-9]{4})$`)
	shortYear = regexp.MustCompile(`^([0-9]{1,2})[-./]([0-9]{1,2})[-./]([0-9]{2})$`)
	noYear    = regexp.MustCompile(`^([0-9]{1,2})[-./]([0-9]{1,2})$`)
	joinedDay = regexp.MustCompile(`^([0-9]{1,2}(?:st|nd|rd|th)?)[-./]?([a-z]{3,9})[-./]?(2[0-9]{3})?$`) // 14-Feb-2027
	// numbersShape are two numbers that may be a day, or a range.
	numbersShape = regexp.MustCompile(`^[0-9]+[-./][0-9]+$`)

	ordinal = regexp.MustCompile(`^([0-9]{1,2})(st|nd|rd|th)?$`)
	year    = regexp.MustCompile(`^2[0-9]{3}$`)
	quarter = regexp.MustCompile(`^q([1-4])$`)
)

// readDay reads a day at the beginning of words: the days that it can mean, and how
// many words it takes. It takes none if they name no day.
func (k Known) readDay(words []word) (days []time.Time, n int) {
	var text []string
	for _, w := range words[:min(len(words), 6)] {
		if w.quoted {
			break
		}
		text = append(text, w.lower())
	}
	skipped := 0
	for len(text) > 1 && slices.Contains([]string{"the", "on"}, text[0]) {
		text, skipped = text[1:], skipped+1
	}
	if parts := joinedDay.FindStringSubmatch(strings.Join(text[:min(len(text), 1)], "")); parts != nil {
		if days, n := k.readMonthDay(slices.DeleteFunc(parts[1:], func(p string) bool { return p == "" })); n > 0 {
			return days, 1 + skipped
		}
	}
	for _, read := range []func([]string) ([]time.Time, int){
		k.readNumericDay, k.readNamedDay, k.readBoundary, k.readMonthDay, k.readDayOfMonth,
	} {
		if len(text) == 0 {
			break
		}
		if days, n := read(text); n > 0 {
			return days, n + skipped
		}
	}
	return nil, 0
}

// readNumericDay reads a day in digits. Two numbers up to twelve may be swapped.
func (k Known) readNumericDay(text []string) ([]time.Time, int) {
	if p := yearFirst.FindStringSubmatch(text[0]); p != nil {
		return oneDay(atoi(p[1]), atoi(p[2]), atoi(p[3]))
	}
	if p := yearLast.FindStringSubmatch(text[0]); p != nil {
		inYear := func(month, day int) ([]time.Time, int) { return oneDay(atoi(p[3]), month, day) }
		return eitherOrder(inYear, atoi(p[1]), atoi(p[2]))
	}
	if p := shortYear.FindStringSubmatch(text[0]); p != nil {
		inYear := func(month, day int) ([]time.Time, int) { return oneDay(2000+atoi(p[3]), month, day) }
		return eitherOrder(inYear, atoi(p[1]), atoi(p[2]))
	}
	if p := noYear.FindStringSubmatch(text[0]); p != nil {
		return eitherOrder(k.comingDay, atoi(p[1]), atoi(p[2]))
	}
	return nil, 0
}

func atoi(text string) int {
	n, _ := strconv.Atoi(text) // the pattern leaves digits
	return n
}

// oneDay is a day of the calendar, if there is one.
func oneDay(year, month, day int) ([]time.Time, int) {
	d := dayOf(year, time.Month(month), day)
	if month < 1 || month > 12 || d.Day() != day || d.Month() != time.Month(month) {
		return nil, 0
	}
	return []time.Time{d}, 1
}

// comingDay is a day without its year: the next one.
func (k Known) comingDay(month, day int) ([]time.Time, int) {
	days, n := oneDay(k.Now.Year(), month, day)
	if n == 0 || days[0].Before(k.today()) {
		return oneDay(k.Now.Year()+1, month, day)
	}
	return days, n
}

// eitherOrder is the day of two numbers, of which either may be the month.
func eitherOrder(read func(month, day int) ([]time.Time, int), a, b int) ([]time.Time, int) {
	days, n := read(b, a)
	swapped, m := read(a, b)
	if a != b {
		days = append(days, swapped...)
	}
	return days, max(n, m)
}

// readNamedDay reads tomorrow, and days of the week. On a Friday, Friday can be today
// or a week from now; next Friday is always one of two.
func (k Known) readNamedDay(text []string) ([]time.Time, int) {
	today := k.today()
	if days, n := k.readDayAndDate(text); n > 0 {
		return days, n
	}
	switch text[0] {
	case "today", "tonight":
		return []time.Time{today}, 1
	case "tomorrow":
		return []time.Time{today.AddDate(0, 0, 1)}, 1
	}
	n, isNext := 1, text[0] == "next"
	if isNext || text[0] == "this" {
		n = 2
	}
	if len(text) < n {
		return nil, 0
	}
	for i := range 7 {
		coming := today.AddDate(0, 0, i)
		switch {
		case !isDayName(text[n-1], coming.Weekday()):
			continue
		case isNext || i == 0:
			return []time.Time{coming, coming.AddDate(0, 0, 7)}, n
		}
		weeks, m := weeksLater(text[n:])
		return []time.Time{coming.AddDate(0, 0, 7*weeks)}, n + m
	}
	return nil, 0
}

// weeksLater reads how many weeks later a day of the week is meant: Monday in a week, Friday week.
func weeksLater(text []string) (weeks, n int) {
	if len(text) > 0 && text[0] == "week" {
		return 1, 1
	}
	if len(text) < 3 || text[0] != "in" || text[2] != "week" && text[2] != "weeks" {
		return 0, 0
	}
	weeks, ok := readNumber(text[1])
	switch {
	case text[1] == "a":
		return 1, 3
	case !ok:
		return 0, 0
	}
	return weeks, 3
}

// readDayAndDate reads a date behind its day of the week. If the date falls on another day, it
// is not sure which of the two is meant.
func (k Known) readDayAndDate(text []string) ([]time.Time, int) {
	skipped := skipBehindFirst(text, "the", "on", "den", "el", "le")
	if len(text) <= skipped || !isWeekday(text[0]) {
		return nil, 0
	}
	for _, read := range []func([]string) ([]time.Time, int){k.readNumericDay, k.readMonthDay, k.readDayOfMonth} {
		dates, n := read(text[skipped:])
		if n == 0 {
			continue
		}
		isOther := func(d time.Time) bool { return !strings.HasPrefix(strings.ToLower(d.Weekday().String()), text[0][:3]) }
		if fitting := slices.DeleteFunc(slices.Clone(dates), isOther); len(fitting) > 0 {
			return fitting, n + skipped
		}
		named, _ := k.readNamedDay(text[:1])
		return append(named, dates...), n + skipped
	}
	return nil, 0
}

func isWeekday(text string) bool {
	for d := range 7 {
		if isDayName(text, time.Weekday(d)) {
			return true
		}
	}
	return false
}

// isDayName reports whether text is the name of a day of the week, whole or its first letters.
func isDayName(text string, d time.Weekday) bool {
	name := strings.ToLower(d.String())
	isShort := len(text) >= 3 && len(text) <= 5 && strings.HasPrefix(name, text)
	return isShort || text == name || text == "weds" && d == time.Wednesday
}

// readBoundary reads the end of a year, a quarter, a month or a week.
func (k Known) readBoundary(text []string) ([]time.Time, int) {
	if days, n := k.readHoliday(text); n > 0 {
		return days, n
	}
	if name := boundaryNames[text[0]]; name != "" {
		return k.endOf([]string{name}, 0)
	}
	first, second := text[0], ""
	if len(text) > 1 {
		second = text[1]
	}
	switch {
	case slices.Contains(middleWords, first):
		return k.middleOf(text)
	case slices.Contains([]string{"kw", "cw", "week", "wk"}, first) && number.MatchString(second):
		return k.endOfWeek(atoi(second))
	case slices.Contains([]string{"year", "month", "year's", "month's"}, first) && second == "end":
		return k.endOf([]string{strings.TrimSuffix(first, "'s")}, 1)
	case first == "this" && slices.Contains([]string{"week", "month", "quarter", "year"}, second):
		return k.endOf(text[1:], 1)
	case slices.Contains([]string{"end", "ende", "fin", "eind", "einde", "rest", "remainder"}, first):
		n := skipBehindFirst(text, "of", "the", "this")
		return k.endOf(text[n:], n)
	}
	return nil, 0
}

var (
	// boundaryNames are the words that say in one what ends.
	boundaryNames = map[string]string{
		"eoy": "year", "year-end": "year", "eom": "month", "month-end": "month", "eoq": "quarter",
	}
	// middleWords begin the middle of a month.
	middleWords = []string{"mid", "mitte", "middle"}
)

// readHoliday reads Christmas and New Year, which are two days each.
func (k Known) readHoliday(text []string) ([]time.Time, int) {
	year := k.Now.Year()
	switch {
	case slices.Contains([]string{"xmas", "christmas", "weihnachten"}, text[0]):
		return []time.Time{dayOf(year, time.December, 24), dayOf(year, time.December, 25)}, 1
	case text[0] == "new" && len(text) > 1 && slices.Contains([]string{"year", "years", "year's"}, text[1]):
		return []time.Time{dayOf(year, time.December, 31), dayOf(year+1, time.January, 1)}, 2
	}
	return nil, 0
}

// skipBehindFirst is where the first of these words ends, and what follows it of the others.
func skipBehindFirst(text []string, others ...string) int {
	n := 1
	for len(text) > n && slices.Contains(others, text[n]) {
		n++
	}
	return n
}

// middleOf is the middle of a month that is to come.
func (k Known) middleOf(text []string) ([]time.Time, int) {
	n := skipBehindFirst(text, "of", "the")
	if len(text) <= n {
		return nil, 0
	}
	month, ok := findMonth(text[n])
	if !ok {
		return nil, 0
	}
	days, found := k.comingDay(int(month), 15)
	return days, (n + 1) * found
}

// endOfWeek is the Friday and the Sunday of a week of the calendar that is to come, by its number.
func (k Known) endOfWeek(week int) ([]time.Time, int) {
	for i := range 54 {
		sunday := k.today().AddDate(0, 0, (7-int(k.today().Weekday()))%7+7*i)
		if _, n := sunday.ISOWeek(); n == week {
			return []time.Time{sunday.AddDate(0, 0, -2), sunday}, 2
		}
	}
	return nil, 0
}

// endOf is the last day of what is named behind so many words.
func (k Known) endOf(text []string, skipped int) ([]time.Time, int) {
	today := k.today()
	if len(text) == 0 {
		return nil, 0
	}
	next := 0
	if text[0] == "week" && len(text) > 1 && number.MatchString(text[1]) {
		days, n := k.endOfWeek(atoi(text[1]))
		return days, skipped + n
	}
	if text[0] == "next" && len(text) > 1 {
		text, skipped, next = text[1:], skipped+1, 1
	}
	n := skipped + 1
	lastOf := func(year int, month time.Month) ([]time.Time, int) { return []time.Time{dayOf(year, month+1, 0)}, n }
	month, isMonth := findMonth(text[0])
	q := quarter.FindStringSubmatch(text[0])
	switch {
	case text[0] == "year":
		return lastOf(today.Year()+next, time.December)
	case text[0] == "quarter":
		return lastOf(today.Year(), (today.Month()-1)/3*3+3+time.Month(3*next))
	case text[0] == "month":
		return lastOf(today.Year(), today.Month()+time.Month(next))
	case text[0] == "week":
		toSunday := (7-int(today.Weekday()))%7 + 7*next
		sunday := today.AddDate(0, 0, toSunday)
		return []time.Time{sunday.AddDate(0, 0, -2), sunday}, n
	case year.MatchString(text[0]):
		return lastOf(atoi(text[0]), time.December)
	case q != nil:
		return k.endOfMonth(time.Month(3*atoi(q[1])), text[1:], n)
	case isMonth:
		return k.endOfMonth(month, text[1:], n)
	}
	return nil, 0
}

// endOfMonth is the last day of a month, of the year that follows or of the next.
func (k Known) endOfMonth(month time.Month, rest []string, n int) ([]time.Time, int) {
	if len(rest) > 0 && year.MatchString(rest[0]) {
		return []time.Time{dayOf(atoi(rest[0]), month+1, 0)}, n + 1
	}
	last := dayOf(k.Now.Year(), month+1, 0)
	if last.Before(k.today()) {
		last = dayOf(k.Now.Year()+1, month+1, 0)
	}
	return []time.Time{last}, n
}

// readMonthDay reads a day with the name of its month, before or behind it.
func (k Known) readMonthDay(text []string) ([]time.Time, int) {
	n := 2
	if len(text) > 2 && text[1] == "of" {
		text, n = slices.Delete(slices.Clone(text), 1, 2), 3
	}
	if len(text) > 3 && text[2] == "of" && year.MatchString(text[3]) { // 31 de marzo de 2027
		text, n = slices.Delete(slices.Clone(text), 2, 3), n+1
	}
	if len(text) < 2 {
		return nil, 0
	}
	first, second := text[0], text[1]
	if ordinal.MatchString(second) {
		first, second = second, first
	}
	day, month := ordinal.FindStringSubmatch(first), time.Month(0)
	if found, ok := findMonth(second); ok {
		month = found
	}
	switch {
	case day == nil || month == 0:
		return nil, 0
	case len(text) > 2 && year.MatchString(text[2]):
		days, found := oneDay(atoi(text[2]), int(month), atoi(day[1]))
		return days, (n + 1) * found
	}
	days, found := k.comingDay(int(month), atoi(day[1]))
	return days, n * found
}

// readDayOfMonth reads a day such as 15th without its month: the next one.
func (k Known) readDayOfMonth(text []string) ([]time.Time, int) {
	day := ordinal.FindStringSubmatch(text[0])
	if day == nil || day[2] == "" || len(text) > 1 && text[1] == "of" {
		return nil, 0
	}
	for i := range 3 { // a month may be too short for it
		month := dayOf(k.Now.Year(), k.Now.Month()+time.Month(i), 1)
		if days, n := oneDay(month.Year(), int(month.Month()), atoi(day[1])); n > 0 && !days[0].Before(k.today()) {
			return days, n
		}
	}
	return nil, 0
}

// findMonth reads the name of a month, whole or its first letters.
func findMonth(text string) (time.Month, bool) {
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		if text == name || len(text) >= 3 && len(text) <= 4 && strings.HasPrefix(name, text) {
			return m, true
		}
	}
	return 0, false
}
