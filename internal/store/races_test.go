package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"licensebot/approvals"
)

// In each race exactly one side wins, and the other side hears of it. Each race
// runs many times. With PostgreSQL, the sides are two replicas.

func TestExactlyOneWins(t *testing.T) {
	fleets := map[string]func(t *testing.T) []*bench{
		"sqlite":   func(t *testing.T) []*bench { b, _ := sqliteBench(t); return []*bench{b, b} },
		"postgres": func(t *testing.T) []*bench { return openReplicas(t, 2) },
	}
	for name, fleet := range fleets {
		for _, c := range []struct {
			name string
			run  func(both []*bench)
		}{
			{"two last votes", twoLastVotes},
			{"two vote counts", voteCounts},
			{"vote against cancel", voteAgainstCancel},
			{"vote against deadline", voteAgainstDeadline},
			{"two writes to one group", writesToOneGroup},
			{"two writes to one group, handed over and claimed", handoversToOneGroup},
			{"two filings of one envelope", filingsOfOneEnvelope},
			{"two claims", claimsOfOneJob},
			{"completion against takeover", completeAgainstTakeover},
			{"completion against another enqueue", completeAgainstEnqueue},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				both := fleet(t)
				for _, b := range both {
					b.T = t
				}
				for n := 0; n < raceRounds && !t.Failed(); n++ {
					both[0].clearTables()
					c.run(both)
				}
			})
		}
	}
}

// clearTables deletes all rows.
func (b *bench) clearTables() {
	b.Helper()
	allowDeletes(b.T, b.underTest())
	for _, table := range []string{"jobs", "journal_unsealed", "journal_words", "journal", "reactions", "requests"} {
		b.underTest().execSQL(b.T, "DELETE FROM "+table)
	}
}

// isWinner reports whether a call succeeded. Any error other than the expected
// ones fails the test.
func (b *bench) isWinner(err error, losing ...error) bool {
	b.Helper()
	for _, expected := range losing {
		if errors.Is(err, expected) {
			return false
		}
	}
	if err != nil {
		b.Error(err)
	}
	return err == nil
}

// countTransitions counts the journal's lines that lead into a state.
func (b *bench) countTransitions(r approvals.Request, state approvals.State) int {
	return b.readInt(`SELECT count(*) FROM journal WHERE request_id = $1 AND after = $2 AND before <> $2`, r.ID, string(state))
}

func (b *bench) countJobs(r approvals.Request, kind approvals.JobKind) int {
	return b.readInt(`SELECT count(*) FROM jobs WHERE request_id = $1 AND kind = $2`, r.ID, string(kind))
}

func (b *bench) wantEqual(what string, got, want any) {
	b.Helper()
	if got != want {
		b.Errorf("%s: %v, want %v", what, got, want)
	}
}

// quorumOfTwo is a pending request that needs two consents. Its votes are counted.
func (b *bench) quorumOfTwo(n int) approvals.Request {
	b.Helper()
	r := b.fileRequest(n)
	b.completeNext(approvals.JobPrepare)
	asked := distinctProposal(group, r.ID)
	asked.Terms.Stages[0].Quorum = 2
	b.applyEvent(r, asked)
	b.completeNext(approvals.JobPostCard)
	r = b.applyEvent(r, approvals.CardPosted{TS: fmt.Sprintf("1700000000.%06d", n)})
	b.completeNext(approvals.JobCountVotes)
	return r
}

func twoLastVotes(both []*bench) {
	b := both[0]
	r := b.quorumOfTwo(1)
	countWins(2, func(i int) bool {
		if err := both[i].RecordReaction(b.context(), reactionBy(r, fmt.Sprint("U-", i), fmt.Sprint("1.", i), true)); err != nil {
			b.Error(err)
		}
		return both[i].countVotes()
	})
	for b.countVotes() {
	}
	read, err := b.Request(b.context(), r.ID)
	b.mustSucceed(err)
	b.wantEqual("state", read.State, approvals.Approved)
	b.wantEqual("votes", len(read.Votes), 2)
	b.wantEqual("approvals", b.countTransitions(r, approvals.Approved), 1)
	b.wantEqual("write jobs", b.countJobs(r, approvals.JobApply), 1)
}

