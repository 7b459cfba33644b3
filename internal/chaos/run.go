//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"licensebot/internal/chaos/judge"
)

// Run plays rounds until there are enough of them, the time is over, or ctx ends. A
// round cut short by ctx stays unjudged. The tally has what it found.
func Run(ctx context.Context, o Options, t *Tally) {
	o = o.withDefaults()
	var next atomic.Int64
	over := time.Now().Add(o.For)
	var worlds sync.WaitGroup
	for range o.Worlds {
		worlds.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if o.Rounds > 0 && n >= o.Rounds || o.For > 0 && time.Now().After(over) {
					return
				}
				r := Round{
					Seed: o.Seed + uint64(n), Store: o.Store, Replicas: o.Replicas, Steps: o.Steps, Focus: o.Focus, Calm: o.Calm,
				}
				o.playRound(ctx, r, t)
			}
		})
	}
	worlds.Wait()
}

// playRound plays one round.
func (o Options) playRound(ctx context.Context, r Round, t *Tally) {
	t.beginRound()
	h, found, err := o.judgeRound(ctx, r, t)
	if ctx.Err() != nil {
		h, found, err = nil, nil, nil
	}
	t.endRound(r, h, found, err)
}

func (o Options) judgeRound(ctx context.Context, r Round, t *Tally) (*judge.History, []judge.Violation, error) {
	w, err := newWorld(o, r, t)
	if err != nil {
		return nil, nil, fmt.Errorf("the world could not be made: %w", err)
	}
	defer w.close()
	w.followPlan(ctx)
	t.countFaults(w.slack.Injected() + w.uipath.Injected())
	w.endFaults(ctx)
	var found []judge.Violation
	if late := w.awaitReady(ctx); late != nil {
		found = append(found, *late)
	}
	settling, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	h, missing := w.awaitSettled(settling, o.Thinking)
	if len(missing) > 0 {
		found = append(found, judge.Violation{
			Rule: judge.NotSettled, Lines: append(h.About(missing[0]), w.replicas[0].log.lastLines(30)...),
			What: fmt.Sprintf("after %v: %v", o.Patience, missing),
		})
	}
	if broken := w.verifyChain(ctx); broken != nil && w.failure == nil {
		found = append(found, *broken)
	}
	found = append(found, judge.Judge(h)...)
	found = append(found, w.crashViolations()...)
	if o.Keep != "" && ctx.Err() == nil && (len(found) > 0 || w.failure != nil) {
		w.failure = errors.Join(w.failure, w.keepEvidence(o.Keep))
	}
	return h, found, w.failure
}

// pace is how much longer than usual the steps of a round take. In calm weather each one
// may come to its end.
func (w *world) pace() int {
	if w.round.Calm {
		return 8
	}
	return 1
}

// followPlan lets the steps of the plan happen.
func (w *world) followPlan(ctx context.Context) {
	w.reviveReplicas(ctx)
	w.awaitSocket(ctx)
	all := possibleActions(w.round)
	for w.step = 1; w.step <= w.round.Steps && ctx.Err() == nil && w.failure == nil; w.step++ {
		w.mendWhatIsDue()
		w.reviveReplicas(ctx)
		d := drawStep(w.round.Seed, w.step)
		a := pickAction(d, all)
		w.noteStep("%s", a.name)
		a.do(w, ctx, d)
		w.tally.countStep()
		w.awaitEvents(ctx, w.pace()*d.IntN(12), time.Duration(w.pace()*(20+d.IntN(160)))*time.Millisecond)
	}
}
