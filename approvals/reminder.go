package approvals

import (
	"slices"
	"time"
)

// The first reminder comes after a twelfth of a request's life, the next after
// twice, four and eight times as long.
const (
	remindAfter   = 12
	soonestRemind = 15 * time.Minute
	mostReminders = 4
)

// By day is when people may be reminded, by their own clock, Monday to Friday.
const (
	dayBegins = 8
	dayEnds   = 18
)

// nextReminder is the reminder that a pending request owes from now on, if one
// is left that comes before the deadline.
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

func reminded(r Request, e Reminded, now time.Time) (Step, error) {
	if r.State != Pending || e.Number != r.RemindersSent+1 {
		return Step{}, ErrNoTransition
	}
	r.RemindersSent++
	return Step{Request: r, Enqueue: r.nextReminder(now)}, nil
}

// CanHelp reports whether a vote of the person would count and bring the request
// nearer to its quorum. stages are those that name the person.
func CanHelp(r Request, person Person, stages []int) bool {
	return EligibilityOf(r, person, stages) == Counts && r.Terms.wouldHelp(r.Votes, person.ID, stages)
}

// wouldHelp reports whether a vote would bring the request nearer to its quorum.
// It may free another voter for another stage.
func (t Terms) wouldHelp(votes []Vote, user string, stages []int) bool {
	if HasVoted(votes, user) {
		return false
	}
	with := append(slices.Clone(votes), Vote{User: user, Stages: stages})
	return sum(t.MissingVotes(with)) < sum(t.MissingVotes(votes))
}

func sum(all []int) int {
	total := 0
	for _, n := range all {
		total += n
	}
	return total
}

// isDay reports whether people work where the clocks are so far ahead of UTC.
func IsDay(at time.Time, offset time.Duration) bool {
	local := at.UTC().Add(offset)
	return !weekend(local) && local.Hour() >= dayBegins && local.Hour() < dayEnds
}

// nextDay is when the next day begins there.
func NextDay(at time.Time, offset time.Duration) time.Time {
	local := at.UTC().Add(offset)
	begins := time.Date(local.Year(), local.Month(), local.Day(), dayBegins, 0, 0, 0, time.UTC)
	for !begins.After(local) || weekend(begins) {
		begins = begins.AddDate(0, 0, 1)
	}
	return begins.Add(-offset)
}

func weekend(local time.Time) bool {
	return local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
}
