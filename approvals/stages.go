package approvals

import "strings"

// A Stage is one of the consents that a request needs: so many of these people.
// One person serves one stage of a request.
type Stage struct {
	Name      string   `json:"name,omitempty"`
	Approvers []string `json:"approvers" words:"person"` // user ids (U…, W…) and user group ids (S…)
	Quorum    int      `json:"quorum"`                   // distinct people needed, at least one
}

// needs is the stage's quorum, at least one: a stage that needs no people would
// be no consent.
func (s Stage) needs() int { return max(1, s.Quorum) }

// Met reports whether distinct voters can be given to the stages so that each
// has its quorum. votersOf lists the people with a vote for a stage. A
// request without stages is never met.
func Met(stages []Stage, votersOf func(stage int) []string) bool {
	for _, missing := range Missing(stages, votersOf) {
		if missing > 0 {
			return false
		}
	}
	return len(stages) > 0
}

// Missing tells how many more people each stage needs. As many voters as
// possible are put to use, in earlier stages first; the order of the voters
// makes no difference.
func Missing(stages []Stage, votersOf func(stage int) []string) []int {
	missing := make([]int, len(stages))
	for i, served := range Assign(stages, votersOf) {
		missing[i] = stages[i].needs() - len(served)
	}
	return missing
}

// Assign gives each stage up to its quorum of voters and each voter at most
// one stage. Voters are taken in the order in which votersOf lists them.
func Assign(stages []Stage, votersOf func(stage int) []string) [][]string {
	a := assignment{voters: make([][]string, len(stages)), serves: make(map[string]int)}
	for i := range stages {
		a.voters[i] = votersOf(i)
	}
	for i, stage := range stages {
		for range stage.needs() {
			if !a.fill(i, make(map[string]bool)) {
				break
			}
		}
	}
	served := make([][]string, len(stages))
	for i, voters := range a.voters {
		for _, v := range voters {
			if at, ok := a.serves[v]; ok && at == i {
				served[i] = append(served[i], v)
				delete(a.serves, v) // a voter who is listed twice counts once
			}
		}
	}
	return served
}

// An assignment is a matching of voters and stages, grown by augmenting paths.
type assignment struct {
	voters [][]string
	serves map[string]int
}

// fill finds one more voter for the stage: a free one, or one of another stage
// that finds a replacement. A stage that was filled stays filled.
func (a *assignment) fill(stage int, tried map[string]bool) bool {
	for _, v := range a.voters[stage] {
		if tried[v] {
			continue
		}
		tried[v] = true
		if at, taken := a.serves[v]; !taken || a.fill(at, tried) {
			a.serves[v] = stage
			return true
		}
	}
	return false
}

// IsUserGroup reports whether a Slack id is that of a user group.
func IsUserGroup(id string) bool { return strings.HasPrefix(id, "S") }
