package store

import (
	"errors"
	"testing"

	"licensebot/approvals"
)

// countVotes does what a worker does with JobCountVotes: it reads the reactions,
// counts all of them, and completes the job. It reports false if none was due.
func (b *bench) countVotes() bool {
	b.Helper()
	job, r, err := b.ClaimJob(b.context(), lease, approvals.JobCountVotes)
	if errors.Is(err, approvals.ErrNoJob) {
		return false
	}
	if err != nil {
		b.Error(err)
		return false
	}
	reactions, err := b.ListReactions(b.context(), r.Channel, r.CardTS)
	if err != nil {
		b.Error(err)
		return false
	}
	var w approvals.VotesCounted
	for _, reaction := range reactions {
		w.Ballots = append(w.Ballots, approvals.Ballot{User: reaction.User, Deny: reaction.Deny, Eligibility: approvals.Counts, Stages: []int{0}})
	}
	_, err = b.ApplyEvent(b.context(), r.ID, w, &job)
	if errors.Is(err, approvals.ErrNoTransition) {
		err = b.CompleteJob(b.context(), job)
	}
	if err != nil && !errors.Is(err, approvals.ErrLeaseLost) {
		b.Error(err)
	}
	return true
}

// unpostedCard is a request with a card that is in the channel already. Its
// timestamp is not stored yet.
func (b *bench) unpostedCard(n int) (approvals.Request, approvals.CardPosted) {
	b.Helper()
	r := b.fileRequest(n)
	b.completeNext(approvals.JobPrepare)
	r = b.applyEvent(r, distinctProposal(group, r.ID))
	b.completeNext(approvals.JobPostCard)
	return r, approvals.CardPosted{TS: "1700000000.00" + r.ID[len(r.ID)-4:]}
}

// A quick approver reacts while the card's timestamp is being stored: here after
// RecordReaction did not find it, and before it stores the reaction.
func TestVoteDuringCardPostedCounts(t *testing.T) {
	both := openReplicas(t, 2)
	one, other := both[0], both[1]
	r, posted := one.unpostedCard(1)
	release := one.holdLocks(`LOCK TABLE reactions IN SHARE MODE`) // RecordReaction cannot write, and readers can read
	defer release()

	heard := make(chan error, 1)
	vote := reactionBy(r, "U-QUICK", "1.1", true)
	vote.TS = posted.TS
	go func() { heard <- other.RecordReaction(t.Context(), vote) }()
	one.awaitLockWaiters(1)
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		if _, err := other.ApplyEvent(t.Context(), r.ID, posted, nil); err != nil {
			t.Error(err)
		}
		other.countVotes()
	}()
	// ApplyEvent either waits for the reaction or is over before it.
	one.awaitCondition("the card's timestamp is stored, or waits", `SELECT CASE WHEN
		(SELECT count(*)`+ownSessions+` AND wait_event_type = 'Lock') >= 2
		OR EXISTS (SELECT 1 FROM requests WHERE card_ts IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = 'count_votes') THEN 1 ELSE 0 END`)
	release()
	one.mustSucceed(<-heard)
	<-stored
	for one.countVotes() {
	}
	if read, err := one.Request(t.Context(), r.ID); err != nil || read.State != approvals.Approved {
		t.Errorf("the vote was never counted: %s, %v", read.State, err)
	}
}

// The same race, in random order.
func TestVoteDuringCardPostedCountsRaced(t *testing.T) {
	both := openReplicas(t, 2)
	for n := range 50 {
		r, posted := both[0].unpostedCard(n)
		vote := reactionBy(r, "U-QUICK", "1.1", true)
		vote.TS = posted.TS
		countWins(2, func(i int) bool {
			var err error
			if i == 0 {
				err = both[0].RecordReaction(t.Context(), vote)
			} else {
				_, err = both[1].ApplyEvent(t.Context(), r.ID, posted, nil)
			}
			if err != nil {
				t.Error(err)
			}
			return both[i].countVotes()
		})
		for both[0].countVotes() {
		}
		if read, err := both[0].Request(t.Context(), r.ID); err != nil || read.State != approvals.Approved {
			t.Fatalf("round %d: the vote was never counted: %s, %v", n, read.State, err)
		}
	}
}

