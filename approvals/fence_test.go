package approvals_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	. "licensebot/approvals"
)

// A shift shows its workers only the kinds of work that they are to do.
type shift struct {
	Store
	does func(Kind) bool
}

func (s shift) own(kinds []Kind) []Kind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k Kind) bool { return !s.does(k) })
}

func (s shift) Claim(ctx context.Context, lease time.Duration, kinds ...Kind) (Task, Request, error) {
	return s.Store.Claim(ctx, lease, s.own(kinds)...)
}

func (s shift) Wait(ctx context.Context, kinds ...Kind) (time.Duration, bool, error) {
	return s.Store.Wait(ctx, s.own(kinds)...)
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
func (w *world) laggard(kind Kind) *laggard {
	l := &laggard{held: make(chan struct{}), free: make(chan struct{})}
	l.shift = shift{Store: w.store, does: func(k Kind) bool { return k == kind && !l.taken.Load() }}
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

func (l *laggard) Claim(ctx context.Context, lease time.Duration, kinds ...Kind) (Task, Request, error) {
	t, r, err := l.shift.Claim(ctx, lease, kinds...)
	if err == nil {
		l.lease = lease
		l.taken.Store(true)
	}
	return t, r, err
}

func (l *laggard) Try(ctx context.Context, t Task) error {
	close(l.held)
	<-l.free
	return l.Store.Try(ctx, t)
}

// harmless is the work that touches nothing but the store.
var harmless = []Kind{Vet, Weigh, Expire, Elapse}

// owing has for each other kind of work a story after which it is owed, if
// nobody does it.
var owing = map[Kind]func(w *world){
	Announce: func(w *world) { w.file("e1") },
	Seed:     func(w *world) { w.carded() },
	Apply:    func(w *world) { w.react(w.carded(), anna, true) },
	Progress: func(w *world) {
		r := w.carded()
		w.unreadable()
		w.react(r, anna, true)
	},
	Reply:  func(w *world) { w.cancel(w.carded()) },
	Render: func(w *world) { w.cancel(w.carded()) },
	Tell:   func(w *world) { w.react(w.carded(), bystander, true) },
	Notify: func(w *world) { w.file("e1", "OLD") },
	Reopen: func(w *world) {
		r := w.carded()
		heard := w.slack.put(r, anna, true)
		w.unheard(r, anna, false)
		if err := w.store.React(w.Context(), heard); err != nil {
			w.Fatal(err)
		}
	},
	Remind: func(w *world) {
		w.monday(8)
		w.skipTo(w.carded().Filed.Add(15 * time.Minute))
	},
	Warn: func(w *world) { w.skipTo(w.granted(2*time.Hour, "NEW").Grant.Until.Add(-time.Hour)) },
	End:  func(w *world) { w.skipTo(w.granted(2*time.Hour, "NEW").Grant.Until) },
	Overdue: func(w *world) {
		r := w.granted(2*time.Hour, "NEW")
		w.unreadable()
		w.skipTo(r.Grant.Until)
	},
	Conclude: func(w *world) { w.skipTo(w.granted(2*time.Hour, "NEW").Grant.Until) },
}

// unreadable has UiPath answer nothing from now on.
func (w *world) unreadable() {
	w.uipath.mu.Lock()
	defer w.uipath.mu.Unlock()
	w.uipath.onRead = func(int) error { return errCut }
}

// due reports whether work of a kind waits for somebody to take it.
func (w *world) due(kind Kind) bool {
	w.Helper()
	wait, owed, err := w.store.Wait(w.Context(), kind)
	if err != nil {
		w.Fatal(err)
	}
	return owed && wait <= 0
}

// effects counts how often a kind of work had its effect.
func (w *world) effects(kind Kind) int {
	if kind == Apply || kind == End {
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

// Whoever stood still until the lease was over finds out before the effect, and
// has none.
func TestWhoLostTheLeaseHasNoEffect(t *testing.T) {
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

func (w *world) loseTheLease(kind Kind, meanwhile string) {
	w.stop()
	w.sees = func(s Store) Store { return shift{Store: s, does: func(k Kind) bool { return k != kind }} }
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
func (w *world) doneByOthers(kind Kind, effects int) {
	w.Helper()
	w.work()
	w.until(string(kind)+" to be done", func(Request) bool { return !w.due(kind) && w.effects(kind) >= effects })
	w.stop()
}

// A slowStore takes its time to answer a claim, while the lease runs already.
type slowStore struct {
	Store
	lapse chan time.Time // of the first lease
}

func (s slowStore) Claim(ctx context.Context, lease time.Duration, kinds ...Kind) (Task, Request, error) {
	begun := time.Now()
	t, r, err := s.Store.Claim(ctx, lease, kinds...)
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

func (h hung) Group(ctx context.Context, _ string) (Group, error) {
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
	live(t, func(w *world) {
		w.stop()
		slow := slowStore{Store: w.store, lapse: make(chan time.Time, 1)}
		peer := hung{uipath: w.uipath, left: make(chan time.Time, 1)}
		workers := w.workers(slow)
		workers.Licences = peer
		defer run(w.Context(), workers)()
		w.file("e1")
		if early := (<-slow.lapse).Sub(<-peer.left); early <= 0 {
			t.Errorf("the task was ended %v after its lease", -early)
		}
	})
}

// A deaf store wakes nobody, as where the word of another replica is lost.
type deaf struct{ Store }

func (deaf) Listen(...Kind) (<-chan struct{}, func()) { return nil, func() {} }

// Who is woken by nobody looks by themselves twice a minute: where nothing was
// owed, and where something was that is not due for long.
func TestWorkIsFoundWithoutABell(t *testing.T) {
	const sweep = 30 * time.Second
	live(t, func(w *world) {
		w.stop()
		w.sees = func(s Store) Store { return deaf{s} }
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
