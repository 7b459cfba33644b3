package worker_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"licensebot/approvals/worker"

	. "licensebot/approvals"
)

// A shift shows its workers only the kinds of work that they are to do.
type shift struct {
	claimsOnly
	does func(JobKind) bool
}

func (s shift) own(kinds []JobKind) []JobKind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k JobKind) bool { return !s.does(k) })
}

func (s shift) ClaimJob(ctx context.Context, lease time.Duration, kinds ...JobKind) (LeasedJob, Request, error) {
	return s.Store.ClaimJob(ctx, lease, s.own(kinds)...)
}

func (s shift) NextDue(ctx context.Context, kinds ...JobKind) (time.Duration, bool, error) {
	return s.Store.NextDue(ctx, s.own(kinds)...)
}

// claimsOnly is a store whose workers claim each job, so that a test can stand between.
type claimsOnly struct{ worker.Store }

func (claimsOnly) Offer(<-chan struct{}, time.Time, time.Duration, func() bool, func(LeasedJob, Request, time.Time, error)) func() {
	return func() {}
}

// A laggard is a worker, and its store, that takes one piece of work and stands
// still right before its effect, until it goes on.
type laggard struct {
	shift
	taken atomic.Bool
	lease time.Duration // that it took the work for
	held  chan struct{}
	free  chan struct{}
	stop  func()
}

// laggard has a worker take work of a kind, and returns when it stands still.
func (w *world) laggard(kind JobKind) *laggard {
	l := &laggard{held: make(chan struct{}), free: make(chan struct{})}
	l.shift = shift{claimsOnly: claimsOnly{w.store}, does: func(k JobKind) bool { return k == kind && !l.taken.Load() }}
	l.stop = run(w.Context(), w.workers(l))
	<-l.held
	return l
}

// goesOn returns when all that the laggard does has been done.
func (l *laggard) goesOn() {
	close(l.free)
	synctest.Wait()
	l.stop()
}

func (l *laggard) ClaimJob(ctx context.Context, lease time.Duration, kinds ...JobKind) (LeasedJob, Request, error) {
	t, r, err := l.shift.ClaimJob(ctx, lease, kinds...)
	if err == nil {
		l.lease = lease
		l.taken.Store(true)
	}
	return t, r, err
}

func (l *laggard) MarkTried(ctx context.Context, t LeasedJob) error {
	close(l.held)
	<-l.free
	return l.Store.MarkTried(ctx, t)
}

func (l *laggard) MarkTriedUnlessVoted(ctx context.Context, t LeasedJob, guard VoteGuard) error {
	close(l.held)
	<-l.free
	return l.Store.MarkTriedUnlessVoted(ctx, t, guard)
}

// harmless is the work that touches nothing but the store.
var harmless = []JobKind{JobPrepare, JobCountVotes, JobExpire, JobGrantExpiry, JobFindEffect}

// owing has a story for each other kind of work. The work is due after it, as long
// as no worker does it.
var owing = map[JobKind]func(w *world){
	JobPostCard:     func(w *world) { w.file("e1") },
	JobAddReactions: func(w *world) { w.carded() },
	JobApply:        func(w *world) { w.react(w.carded(), anna, true) },
	JobPostDelay: func(w *world) {
		r := w.carded()
		w.unreadable()
		w.react(r, anna, true)
	},
	JobPostEffect: func(w *world) {
		r := w.carded()
		w.uipath.answer(func(int, Allocation) (*Allocation, bool, error) {
			time.AfterFunc(5*time.Second, func() { w.uipath.edit("OLD", "NEW") })
			return nil, false, &RefusedError{Answer: "no such license"}
		})
		w.react(r, anna, true)
	},
	JobPostOutcome: func(w *world) { w.cancel(w.carded()) },
	JobUpdateCard:  func(w *world) { w.cancel(w.carded()) },
	JobTellVoter:   func(w *world) { w.react(w.carded(), bystander, true) },
	JobTellDelay: func(w *world) {
		w.unreadable()
		w.file("e1")
	},
	JobTellRequester: func(w *world) { w.file("e1", "OLD") },
	JobPostConsentLost: func(w *world) {
		r := w.carded()
		heard := w.slack.put(r, anna, true)
		w.unheard(r, anna, false)
		if err := w.store.RecordReaction(w.Context(), heard); err != nil {
			w.Fatal(err)
		}
	},
	JobRemind: func(w *world) {
		w.monday(8)
		w.skipTo(w.carded().FiledAt.Add(15 * time.Minute))
	},
	JobWarnExpiry: func(w *world) { w.skipTo(w.granted(2*time.Hour, "NEW").Grant.Until.Add(-time.Hour)) },
	JobRevoke:     func(w *world) { w.skipTo(w.granted(2*time.Hour, "NEW").Grant.Until) },
	JobPostRevocationDelay: func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.unreadable()
		w.skipTo(r.Grant.Until)
	},
	JobRemoveDoubles: func(w *world) {
		r := w.carded()
		w.slack.again(r, "ts-double")
		if _, err := w.store.ApplyEvent(w.Context(), r.ID, DoubleSeen{TS: "ts-double"}, nil); err != nil {
			w.Fatal(err)
		}
	},
	JobPostRevocation: func(w *world) { w.skipTo(w.granted(2*time.Hour, "NEW").Grant.Until) },
}

// unreadable has UiPath answer nothing from now on.
func (w *world) unreadable() {
	w.uipath.meanwhile(func(int) error { return errCut })
}

// due reports whether work of a kind waits for a worker.
func (w *world) due(kind JobKind) bool {
	w.Helper()
	wait, owed, err := w.store.NextDue(w.Context(), kind)
	if err != nil {
		w.Fatal(err)
	}
	return owed && wait <= 0
}

