package store

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// A hostClock is a clock that may step, and the time that really passes.
type hostClock struct {
	clock
	passed atomic.Int64
}

func (c *hostClock) elapsed() time.Duration { return time.Duration(c.passed.Load()) }

// pass lets time pass.
func (c *hostClock) pass(d time.Duration) {
	c.passed.Add(int64(d))
	c.advance(d)
}

// steppingStores opens n stores of one database with a clock that may step.
func steppingStores(t *testing.T, clock *hostClock, url string, n int) []*bench {
	t.Helper()
	var all []*bench
	for range n {
		s, err := Open(t.Context(), url, Options{Now: clock.now, Elapsed: clock.elapsed})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		all = append(all, &bench{T: t, Conformant: underTest{s}, clock: &clock.clock})
	}
	return all
}

// onBothStepping runs a test with the store of the worker that holds a lease and the
// store of another worker: of the same process with SQLite, of another replica with
// PostgreSQL.
func onBothStepping(t *testing.T, test func(t *testing.T, clock *hostClock, holder, other *bench)) {
	start := func() *hostClock {
		return &hostClock{clock: clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	}
	t.Run("SQLite", func(t *testing.T) {
		clock := start()
		one := steppingStores(t, clock, "sqlite://"+filepath.Join(t.TempDir(), "licensebot.db"), 1)
		test(t, clock, one[0], one[0])
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		clock := start()
		two := steppingStores(t, clock, pgtest.ReusedURL(t), 2)
		for _, b := range two {
			b.mustSucceed(b.Ping(b.context())) // each has seen the clock before the step
		}
		test(t, clock, two[0], two[1])
	})
}

// Whatever the clock does, a lease lasts as long as a lease, and no longer than two.
func TestLeasesSurviveAClockStep(t *testing.T) {
	for name, step := range map[string]time.Duration{
		"no step": 0, "an hour ahead": time.Hour, "an hour back": -time.Hour, "a minute ahead": time.Minute,
		"half a minute back": -30 * time.Second, "ten years ahead": 87600 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			onBothStepping(t, func(_ *testing.T, clock *hostClock, holder, other *bench) {
				holder.fileRequest(1)
				job := holder.claimJob(approvals.JobPrepare)
				clock.pass(10 * time.Second)
				clock.advance(step)
				for range 7 { // the job may run for 45 seconds
					clock.pass(5 * time.Second)
					other.wantNoJob(approvals.JobPrepare)
				}
				holder.mustSucceed(holder.MarkTried(holder.context(), job))
				clock.pass(lease) // since the holder has noticed the step as well
				other.claimJob(approvals.JobPrepare)
				holder.wantError(holder.CompleteJob(holder.context(), job), approvals.ErrLeaseLost)
			})
		})
	}
}

// After a step back a job that waits for a while is not late by the step, and a
// deadline keeps its hour.
func TestDelaysSurviveAClockStep(t *testing.T) {
	onBothStepping(t, func(_ *testing.T, clock *hostClock, holder, other *bench) {
		holder.fileRequest(1)
		holder.mustSucceed(holder.RetryJob(holder.context(), holder.claimJob(approvals.JobPrepare), time.Minute, true))
		due, _, err := holder.NextDue(holder.context(), approvals.JobExpire)
		holder.mustSucceed(err)
		clock.advance(-time.Hour)
		clock.pass(time.Minute)
		other.claimJob(approvals.JobPrepare)
		after, _, err := other.NextDue(other.context(), approvals.JobExpire)
		other.mustSucceed(err)
		if after != due+time.Hour-time.Minute {
			other.Errorf("the deadline is in %v, was in %v: it did not keep its hour", after, due)
		}
	})
}

// Leases follow a step although the transaction that notices it fails, and once.
func TestAFailureUndoesNoStep(t *testing.T) {
	onBothStepping(t, func(_ *testing.T, clock *hostClock, holder, other *bench) {
		holder.fileRequest(1)
		holder.claimJob(approvals.JobPrepare)
		clock.advance(time.Hour)
		for range 4 {
			other.wantNoJob(approvals.JobPrepare) // a claim without a job is rolled back
			clock.pass(lease / 4)
		}
		other.claimJob(approvals.JobPrepare)
	})
}

// A clock that drifts slowly is no clock that steps.
func TestADriftIsNoStep(t *testing.T) {
	var elapsed time.Duration
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	watch := watchClock(Options{Elapsed: func() time.Duration { return elapsed }})
	for range 1000 {
		elapsed += time.Minute
		now = now.Add(time.Minute + time.Second)
		if step := watch.findStep(now, watch.begin()); step != 0 {
			t.Fatalf("a step of %v", step)
		}
	}
	now = now.Add(-10 * time.Second)
	if step := watch.findStep(now, watch.begin()); step != -10*time.Second {
		t.Errorf("a step of %v, want ten seconds back", step)
	}
}

// What a new process finds may be older by the clock than it is: nobody saw the clock go on.
func TestNowSinceIsNotMisledByAClockThatWasPutAhead(t *testing.T) {
	onBothStepping(t, func(t *testing.T, clock *hostClock, b, _ *bench) {
		before := clock.now()
		clock.advance(5 * time.Minute) // while nobody looked, as far as this process can tell
		want := func(passed time.Duration, since time.Time) {
			t.Helper()
			if now, err := b.NowSince(b.context(), since); err != nil || now.Sub(since) != passed {
				t.Errorf("%v passed since %v (%v), want %v", now.Sub(since), since, err, passed)
			}
		}
		want(0, before)
		clock.pass(20 * time.Second)
		b.mustSucceed(b.Ping(b.context()))
		clock.advance(5 * time.Minute) // a step while the process runs, which no transaction has met yet
		want(0, before.Add(5*time.Minute))
		want(20*time.Minute, clock.now().Add(-20*time.Minute)) // long ago by any clock
		b.mustSucceed(b.Ping(b.context()))
		clock.pass(30 * time.Second)
		want(30*time.Second, before.Add(5*time.Minute))
		want(10*time.Second, clock.now().Add(-10*time.Second))
	})
}
