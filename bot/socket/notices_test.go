package socket

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/bot/bottest"
)

func TestAnotherInstallationIsWarnedOf(t *testing.T) {
	for _, c := range []struct {
		explained, ofApp int
		want             bool
	}{{2, 1, false}, {2, 2, false}, {2, 3, true}, {2, 10, true}, {0, 10, false}} {
		log := new(bottest.Log)
		s := New(Config{Explained: c.explained}, nil, zerolog.New(log))
		s.checkCount(c.ofApp)
		if got := strings.Contains(log.String(), "another installation uses the same SLACK_APP_TOKEN"); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestTheClockIsComparedWithSlacks(t *testing.T) {
	now := time.Now()
	for header, want := range map[string]bool{
		now.UTC().Format(http.TimeFormat):                        false,
		now.Add(55 * time.Second).UTC().Format(http.TimeFormat):  false,
		now.Add(-55 * time.Second).UTC().Format(http.TimeFormat): false,
		now.Add(2 * time.Minute).UTC().Format(http.TimeFormat):   true,
		now.Add(-2 * time.Minute).UTC().Format(http.TimeFormat):  true,
		"":     false,
		"soon": false,
	} {
		log := new(bottest.Log)
		New(Config{}, nil, zerolog.New(log)).checkClock(header, now)
		if got := strings.Contains(log.String(), "the clock of this host differs"); got != want {
			t.Errorf("%s: %v", header, got)
		}
	}
}
