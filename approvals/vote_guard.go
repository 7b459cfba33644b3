package approvals

import "slices"

// A VoteGuard is what a write rests on, as the last look at the card found it. The store
// compares it with its own votes in the transaction that begins the write, so a vote
// recorded in between stops it.
//
// Only reactions that could take consent away matter: a meaningless emoji, one more
// approval and a bystander's no leave a write alone.
type VoteGuard struct {
	Carrying []Reaction // the votes that what is recorded rests on: its approvals, or a no
	Denials  []Reaction // those on the card; before a write all void
	Deniers  []string   // the people who may deny, as far as they are known
	Unread   bool       // a user group could not be read: every person may deny
	All      []Reaction // every vote that the look knew
	Whole    bool       // nothing but All may be there: what rests on it closes the request
}

// newVoteGuard makes the guard of a look. members has the people of each stage,
// user groups resolved.
func newVoteGuard(votes []Reaction, ballots []Ballot, members [][]string, unread bool) VoteGuard {
	guard := VoteGuard{Unread: unread}
	for _, people := range members {
		guard.Deniers = Union(guard.Deniers, people)
	}
	for _, v := range votes {
		counts := slices.ContainsFunc(ballots, func(b Ballot) bool {
			return b.User == v.User && b.Name == v.Name && b.Eligibility == Counts
		})
		switch {
		case v.Deny:
			guard.Denials = append(guard.Denials, v)
		case counts:
			guard.Carrying = append(guard.Carrying, v)
		}
	}
	return guard
}

// Holds reports whether consent is still as it was looked at. now are the reactions
// on the card of r.
func (g VoteGuard) Holds(r Request, now []Reaction) bool {
	votes := r.VotesAmong(now)
	if g.Whole {
		return sameVotes(g.All, votes)
	}
	for _, carried := range g.Carrying {
		if !slices.ContainsFunc(votes, carried.isUnchanged) {
			return false
		}
	}
	return !slices.ContainsFunc(votes, func(v Reaction) bool {
		known := slices.ContainsFunc(g.Denials, v.isSame)
		return v.Deny && !known && (g.Unread || slices.Contains(g.Deniers, v.User))
	})
}

// sameVotes reports whether two readings have the same votes, given at the same times.
func sameVotes(a, b []Reaction) bool {
	differs := func(in []Reaction) func(Reaction) bool {
		return func(v Reaction) bool {
			return !slices.ContainsFunc(in, func(o Reaction) bool { return v.isSame(o) && v.EventTS == o.EventTS })
		}
	}
	return !slices.ContainsFunc(a, differs(b)) && !slices.ContainsFunc(b, differs(a))
}

// isUnchanged reports whether another reading of the reactions has this very one. A
// time told later keeps it; a later time is a new reaction.
func (r Reaction) isUnchanged(other Reaction) bool {
	return r.isSame(other) && (r.EventTS == "" || r.EventTS == other.EventTS)
}
