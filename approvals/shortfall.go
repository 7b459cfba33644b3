package approvals

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
		others := make([][]string, len(live))
		for i, people := range live {
			others[i] = Without(people, []string{asker})
		}
		if missing := missingOf(r.Stages, others); sumOf(missing) > 0 {
			return Shortfall{Rule: r, Requester: asker, Missing: missing}, true
		}
	}
	return Shortfall{}, false
}

// missingOf tells how many people more each stage needs if all of these vote.
func missingOf(stages []Stage, voters [][]string) []int {
	return Missing(stages, func(stage int) []string { return voters[stage] })
}

// FinalStages are the stages after an escalation, when the most people may approve.
func (t Terms) FinalStages() []Stage { return t.escalate().Stages }

// LackOf reports whether the terms cannot be met although all voters approve. They are
// those of the final stages who may vote on the request.
func (t Terms) LackOf(voters [][]string) (LackOfApproversError, bool) {
	missing := sumOf(missingOf(t.FinalStages(), voters))
	if t.AutoApprove || missing == 0 {
		return LackOfApproversError{}, false
	}
	return LackOfApproversError{Rule: t.Rule, Needed: t.Quorum(), Missing: missing}, true
}
