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

// rejectDeadEnd rejects a request that its approvers cannot approve, all of them together:
// its card could only expire. It looks twice, the second time without what was known before,
// because an approver may have just been invited. Where Slack does not tell who may vote,
// the request goes on.
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
	var outside []string
	audience := w.findAudience(ctx, r, age)
	for i, stage := range stages {
		e, err := w.listVoters(ctx, r, i, stage, audience, age)
		if err != nil {
			return approvals.LackOfApproversError{}, false
		}
		voters[i], outside = e.voters, approvals.Union(outside, e.outside)
	}
	lack, isFound := r.Terms.LackOf(voters)
	lack.Outside = outside[:min(len(outside), maxOutside)]
	return lack, isFound
}

// findAudience tells who will see a request's card. That is everybody for all that is known
// where Slack does not tell.
func (w *Runner) findAudience(ctx context.Context, r approvals.Request, age time.Duration) approvals.Audience {
	channel := r.Channel
	if today, err := w.Store.Channel(ctx); err == nil && today != "" {
		channel = today // where the card is going to be
	}
	audience, err := w.Directory.ListAudience(ctx, channel, age)
	if err != nil {
		return approvals.Audience{}
	}
	return audience
}

// An electorate is the people of a stage who may vote on a request.
type electorate struct {
	voters  []string // those who will see its card
	outside []string // the others
}

// maxOutside bounds how many people outside of the channel are told. No quorum is larger.
const maxOutside = 20

// listVoters stops once the whole quorum could come from the people it found.
func (w *Runner) listVoters(
	ctx context.Context, r approvals.Request, i int, stage approvals.Stage, audience approvals.Audience, age time.Duration,
) (e electorate, err error) {
	members, err := w.Directory.ListMembers(ctx, stage.Approvers, age)
	if err != nil {
		return e, errors.Join(errElectorateUnknown, err)
	}
	for _, user := range members {
		person, err := w.Directory.FindPerson(ctx, user, age)
		if err != nil {
			return e, errors.Join(errElectorateUnknown, err)
		}
		each := []string{person.ID} // each person once
		switch mayVote := (approvals.Voter{Person: person, Stages: []int{i}}).Eligibility(r) == approvals.Counts; {
		case mayVote && audience.Sees(person):
			e.voters = approvals.Union(e.voters, each)
		case mayVote:
			e.outside = approvals.Union(e.outside, each)
		}
		if len(e.voters) >= r.Terms.Quorum() {
			break
		}
	}
	return e, nil
}
