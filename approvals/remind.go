package approvals

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The first reminder comes after a twelfth of a request's life, the next after
// twice, four and eight times as long.
const (
	remindAfter   = 12
	soonestRemind = 15 * time.Minute
	mostReminders = 4
)

// What is asked about people for a reminder. Slack allows a hundred such
// questions a minute, which votes need more urgently.
const (
	ageAtReminder      = 12 * time.Hour
	groupAgeAtReminder = 10 * time.Minute
	mostLooked         = 40
)

// By day is when people may be reminded, by their own clock, Monday to Friday.
const (
	dayBegins = 8
	dayEnds   = 18
)

// A putOff is returned by work that has to wait, without anything being wrong.
type postponed struct{ after time.Duration }

func (e *postponed) Error() string { return "put off for " + e.after.String() }

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
	return []Job{{Kind: JobRemind, Key: strconv.Itoa(r.RemindersSent + 1), Due: due}}
}

func reminded(r Request, e Reminded, now time.Time) (Step, error) {
	if r.State != Pending || e.Number != r.RemindersSent+1 {
		return Step{}, ErrNoTransition
	}
	r.RemindersSent++
	return Step{Request: r, Enqueue: r.nextReminder(now)}, nil
}

// remind asks those once more who can still agree and have not, if it is day
// where they are, and otherwise waits until it is for the first of them.
func (w *Workers) remind(ctx context.Context, t LeasedJob, r Request) error {
	number, err := strconv.Atoi(t.Key)
	if err != nil || r.State != Pending || r.CardTS == "" {
		return nil
	}
	whom, later, err := w.listAwake(ctx, r)
	switch {
	case err != nil:
		return err
	case len(whom) == 0 && t.TriedAt.IsZero():
		return later
	}
	said := t.Job
	said.Note = strings.Join(whom, " ")
	_, err = w.postOnce(ctx, t, r, func() (string, error) {
		if len(whom) == 0 {
			return "", later
		}
		return "", w.Messenger.PostInThread(ctx, r, said)
	})
	if err != nil {
		return stopIfRefused(err) // refused: the thread is gone
	}
	return w.applyEvent(ctx, r, Reminded{Number: number}, &t)
}

// awake lists whom a reminder may mention now. If that is nobody, later says
// when to ask again, or that there is nobody to ask.
func (w *Workers) listAwake(ctx context.Context, r Request) (whom []string, later, err error) {
	now, err := w.Store.Now(ctx)
	if err != nil {
		return nil, nil, err
	}
	members, err := w.listStageMembers(ctx, r.Terms.Stages, groupAgeAtReminder)
	if err = unlessRefused(err); err != nil {
		return nil, nil, err
	}
	a := audience{Directory: w.Directory, request: r, now: now, members: members}
	for _, id := range r.Terms.Approvers() {
		reached, err := a.reach(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		whom = append(whom, Without(reached, whom)...)
	}
	if a.after == 0 {
		return whom, ErrNoTransition, nil
	}
	return whom, &postponed{a.after}, nil
}

// An audience is whom a reminder reaches.
type audience struct {
	Directory
	request Request
	now     time.Time
	members [][]string // by stage
	looked  int
	after   time.Duration // how long the first of those will sleep who sleep
}

// reach lists whom to mention of one approver, or of the members of one user
// group. The group is mentioned as such where that wakes nobody, and bothers
// nobody who has voted.
func (a *audience) reach(ctx context.Context, id string) ([]string, error) {
	people, err := a.ListMembers(ctx, []string{id}, groupAgeAtReminder)
	if err = unlessRefused(err); err != nil {
		return nil, err
	}
	var reached []string
	together := IsUserGroup(id)
	for _, user := range people {
		if a.looked == mostLooked {
			together = false
			break
		}
		a.looked++
		person, err := a.FindPerson(ctx, user, ageAtReminder)
		var refusal *RefusedError
		if errors.As(err, &refusal) {
			together = false
			continue
		}
		if err != nil {
			return nil, err
		}
		ask, harmless := a.judge(person)
		together = together && harmless
		if ask {
			reached = append(reached, user)
		}
	}
	if together && len(reached) > 0 {
		return []string{id}, nil
	}
	return reached, nil
}

// judge says whether to ask a person now, and whether mentioning them along
// with others does no harm.
func (a *audience) judge(p Person) (ask, harmless bool) {
	if p.Bot || p.Deactivated {
		return false, true
	}
	stages := stagesNaming(a.members, p.ID)
	can := EligibilityOf(a.request, p, stages) == Counts && a.request.Terms.wouldHelp(a.request.Votes, p.ID, stages)
	if isDay(a.now, p.UTCOffset) {
		return can, !voted(a.request.Votes, p.ID)
	}
	if until := nextDay(a.now, p.UTCOffset).Sub(a.now); can && (a.after == 0 || until < a.after) {
		a.after = until
	}
	return false, false
}

func unlessRefused(err error) error {
	var refusal *RefusedError
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}

// helps reports whether a person's vote would bring the request nearer to its
// quorum. It may free another voter for another stage.
func (t Terms) wouldHelp(votes []Vote, user string, stages []int) bool {
	if voted(votes, user) {
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
func isDay(at time.Time, offset time.Duration) bool {
	local := at.UTC().Add(offset)
	return !weekend(local) && local.Hour() >= dayBegins && local.Hour() < dayEnds
}

// nextDay is when the next day begins there.
func nextDay(at time.Time, offset time.Duration) time.Time {
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
