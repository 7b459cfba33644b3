package command

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"licensebot/approvals"
)

// Bounds of a timed grant. Ten years are longer than any license contract, and
// a grant of less than a minute would pass before people notice it.
const (
	MaxPeriod     = 3652 * 24 * time.Hour
	ExamplePeriod = 30 * 24 * time.Hour // where nothing better can be guessed

	minPeriod  = time.Minute
	dateLayout = "2006-01-02"
)

// readPeriod reads the word after "for" or "until" and returns the rest. If it
// cannot, it goes on with the best guess, for the suggestion.
func (d *draft) readPeriod(keyword string, tokens []word) []word {
	if d.ask.IsTimed() {
		d.noteProblem("Say once when it ends, with %s or with %s.", Typed("for"), Typed("until"))
		return tokens[min(1, len(tokens)):]
	}
	if len(tokens) == 0 {
		d.noteProblem("Say after %s when it ends, such as %s or %s.",
			Typed(keyword), Typed("for 30d"), Typed("until "+d.exampleDay()))
		d.ask.For = ExamplePeriod
		return nil
	}
	text := tokens[0].text
	tokens = tokens[1:]
	if keyword == "until" {
		d.readDate(text)
		return tokens
	}
	if guess, ok := guessUnit(text, tokens); ok {
		d.noteProblem("A duration is written in one word, such as %s.", Typed("for "+text+string(guess)))
		text, tokens = text+string(guess), tokens[1:]
	}
	d.readDuration(text)
	return tokens
}

// number is a count before its unit, as in "for 30 days".
var number = regexp.MustCompile(`^[0-9]{1,4}$`)

// guessUnit is the unit that the next word names.
func guessUnit(text string, next []word) (unit byte, ok bool) {
	if !number.MatchString(text) || len(next) == 0 {
		return 0, false
	}
	switch strings.TrimSuffix(strings.ToLower(next[0].text), "s") {
	case "h", "hour":
		return 'h', true
	case "d", "day":
		return 'd', true
	case "w", "week":
		return 'w', true
	}
	return 0, false
}

// readDuration reads a duration such as 30d.
func (d *draft) readDuration(text string) {
	period, err := approvals.ParseDuration(strings.ToLower(text))
	switch {
	case err != nil || period < minPeriod || period%time.Minute != 0:
		d.noteProblem("%s is not a duration: write hours, days or weeks such as %s, %s or %s.",
			Typed("for "+text), Typed("36h"), Typed("30d"), Typed("2w"))
		period = ExamplePeriod
	case period > MaxPeriod:
		d.noteProblem("%s is longer than ten years. Leave it out to ask for good.", Typed("for "+text))
		period = MaxPeriod
	}
	d.ask.For = period
}

// readDate reads a day. The grant lasts until the end of that day in UTC.
func (d *draft) readDate(text string) {
	day, err := time.ParseInLocation(dateLayout, text, time.UTC)
	end := day.Add(24*time.Hour - time.Second)
	switch {
	case err != nil:
		d.noteProblem("%s is not a day: write year, month and day, such as %s.",
			Typed("until "+text), Typed("until "+d.exampleDay()))
		end = d.endOfDayAfter(ExamplePeriod)
	case !end.After(d.now):
		d.noteProblem("%s is over, and a grant cannot end before it begins.", Typed("until "+text))
		end = d.endOfDayAfter(ExamplePeriod)
	case end.Sub(d.now) > MaxPeriod:
		d.noteProblem("%s is more than ten years away. Leave it out to ask for good.", Typed("until "+text))
		end = d.endOfDayAfter(MaxPeriod - 24*time.Hour)
	}
	d.ask.Until = end
}

// endOfDayAfter is the end of the day on which a period from now is over.
func (d *draft) endOfDayAfter(period time.Duration) time.Time {
	return d.now.Add(period).UTC().Truncate(24 * time.Hour).Add(24*time.Hour - time.Second)
}

// exampleDay is a day to show in an example.
func (d *draft) exampleDay() string { return d.endOfDayAfter(ExamplePeriod).Format(dateLayout) }

// FormatDuration writes a duration as people type it: 30d, 36h, 1d12h.
func FormatDuration(d time.Duration) string {
	text := ""
	if days := d / (24 * time.Hour); days > 2 || days > 0 && d%(24*time.Hour) == 0 {
		text, d = fmt.Sprintf("%dd", days), d%(24*time.Hour)
	}
	if hours := d / time.Hour; hours > 0 {
		text += fmt.Sprintf("%dh", hours)
	}
	if minutes := d % time.Hour / time.Minute; minutes > 0 {
		text += fmt.Sprintf("%dm", minutes)
	}
	return text
}

// FormatPeriod writes when a grant ends as people type it: "for 30d" or "until
// 2026-12-31". It is empty for a grant without an end.
func FormatPeriod(a approvals.Ask) string {
	switch {
	case !a.Until.IsZero():
		return "until " + a.Until.UTC().Format(dateLayout)
	case a.For > 0:
		return "for " + FormatDuration(a.For)
	}
	return ""
}
