package store

import (
	"errors"
	"testing"

	"licensebot/approvals"
)

// weigh does what a worker does with a Weigh: it looks at the reactions, lets
// every one of them count, and settles the task. False if none was due.
func (b *bench) weigh() bool {
	b.Helper()
	task, r, err := b.ClaimJob(b.ctx(), lease, approvals.JobCountVotes)
	if errors.Is(err, approvals.ErrNoJob) {
		return false
	}
	if err != nil {
		b.Error(err)
		return false
	}
	reactions, err := b.ListReactions(b.ctx(), r.Channel, r.CardTS)
	if err != nil {
		b.Error(err)
		return false
	}
	var w approvals.VotesCounted
	for _, reaction := range reactions {
		w.Ballots = append(w.Ballots, approvals.Ballot{User: reaction.User, Deny: reaction.Deny, Eligibility: approvals.Counts, Stages: []int{0}})
	}
	_, err = b.ApplyEvent(b.ctx(), r.ID, w, &task)
	if errors.Is(err, approvals.ErrNoTransition) {
		err = b.CompleteJob(b.ctx(), task)
	}
	if err != nil && !errors.Is(err, approvals.ErrLeaseLost) {
		b.Error(err)
	}
	return true
}

// unposted is a request whose card is in the channel already, with a timestamp
// that is not stored yet.
func (b *bench) unposted(n int) (approvals.Request, approvals.CardPosted) {
	b.Helper()
	r := b.file(n)
	b.finish(approvals.JobPrepare)
	r = b.step(r, ownProposal(group, r.ID))
	b.finish(approvals.JobPostCard)
	return r, approvals.CardPosted{TS: "1700000000.00" + r.ID[len(r.ID)-4:]}
}

// A quick approver is heard while the card's timestamp is being stored: here
// after it was looked for and not found, before the reaction is stored.
func TestVoteDuringPostedIsWeighed(t *testing.T) {
	both := replicas(t, 2)
	one, other := both[0], both[1]
	r, posted := one.unposted(1)
	release := one.holding(`LOCK TABLE reactions IN SHARE MODE`) // React cannot store, readers can read
	defer release()

	heard := make(chan error, 1)
	vote := thumb(r, "U-QUICK", "1.1", true)
	vote.TS = posted.TS
	go func() { heard <- other.RecordReaction(t.Context(), vote) }()
	one.untilWaiting(1)
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		if _, err := other.ApplyEvent(t.Context(), r.ID, posted, nil); err != nil {
			t.Error(err)
		}
		other.weigh()
	}()
	// Either the step waits for the reaction, or it is over before.
	one.until("the card's timestamp is stored, or waits", `SELECT CASE WHEN
		(SELECT count(*)`+mine+` AND wait_event_type = 'Lock') >= 2
		OR EXISTS (SELECT 1 FROM requests WHERE card_ts IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = 'count_votes') THEN 1 ELSE 0 END`)
	release()
	one.must(<-heard)
	<-stored
	for one.weigh() {
	}
	if read, err := one.Request(t.Context(), r.ID); err != nil || read.State != approvals.Approved {
		t.Errorf("the vote was never weighed: %s, %v", read.State, err)
	}
}

// The same, as chance has it.
func TestVoteDuringPostedIsWeighedRaced(t *testing.T) {
	both := replicas(t, 2)
	for n := range 50 {
		r, posted := both[0].unposted(n)
		vote := thumb(r, "U-QUICK", "1.1", true)
		vote.TS = posted.TS
		race(2, func(i int) bool {
			var err error
			if i == 0 {
				err = both[0].RecordReaction(t.Context(), vote)
			} else {
				_, err = both[1].ApplyEvent(t.Context(), r.ID, posted, nil)
			}
			if err != nil {
				t.Error(err)
			}
			return both[i].weigh()
		})
		for both[0].weigh() {
		}
		if read, err := both[0].Request(t.Context(), r.ID); err != nil || read.State != approvals.Approved {
			t.Fatalf("round %d: the vote was never weighed: %s, %v", n, read.State, err)
		}
	}
}

// A vote that had to wait for its turn until the deadline had passed is late.
func TestVoteThatWaitedIsLate(t *testing.T) {
	both := replicas(t, 2)
	r := both[0].card(1, group)
	release := both[0].holding(`SELECT 1 FROM requests FOR UPDATE`)
	defer release()
	voted := make(chan error)
	go func() {
		_, err := both[1].ApplyEvent(t.Context(), r.ID, yes("U-ANNA"), nil)
		voted <- err
	}()
	both[0].untilWaiting(1)
	both[0].clock.advance(ttl)
	release()
	both[0].want(<-voted, approvals.ErrNoTransition) // only the last look at the card may count it now
}

// heldStep runs a Step that stands still before it commits, until release.
func (b *bench) heldStep(r approvals.Request, e approvals.Event) (release func()) {
	b.Helper()
	reached, wake, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		ended <- b.store().inTx(b.ctx(), func(tx *tx) error {
			before, err := tx.lock(b.ctx(), `id = $1`, r.ID)
			if err != nil {
				return err
			}
			step, err := approvals.Next(before, e, tx.now)
			if err != nil {
				return err
			}
			if err := errors.Join(tx.update(b.ctx(), step.Request), tx.write(b.ctx(), before, e.Kind(), e.Actor(), e, step)); err != nil {
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
		b.must(<-ended)
	}
}

// Of two writes to one group the one with the lower id commits last, when the
// other is running already: it waits its turn.
func TestIDsOutOfCommitOrder(t *testing.T) {
	both := replicas(t, 2)
	one, other := both[0], both[1]
	late, early := one.card(1, group), one.card(2, group)
	commit := one.heldStep(late, yes("U-ANNA"))
	other.approve(early)
	running := other.claim(approvals.JobApply)
	if running.RequestID != early.ID {
		t.Fatalf("claimed %s", running.RequestID)
	}
	commit()
	one.nothing(approvals.JobApply)
	one.clock.advance(lease) // a lapsed lease goes to who takes over the same row
	if taken := one.claim(approvals.JobApply); taken.ID != running.ID {
		t.Fatalf("%s overtook", taken.RequestID)
	} else {
		one.must(one.CompleteJob(t.Context(), taken))
	}
	if next := other.claim(approvals.JobApply); next.RequestID != late.ID {
		t.Errorf("%s comes next", next.RequestID)
	}
}

// The same, when the other is just being claimed: neither claim can see what
// the other does, and the index of leased lanes decides.
func TestClaimsOfOneLaneAtOnce(t *testing.T) {
	both := replicas(t, 2)
	one, other := both[0], both[1]
	late, early := one.card(1, group), one.card(2, group)
	commit := one.heldStep(late, yes("U-ANNA"))
	other.approve(early)

	claimed, wake, ended := make(chan approvals.LeasedJob, 1), make(chan struct{}), make(chan error)
	go func() {
		ended <- other.store().inTx(t.Context(), func(tx *tx) error {
			task, err := tx.claim(t.Context(), approvals.JobApply, lease)
			claimed <- task
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
	one.untilWaiting(1)
	close(wake)
	one.must(<-ended)
	one.want(<-second, approvals.ErrNoJob)
	one.must(one.CompleteJob(t.Context(), first))
	if next := one.claim(approvals.JobApply); next.RequestID != late.ID {
		t.Errorf("%s comes next", next.RequestID)
	}
}
