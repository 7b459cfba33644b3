//go:build linux

package chaos

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"licensebot/internal/chaos/judge"
)

// A Tally counts what a run did and found. Safe for concurrent use.
type Tally struct {
	mu         sync.Mutex
	started    time.Time
	rounds     int
	running    int
	steps      int
	commands   int
	recorded   int
	cards      int
	effects    int
	grants     int // for a time, with an end that was told
	killPoints int
	plainKills int
	faults     int
	byKind     map[judge.Kind]int
	skipped    []string
	failed     []Failure
	onFailure  func(Failure)
}

// A Failure is a round in which a promise was broken, or the suite itself
// failed.
type Failure struct {
	Round      Round
	Violations []judge.Violation
	Err        error         // of the suite itself
	Nth        int           // of the rounds to end
	After      time.Duration // since the first round began
}

// NewTally starts to count. It calls onFailure with each failure, one at a time;
// onFailure may be nil.
func NewTally(onFailure func(Failure)) *Tally {
	return &Tally{started: time.Now(), onFailure: onFailure, byKind: map[judge.Kind]int{}}
}

func (t *Tally) update(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
}

func (t *Tally) countFaults(n int) { t.update(func() { t.faults += n }) }
func (t *Tally) countStep()        { t.update(func() { t.steps++ }) }

func (t *Tally) countKill(inHand bool) {
	t.update(func() {
		if inHand {
			t.killPoints++
		} else {
			t.plainKills++
		}
	})
}

// noteSkipped names, once, what cannot be done here.
func (t *Tally) noteSkipped(what string) {
	t.update(func() {
		if !slices.Contains(t.skipped, what) {
			t.skipped = append(t.skipped, what)
		}
	})
}

func (t *Tally) beginRound() { t.update(func() { t.running++ }) }

// endRound counts what a settled round has shown.
func (t *Tally) endRound(r Round, h *judge.History, found []judge.Violation, err error) {
	t.update(func() {
		t.running--
		t.rounds++
		if h != nil {
			t.countHistory(h)
		}
		for _, v := range found {
			t.byKind[v.Rule.Kind]++
		}
		if len(found) > 0 || err != nil {
			f := Failure{Round: r, Violations: found, Err: err, Nth: t.rounds, After: time.Since(t.started)}
			t.failed = append(t.failed, f)
			if t.onFailure != nil {
				t.onFailure(f)
			}
		}
	})
}

func (t *Tally) countHistory(h *judge.History) {
	t.commands += len(h.Commands)
	t.cards += len(h.Cards)
	for _, c := range h.Commands {
		if c.ID != "" {
			t.recorded++
		}
	}
	t.effects += h.CountEffects()
	for _, c := range h.Cards {
		if c.GrantOver() {
			t.grants++
		}
	}
}

// Failures are the rounds that failed so far.
func (t *Tally) Failures() []Failure {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.failed)
}

// Rounds is how many rounds have ended, and Took how long that took.
func (t *Tally) Rounds() (ended int, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rounds, time.Since(t.started)
}

// KillPoints is how many replicas were killed with work in hand.
func (t *Tally) KillPoints() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.killPoints
}

// Skipped names what could not be done on this machine.
func (t *Tally) Skipped() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.skipped)
}

// String is the tally in one line.
func (t *Tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("%v: %d rounds (%d running), %d steps, %d commands, %d recorded, %d cards, %d effects, "+
		"%d grants ended; "+
		"kill points %d, plain kills %d, faults injected %d; lost %d, doubled %d, untrue %d, late %d",
		time.Since(t.started).Round(time.Second), t.rounds, t.running, t.steps, t.commands, t.recorded, t.cards,
		t.effects, t.grants,
		t.killPoints, t.plainKills, t.faults, t.byKind[judge.Lost], t.byKind[judge.Doubled], t.byKind[judge.Untrue],
		t.byKind[judge.Late])
}

// String shows a failure with what to run to see it again.
func (f Failure) String() string {
	text := fmt.Sprintf("\nseed %d went wrong. Again: %s\n", f.Round.Seed, f.Round)
	if f.Err != nil {
		text += "  the suite itself: " + f.Err.Error() + "\n"
	}
	for _, v := range f.Violations {
		text += "  " + v.String() + "\n"
		for _, l := range v.Lines {
			text += "      " + l + "\n"
		}
	}
	return text + "\n"
}
