package outbound

import (
	"testing"
	"time"
)

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "17": 17 * time.Second, " 17 ": 17 * time.Second, "1.5": 2 * time.Second, "0.2": time.Second,
		"86400": time.Hour, "1e300": time.Hour, "+Inf": time.Hour,
		"Mon, 23 Nov 2026 09:31:00 GMT": time.Minute, "Mon, 23 Nov 2026 09:29:00 GMT": 0,
		"Tue, 24 Nov 2026 09:30:00 GMT": time.Hour, "Monday, 23-Nov-26 09:31:00 GMT": time.Minute,
		"": -1, "soon": -1, "-3": -1, "NaN": -1, "1m": -1,
	} {
		got, ok := ParseRetryAfter(value, now, time.Hour)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}
