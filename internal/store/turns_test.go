package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"licensebot/approvals"
)

// fileFor files the n-th request, for a person.
func (b *bench) fileFor(n int, person string) approvals.Receipt {
	b.Helper()
	r := sampleRequest(n)
	r.Requester = person
	_, receipt, err := b.FileRequest(b.context(), r)
	b.mustSucceed(err)
	return receipt
}

// fileBehind files the n-th request, for a person, and wants so many cards ahead of it.
func (b *bench) fileBehind(ahead, n int, person string) {
	b.Helper()
	if receipt := b.fileFor(n, person); receipt.Ahead != ahead {
		b.Errorf("%d cards are ahead of request %d of %s, want %d", receipt.Ahead, n, person, ahead)
	}
}

// requesters prepares all that wait and then posts their cards. It returns for each
// kind of job the requesters in the order of their jobs.
func (b *bench) requesters() (prepared, posted []string) {
	for {
		job, r, err := b.ClaimJob(b.context(), lease, approvals.JobPrepare)
		if errors.Is(err, approvals.ErrNoJob) {
			break
		}
		b.mustSucceed(err)
		prepared = append(prepared, r.Requester)
		_, err = b.ApplyEvent(b.context(), r.ID, distinctProposal(group, r.ID), &job)
		b.mustSucceed(err)
	}
	for {
		job, r, err := b.ClaimJob(b.context(), lease, approvals.JobPostCard)
		if errors.Is(err, approvals.ErrNoJob) {
			return prepared, posted
		}
		b.mustSucceed(err)
		posted = append(posted, r.Requester)
		b.mustSucceed(b.CompleteJob(b.context(), job))
	}
}

// Many requests of one person do not push back the one of another.
func TestPeopleTakeTurns(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		const many = 120
		for n := range many {
			b.fileBehind(n, n, "U-MANY")
		}
		b.clock.advance(time.Second)
		b.fileBehind(1, many, "U-ONE")
		b.fileBehind(2, many+1, "U-TWO")
		b.fileBehind(4, many+2, "U-TWO")

		prepared, posted := b.requesters()
		const want = "[U-MANY U-ONE U-TWO U-MANY U-TWO U-MANY]"
		for what, order := range map[string][]string{"prepared": prepared, "posted": posted} {
			if len(order) != many+3 || fmt.Sprint(order[:6]) != want {
				b.Errorf("%s %d: %v …, want %s …", what, len(order), order[:6], want)
			}
		}
	})
}

func TestMaxOpen(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		s.maxOpen = 3
		for n := range 3 {
			b.fileFor(n, "U-MANY")
		}
		fourth := sampleRequest(3)
		fourth.Requester = "U-MANY"
		b.wantUnchanged(func() {
			_, _, err := b.FileRequest(b.context(), fourth)
			tooMany, ok := errors.AsType[*approvals.TooManyOpenError](err)
			if !ok || tooMany.Most != 3 {
				b.Errorf("the fourth request: %v, want a bound of 3", err)
			}
		})
		b.fileFor(4, "U-OTHER")
		again := sampleRequest(0)
		again.Requester = "U-MANY"
		if _, receipt, err := b.FileRequest(b.context(), again); err != nil || !receipt.Again {
			b.Errorf("the first delivery again: %t, %v", receipt.Again, err)
		}
		first, err := b.Request(b.context(), "R-00000000")
		b.mustSucceed(err)
		b.applyEvent(first, approvals.Cancel{By: "U-MANY"})
		b.fileFor(3, "U-MANY")
	})
}

func TestMaxOpenRacedByTwenty(t *testing.T) {
	onBoth(t, func(b *bench, s underTest) {
		s.maxOpen = 5
		won := countWins(20, func(n int) bool {
			_, _, err := b.FileRequest(b.context(), sampleRequest(n))
			if _, tooMany := errors.AsType[*approvals.TooManyOpenError](err); err != nil && !tooMany {
				b.Error(err)
			}
			return err == nil
		})
		if won != 5 {
			b.Errorf("filed %d at once, want 5", won)
		}
	})
}