func voteCounts(both []*bench) {
	b := both[0]
	r := b.quorumOfTwo(1)
	won := countWins(2, func(i int) bool {
		_, err := both[i].ApplyEvent(b.context(), r.ID, votesOf("U-1", "U-2"), nil)
		return b.isWinner(err, approvals.ErrNoTransition)
	})
	b.wantEqual("winners", won, 1)
	b.wantEqual("approvals", b.countTransitions(r, approvals.Approved), 1)
	b.wantEqual("revision", b.readInt(`SELECT revision FROM jobs WHERE kind = 'apply'`), 1)
}

func voteAgainstCancel(both []*bench) {
	b := both[0]
	r := b.postedCard(1, group)
	won := countWins(2, func(i int) bool {
		var err error
		if i == 0 {
			_, err = both[0].ApplyEvent(b.context(), r.ID, votesOf("U-1"), nil)
		} else {
			_, err = both[1].ApplyEvent(b.context(), r.ID, approvals.Cancel{By: r.Requester}, nil)
		}
		return b.isWinner(err, approvals.ErrNoTransition)
	})
	b.wantEqual("winners", won, 1)
	b.wantEqual("outcomes", b.countTransitions(r, approvals.Approved)+b.countTransitions(r, approvals.Cancelled), 1)
	b.wantEqual("a write or an outcome post", b.countJobs(r, approvals.JobApply)+b.countJobs(r, approvals.JobPostOutcome), 1)
	b.wantEqual("write jobs of an approval", b.countJobs(r, approvals.JobApply), b.countTransitions(r, approvals.Approved))
}

func voteAgainstDeadline(both []*bench) {
	b := both[0]
	r := b.postedCard(1, group)
	b.clock.advance(ttl - time.Microsecond)
	won := countWins(3, func(i int) bool {
		if i == 2 {
			b.clock.advance(time.Microsecond) // now it is too late
			return false
		}
		e := []approvals.Event{votesOf("U-1"), approvals.Expire{}}[i]
		_, err := both[i].ApplyEvent(b.context(), r.ID, e, nil)
		return b.isWinner(err, approvals.ErrNoTransition)
	})
	read, err := b.Request(b.context(), r.ID)
	b.mustSucceed(err)
	b.wantEqual("winners", won, 1)
	switch read.State {
	case approvals.Approved:
		b.wantEqual("approved before the deadline", read.DecidedAt.Before(r.Deadline), true)
	case approvals.Expired:
		b.wantEqual("expired before the deadline", read.ClosedAt.Before(r.Deadline), false)
		b.wantEqual("write jobs", b.countJobs(r, approvals.JobApply), 0)
	default:
		b.Errorf("the request is %s, want approved or expired", read.State)
	}
}

func writesToOneGroup(both []*bench) {
	b := both[0]
	first, second := b.postedCard(1, group), b.postedCard(2, group)
	claim := func(i int) bool {
		_, _, err := both[i%2].ClaimJob(b.context(), lease, approvals.JobApply)
		return b.isWinner(err, approvals.ErrNoJob)
	}
	won := countWins(6, func(i int) bool {
		if i < 2 { // the approvals race as well, so that ids and commits may cross
			both[i].approveRequest([]approvals.Request{first, second}[i])
			return false
		}
		return claim(i)
	})
	won += countWins(4, claim)
	b.wantEqual("writes running", won, 1)
	b.clock.advance(lease)
	b.wantEqual("writes taken over", countWins(4, claim), 1)
	b.wantEqual("writes begun", b.readInt(`SELECT count(*) FROM jobs WHERE kind = 'apply' AND attempt > 0`), 1)
}

