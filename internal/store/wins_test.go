package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"licensebot/approvals"
)

// Of two that race exactly one wins, and the other is told. Each race is run
// many times, by goroutines on two replicas where the store has replicas.

func TestExactlyOneWins(t *testing.T) {
	fleets := map[string]func(t *testing.T) []*bench{
		"sqlite":   func(t *testing.T) []*bench { b, _ := sqliteBench(t); return []*bench{b, b} },
		"postgres": func(t *testing.T) []*bench { return replicas(t, 2) },
	}
	for name, fleet := range fleets {
		for _, c := range []struct {
			name string
			run  func(both []*bench)
		}{
			{"two last votes", lastVotes},
			{"two weighings", weighings},
			{"vote against cancel", voteCancel},
			{"vote against deadline", voteDeadline},
			{"two writes to one group", twoWrites},
			{"two filings of one envelope", twoFilings},
			{"two claims", twoClaims},
			{"settle against takeover", settleTakeover},
			{"settle against being owed again", settleOwed},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				both := fleet(t)
				for _, b := range both {
					b.T = t
				}
				for n := 0; n < rounds && !t.Failed(); n++ {
					both[0].clear()
					c.run(both)
				}
			})
		}
	}
}

// clear empties the tables.
func (b *bench) clear() {
	b.Helper()
	for _, table := range []string{"jobs", "journal", "reactions", "requests"} {
		b.under().exec(b.T, "DELETE FROM "+table)
	}
}

// rival tells a race's entrants apart: moved, or told why not.
func (b *bench) rival(err error, told ...error) bool {
	b.Helper()
	for _, expected := range told {
		if errors.Is(err, expected) {
			return false
		}
	}
	if err != nil {
		b.Error(err)
	}
	return err == nil
}

// moves counts the journal's lines that lead into a state.
func (b *bench) moves(r approvals.Request, state approvals.State) int {
	return b.value(`SELECT count(*) FROM journal WHERE request_id = $1 AND after = $2 AND before <> $2`, r.ID, string(state))
}

func (b *bench) owes(r approvals.Request, kind approvals.JobKind) int {
	return b.value(`SELECT count(*) FROM jobs WHERE request_id = $1 AND kind = $2`, r.ID, string(kind))
}

func (b *bench) equal(what string, got, want any) {
	b.Helper()
	if got != want {
		b.Errorf("%s: %v, want %v", what, got, want)
	}
}

// ofTwo is a pending request that needs two consents and owes no weighing.
func (b *bench) ofTwo(n int) approvals.Request {
	b.Helper()
	r := b.file(n)
	b.finish(approvals.JobPrepare)
	asked := ownProposal(group, r.ID)
	asked.Terms.Stages[0].Quorum = 2
	b.step(r, asked)
	b.finish(approvals.JobPostCard)
	r = b.step(r, approvals.CardPosted{TS: fmt.Sprintf("1700000000.%06d", n)})
	b.finish(approvals.JobCountVotes)
	return r
}

func lastVotes(both []*bench) {
	b := both[0]
	r := b.ofTwo(1)
	race(2, func(i int) bool {
		if err := both[i].RecordReaction(b.ctx(), thumb(r, fmt.Sprint("U-", i), fmt.Sprint("1.", i), true)); err != nil {
			b.Error(err)
		}
		return both[i].weigh()
	})
	for b.weigh() {
	}
	read, err := b.Request(b.ctx(), r.ID)
	b.must(err)
	b.equal("state", read.State, approvals.Approved)
	b.equal("votes", len(read.Votes), 2)
	b.equal("approvals", b.moves(r, approvals.Approved), 1)
	b.equal("writes owed", b.owes(r, approvals.JobApply), 1)
}

func weighings(both []*bench) {
	b := both[0]
	r := b.ofTwo(1)
	won := race(2, func(i int) bool {
		_, err := both[i].ApplyEvent(b.ctx(), r.ID, yes("U-1", "U-2"), nil)
		return b.rival(err, approvals.ErrNoTransition)
	})
	b.equal("winners", won, 1)
	b.equal("approvals", b.moves(r, approvals.Approved), 1)
	b.equal("wanted", b.value(`SELECT revision FROM jobs WHERE kind = 'apply'`), 1)
}

func voteCancel(both []*bench) {
	b := both[0]
	r := b.card(1, group)
	won := race(2, func(i int) bool {
		var err error
		if i == 0 {
			_, err = both[0].ApplyEvent(b.ctx(), r.ID, yes("U-1"), nil)
		} else {
			_, err = both[1].ApplyEvent(b.ctx(), r.ID, approvals.Cancel{By: r.Requester}, nil)
		}
		return b.rival(err, approvals.ErrNoTransition)
	})
	b.equal("winners", won, 1)
	b.equal("ends or approvals", b.moves(r, approvals.Approved)+b.moves(r, approvals.Cancelled), 1)
	b.equal("a write, or a reply", b.owes(r, approvals.JobApply)+b.owes(r, approvals.JobPostOutcome), 1)
	b.equal("an approval and its write", b.owes(r, approvals.JobApply), b.moves(r, approvals.Approved))
}

