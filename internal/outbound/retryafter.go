package outbound

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ParseRetryAfter reads the header of this name, as servers and what stands before them
// write it: seconds, also with a fraction, or a date. It reports false if the value says
// nothing. most bounds the pause, whatever it says.
func ParseRetryAfter(value string, now time.Time, most time.Duration) (pause time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 && !math.IsNaN(seconds) {
		return time.Duration(min(math.Ceil(seconds), most.Seconds())) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), most), true
	}
	return 0, false
}
