package main

import (
	"sync"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
)

// How often a fault that lasts is logged. Jobs meet it every half minute, so that
// one that was not met for longer has ended.
const (
	firstReminder = time.Minute
	lastReminder  = time.Hour
	faultOver     = 3 * time.Minute
)

// An operatorLog tells the operator what only an operator can mend: once when it
// begins, and again at growing intervals.
type operatorLog struct {
	log zerolog.Logger
	now func() time.Time

	mu     sync.Mutex
	faults map[string]*loggedFault
}

type loggedFault struct {
	began, met, next time.Time
	gap              time.Duration
}

func newOperatorLog(log zerolog.Logger, now func() time.Time) *operatorLog {
	if now == nil {
		now = time.Now
	}
	return &operatorLog{log: log, now: now, faults: map[string]*loggedFault{}}
}

// report logs an error if it is one for the operator and it is time to. It returns
// whether it is one.
func (l *operatorLog) report(err error) bool {
	fault, ok := approvals.NeedsOperator(err)
	if !ok {
		return false
	}
	if since, due := l.isDue(fault.Variable + " " + fault.Code); due {
		l.log.Error().Str("variable", fault.Variable).Str("remedy", fault.Remedy()).
			Str("since", since.UTC().Format(time.RFC3339)).
			AnErr("cause", fault.Err).Err(fault).Msg("an operator has to act; requests wait")
	}
	return true
}

// isDue notes that a fault was met. It tells since when it lasts, and whether it
// is to be logged now.
func (l *operatorLog) isDue(key string) (since time.Time, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	f := l.faults[key]
	if f == nil || now.Sub(f.met) > faultOver {
		f = &loggedFault{began: now, next: now, gap: firstReminder}
		l.faults[key] = f
	}
	f.met = now
	if now.Before(f.next) {
		return f.began, false
	}
	f.next, f.gap = now.Add(f.gap), min(2*f.gap, lastReminder)
	return f.began, true
}
