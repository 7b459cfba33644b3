package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"licensebot/approvals"
)

// Every effect must be over before its lease is, so that a holder that was
// paused cannot act late.
const (
	lease      = 60 * time.Second
	taskLimit  = 45 * time.Second
	idleSweep  = 30 * time.Second      // look without being woken this often
	errorPause = time.Second           // after the store itself failed
	emptyPause = 50 * time.Millisecond // after what was due went to another, or is locked by one
)

// Backoff between attempts: doubling from the first to the last, jittered.
const (
	firstBackoff = time.Second
	lastBackoff  = 5 * time.Minute
)

// Workers carry out owed work until they are stopped.
type Workers struct {
	Store     Store
	Licenses  Licenses
	Directory Directory
	Messenger Messenger

	// Policy is the policy in force now.
	Policy func() approvals.Policy

	// Trouble hears of every task that did not go through: of the store's own
	// errors with a zero Task, of a failed look at the cards or for forgotten
	// requests with a Task that has nothing but its Kind, and of a request that
	// was forgotten. It must not block.
	OnError func(approvals.LeasedJob, error)

	// Grace is how long running tasks may go on after Run is told to stop.
	Grace time.Duration

	// Hellos has a value whenever reactions may have been missed. Nil: never.
	Reconnected <-chan struct{}
}

// A pool carries out some kinds of work, the first kinds first, a few tasks at
// a time, at Slack's pace where it speaks there.
type pool struct {
	kinds []approvals.JobKind
	slots int
	paced bool
}

// Pools are apart so that no kind of work waits for another's slow peer: a
// channel that Slack throttles does not delay a write to UiPath.
func pools() []pool {
	return []pool{
		{kinds: []approvals.JobKind{approvals.JobPrepare}, slots: 4},
		{kinds: []approvals.JobKind{approvals.JobApply, approvals.JobRevoke}, slots: 4},
		{kinds: []approvals.JobKind{approvals.JobCountVotes}, slots: 4},
		{kinds: []approvals.JobKind{approvals.JobExpire}, slots: 1},
		{kinds: []approvals.JobKind{approvals.JobGrantExpiry}, slots: 1},
		{kinds: []approvals.JobKind{approvals.JobPostOutcome, approvals.JobPostRevocation, approvals.JobPostDelay, approvals.JobPostRevocationDelay, approvals.JobPostConsentLost, approvals.JobPostCard}, slots: 3, paced: true},
		{kinds: []approvals.JobKind{approvals.JobWarnExpiry, approvals.JobRemind}, slots: 1, paced: true},
		{kinds: []approvals.JobKind{approvals.JobAddReactions}, slots: 2, paced: true},
		{kinds: []approvals.JobKind{approvals.JobUpdateCard}, slots: 2, paced: true},
		{kinds: []approvals.JobKind{approvals.JobTellRequester, approvals.JobTellVoter}, slots: 2, paced: true},
	}
}

// Run works until ctx ends, then lets running tasks finish within Grace.
func (w *Workers) Run(ctx context.Context) {
	tasks, hardStop := context.WithCancel(context.WithoutCancel(ctx))
	defer hardStop()
	stopped := context.AfterFunc(ctx, func() { time.AfterFunc(w.Grace, hardStop) })
	defer stopped()

	var running sync.WaitGroup
	for _, p := range pools() {
		running.Go(func() { w.runPool(ctx, tasks, p) })
	}
	running.Go(func() { w.keepSurveying(ctx) })
	running.Go(func() { w.keepReconciling(ctx) })
	running.Wait()
}

// runPool claims work while it has free slots and waits when there is none.
func (w *Workers) runPool(ctx, tasks context.Context, p pool) {
	wake, stop := w.Store.Subscribe(p.kinds...)
	defer stop()
	free := make(chan struct{}, p.slots)
	var running sync.WaitGroup
	defer running.Wait()

	for w.awaitDue(ctx, wake, p) {
		if !acquire(ctx, free) {
			return
		}
		if p.paced && w.Messenger.AwaitPace(ctx, p.kinds[0]) != nil {
			return
		}
		limited, cancel := context.WithTimeout(tasks, taskLimit) // begins before the lease does
		task, request, err := w.Store.ClaimJob(ctx, lease, p.kinds...)
		if err != nil {
			cancel()
			<-free
			w.pauseAfter(ctx, task, err)
			continue
		}
		running.Go(func() {
			defer func() { <-free }()
			defer cancel()
			w.runLeased(tasks, limited, task, request)
		})
	}
}