func voteDeadline(both []*bench) {
	b := both[0]
	r := b.card(1, group)
	b.clock.advance(ttl - time.Microsecond)
	won := race(3, func(i int) bool {
		if i == 2 {
			b.clock.advance(time.Microsecond) // now it is too late
			return false
		}
		e := []approvals.Event{yes("U-1"), approvals.Expire{}}[i]
		_, err := both[i].ApplyEvent(b.ctx(), r.ID, e, nil)
		return b.rival(err, approvals.ErrNoTransition)
	})
	read, err := b.Request(b.ctx(), r.ID)
	b.must(err)
	b.equal("winners", won, 1)
	switch read.State {
	case approvals.Approved:
		b.equal("approved in time", read.DecidedAt.Before(r.Deadline), true)
	case approvals.Expired:
		b.equal("expired in time", read.ClosedAt.Before(r.Deadline), false)
		b.equal("writes owed", b.owes(r, approvals.JobApply), 0)
	default:
		b.Errorf("it is %s", read.State)
	}
}

func twoWrites(both []*bench) {
	b := both[0]
	first, second := b.card(1, group), b.card(2, group)
	claim := func(i int) bool {
		_, _, err := both[i%2].ClaimJob(b.ctx(), lease, approvals.JobApply)
		return b.rival(err, approvals.ErrNoJob)
	}
	won := race(6, func(i int) bool {
		if i < 2 { // the approvals race as well, so that ids and commits may cross
			both[i].approve([]approvals.Request{first, second}[i])
			return false
		}
		return claim(i)
	})
	won += race(4, claim)
	b.equal("writes running", won, 1)
	b.clock.advance(lease)
	b.equal("writes taken over", race(4, claim), 1)
	b.equal("writes begun", b.value(`SELECT count(*) FROM jobs WHERE kind = 'apply' AND attempt > 0`), 1)
}

func twoFilings(both []*bench) {
	b := both[0]
	ids := make([]string, 6)
	won := race(len(ids), func(i int) bool {
		r := ask(i)
		r.EnvelopeID = "the same"
		filed, again, err := both[i%2].FileRequest(b.ctx(), r)
		ids[i] = filed.ID
		return b.rival(err) && !again
	})
	b.equal("winners", won, 1)
	for _, id := range ids {
		b.equal("the request returned", id, ids[0])
	}
	b.equal("requests", b.value(`SELECT count(*) FROM requests`), 1)
	b.equal("vettings owed", b.value(`SELECT count(*) FROM jobs WHERE kind = 'prepare'`), 1)
}

func twoClaims(both []*bench) {
	b := both[0]
	b.file(1)
	won := race(6, func(i int) bool {
		_, _, err := both[i%2].ClaimJob(b.ctx(), lease, approvals.JobPrepare)
		return b.rival(err, approvals.ErrNoJob)
	})
	b.equal("winners", won, 1)
	b.equal("attempts", b.value(`SELECT attempt FROM jobs WHERE kind = 'prepare'`), 1)
}

func settleTakeover(both []*bench) {
	b := both[0]
	b.file(1)
	late := b.claim(approvals.JobPrepare)
	b.clock.advance(lease)
	var taken approvals.LeasedJob
	won := race(2, func(i int) (won bool) {
		var err error
		if i == 0 {
			err = both[0].CompleteJob(b.ctx(), late)
			return b.rival(err, approvals.ErrLeaseLost)
		}
		taken, _, err = both[1].ClaimJob(b.ctx(), lease, approvals.JobPrepare)
		return b.rival(err, approvals.ErrNoJob)
	})
	b.equal("winners", won, 1)
	if taken.ID != 0 {
		b.must(b.CompleteJob(b.ctx(), taken))
	}
	b.equal("vettings left", b.value(`SELECT count(*) FROM jobs WHERE kind = 'prepare'`), 0)
}

// settleOwed: whether the vote comes before the end of a weighing or after it,
// there is one more.
func settleOwed(both []*bench) {
	b := both[0]
	r := b.card(1, group)
	running := b.claim(approvals.JobCountVotes)
	race(2, func(i int) bool {
		if i == 0 {
			return b.rival(both[0].CompleteJob(b.ctx(), running))
		}
		return b.rival(both[1].RecordReaction(b.ctx(), thumb(r, "U-1", "1.1", true)))
	})
	b.finish(approvals.JobCountVotes)
	b.nothing(approvals.JobCountVotes)
}
