package approvals

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

const day = 24 * time.Hour

// weeksAndDays splits off the units that package time does not know.
var weeksAndDays = regexp.MustCompile(`^(?:(\d{1,4})w)?(?:(\d{1,4})d)?(\d.*)?$`)

// ParseDuration reads a duration as people write them: weeks and days before
// what Go knows, such as 30d, 1w2d or 1d12h. It is above zero.
func ParseDuration(s string) (time.Duration, error) {
	parts := weeksAndDays.FindStringSubmatch(s)
	if parts == nil {
		return 0, fmt.Errorf("%q is not a duration such as 90m, 24h, 30d or 2w", s)
	}
	weeks, _ := strconv.Atoi(parts[1]) // the pattern leaves digits or nothing
	days, _ := strconv.Atoi(parts[2])
	var rest time.Duration
	if parts[3] != "" {
		var err error
		if rest, err = time.ParseDuration(parts[3]); err != nil {
			return 0, fmt.Errorf("%q is not a duration such as 90m, 24h, 30d or 2w", s)
		}
	}
	d := time.Duration(7*weeks+days)*day + rest
	if d <= 0 { // above the largest it wraps around
		return 0, fmt.Errorf("%q is not a duration above zero, or too long", s)
	}
	return d, nil
}
