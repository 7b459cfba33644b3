package socket

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	// maxClockError is how far the clock may be off Slack's.
	maxClockError = time.Minute
	// datesKept and datesNeeded are how many of Slack's dates are compared: one may
	// come late, or from something between.
	datesKept   = 5
	datesNeeded = 3
	// clockReminder is when a clock that is still off is logged again.
	clockReminder = time.Hour
)

// A clockWatch compares the host's clock with the dates of Slack's answers.
type clockWatch struct {
	log zerolog.Logger
	now func() time.Time

	mu      sync.Mutex
	offsets []time.Duration // the newest last
	begun   time.Time       // for the time that really passes
	logged  time.Duration   // since begun; zero: the clock was right
}

func newClockWatch(now func() time.Time, log zerolog.Logger) *clockWatch {
	if now == nil {
		now = time.Now
	}
	return &clockWatch{log: log, now: now, begun: time.Now()}
}

// note takes the Date of an answer that has just come.
func (w *clockWatch) note(header string) {
	theirs, err := http.ParseTime(header)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offsets = append(w.offsets, w.now().Round(0).Sub(theirs))
	w.offsets = w.offsets[max(0, len(w.offsets)-datesKept):]
	off, passed := medianOf(w.offsets), time.Since(w.begun)
	switch {
	case len(w.offsets) < datesNeeded:
	case off.Abs() <= maxClockError:
		w.logged = 0
	case w.logged == 0 || passed-w.logged >= clockReminder:
		w.logged = passed
		w.log.Error().Stringer("off_by", off.Round(time.Second)).
			Msg("the clock of this host differs from Slack's: set it, because deadlines and votes are compared by both")
	}
}

func medianOf(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
