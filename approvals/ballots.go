package approvals

import (
	"slices"
	"time"
)

// named lists the stages that a person is in.
func StagesNaming(members [][]string, user string) []int {
	var stages []int
	for i, people := range members {
		if slices.Contains(people, user) {
			stages = append(stages, i)
		}
	}
	return stages
}

// decided reports whether the ballots on a card leave no doubt, although some
// of them could not be checked: one ❌ that counts denies whatever the others
// are worth. Where a ❌ may count, nothing else is certain; where none may,
// the request is carried by the ✅ that count, or by no reading of the others.
func IsDecided(r Request, ballots []Ballot) bool {
	if _, denied := findDenier(ballots); denied {
		return true
	}
	if slices.ContainsFunc(ballots, func(b Ballot) bool { return b.Deny && b.Eligibility == Uncheckable }) {
		return false
	}
	return HasConsent(r, ballots) || !HasConsent(r, bestCase(r, ballots))
}

// atBest reads the ballots as if whoever could not be checked might approve,
// and whoever might approve were named for every stage: some of those who are
// may be in a user group that could not be read.
func bestCase(r Request, ballots []Ballot) []Ballot {
	every := make([]int, len(r.Terms.Stages))
	for i := range every {
		every[i] = i
	}
	best := slices.Clone(ballots)
	for i, b := range best {
		if b.Eligibility == Counts || b.Eligibility == Uncheckable {
			best[i].Eligibility, best[i].Stages = Counts, every
		}
	}
	return best
}

// dated gives what was seen the times that were heard: what Slack shows on a
// card carries none. Only what is seen counts.
func WithEventTimes(shown, heard []Reaction) []Reaction {
	for i := range shown {
		for _, h := range heard {
			if h.User == shown[i].User && h.Name == shown[i].Name {
				shown[i].EventTS = h.EventTS
			}
		}
	}
	return shown
}

// agreed reports whether the ballots carry the request now.
func HasConsent(r Request, ballots []Ballot) bool {
	_, denied := findDenier(ballots)
	return !denied && r.Terms.Met(consents(nil, ballots, time.Time{}))
}
