package approvals

import (
	"slices"
	"time"
)

// A Voter is what Slack tells of a person who reacted.
type Voter struct {
	Person Person
	Known  bool  // Slack told who the person is
	Stages []int // the stages that name the person

	// GroupUnread says that a user group could not be read, so that more stages
	// may name the person.
	GroupUnread bool
}

// NewBallot decides what one reaction is worth. A check that cannot be made is
// a refusal, unless the person surely is no approver.
func NewBallot(r Request, reaction Reaction, v Voter) Ballot {
	return Ballot{User: reaction.User, Deny: reaction.Deny, Stages: v.Stages, Eligibility: v.eligibility(r, reaction)}
}

func (v Voter) eligibility(r Request, reaction Reaction) Eligibility {
	if !v.Known && len(v.Stages) == 0 && !v.GroupUnread {
		return NotApprover
	}
	if !v.Known {
		return Uncheckable
	}
	switch eligibility := EligibilityOf(r, v.Person, v.Stages); {
	case eligibility == NotApprover && v.GroupUnread:
		return Uncheckable // the group that could not be read may name the person
	case eligibility == Counts && r.isLate(reaction):
		return IsLate
	default:
		return eligibility
	}
}

// StagesNaming lists the stages that name a person. members has the people of
// each stage, user groups resolved.
func StagesNaming(members [][]string, user string) []int {
	var stages []int
	for i, people := range members {
		if slices.Contains(people, user) {
			stages = append(stages, i)
		}
	}
	return stages
}

// IsDecided reports whether the ballots on a card leave no doubt although some
// could not be checked. A ❌ that counts denies, whatever the other ballots are
// worth. While a ❌ may count, nothing else is certain. Otherwise the ✅ that
// count carry the request, or no reading of the unchecked ballots does.
func IsDecided(r Request, ballots []Ballot) bool {
	if _, denied := findDenier(ballots); denied {
		return true
	}
	if slices.ContainsFunc(ballots, func(b Ballot) bool { return b.Deny && b.Eligibility == Uncheckable }) {
		return false
	}
	return hasConsent(r, ballots) || !hasConsent(r, bestCase(r, ballots))
}

// bestCase reads the ballots as if every unchecked person were an approver of
// every stage. It does so for approvers too, because the group that could not
// be read may name them for more stages.
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

// WithEventTimes gives the reactions that a look showed the times that events
// told: what Slack shows on a card has no times. Only what is shown counts.
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

// hasConsent reports whether the ballots carry the request.
func hasConsent(r Request, ballots []Ballot) bool {
	_, denied := findDenier(ballots)
	return !denied && r.Terms.Met(consents(nil, ballots, time.Time{}))
}
