package approvals

import (
	"slices"
	"time"
)

// A Judgment is why an approval did not count when it was first looked at. It lasts until an
// event tells of a reaction given after that, because the person was told: a bystander who
// becomes an approver later approves by a new reaction, with whichever emoji.
type Judgment struct {
	User        string      `json:"user" words:"person"`
	Name        string      `json:"name"`               // of the emoji
	EventTS     string      `json:"event_ts,omitempty"` // Slack's time of the reaction, or at the look: the later one
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
		if j.isOf(b) && !r.hasVotedSince(j) {
			return j.Eligibility
		}
	}
	return Counts
}

// hasVotedSince reports whether a vote of the person counted after a judgment without Slack's
// time, so that it was found to be a new one.
func (r Request) hasVotedSince(j Judgment) bool {
	isSince := func(v Vote) bool { return v.User == j.User && v.At.After(j.At) }
	return j.EventTS == "" && slices.ContainsFunc(r.Votes, isSince)
}

// isOf reports whether the judgment is on the ballot's reaction. Only an event with a
// later time tells that a reaction was given anew, be it of the reaction or of the removal
// before it: that a look did not show it in between is no proof.
func (j Judgment) isOf(b Ballot) bool {
	if j.User != b.User {
		return false
	}
	judged, dated := ParseTimestamp(j.EventTS)
	if !dated { // only the store's clock is known, and it may be behind Slack's
		judged = j.At.Add(clockDoubt)
	}
	return !Reaction{EventTS: b.EventTS, AfterTS: b.AfterTS}.isAfter(judged)
}

// LacksLook reports whether what is made of the ballot rests on when it was looked at, by
// Slack's clock, which is not known yet: of an approval that no event dated, or that is judged
// for good.
func (b Ballot) LacksLook(r Request) bool {
	isVote := r.IsVote(b.Name) || b.Name == pressName
	rests := b.EventTS == "" || b.Eligibility.lasts()
	return isVote && rests && b.LookedTS == "" && !b.Deny && r.firstEligibility(b) == Counts
}

// isNewJudgment reports whether a ballot brings a lasting judgment that is not known.
func (r Request) isNewJudgment(b Ballot) bool {
	return !b.Deny && b.Eligibility.lasts() && r.firstEligibility(b) == Counts
}

// judge adds the lasting judgments on the reactions of these ballots. A person who took a judged
// reaction back and gave it anew hears of it anew.
func (r Request) judge(ballots []Ballot, now time.Time) Request {
	for _, b := range ballots {
		if !r.isNewJudgment(b) {
			continue
		}
		isBefore := func(j Judgment) bool { return j.User == b.User }
		before := slices.IndexFunc(r.Judgments, isBefore)
		others := slices.DeleteFunc(slices.Clone(r.Judgments), isBefore)
		if before >= 0 && SameEmoji(r.Judgments[before].Name, b.Name) {
			r.Notified = Without(r.Notified, []string{noticeMark(b)})
		}
		others = append(others, Judgment{
			User: b.User, Name: b.Name, EventTS: laterTimestamp(b.EventTS, b.LookedTS), Eligibility: b.Eligibility, At: now,
		})
		r.Judgments = others
	}
	return r
}

// laterTimestamp is the later one of two timestamps, of which each may be missing.
func laterTimestamp(a, b string) string {
	at, known := ParseTimestamp(a)
	if bt, ok := ParseTimestamp(b); ok && (!known || bt.After(at)) {
		return b
	}
	return a
}