func filingsOfOneEnvelope(both []*bench) {
	b := both[0]
	ids := make([]string, 6)
	won := countWins(len(ids), func(i int) bool {
		r := sampleRequest(i)
		r.EnvelopeID = "the same"
		filed, receipt, err := both[i%2].FileRequest(b.context(), r)
		ids[i] = filed.ID
		return b.isWinner(err) && !receipt.Again
	})
	b.wantEqual("winners", won, 1)
	for _, id := range ids {
		b.wantEqual("the request returned", id, ids[0])
	}
	b.wantEqual("requests", b.readInt(`SELECT count(*) FROM requests`), 1)
	b.wantEqual("prepare jobs", b.readInt(`SELECT count(*) FROM jobs WHERE kind = 'prepare'`), 1)
}

func handoversToOneGroup(both []*bench) {
	b := both[0]
	cards := []approvals.Request{b.postedCard(1, group), b.postedCard(2, group)}
	free := []*freeWorker{both[0].offerWorker(approvals.JobApply), both[1].offerWorker(approvals.JobApply)}
	claim := func(i int) bool {
		_, _, err := both[i%2].ClaimJob(b.context(), lease, approvals.JobApply)
		return b.isWinner(err, approvals.ErrNoJob)
	}
	won := countWins(4, func(i int) bool {
		if i < 2 {
			both[i].approveRequest(cards[i])
			return false
		}
		return claim(i)
	})
	won += countWins(4, claim)
	for _, w := range free {
		w.withdraw()
		won += len(w.handed)
	}
	b.wantEqual("writes running", won, 1)
	b.wantEqual("writes under lease", b.readInt(`SELECT count(*) FROM jobs WHERE kind = 'apply' AND leased = 1`), 1)
}

func claimsOfOneJob(both []*bench) {
	b := both[0]
	b.fileRequest(1)
	won := countWins(6, func(i int) bool {
		_, _, err := both[i%2].ClaimJob(b.context(), lease, approvals.JobPrepare)
		return b.isWinner(err, approvals.ErrNoJob)
	})
	b.wantEqual("winners", won, 1)
	b.wantEqual("attempts", b.readInt(`SELECT attempt FROM jobs WHERE kind = 'prepare'`), 1)
}

func completeAgainstTakeover(both []*bench) {
	b := both[0]
	b.fileRequest(1)
	late := b.claimJob(approvals.JobPrepare)
	b.clock.advance(lease)
	var taken approvals.LeasedJob
	won := countWins(2, func(i int) (won bool) {
		var err error
		if i == 0 {
			err = both[0].CompleteJob(b.context(), late)
			return b.isWinner(err, approvals.ErrLeaseLost)
		}
		taken, _, err = both[1].ClaimJob(b.context(), lease, approvals.JobPrepare)
		return b.isWinner(err, approvals.ErrNoJob)
	})
	b.wantEqual("winners", won, 1)
	if taken.ID != 0 {
		b.mustSucceed(b.CompleteJob(b.context(), taken))
	}
	b.wantEqual("prepare jobs left", b.readInt(`SELECT count(*) FROM jobs WHERE kind = 'prepare'`), 0)
}

// completeAgainstEnqueue checks that a vote enqueues one more count, whether it
// comes before the running count is completed or after.
func completeAgainstEnqueue(both []*bench) {
	b := both[0]
	r := b.postedCard(1, group)
	running := b.claimJob(approvals.JobCountVotes)
	countWins(2, func(i int) bool {
		if i == 0 {
			return b.isWinner(both[0].CompleteJob(b.context(), running))
		}
		return b.isWinner(both[1].RecordReaction(b.context(), reactionBy(r, "U-1", "1.1", true)))
	})
	b.completeNext(approvals.JobCountVotes)
	b.wantNoJob(approvals.JobCountVotes)
}
