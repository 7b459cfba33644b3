package approvals

import "errors"

// ErrVoterUncheckable means Slack left open whether a person may vote.
var ErrVoterUncheckable = errors.New("Slack did not tell whether this person may approve the request")

// A Voter is a person, with the stages of one request that name them.
type Voter struct {
	Person Person
	Stages []int // user groups resolved

	Unknown     bool // Slack did not tell who the person is
	GroupUnread bool // a user group could not be read: more stages may name the person
}

// Eligibility says whether the voter may vote on r, and if not, why. A check that cannot
// be made is a refusal, unless the person surely is no approver.
func (v Voter) Eligibility(r Request) Eligibility {
	switch {
	case v.Unknown && len(v.Stages) == 0 && !v.GroupUnread:
		return NotApprover
	case v.Unknown:
		return Uncheckable
	}
	eligibility := EligibilityOf(r, v.Person, v.Stages)
	if eligibility == NotApprover && v.GroupUnread {
		return Uncheckable // the unread group may name the person
	}
	return eligibility
}

// CanHelp reports whether the voter may vote on r, has not approved it yet, and
// would bring it nearer to its quorum.
func (v Voter) CanHelp(r Request) bool {
	return v.Eligibility(r) == Counts && r.Terms.wouldHelp(r.Votes, v.Person.ID, v.Stages)
}

// NewBallot decides what one reaction of the voter is worth. An approval once void
// stays void: a new one has to be given.
func NewBallot(r Request, reaction Reaction, v Voter) Ballot {
	b := Ballot{
		User: reaction.User, Name: reaction.Name, EventTS: reaction.EventTS, AfterTS: reaction.AfterTS,
		Deny: reaction.Deny, Stages: v.Stages, Eligibility: v.Eligibility(r),
	}
	if b.Deny || b.Eligibility != Counts {
		return b
	}
	if b.Eligibility = r.firstEligibility(b); b.Eligibility == Counts {
		b.Eligibility = r.timeliness(reaction)
	}
	return b
}
