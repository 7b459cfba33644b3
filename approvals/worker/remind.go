package worker

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"licensebot/approvals"
)

// What is asked about people for a reminder. Slack allows a hundred such
// questions a minute, which votes need more urgently.
const (
	ageAtReminder      = 12 * time.Hour
	groupAgeAtReminder = 10 * time.Minute
	mostLooked         = 40
)

// A putOff is returned by work that has to wait, without anything being wrong.
type postponed struct{ after time.Duration }

func (e *postponed) Error() string { return "put off for " + e.after.String() }

// remind asks those once more who can still agree and have not, if it is day
// where they are, and otherwise waits until it is for the first of them.
func (w *Workers) remind(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	number, err := strconv.Atoi(t.Key)
	if err != nil || r.State != approvals.Pending || r.CardTS == "" {
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
	return w.applyEvent(ctx, r, approvals.Reminded{Number: number}, &t)
}

// awake lists whom a reminder may mention now. If that is nobody, later says
// when to ask again, or that there is nobody to ask.
func (w *Workers) listAwake(ctx context.Context, r approvals.Request) (whom []string, later, err error) {
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
		whom = append(whom, approvals.Without(reached, whom)...)
	}
	if a.after == 0 {
		return whom, approvals.ErrNoTransition, nil
	}
	return whom, &postponed{a.after}, nil
}

// An audience is whom a reminder reaches.
type audience struct {
	Directory
	request approvals.Request
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
	together := approvals.IsUserGroup(id)
	for _, user := range people {
		if a.looked == mostLooked {
			together = false
			break
		}
		a.looked++
		person, err := a.FindPerson(ctx, user, ageAtReminder)
		var refusal *approvals.RefusedError
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
func (a *audience) judge(p approvals.Person) (ask, harmless bool) {
	if p.Bot || p.Deactivated {
		return false, true
	}
	stages := approvals.StagesNaming(a.members, p.ID)
	can := approvals.EligibilityOf(a.request, p, stages) == approvals.Counts && a.request.Terms.WouldHelp(a.request.Votes, p.ID, stages)
	if approvals.IsDay(a.now, p.UTCOffset) {
		return can, !approvals.Voted(a.request.Votes, p.ID)
	}
	if until := approvals.NextDay(a.now, p.UTCOffset).Sub(a.now); can && (a.after == 0 || until < a.after) {
		a.after = until
	}
	return false, false
}

func unlessRefused(err error) error {
	var refusal *approvals.RefusedError
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}
