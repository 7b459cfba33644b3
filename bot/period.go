package bot

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"licensebot/approvals"
)

// Bounds of a timed grant. Ten years are beyond any licence contract, and a
// minute is what it takes to notice one.
const (
	minPeriod     = time.Minute
	MaxPeriod     = 3652 * 24 * time.Hour
	ExamplePeriod = 30 * 24 * time.Hour
	dateLayout    = "2006-01-02"
)

// readPeriod understands the word after for or until and returns the rest.
// What is suggested instead is the next best that can be guessed.
func (d *draft) readPeriod(keyword string, tokens []word) []word {
	if d.ask.IsTimed() {
		d.noteProblem("Say once when it ends, with %s or with %s.", quoteCode("for"), quoteCode("until"))
		return tokens[min(1, len(tokens)):]
	}
	if len(tokens) == 0 {
		d.noteProblem("Say after %s when it ends, such as %s or %s.", quoteCode(keyword), quoteCode("for 30d"), quoteCode("until "+d.exampleDay()))
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
		d.noteProblem("A duration is written in one word, such as %s.", quoteCode("for "+text+string(guess)))
		text, tokens = text+string(guess), tokens[1:]
	}
	d.readDuration(text)
	return tokens
}

// number is a count whose unit is the next word, as in "for 30 days".
var number = regexp.MustCompile(`^[0-9]{1,4}$`)

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

func (d *draft) readDuration(text string) {
	period, err := approvals.ParseDuration(strings.ToLower(text))
	switch {
	case err != nil || period < minPeriod || period%time.Minute != 0:
		d.noteProblem("%s is not a duration: write hours, days or weeks such as %s, %s or %s.", quoteCode("for "+text), quoteCode("36h"), quoteCode("30d"), quoteCode("2w"))
		period = ExamplePeriod
	case period > MaxPeriod:
		d.noteProblem("%s is longer than ten years. Leave it out to ask for good.", quoteCode("for "+text))
		period = MaxPeriod
	}
	d.ask.For = period
}

// readDate reads a day; the grant lasts to its end, in UTC.
func (d *draft) readDate(text string) {
	day, err := time.ParseInLocation(dateLayout, text, time.UTC)
	end := day.Add(24*time.Hour - time.Second)
	switch {
	case err != nil:
		d.noteProblem("%s is not a day: write year, month and day, such as %s.", quoteCode("until "+text), quoteCode("until "+d.exampleDay()))
		end = d.endOfDayAfter(ExamplePeriod)
	case !end.After(d.now):
		d.noteProblem("%s is over, and a grant cannot end before it begins.", quoteCode("until "+text))
		end = d.endOfDayAfter(ExamplePeriod)
	case end.Sub(d.now) > MaxPeriod:
		d.noteProblem("%s is more than ten years away. Leave it out to ask for good.", quoteCode("until "+text))
		end = d.endOfDayAfter(MaxPeriod - 24*time.Hour)
	}
	d.ask.Until = end
}

// dayAfter is the end of the day on which a period from now is over.
func (d *draft) endOfDayAfter(period time.Duration) time.Time {
	return d.now.Add(period).UTC().Truncate(24 * time.Hour).Add(24*time.Hour - time.Second)
}

func (d *draft) exampleDay() string { return d.endOfDayAfter(ExamplePeriod).Format(dateLayout) }

// span writes a duration as it is typed: 30d, 36h, 1d12h.
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

// period writes when a grant ends as it is typed: for 30d, until 2026-12-31.
// It is empty for one that does not.
func FormatPeriod(a approvals.Ask) string {
	switch {
	case !a.Until.IsZero():
		return "until " + a.Until.UTC().Format(dateLayout)
	case a.For > 0:
		return "for " + FormatDuration(a.For)
	}
	return ""
}
