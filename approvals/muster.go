package approvals

import (
	"context"
	"errors"
	"slices"
	"time"
)

// musterAge is how old what is known of people may be when the rules are
// looked over: that happens once a day.
const musterAge = time.Hour

// A Shortfall is a rule that the people it names cannot meet.
type Shortfall struct {
	Rule      PolicyRule
	Requester string // when this person asks; empty: whoever asks
	Missing   []int  // by stage, how many people more it would take
	Err       error  // Slack does not tell who the people are; then the rest is empty
}

// Muster looks whether each rule of the policy still has enough people who can
// agree: alive in Slack, no guests and no bots, and without the requester,
// whoever that is.
func (w *Workers) CheckApprovers(ctx context.Context) ([]Shortfall, error) {
	var short []Shortfall
	for _, rule := range w.Policy().Rules {
		if rule.Deny || rule.AutoApprove {
			continue
		}
		live, err := w.listLiveApprovers(ctx, rule.Stages)
		var refusal *RefusedError
		switch {
		case errors.As(err, &refusal):
			short = append(short, Shortfall{Rule: rule, Err: err})
		case err != nil:
			return nil, err
		default:
			if s, found := rule.shortfall(live); found {
				short = append(short, s)
			}
		}
	}
	return short, nil
}

// live lists the people of each stage who can vote. It stops looking where
// there are enough of them whatever the other stages take.
func (w *Workers) listLiveApprovers(ctx context.Context, stages []Stage) ([][]string, error) {
	members, err := w.listStageMembers(ctx, stages, musterAge)
	if err != nil {
		return nil, err
	}
	enough := Terms{Stages: stages}.Quorum() + 1
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
			if EligibilityOf(Request{}, person, []int{i}) == Counts {
				live[i] = append(live[i], user)
			}
		}
	}
	return live, nil
}

// shortfall tries the rule without each of its people in turn: any of them may
// be the one who asks.
func (r PolicyRule) shortfall(live [][]string) (Shortfall, bool) {
	askers := []string{""}
	if !r.SelfApproval {
		for _, people := range live {
			askers = Union(askers, people)
		}
	}
	for _, asker := range askers {
		voters := func(stage int) []string { return Without(live[stage], []string{asker}) }
		if !Met(r.Stages, voters) {
			return Shortfall{Rule: r, Requester: asker, Missing: slices.Clone(Missing(r.Stages, voters))}, true
		}
	}
	return Shortfall{}, false
}
