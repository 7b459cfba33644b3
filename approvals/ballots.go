package approvals

import (
	"slices"
	"time"
)

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

// HasNewBystander reports whether a person outside all stages approves and was not
// told yet. The judgment lasts, so it needs a fresh answer.
func HasNewBystander(r Request, votes []Reaction, members [][]string) bool {
	named := slices.ContainsFunc(r.Terms.Approvers(), IsUserGroup)
	return named && slices.ContainsFunc(votes, func(v Reaction) bool {
		b := Ballot{User: v.User, Name: v.Name, EventTS: v.EventTS, AfterTS: v.AfterTS}
		return !v.Deny && len(StagesNaming(members, v.User)) == 0 && r.firstEligibility(b) == Counts
	})
}

// IsDecided reports whether the ballots on a card decide although some are unchecked.
// A ❌ that counts denies, whatever the other ballots are worth. While a ❌ may count,
// nothing else is certain. Otherwise the counted ✅ carry the request, or it fails
// under each reading of the unchecked ballots.
func IsDecided(r Request, ballots []Ballot) bool {
	if _, denied := findDenier(ballots); denied {
		return true
	}
	if slices.ContainsFunc(ballots, func(b Ballot) bool { return b.Deny && b.Eligibility == Uncheckable }) {
		return false
	}
	return hasConsent(r, ballots) || !hasConsent(r, bestCase(r, ballots))
}

// bestCase reads the ballots as if every unchecked person were an approver of every
// stage. It does so for approvers too, because the unread group may name them for
// more stages.
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

// SplitByLook splits the known reactions into those that a look shows as well, and
// those in dispute. A no in the look alone is in dispute as well.
func SplitByLook(known, shown []Reaction) (agreed, disputed []Reaction) {
	for _, reaction := range known {
		if slices.ContainsFunc(shown, reaction.isSame) {
			agreed = append(agreed, reaction)
		} else {
			disputed = append(disputed, reaction)
		}
	}
	for _, reaction := range shown {
		if reaction.Deny && !slices.ContainsFunc(known, reaction.isSame) {
			disputed = append(disputed, reaction)
		}
	}
	return agreed, disputed
}

// UnresolvedBy reports whether reactions in dispute could change the decision: the store
// and Slack differ about them. agreed are the ballots on which both agree.
func UnresolvedBy(r Request, agreed, disputed []Ballot) bool {
	if _, denied := findDenier(agreed); denied {
		return false
	}
	mayCount := func(b Ballot) bool { return b.Eligibility == Counts || b.Eligibility == Uncheckable }
	if slices.ContainsFunc(disputed, func(b Ballot) bool { return b.Deny && mayCount(b) }) {
		return true
	}
	return !hasConsent(r, agreed) && hasConsent(r, bestCase(r, append(slices.Clone(agreed), disputed...)))
}

// undatedVoters lists the people with an approval that would count if its time were
// known.
func undatedVoters(ballots []Ballot) []string {
	var users []string
	for _, b := range ballots {
		if b.Eligibility == IsUndated {
			users = Union(users, []string{b.User})
		}
	}
	return users
}

// eventsTake is how long after a deadline the events of votes given just before it may come.
const eventsTake = 10 * time.Second

// LastLookFrom is when the last look at the card of an open request may begin: its deadline,
// and the time that events take. A request without a card has no votes to wait for.
func (r Request) LastLookFrom() time.Time {
	if r.State == Pending && r.CardTS != "" {
		return r.Deadline.Add(eventsTake)
	}
	return r.Deadline
}

// hasConsent reports whether the ballots carry the request.
func hasConsent(r Request, ballots []Ballot) bool {
	_, denied := findDenier(ballots)
	return !denied && r.Terms.Met(consents(nil, ballots, time.Time{}))
}

// VotesAmong lists the reactions that mean something on the request's card, with what
// they mean there, the denials on its doubles, and the presses of its buttons.
func (r Request) VotesAmong(reactions []Reaction) []Reaction {
	var votes []Reaction
	for _, reaction := range reactions {
		if deny, ok := r.Terms.Emoji.Meaning(reaction.Name); ok {
			reaction.Deny = deny
			votes = append(votes, reaction)
		}
	}
	votes = append(votes, r.denialsAsVotes()...)
	votes = slices.DeleteFunc(votes, r.isWithdrawn)
	return append(votes, r.pressesAsVotes()...)
}

// denialsAsVotes are the denials on messages other than the card, as votes on it.
func (r Request) denialsAsVotes() []Reaction {
	var votes []Reaction
	for _, d := range r.Denials {
		if deny, _ := r.Terms.Emoji.Meaning(d.Name); deny && !d.Withdrawn {
			votes = append(votes, Reaction{
				Channel: r.Channel, TS: r.CardTS, User: d.User, Name: d.Name, Deny: true, EventTS: d.EventTS, Present: true,
			})
		}
	}
	return votes
}

// NearMissesAmong lists the reactions with which people may mean a vote although they
// mean none on the request's card. People who voted, or were told, are left out.
func (r Request) NearMissesAmong(reactions []Reaction) []Reaction {
	votes := r.VotesAmong(reactions)
	return slices.DeleteFunc(slices.Clone(reactions), func(v Reaction) bool {
		told := slices.Contains(r.Notified, noticeMark(Ballot{User: v.User, Eligibility: OtherEmoji}))
		voted := slices.ContainsFunc(votes, func(vote Reaction) bool { return vote.User == v.User })
		return r.IsVote(v.Name) || !IsNearMiss(v.Name) || told || voted
	})
}

// StraysAmong leaves the ballots of people who may vote, as ones that mean nothing.
func StraysAmong(ballots []Ballot) []Ballot {
	var strays []Ballot
	for _, b := range ballots {
		if b.Eligibility == Counts {
			strays = append(strays, Ballot{User: b.User, Name: b.Name, Eligibility: OtherEmoji})
		}
	}
	return strays
}

// IsVote reports whether an emoji means something on the request's card.
func (r Request) IsVote(name string) bool {
	_, ok := r.Terms.Emoji.Meaning(name)
	return ok
}

// CheckCut is a delay if Slack does not tell all people with an emoji that means no: one of them
// may be an approver. A yes that is not told can only be missing.
func (r Request) CheckCut(cut []string) error {
	isNo := func(name string) bool { deny, _ := r.Terms.Emoji.Meaning(name); return deny }
	if !slices.ContainsFunc(cut, isNo) {
		return nil
	}
	return &DelayError{Reason: "Slack does not tell all people who said no", Err: ErrDeniersUntold}
}

// VotesDiffer reports whether two readings of the reactions on the request's card
// have different votes.
func (r Request) VotesDiffer(before, after []Reaction) bool {
	return !slices.EqualFunc(r.VotesAmong(before), r.VotesAmong(after), func(a, b Reaction) bool { return a == b })
}
