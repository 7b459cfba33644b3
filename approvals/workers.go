package approvals

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"
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
	Licences  Licences
	Directory Directory
	Announcer Announcer

	// Policy is the policy in force now.
	Policy func() Policy

	// Trouble hears of every task that did not go through: of the store's own
	// errors with a zero Task, of a failed look at the cards or for forgotten
	// requests with a Task that has nothing but its Kind, and of a request that
	// was forgotten. It must not block.
	Trouble func(Task, error)

	// Grace is how long running tasks may go on after Run is told to stop.
	Grace time.Duration

	// Hellos has a value whenever reactions may have been missed. Nil: never.
	Hellos <-chan struct{}
}

// A pool carries out some kinds of work, the first kinds first, a few tasks at
// a time, at Slack's pace where it speaks there.
type pool struct {
	kinds []Kind
	slots int
	paced bool
}

// Pools are apart so that no kind of work waits for another's slow peer: a
// channel that Slack throttles does not delay a write to UiPath.
func pools() []pool {
	return []pool{
		{kinds: []Kind{Vet}, slots: 4},
		{kinds: []Kind{Apply, End}, slots: 4},
		{kinds: []Kind{Weigh}, slots: 4},
		{kinds: []Kind{Expire}, slots: 1},
		{kinds: []Kind{Elapse}, slots: 1},
		{kinds: []Kind{Reply, Conclude, Progress, Overdue, Reopen, Announce}, slots: 3, paced: true},
		{kinds: []Kind{Warn, Remind}, slots: 1, paced: true},
		{kinds: []Kind{Seed}, slots: 2, paced: true},
		{kinds: []Kind{Render}, slots: 2, paced: true},
		{kinds: []Kind{Notify, Tell}, slots: 2, paced: true},
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
	running.Go(func() { w.keepLooking(ctx) })
	running.Go(func() { w.keepSweeping(ctx) })
	running.Wait()
}

// runPool claims work while it has free slots and waits when there is none.
func (w *Workers) runPool(ctx, tasks context.Context, p pool) {
	wake, stop := w.Store.Listen(p.kinds...)
	defer stop()
	free := make(chan struct{}, p.slots)
	var running sync.WaitGroup
	defer running.Wait()

	for w.awaitDue(ctx, wake, p) {
		if !acquire(ctx, free) {
			return
		}
		if p.paced && w.Announcer.Ready(ctx, p.kinds[0]) != nil {
			return
		}
		limited, cancel := context.WithTimeout(tasks, taskLimit) // begins before the lease does
		task, request, err := w.Store.Claim(ctx, lease, p.kinds...)
		if err != nil {
			cancel()
			<-free
			w.pauseAfter(ctx, task, err)
			continue
		}
		running.Go(func() {
			defer func() { <-free }()
			defer cancel()
			w.carryOut(tasks, limited, task, request)
		})
	}
}

// awaitDue returns true when work may be due and false when ctx has ended.
func (w *Workers) awaitDue(ctx context.Context, wake <-chan struct{}, p pool) bool {
	for ctx.Err() == nil {
		wait, owed, err := w.Store.Wait(ctx, p.kinds...)
		switch {
		case err != nil:
			w.pauseAfter(ctx, Task{}, err)
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
func (w *Workers) pauseAfter(ctx context.Context, t Task, err error) {
	pause := emptyPause
	if !errors.Is(err, ErrNothing) && ctx.Err() == nil {
		w.Trouble(t, err)
		pause = errorPause
	}
	rest(ctx, pause)
}

// carryOut does one task, whose effect has to be over when limited ends. A task
// that returns an error is given back; what the error says decides when it is
// tried again and whether it may have taken effect.
func (w *Workers) carryOut(ctx, limited context.Context, t Task, r Request) {
	err := w.guarded(limited, t, r)
	if errors.Is(err, ErrLost) {
		return
	}
	var off *putOff
	if errors.As(err, &off) {
		err = w.Store.Defer(context.WithoutCancel(ctx), t, off.after, true)
		if err == nil || errors.Is(err, ErrLost) {
			return
		}
	}
	if err == nil || errors.Is(err, ErrNoMove) {
		err = w.Store.Settle(context.WithoutCancel(ctx), t)
		if err == nil || errors.Is(err, ErrLost) {
			return
		}
	}
	w.Trouble(t, err)
	w.giveBack(ctx, t, err)
}

// giveBack defers a task. While the store fails it goes on trying, because
// otherwise the work would wait for its lease to lapse.
func (w *Workers) giveBack(ctx context.Context, t Task, cause error) {
	after, untry := backoff(t.Attempt), false
	var delay *Delay
	if errors.As(cause, &delay) {
		after = max(after, delay.After)
		untry = t.Tried.IsZero() // what an earlier attempt did stays unknown
	}
	for range lease / errorPause {
		err := w.Store.Defer(context.WithoutCancel(ctx), t, after, untry)
		if err == nil || errors.Is(err, ErrLost) || !rest(ctx, errorPause) {
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
func (w *Workers) guarded(ctx context.Context, t Task, r Request) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return w.perform(ctx, t, r)
}

// perform does what the kind of work asks. It returns nil when the task is
// over, whether or not the task settled itself.
func (w *Workers) perform(ctx context.Context, t Task, r Request) error {
	switch t.Kind {
	case Vet:
		return w.vet(ctx, t, r)
	case Announce:
		return w.announce(ctx, t, r)
	case Weigh:
		return w.weigh(ctx, t, r)
	case Apply:
		return w.apply(ctx, t, r)
	case Reply, Progress:
		return w.reply(ctx, t, r)
	case Seed:
		return w.seed(ctx, t, r)
	case Render:
		return w.render(ctx, t, r)
	case Tell:
		return w.tell(ctx, t, r)
	case Notify:
		return w.notify(ctx, t, r, t.Owed)
	case Expire:
		return w.expire(ctx, t, r)
	case Remind:
		return w.remind(ctx, t, r)
	case Reopen:
		return w.reopen(ctx, t, r)
	case Elapse:
		return w.step(ctx, r, Elapsed{}, &t)
	case End:
		return w.endGrant(ctx, t, r)
	case Warn:
		return w.warn(ctx, t, r)
	case Overdue:
		return w.overdue(ctx, t, r)
	case Conclude:
		return w.conclude(ctx, t, r)
	}
	return nil
}

// step applies an event; done is settled with it. An event that means nothing
// any more is no error: the task is over.
func (w *Workers) step(ctx context.Context, r Request, e Event, done *Task) error {
	_, err := w.Store.Step(ctx, r.ID, e, done)
	return err
}

// hold lets people know that an effect is held up, unless this was the first
// attempt, and passes the cause on.
func (w *Workers) hold(ctx context.Context, t Task, r Request, why string, cause error) error {
	if t.Attempt < 2 {
		return cause
	}
	if _, err := w.Store.Step(ctx, r.ID, Held{Why: why}, t.kept()); err != nil && !errors.Is(err, ErrNoMove) {
		return errors.Join(cause, err)
	}
	return cause
}