// A vote count that waited for a lock until after the deadline is late.
func TestVoteThatWaitedIsLate(t *testing.T) {
	both := openReplicas(t, 2)
	r := both[0].postedCard(1, group)
	release := both[0].holdLocks(`SELECT 1 FROM requests FOR UPDATE`)
	defer release()
	voted := make(chan error)
	go func() {
		_, err := both[1].ApplyEvent(t.Context(), r.ID, votesOf("U-ANNA"), nil)
		voted <- err
	}()
	both[0].awaitLockWaiters(1)
	both[0].clock.advance(ttl)
	release()
	both[0].wantError(<-voted, approvals.ErrNoTransition) // only the last look at the card may count the vote now
}

// pauseBeforeCommit applies an event in a transaction that waits before its commit,
// until release.
func (b *bench) pauseBeforeCommit(r approvals.Request, e approvals.Event) (release func()) {
	b.Helper()
	reached, wake, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		ended <- b.store().runInTx(b.context(), func(tx *tx) error {
			before, err := tx.lockRequest(b.context(), `id = $1`, r.ID)
			if err != nil {
				return err
			}
			step, err := approvals.Next(before, e, tx.now)
			if err != nil {
				return err
			}
			if err := tx.updateRequest(b.context(), step.Request); err != nil {
				return err
			}
			if err := tx.journalStep(b.context(), before, e.Kind(), e.Actor(), e, step); err != nil {
				return err
			}
			close(reached)
			<-wake
			return nil
		})
	}()
	<-reached
	return func() {
		b.Helper()
		close(wake)
		b.mustSucceed(<-ended)
	}
}

// Of two writes to one group, the one with the lower id commits last, when the other
// is already running. It waits its turn.
func TestIDsOutOfCommitOrder(t *testing.T) {
	both := openReplicas(t, 2)
	one, other := both[0], both[1]
	late, early := one.postedCard(1, group), one.postedCard(2, group)
	commit := one.pauseBeforeCommit(late, votesOf("U-ANNA"))
	other.approveRequest(early)
	running := other.claimJob(approvals.JobApply)
	if running.RequestID != early.ID {
		t.Fatalf("claimed the write of %s, want %s", running.RequestID, early.ID)
	}
	commit()
	one.wantNoJob(approvals.JobApply)
	one.clock.advance(lease) // after the lease, the same job is claimed again
	if taken := one.claimJob(approvals.JobApply); taken.ID != running.ID {
		t.Fatalf("%s overtook it", taken.RequestID)
	} else {
		one.mustSucceed(one.CompleteJob(t.Context(), taken))
	}
	if next := other.claimJob(approvals.JobApply); next.RequestID != late.ID {
		t.Errorf("%s comes next", next.RequestID)
	}
}

// The same, when the other is just being claimed. Neither claim can see the other,
// and the unique index of leased lanes decides.
func TestClaimsOfOneLaneAtOnce(t *testing.T) {
	both := openReplicas(t, 2)
	one, other := both[0], both[1]
	late, early := one.postedCard(1, group), one.postedCard(2, group)
	commit := one.pauseBeforeCommit(late, votesOf("U-ANNA"))
	other.approveRequest(early)

	claimed, wake, ended := make(chan approvals.LeasedJob, 1), make(chan struct{}), make(chan error)
	go func() {
		ended <- other.store().runInTx(t.Context(), func(tx *tx) error {
			job, err := tx.claimKind(t.Context(), approvals.JobApply, lease)
			claimed <- job
			<-wake
			return err
		})
	}()
	first := <-claimed
	commit()
	second := make(chan error)
	go func() {
		_, _, err := one.ClaimJob(t.Context(), lease, approvals.JobApply)
		second <- err
	}()
	one.awaitLockWaiters(1)
	close(wake)
	one.mustSucceed(<-ended)
	one.wantError(<-second, approvals.ErrNoJob)
	one.mustSucceed(one.CompleteJob(t.Context(), first))
	if next := one.claimJob(approvals.JobApply); next.RequestID != late.ID {
		t.Errorf("%s comes next", next.RequestID)
	}
}
