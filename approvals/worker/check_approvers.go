package worker

import (
	"context"
	"time"

	"licensebot/approvals"
)

// approverCheckAge is how old answers about people may be when the rules are
// checked: that happens once a day.
const approverCheckAge = time.Hour

// CheckApprovers checks whether each rule of the policy still has enough people
// who can approve: live in Slack, neither guests nor bots, and not counting the
// requester, each of them in turn.
func (w *Runner) CheckApprovers(ctx context.Context) ([]approvals.Shortfall, error) {
	var short []approvals.Shortfall
	for _, rule := range w.Policy().Rules {
		if rule.Deny || rule.AutoApprove {
			continue
		}
		live, err := w.listLiveApprovers(ctx, rule.Stages)
		switch {
		case approvals.IsRefused(err):
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

// listLiveApprovers lists the people of each stage who can vote. It stops
// looking where a stage has enough of them whatever the other stages take.
func (w *Runner) listLiveApprovers(ctx context.Context, stages []approvals.Stage) ([][]string, error) {
	members, err := w.listStageMembers(ctx, stages, approverCheckAge)
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
			person, err := w.Directory.FindPerson(ctx, user, approverCheckAge)
			if err != nil {
				return nil, err
			}
			if approvals.EligibilityOf(approvals.Request{}, person, []int{i}) == approvals.Counts {
				live[i] = approvals.Union(live[i], []string{person.ID}) // each person once
			}
		}
	}
	return live, nil
}
