package socket

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/bot/bottest"
)

// TestAnotherInstallationIsWarnedOf has the counts of the replicas that two looks find.
func TestAnotherInstallationIsWarnedOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		looks []int // less than zero: the database does not answer
		ofApp int
		want  bool
	}{
		{[]int{1, 1}, 1, false}, {[]int{1, 1}, 2, false}, {[]int{1, 1}, 3, true}, {[]int{1, 1}, 10, true},
		{[]int{3, 3}, 6, false}, {[]int{3, 3}, 7, true}, {[]int{3, 3}, 8, true},
		{[]int{1, 2}, 4, false}, // one was just starting
		{[]int{2, 1}, 4, false}, // or stopping
		{[]int{1, 2}, 5, true},
		{[]int{0, 0}, 2, false}, {[]int{0, 0}, 4, true}, // its own connection is away
		{[]int{-1, 1}, 10, false}, {[]int{1, -1}, 10, false}, {nil, 10, false},
	} {
		log := new(bottest.Log)
		cfg := Config{}
		if looks := c.looks; looks != nil {
			cfg.Replicas = func(context.Context) (int, error) {
				next := looks[0]
				looks = looks[1:]
				if next < 0 {
					return 0, errors.New("away")
				}
				return next, nil
			}
		}
		s := New(cfg, nil, zerolog.New(log))
		s.countPause = 0
		s.checkCount(t.Context(), c.ofApp)
		if got := strings.Contains(log.String(), "another installation uses the same SLACK_APP_TOKEN"); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestTheClockIsComparedWithSlacks has the seconds by which Slack's dates are ahead.
func TestTheClockIsComparedWithSlacks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ahead []int
		lines int
	}{
		"right":                  {[]int{0, 1, -1, 0, 0, 0}, 0},
		"almost":                 {[]int{55, 55, 55, -55, -55, -55, -55}, 0},
		"behind":                 {[]int{120, 121, 119}, 1},
		"ahead":                  {[]int{-120, -121, -119}, 1},
		"said once":              {[]int{900, 900, 900, 900, 900, 900, 900, 900}, 1},
		"one date is no proof":   {[]int{7200}, 0},
		"nor are two":            {[]int{7200, 7200}, 0},
		"one among good ones":    {[]int{0, 7200, 0, 0, 7200}, 0},
		"a good one among bad":   {[]int{600, 0, 600}, 1},
		"set while it runs":      {[]int{0, 0, 0, 0, 0, 300, 300, 300}, 1},
		"mended, and off again":  {[]int{300, 300, 300, 0, 0, 0, 0, 0, 300, 300, 300}, 2},
		"off to the other side ": {[]int{300, 300, 300, 300, 300, -300, -300, -300, -300, -300}, 1},
	} {
		log := new(bottest.Log)
		now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
		w := newClockWatch(func() time.Time { return now }, zerolog.New(log))
		for _, seconds := range c.ahead {
			for _, junk := range []string{"", "soon", "1764400000"} {
				w.note(junk)
			}
			w.note(now.Add(time.Duration(seconds) * time.Second).Format(http.TimeFormat))
		}
		if got := strings.Count(log.String(), "the clock of this host differs from Slack's"); got != c.lines {
			t.Errorf("%s: %d lines, want %d\n%s", name, got, c.lines, log)
		}
	}
}

// TestAClockThatStaysOffIsToldAgain an hour later.
func TestAClockThatStaysOffIsToldAgain(t *testing.T) {
	t.Parallel()
	log := new(bottest.Log)
	w := newClockWatch(nil, zerolog.New(log))
	tell := func() {
		for range datesNeeded {
			w.note(time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		}
	}
	tell()
	w.begun = w.begun.Add(-clockReminder)
	tell()
	if got := strings.Count(log.String(), "the clock of this host differs from Slack's"); got != 2 {
		t.Errorf("%d lines\n%s", got, log)
	}
}
