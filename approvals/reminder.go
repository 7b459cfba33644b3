package approvals

import (
	"time"
)

// The first reminder comes after a twelfth of a request's life, the next after
// twice, four and eight times as long.
const (
	remindAfter   = 12
	soonestRemind = 15 * time.Minute
	mostReminders = 4
)

// People may be reminded between these hours by their own clock, Monday to
// Friday.
const (
	dayBegins = 8
	dayEnds   = 18
)

// nextReminder is the next reminder of a pending request, if one is left that
// comes before the deadline.
func (r Request) nextReminder(now time.Time) []Job {
	if r.RemindersSent >= mostReminders {
		return nil
	}
	due := now.Add(max(r.Terms.TTL/remindAfter, soonestRemind) << r.RemindersSent)
	if !due.Before(r.Deadline) {
		return nil
	}
	return []Job{{Kind: JobRemind, Number: r.RemindersSent + 1, Due: due}}
}

func (e Reminded) move(r Request, now time.Time) (Step, error) {
	if r.State != Pending || e.Number != r.RemindersSent+1 {
		return Step{}, ErrNoTransition
	}
	r.RemindersSent++
	return Step{Request: r, Enqueue: r.nextReminder(now)}, nil
}

// IsDay reports whether people work where clocks are so far ahead of UTC.
func IsDay(at time.Time, offset time.Duration) bool {
	local := at.UTC().Add(offset)
	return !isWeekend(local) && local.Hour() >= dayBegins && local.Hour() < dayEnds
}

// NextDay is when the next working day begins there.
func NextDay(at time.Time, offset time.Duration) time.Time {
	local := at.UTC().Add(offset)
	begins := time.Date(local.Year(), local.Month(), local.Day(), dayBegins, 0, 0, 0, time.UTC)
	for !begins.After(local) || isWeekend(begins) {
		begins = begins.AddDate(0, 0, 1)
	}
	return begins.Add(-offset)
}

func isWeekend(local time.Time) bool {
	return local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
}
