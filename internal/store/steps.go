package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"licensebot/approvals"
)

// The clock of leases is the one of this host or of the database's, and an
// operator, NTP or the move of a virtual machine may set it. Each process compares it
// with the time that has really passed. After a step every lease begins anew: a clock
// that jumped ahead would end leases while their workers still run, and one that
// jumped back would prolong those of dead workers.

// stepTolerance is how far the clock may go astray between two transactions. It is
// less than the time between the end of a job and the end of its lease.
const stepTolerance = 5 * time.Second

// errClockStepped says that a transaction was used for a step of the clock, and that its
// work has not begun.
var errClockStepped = errors.New("the clock has stepped")

// leaseAfterStep is how long leases last after a step: as long as the workers'.
const leaseAfterStep = time.Minute

// A clockWatch notices steps of the store's clock. Nil notices none.
type clockWatch struct {
	elapsed func() time.Duration // really passed since the start of the process

	mu      sync.Mutex
	origin  time.Time     // the store's clock when elapsed was zero; zero: not read yet
	steady  time.Duration // what had elapsed when the clock last stepped, or at first
	stepped bool          // it has stepped in this process
	checked bool          // for a step back before the start of the process
}

// watchClock returns a watch. A clock that a test sets steps on purpose, unless the
// test also tells how much time has passed.
func watchClock(opts Options) *clockWatch {
	elapsed := opts.Elapsed
	switch {
	case elapsed != nil:
	case opts.Now != nil:
		return nil
	default:
		start := time.Now()
		elapsed = func() time.Duration { return time.Since(start) }
	}
	return &clockWatch{elapsed: elapsed, steady: elapsed()}
}

// begin is the moment before the clock is read.
func (w *clockWatch) begin() time.Duration {
	if w == nil {
		return 0
	}
	return w.elapsed()
}

// findStep returns how far the clock has jumped, and zero if it has not. The clock
// showed now at some moment since begin. A slow drift is followed.
func (w *clockWatch) findStep(now time.Time, begin time.Duration) time.Duration {
	if w == nil {
		return 0
	}
	earliest, latest := now.Add(-w.elapsed()), now.Add(-begin)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.origin.IsZero():
		w.origin = latest
	case earliest.Sub(w.origin) > stepTolerance:
		return earliest.Sub(w.origin)
	case w.origin.Sub(latest) > stepTolerance:
		return latest.Sub(w.origin)
	case earliest.After(w.origin):
		w.origin = earliest
	case latest.Before(w.origin):
		w.origin = latest
	}
	return 0
}

// acceptClock takes the clock for right as it is after a step: it showed now at begin.
func (w *clockWatch) acceptClock(now time.Time, begin time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stepped = w.stepped || w.checked
	w.origin, w.steady, w.checked = now.Add(-begin), begin, true
}

// steadyFor is for how long the clock has gone right. It showed now at some moment since begin.
func (w *clockWatch) steadyFor(now time.Time, begin time.Duration) time.Duration {
	if w.findStep(now, begin) != 0 {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return begin - w.steady
}

// isUnchecked reports whether a step before the start of the process was not looked for yet.
func (w *clockWatch) isUnchecked() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.checked
}

// hasRunFor reports whether the clock has gone right for so long in this process: what was done
// before is older.
func (w *clockWatch) hasRunFor(d time.Duration) bool {
	if w == nil {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.elapsed()-w.steady >= d
}

// hasSteppedWithin reports whether the clock has stepped in this process so lately.
func (w *clockWatch) hasSteppedWithin(d time.Duration) bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stepped && w.elapsed()-w.steady < d
}

// startClock reads the clock for the first time in a transaction. If the clock has
// stepped, the leases follow, and the transaction must commit without other work:
// work that fails would undo it. committed must be called after the commit.
func (s *Store) startClock(ctx context.Context, t *tx) (committed func(), stepped bool, err error) {
	begin := s.clock.begin()
	if err := t.readClock(ctx); err != nil {
		return nil, false, err
	}
	now := t.now
	step := s.clock.findStep(now, begin)
	if step == 0 && s.clock.isUnchecked() {
		if step, err = t.findEarlierStep(ctx); err != nil {
			return nil, false, err
		}
		if step == 0 {
			return func() { s.clock.acceptClock(now, begin) }, false, nil
		}
	}
	if step == 0 {
		return func() {}, false, nil
	}
	return func() { s.clock.acceptClock(now, begin) }, true, t.followStep(ctx, step)
}

// followStep begins all leases anew. After a step back, jobs that wait for a while
// run at once, because the while would be longer by the step. Every replica that
// notices the step may do this: the second time does no harm.
func (t *tx) followStep(ctx context.Context, step time.Duration) error {
	if err := t.followStepOfWatch(ctx, step); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `UPDATE jobs SET due_at = $1 WHERE leased = 1`, toMicros(t.now.Add(leaseAfterStep)))
	if err != nil || step > 0 {
		return err
	}
	_, err = t.ExecContext(ctx, `UPDATE jobs SET due_at = $1 WHERE leased = 0 AND due_at > $1
		AND kind NOT IN (`+quoteKinds(datedKinds())+`)`, toMicros(t.now))
	return err
}

// datedKinds lists the kinds of jobs that are due at an hour, whatever the clock did.
func datedKinds() []approvals.JobKind {
	var kinds []approvals.JobKind
	for _, spec := range approvals.JobKinds() {
		if spec.Dated {
			kinds = append(kinds, spec.Kind)
		}
	}
	return kinds
}
