package worker

import (
	"context"
	"time"

	"licensebot/approvals"
)

// What a reminder asks Slack about people. Slack allows a hundred such calls a
// minute, which votes need more urgently.
const (
	ageAtReminder      = 12 * time.Hour
	groupAgeAtReminder = 10 * time.Minute
	maxLookups         = 40

	leftOutPause = time.Hour // while the policy of today leaves out all the others
)

// A postponed error makes a job wait although nothing is wrong.
type postponed struct{ after time.Duration }

func (e *postponed) Error() string { return "postponed for " + e.after.String() }

// remind mentions the approvers who can still approve and have not, if it is day
// where they are. Otherwise it waits for the first of their mornings.
func (w *Runner) remind(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	if !t.IsRelevant(r) || r.CardTS == "" {
		return nil
	}
	awake, later, err := w.listAwake(ctx, r)
	if err != nil {
		return err
	}
	if len(awake) > 0 {
		later = nil
	}
	said := t.Job
	said.Payload.Mention = awake
	ts, err := w.postOnce(ctx, t, r, later, func() (string, error) {
		return w.Messenger.PostInThread(ctx, r, said)
	})
	if err != nil {
		return stopIfRefused(err) // refused: the thread is gone
	}
	return w.applyEvent(ctx, r, approvals.Reminded{Number: t.Number, TS: ts}, &t)
}

// escalate lets more people approve a request that has waited for long.
func (w *Runner) escalate(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	return w.applyEvent(ctx, r, approvals.Escalated{}, &t)
}

// listAwake lists the people and user groups that a reminder may mention now. Without
// them, later says when to ask again, if ever.
func (w *Runner) listAwake(ctx context.Context, r approvals.Request) (awake []string, later, err error) {
	now, err := w.Store.Now(ctx)
	if err != nil {
		return nil, nil, err
	}
	members, err := w.listStageMembers(ctx, r.Terms.Stages, groupAgeAtReminder)
	if err = ignoreRefusal(err); err != nil {
		return nil, nil, err
	}
	a := audience{Directory: w.Directory, request: r, now: now, members: members}
	if today, people, unknown := w.findTermsToday(ctx, r, now); unknown == nil {
		a.today, a.peopleToday = today, people
	}
	for _, id := range r.Terms.Approvers() {
		reached, err := a.reach(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		awake = append(awake, approvals.Without(reached, awake)...)
	}
	if a.after == 0 {
		return awake, approvals.ErrNoTransition, nil
	}
	return awake, &postponed{a.after}, nil
}

// findTermsToday tells the terms of the policy of today for a request, and the people of each of
// their stages; none if it asks no people or forbids the change.
func (w *Runner) findTermsToday(
	ctx context.Context, r approvals.Request, now time.Time,
) (today approvals.Terms, people [][]string, err error) {
	policy, proposal := w.Policy(), *r.Proposal
	if proposal.Group, err = w.Licenses.ReadGroup(ctx, r.Proposal.Group); err != nil {
		return today, nil, err
	}
	input, err := w.policyInput(ctx, policy, proposal.PolicyInput(r, now))
	if err != nil {
		return today, nil, err
	}
	today = policy.Recheck(r.Terms, r.Proposal.Group, input).Today
	if len(today.Stages) > 0 {
		people, err = w.listStageMembers(ctx, today.Stages, groupAgeAtReminder)
	}
	return today, people, err
}

// An audience is the people that a reminder can reach.
type audience struct {
	Directory
	request approvals.Request
	now     time.Time
	members [][]string // by stage
	lookups int
	after   time.Duration // until there may be more: the first morning of those who sleep

	today       approvals.Terms // of the policy of today
	peopleToday [][]string      // by its stages; nil: not known, or it asks nobody
}

// reach lists the people to mention of one approver or one user group. It mentions
// the group itself unless this would wake a sleeping member or bother one with a
// vote.
func (a *audience) reach(ctx context.Context, id string) ([]string, error) {
	people, err := a.ListMembers(ctx, []string{id}, groupAgeAtReminder)
	if err = ignoreRefusal(err); err != nil {
		return nil, err
	}
	var reached []string
	together := approvals.IsUserGroup(id)
	for _, user := range people {
		if a.lookups == maxLookups {
			together = false
			break
		}
		a.lookups++
		person, err := a.FindPerson(ctx, user, ageAtReminder)
		if approvals.IsRefused(err) {
			together = false
			continue
		}
		if err != nil {
			return nil, err
		}
		ask, harmless := a.canMention(person)
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

// canMention says whether to ask a person now, and whether it does no harm to
// mention the person along with others.
func (a *audience) canMention(p approvals.Person) (ask, harmless bool) {
	if p.Bot || p.Deactivated {
		return false, true
	}
	if a.peopleToday != nil && !a.today.MayApprove(a.request, p.ID, a.peopleToday) {
		a.waitFor(leftOutPause) // the policy may change again
		return false, false     // an approval would be lost before the write
	}
	can := approvals.Voter{Person: p, Stages: approvals.StagesNaming(a.members, p.ID)}.CanHelp(a.request)
	if approvals.IsDay(a.now, p.UTCOffset) {
		return can, !approvals.HasVoted(a.request.Votes, p.ID)
	}
	if can {
		a.waitFor(approvals.NextDay(a.now, p.UTCOffset).Sub(a.now))
	}
	return false, false
}

// waitFor has the reminder tried again after a while, if it mentions no people now.
func (a *audience) waitFor(while time.Duration) {
	if a.after == 0 || while < a.after {
		a.after = while
	}
}

func ignoreRefusal(err error) error {
	if approvals.IsRefused(err) {
		return nil
	}
	return err
}