// awaitDue returns true when work may be due and false when ctx has ended.
func (w *Workers) awaitDue(ctx context.Context, wake <-chan struct{}, p pool) bool {
	for ctx.Err() == nil {
		wait, owed, err := w.Store.NextDue(ctx, p.kinds...)
		switch {
		case err != nil:
			w.pauseAfter(ctx, approvals.LeasedJob{}, err)
			continue
		case !owed:
			wait = idleSweep
		case wait <= 0:
			return true
		}
		timer := time.NewTimer(min(wait, idleSweep))
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return false
}

func acquire(ctx context.Context, free chan<- struct{}) bool {
	select {
	case free <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// pauseAfter keeps a store from being asked in a hot loop. Nothing due is no
// failure: another worker was quicker, or another replica stands still with it.
func (w *Workers) pauseAfter(ctx context.Context, t approvals.LeasedJob, err error) {
	pause := emptyPause
	if !errors.Is(err, approvals.ErrNoJob) && ctx.Err() == nil {
		w.OnError(t, err)
		pause = errorPause
	}
	rest(ctx, pause)
}

// carryOut does one task, whose effect has to be over when limited ends. A task
// that returns an error is given back; what the error says decides when it is
// tried again and whether it may have taken effect.
func (w *Workers) runLeased(ctx, limited context.Context, t approvals.LeasedJob, r approvals.Request) {
	err := w.runGuarded(limited, t, r)
	if errors.Is(err, approvals.ErrLeaseLost) {
		return
	}
	var off *postponed
	if errors.As(err, &off) {
		err = w.Store.RetryJob(context.WithoutCancel(ctx), t, off.after, true)
		if err == nil || errors.Is(err, approvals.ErrLeaseLost) {
			return
		}
	}
	if err == nil || errors.Is(err, approvals.ErrNoTransition) {
		err = w.Store.CompleteJob(context.WithoutCancel(ctx), t)
		if err == nil || errors.Is(err, approvals.ErrLeaseLost) {
			return
		}
	}
	w.OnError(t, err)
	w.retryFailed(ctx, t, err)
}

// giveBack defers a task. While the store fails it goes on trying, because
// otherwise the work would wait for its lease to lapse.
func (w *Workers) retryFailed(ctx context.Context, t approvals.LeasedJob, cause error) {
	after, untry := backoff(t.Attempt), false
	var delay *approvals.DelayError
	if errors.As(cause, &delay) {
		after = max(after, delay.After)
		untry = t.TriedAt.IsZero() // what an earlier attempt did stays unknown
	}
	for range lease / errorPause {
		err := w.Store.RetryJob(context.WithoutCancel(ctx), t, after, untry)
		if err == nil || errors.Is(err, approvals.ErrLeaseLost) || !rest(ctx, errorPause) {
			return
		}
	}
}

// backoff doubles with each attempt and spreads by a quarter either way, so
// that what failed together does not come back together.
func backoff(attempt int) time.Duration {
	d := lastBackoff
	if attempt < 9 {
		d = min(firstBackoff<<max(attempt-1, 0), lastBackoff)
	}
	return d*3/4 + rand.N(d/2)
}

// guarded makes a panic an error: it must harm only the task that caused it.
func (w *Workers) runGuarded(ctx context.Context, t approvals.LeasedJob, r approvals.Request) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return w.runJob(ctx, t, r)
}

// perform does what the kind of work asks. It returns nil when the task is
// over, whether or not the task settled itself.
func (w *Workers) runJob(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	switch t.Kind {
	case approvals.JobPrepare:
		return w.prepare(ctx, t, r)
	case approvals.JobPostCard:
		return w.postCard(ctx, t, r)
	case approvals.JobCountVotes:
		return w.countVotes(ctx, t, r)
	case approvals.JobApply:
		return w.apply(ctx, t, r)
	case approvals.JobPostOutcome, approvals.JobPostDelay:
		return w.postOutcome(ctx, t, r)
	case approvals.JobAddReactions:
		return w.addReactions(ctx, t, r)
	case approvals.JobUpdateCard:
		return w.updateCard(ctx, t, r)
	case approvals.JobTellVoter:
		return w.tellVoter(ctx, t, r)
	case approvals.JobTellRequester:
		return w.tellRequester(ctx, t, r, t.Job)
	case approvals.JobExpire:
		return w.expire(ctx, t, r)
	case approvals.JobRemind:
		return w.remind(ctx, t, r)
	case approvals.JobPostConsentLost:
		return w.postConsentLost(ctx, t, r)
	case approvals.JobGrantExpiry:
		return w.applyEvent(ctx, r, approvals.GrantExpired{}, &t)
	case approvals.JobRevoke:
		return w.revokeGrant(ctx, t, r)
	case approvals.JobWarnExpiry:
		return w.warnExpiry(ctx, t, r)
	case approvals.JobPostRevocationDelay:
		return w.postRevocationDelay(ctx, t, r)
	case approvals.JobPostRevocation:
		return w.postRevocation(ctx, t, r)
	}
	return nil
}

// step applies an event; done is settled with it. An event that means nothing
// any more is no error: the task is over.
func (w *Workers) applyEvent(ctx context.Context, r approvals.Request, e approvals.Event, done *approvals.LeasedJob) error {
	_, err := w.Store.ApplyEvent(ctx, r.ID, e, done)
	return err
}

// hold lets people know that an effect is held up, unless this was the first
// attempt, and passes the cause on.
func (w *Workers) recordDelay(ctx context.Context, t approvals.LeasedJob, r approvals.Request, why string, cause error) error {
	if t.Attempt < 2 {
		return cause
	}
	if _, err := w.Store.ApplyEvent(ctx, r.ID, approvals.Delayed{Reason: why}, t.KeepLeased()); err != nil && !errors.Is(err, approvals.ErrNoTransition) {
		return errors.Join(cause, err)
	}
	return cause
}
