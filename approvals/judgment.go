package approvals

import (
	"cmp"
	"slices"
	"time"
)

// A Judgment is why an approval did not count when it was first looked at. It lasts
// until an event tells of a new reaction, because the person was told: a bystander who
// becomes an approver later approves by a new reaction.
type Judgment struct {
	User        string      `json:"user" words:"person"`
	Name        string      `json:"name"`               // of the emoji
	EventTS     string      `json:"event_ts,omitempty"` // Slack's time of the reaction, or at the look that showed it
	Eligibility Eligibility `json:"eligibility"`
	At          time.Time   `json:"at"` // of the judgment
}

// lasts reports whether an approval with this eligibility never counts later.
func (e Eligibility) lasts() bool {
	switch e {
	case NotApprover, NotToday, IsRequester, IsGuest, IsExternal, IsBot, Deactivated:
		return true
	}
	return false
}

// firstEligibility is the lasting judgment on a ballot's reaction; Counts if there
// is none.
func (r Request) firstEligibility(b Ballot) Eligibility {
	for _, j := range r.Judgments {
		if j.isOf(b) {
			return j.Eligibility
		}
	}
	return Counts
}

// isOf reports whether the judgment is on the ballot's reaction. Only an event with a
// later time tells that a reaction was given anew, be it of the reaction or of the removal
// before it: that a look did not show it in between is no proof.
func (j Judgment) isOf(b Ballot) bool {
	if j.User != b.User || j.Name != b.Name {
		return false
	}
	judged, dated := ParseTimestamp(j.EventTS)
	if !dated { // only the store's clock is known, and it may be behind Slack's
		judged = j.At.Add(clockDoubt)
	}
	return !Reaction{EventTS: b.EventTS, AfterTS: b.AfterTS}.isAfter(judged)
}

// IsUndatedYes reports whether the ballot is on an approval that no event dated and that was
// not judged before. What is made of it rests on when it was looked at, by Slack's clock.
func (b Ballot) IsUndatedYes(r Request) bool {
	return !b.Deny && b.EventTS == "" && r.firstEligibility(b) == Counts
}

// isNewJudgment reports whether a ballot brings a lasting judgment that is not known.
func (r Request) isNewJudgment(b Ballot) bool {
	return !b.Deny && b.Eligibility.lasts() && r.firstEligibility(b) == Counts
}

// judge adds the lasting judgments on the reactions of these ballots.
func (r Request) judge(ballots []Ballot, now time.Time) Request {
	for _, b := range ballots {
		if !r.isNewJudgment(b) {
			continue
		}
		judgments := slices.DeleteFunc(slices.Clone(r.Judgments), func(j Judgment) bool {
			return j.User == b.User && j.Name == b.Name // on an earlier reaction
		})
		judgments = append(judgments, Judgment{
			User: b.User, Name: b.Name, EventTS: cmp.Or(b.EventTS, b.LookedTS), Eligibility: b.Eligibility, At: now,
		})
		r.Judgments = judgments
	}
	return r
}
