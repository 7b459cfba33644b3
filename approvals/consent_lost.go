package approvals

import "slices"

// Eligibilities of people with a consent that counted before, besides those above.
const (
	Withdrawn Eligibility = "withdrawn"  // an event told that the reaction was taken back
	NotShown  Eligibility = "not_shown"  // Slack does not show the reaction any more, and no event told why
	LostStage Eligibility = "lost_stage" // still an approver, but of fewer stages than before
)

// A LostConsent is a consent that counts no longer, and why.
type LostConsent struct {
	User   string      `json:"user" words:"person"`
	Reason Eligibility `json:"reason"`
}

// lostConsents compares the votes that carried a request with what is on its card.
func lostConsents(votes []Vote, ballots []Ballot) []LostConsent {
	var lost []LostConsent
	for _, v := range votes {
		if why := lossOf(v, ballots); why != Counts {
			lost = append(lost, LostConsent{User: v.User, Reason: why})
		}
	}
	return lost
}

func lossOf(v Vote, ballots []Ballot) Eligibility {
	why := NotShown
	for _, b := range ballots {
		switch {
		case b.User != v.User || b.Deny:
		case b.Eligibility == Counts && covers(b.Stages, v.Stages):
			return Counts
		case b.Eligibility == Counts:
			why = LostStage
		default:
			why = b.Eligibility
		}
	}
	return why
}

// WithWithdrawals adds to the ballots a look found those of voters who took their
// reaction back, as far as events told. They come first: what is on the card now
// says more.
func WithWithdrawals(r Request, ballots []Ballot, withdrawn []Reaction) []Ballot {
	var all []Ballot
	for _, w := range r.VotesAmong(withdrawn) {
		if !w.Deny && HasVoted(r.Votes, w.User) {
			all = append(all, Ballot{User: w.User, Eligibility: Withdrawn})
		}
	}
	return append(all, ballots...)
}

func covers(now, before []int) bool {
	return !slices.ContainsFunc(before, func(stage int) bool { return !slices.Contains(now, stage) })
}

// delayNumber tells the delay of a second approval from that of the first: each
// is told once.
func (r Request) delayNumber() int {
	if r.ConsentLosses == 0 {
		return 0
	}
	return r.ConsentLosses + 1
}

// consentLostJob tells the thread which consents no longer count.
func consentLostJob(r Request, lost []LostConsent) Job {
	return Job{Kind: JobPostConsentLost, Number: r.ConsentLosses, Payload: Payload{Lost: lost}}
}
