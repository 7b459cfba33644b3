package approvals

import "slices"

// A Judgment is why an approval did not count when it was first looked at. It
// lasts for as long as that reaction stays on the card, because its giver was
// told: a bystander who becomes an approver later approves by a new reaction.
type Judgment struct {
	User        string      `json:"user"`
	Name        string      `json:"name"` // of the emoji
	EventTS     string      `json:"event_ts,omitempty"`
	Eligibility Eligibility `json:"eligibility"`
}

// lasts reports whether an approval with this eligibility never counts later.
func (e Eligibility) lasts() bool {
	switch e {
	case NotApprover, IsRequester, IsGuest, IsExternal, IsBot, Deactivated:
		return true
	}
	return false
}

// firstEligibility is the lasting judgment on a ballot's reaction; Counts if there
// is none. An unknown time is no proof of another reaction.
func (r Request) firstEligibility(b Ballot) Eligibility {
	for _, j := range r.Judgments {
		sameTime := j.EventTS == b.EventTS || j.EventTS == "" || b.EventTS == ""
		if j.User == b.User && j.Name == b.Name && sameTime {
			return j.Eligibility
		}
	}
	return Counts
}

// judge records the lasting judgments on the reactions that are on the card now.
// Those on reactions that were taken back are dropped with them.
func (r Request) judge(ballots []Ballot) Request {
	var judgments []Judgment
	for _, b := range ballots {
		if b.Deny || !b.Eligibility.lasts() {
			continue
		}
		eligibility := b.Eligibility
		if first := r.firstEligibility(b); first != Counts {
			eligibility = first
		}
		judgments = append(judgments, Judgment{User: b.User, Name: b.Name, EventTS: b.EventTS, Eligibility: eligibility})
	}
	if !slices.Equal(judgments, r.Judgments) {
		r.Judgments = judgments
	}
	return r
}
