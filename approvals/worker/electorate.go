package worker

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
)

// electorateAge limits the age of what is known of approvers before a card is posted. What
// speaks against the request is asked anew.
const electorateAge = 5 * time.Minute

var errElectorateUnknown = errors.New("Slack does not tell who may vote")

// rejectDeadEnd rejects a request that its approvers cannot approve, whoever of them votes:
// its card could only expire. It looks twice. Where Slack does not tell who may vote, the
// request goes on.
func (w *Runner) rejectDeadEnd(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, terms approvals.Terms,
) (rejected bool, err error) {
	r.Terms = terms
	var lacking approvals.LackOfApproversError
	for _, age := range []time.Duration{electorateAge, 0} {
		var isFound bool
		if lacking, isFound = w.findLack(ctx, r, age); !isFound {
			return false, nil
		}
	}
	w.OnError(Problem{During: FoundDeadEnd, Job: t, RequestID: r.ID, Err: lacking})
	return true, w.applyEvent(ctx, r, approvals.Rejected{Outcome: approvals.Outcome{
		Reason: approvals.ReasonNoApprovers, ConcernedCodes: r.Ask.Codes, Lacking: &lacking,
	}}, &t)
}

func (w *Runner) findLack(
	ctx context.Context, r approvals.Request, age time.Duration,
) (approvals.LackOfApproversError, bool) {
	stages := r.Terms.FinalStages()
	voters := make([][]string, len(stages))
	for i, stage := range stages {
		var err error
		if voters[i], err = w.listVoters(ctx, r, i, stage, age); err != nil {
			return approvals.LackOfApproversError{}, false
		}
	}
	return r.Terms.LackOf(voters)
}

// listVoters lists people of a stage who may vote on a request. It stops once the whole
// quorum could come from them.
func (w *Runner) listVoters(
	ctx context.Context, r approvals.Request, i int, stage approvals.Stage, age time.Duration,
) ([]string, error) {
	members, err := w.Directory.ListMembers(ctx, stage.Approvers, age)
	if err != nil {
		return nil, errors.Join(errElectorateUnknown, err)
	}
	var voters []string
	for _, user := range members {
		person, err := w.Directory.FindPerson(ctx, user, age)
		if err != nil {
			return nil, errors.Join(errElectorateUnknown, err)
		}
		if (approvals.Voter{Person: person, Stages: []int{i}}).Eligibility(r) == approvals.Counts {
			voters = approvals.Union(voters, []string{person.ID}) // each person once
		}
		if len(voters) >= r.Terms.Quorum() {
			break
		}
	}
	return voters, nil
}
