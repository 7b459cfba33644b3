package worker

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
)

// musterAge is how old what is known of people may be when the rules are
// looked over: that happens once a day.
const musterAge = time.Hour

// Muster looks whether each rule of the policy still has enough people who can
// agree: alive in Slack, no guests and no bots, and without the requester,
// whoever that is.
func (w *Workers) CheckApprovers(ctx context.Context) ([]approvals.Shortfall, error) {
	var short []approvals.Shortfall
	for _, rule := range w.Policy().Rules {
		if rule.Deny || rule.AutoApprove {
			continue
		}
		live, err := w.listLiveApprovers(ctx, rule.Stages)
		var refusal *approvals.RefusedError
		switch {
		case errors.As(err, &refusal):
			short = append(short, approvals.Shortfall{Rule: rule, Err: err})
		case err != nil:
			return nil, err
		default:
			if s, found := rule.Shortfall(live); found {
				short = append(short, s)
			}
		}
	}
	return short, nil
}

// live lists the people of each stage who can vote. It stops looking where
// there are enough of them whatever the other stages take.
func (w *Workers) listLiveApprovers(ctx context.Context, stages []approvals.Stage) ([][]string, error) {
	members, err := w.listStageMembers(ctx, stages, musterAge)
	if err != nil {
		return nil, err
	}
	enough := approvals.Terms{Stages: stages}.Quorum() + 1
	live := make([][]string, len(stages))
	for i, people := range members {
		for _, user := range people {
			if len(live[i]) == enough {
				break
			}
			person, err := w.Directory.FindPerson(ctx, user, musterAge)
			if err != nil {
				return nil, err
			}
			if approvals.EligibilityOf(approvals.Request{}, person, []int{i}) == approvals.Counts {
				live[i] = append(live[i], user)
			}
		}
	}
	return live, nil
}