// effects counts how often a kind of work had its effect.
func (w *world) effects(kind JobKind) int {
	if kind == JobApply || kind == JobRevoke {
		return w.uipath.count("put")
	}
	return w.slack.count(string(kind))
}

// calls counts all that was called and posted, at Slack and at UiPath.
func (w *world) calls() map[string]int {
	n := map[string]int{}
	for _, call := range slices.Concat(w.slack.log(), w.uipath.log()) {
		n[call]++
	}
	return n
}

// What became of the work while its first holder stood still.
const (
	waits    = "nobody has taken it over"
	underWay = "another is at it"
	isDone   = "another has done it"
)

// A worker that stood still until its lease was over notices it before the effect,
// and leaves the effect out.
func TestWhoLostTheLeaseHasNoEffect(t *testing.T) {
	t.Parallel()
	for _, kind := range everyKind {
		if slices.Contains(harmless, kind) {
			continue
		}
		for _, meanwhile := range []string{waits, underWay, isDone} {
			t.Run(fmt.Sprintf("%s, %s", kind, meanwhile), func(t *testing.T) {
				live(t, func(w *world) { w.loseTheLease(kind, meanwhile) })
			})
		}
	}
}

func (w *world) loseTheLease(kind JobKind, meanwhile string) {
	w.stop()
	w.sees = func(s worker.Store) worker.Store {
		return shift{claimsOnly: claimsOnly{s}, does: func(k JobKind) bool { return k != kind }}
	}
	w.work()
	owing[kind](w)
	w.until(string(kind)+" to be owed", func(Request) bool { return w.due(kind) })
	w.stop()
	w.sees = nil
	before := w.effects(kind)

	late := w.laggard(kind)
	w.behind.Add(-int64(late.lease))
	others := func() { w.doneByOthers(kind, before+1) }
	switch meanwhile {
	case underWay:
		others = w.laggard(kind).goesOn
	case isDone:
		others()
		others = func() {}
	}
	w.hasNoEffect(late.goesOn)
	others()
	if n := w.effects(kind) - before; n != 1 {
		w.Errorf("%d effects of %s, want one", n, kind)
	}
}

// hasNoEffect expects that Slack and UiPath are not even called.
func (w *world) hasNoEffect(act func()) {
	w.Helper()
	before := w.calls()
	act()
	for call, n := range w.calls() {
		if n != before[call] {
			w.Errorf("without a lease it called %s", call)
		}
	}
}

// doneByOthers has all other workers work until what is due of a kind is done.
func (w *world) doneByOthers(kind JobKind, effects int) {
	w.Helper()
	w.work()
	w.until(string(kind)+" to be done", func(Request) bool { return !w.due(kind) && w.effects(kind) >= effects })
	w.stop()
}

// A slowStore takes its time to answer a claim, while the lease runs already.
type slowStore struct {
	claimsOnly
	lapse chan time.Time // of the first lease
}

func (s slowStore) ClaimJob(ctx context.Context, lease time.Duration, kinds ...JobKind) (LeasedJob, Request, error) {
	begun := time.Now()
	t, r, err := s.Store.ClaimJob(ctx, lease, kinds...)
	if err == nil {
		note(s.lapse, begun.Add(lease))
		time.Sleep(20 * time.Second)
	}
	return t, r, err
}

// hung is a UiPath that never answers, and notes when it is asked no more.
type hung struct {
	*uipath
	left chan time.Time
}

func (h hung) FindGroup(ctx context.Context, _ string) (Group, error) {
	<-ctx.Done()
	note(h.left, time.Now())
	return Group{}, ctx.Err()
}

// note keeps the first moment.
func note(c chan<- time.Time, at time.Time) {
	select {
	case c <- at:
	default:
	}
}

// No call goes on for longer than its lease: an effect may come as late as the
// call does, and then another holds the work. The lease runs from the claim on,
// not from its answer.
func TestATaskEndsBeforeItsLease(t *testing.T) {
	t.Parallel()
	live(t, func(w *world) {
		w.stop()
		slow := slowStore{claimsOnly: claimsOnly{w.store}, lapse: make(chan time.Time, 1)}
		peer := hung{uipath: w.uipath, left: make(chan time.Time, 1)}
		workers := w.workers(slow)
		workers.Licenses = peer
		defer run(w.Context(), workers)()
		w.file("e1")
		if early := (<-slow.lapse).Sub(<-peer.left); early <= 0 {
			t.Errorf("the task was ended %v after its lease", -early)
		}
	})
}

// A deaf store wakes no worker, as if the signal of another replica were lost.
type deaf struct{ worker.Store }

func (deaf) Subscribe(...JobKind) (<-chan struct{}, func()) { return nil, func() {} }

// Without a signal, workers look for jobs twice a minute: with no job at all, and
// with one whose time is far away.
func TestWorkIsFoundWithoutABell(t *testing.T) {
	t.Parallel()
	const sweep = 30 * time.Second
	live(t, func(w *world) {
		w.stop()
		w.sees = func(s worker.Store) worker.Store { return deaf{s} }
		w.work()
		within := func(most time.Duration, what string, cond func(Request) bool) {
			t.Helper()
			begun := time.Now()
			w.until(what, cond)
			if took := time.Since(begun); took > most+time.Second {
				t.Errorf("%s took %v, want %v at the most", what, took, most)
			}
		}
		synctest.Wait() // all have looked, and found nothing
		w.file("e1")
		within(sweep, "the vetting", func(r Request) bool { return r.State == Pending })
		within(sweep, "the card", func(r Request) bool { return r.CardTS != "" })
		w.behind.Store(-int64(time.Hour)) // all that waited for the deadline slept before that
		within(sweep, "the deadline", func(r Request) bool { return r.State == Expired })
	})
}
