package approvals

import "slices"

// A Shortfall is a rule that the people it names cannot meet.
type Shortfall struct {
	Rule      PolicyRule
	Requester string // when this person asks; empty: any requester
	Missing   []int  // by stage, how many people more it would take
	Err       error  // Slack does not show who the people are; then the rest is empty
}

// Shortfall tries the rule without each of its people in turn, because each of
// them may be the requester.
func (r PolicyRule) Shortfall(live [][]string) (Shortfall, bool) {
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
