package approvals

import "errors"

// ErrVoterUncheckable says that Slack did not tell whether a person may vote.
var ErrVoterUncheckable = errors.New("Slack did not tell whether this person may approve the request")

// A Voter is a person, with the stages of one request that name them.
type Voter struct {
	Person Person
	Stages []int // user groups resolved
}

// Eligibility says whether the voter may vote on r, and why not.
func (v Voter) Eligibility(r Request) Eligibility { return EligibilityOf(r, v.Person, v.Stages) }

// CanHelp reports whether the voter may vote on r, has not approved it yet, and
// would bring it nearer to its quorum.
func (v Voter) CanHelp(r Request) bool {
	return v.Eligibility(r) == Counts && r.Terms.WouldHelp(r.Votes, v.Person.ID, v.Stages)
}
