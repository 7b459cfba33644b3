package approvals

import "slices"

// A ballotsEntry is the journal's form of an event with ballots. It has only what
// is new: each count looks at all reactions on the card, so whole counts would
// grow with the square of the people who react.
type ballotsEntry struct {
	Ballots        []Ballot `json:",omitempty"` // those that the request does not know yet
	Withdrawn      []string `json:",omitempty"` // the voters without an approval that counts
	Unseen         bool     `json:",omitempty"`
	WriteAttempted bool     `json:",omitempty"`
}

// JournalEntry is what the journal keeps of an event that happens to r.
func JournalEntry(r Request, e Event) any {
	switch e := e.(type) {
	case VotesCounted:
		return r.newBallots(e.Ballots, ballotsEntry{})
	case ApproversChanged:
		return r.newBallots(e.Ballots, ballotsEntry{})
	case ConsentLost:
		return r.newBallots(e.Ballots, ballotsEntry{WriteAttempted: e.WriteAttempted})
	case Expire:
		return r.newBallots(e.Ballots, ballotsEntry{Unseen: e.Unseen})
	}
	return e
}

// newBallots adds to an entry what the ballots change: votes that begin or cease
// to count, and people who are to be told why theirs does not.
func (r Request) newBallots(ballots []Ballot, entry ballotsEntry) ballotsEntry {
	for _, b := range ballots {
		if !r.knowsBallot(b) {
			entry.Ballots = append(entry.Ballots, b)
		}
	}
	for _, vote := range r.Votes {
		counts := func(b Ballot) bool { return b.User == vote.User && !b.Deny && b.Eligibility == Counts }
		if !slices.ContainsFunc(ballots, counts) {
			entry.Withdrawn = append(entry.Withdrawn, vote.User)
		}
	}
	return entry
}

// knowsBallot reports whether an earlier entry has the ballot. No entry has those
// of bots and of people who left, unless a vote of theirs counted.
func (r Request) knowsBallot(b Ballot) bool {
	i := slices.IndexFunc(r.Votes, func(v Vote) bool { return v.User == b.User })
	switch {
	case r.isNewJudgment(b):
		return false
	case i >= 0:
		return b.Eligibility == Counts && !b.Deny && slices.Equal(b.Stages, r.Votes[i].Stages)
	case b.Eligibility == IsBot, b.Eligibility == Deactivated:
		return true
	}
	return b.Eligibility != Counts && slices.Contains(r.Notified, noticeMark(b))
}
