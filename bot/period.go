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
	minPeriod  = time.Minute
	maxPeriod  = 3652 * 24 * time.Hour
	somePeriod = 30 * 24 * time.Hour
	dateLayout = "2006-01-02"
)

// readPeriod understands the word after for or until and returns the rest.
// What is suggested instead is the next best that can be guessed.
func (d *draft) readPeriod(keyword string, tokens []word) []word {
	if d.ask.IsTimed() {
		d.fail("Say once when it ends, with %s or with %s.", code("for"), code("until"))
		return tokens[min(1, len(tokens)):]
	}
	if len(tokens) == 0 {
		d.fail("Say after %s when it ends, such as %s or %s.", code(keyword), code("for 30d"), code("until "+d.someDay()))
		d.ask.For = somePeriod
		return nil
	}
	text := tokens[0].text
	tokens = tokens[1:]
	if keyword == "until" {
		d.readDate(text)
		return tokens
	}
	if guess, ok := inUnits(text, tokens); ok {
		d.fail("A duration is written in one word, such as %s.", code("for "+text+string(guess)))
		text, tokens = text+string(guess), tokens[1:]
	}
	d.readDuration(text)
	return tokens
}

// number is a count whose unit is the next word, as in "for 30 days".
var number = regexp.MustCompile(`^[0-9]{1,4}$`)

func inUnits(text string, next []word) (unit byte, ok bool) {
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
		d.fail("%s is not a duration: write hours, days or weeks such as %s, %s or %s.", code("for "+text), code("36h"), code("30d"), code("2w"))
		period = somePeriod
	case period > maxPeriod:
		d.fail("%s is longer than ten years. Leave it out to ask for good.", code("for "+text))
		period = maxPeriod
	}
	d.ask.For = period
}

// readDate reads a day; the grant lasts to its end, in UTC.
func (d *draft) readDate(text string) {
	day, err := time.ParseInLocation(dateLayout, text, time.UTC)
	end := day.Add(24*time.Hour - time.Second)
	switch {
	case err != nil:
		d.fail("%s is not a day: write year, month and day, such as %s.", code("until "+text), code("until "+d.someDay()))
		end = d.dayAfter(somePeriod)
	case !end.After(d.now):
		d.fail("%s is over, and a grant cannot end before it begins.", code("until "+text))
		end = d.dayAfter(somePeriod)
	case end.Sub(d.now) > maxPeriod:
		d.fail("%s is more than ten years away. Leave it out to ask for good.", code("until "+text))
		end = d.dayAfter(maxPeriod - 24*time.Hour)
	}
	d.ask.Until = end
}

// dayAfter is the end of the day on which a period from now is over.
func (d *draft) dayAfter(period time.Duration) time.Time {
	return d.now.Add(period).UTC().Truncate(24 * time.Hour).Add(24*time.Hour - time.Second)
}

func (d *draft) someDay() string { return d.dayAfter(somePeriod).Format(dateLayout) }

// span writes a duration as it is typed: 30d, 36h, 1d12h.
func span(d time.Duration) string {
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
func period(a approvals.Ask) string {
	switch {
	case !a.Until.IsZero():
		return "until " + a.Until.UTC().Format(dateLayout)
	case a.For > 0:
		return "for " + span(a.For)
	}
	return ""
}
