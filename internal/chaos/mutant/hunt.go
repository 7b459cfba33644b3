//go:build linux

package mutant

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"licensebot/internal/chaos"
	"licensebot/internal/chaos/judge"
)

// A Hunt is what became of a mutant.
type Hunt struct {
	Mutant Mutant
	Caught *judge.Violation // by a rule that is meant to catch it; nil: none did
	ByTest bool             // its test caught it
	Round  chaos.Round      // that caught it
	Rounds int
	Took   time.Duration
	Err    error
}

// Missed reports whether a mutant went unnoticed, or could not be tried.
func (h Hunt) Missed() bool { return h.Caught == nil && !h.ByTest || h.Err != nil }

// String tells in one line how a mutant was caught.
func (h Hunt) String() string {
	took := h.Took.Round(time.Second)
	switch {
	case h.Err != nil:
		return fmt.Sprintf("ERROR   %s: %v", h.Mutant.Name, h.Err)
	case h.ByTest:
		return fmt.Sprintf("caught  %s (%s): by %s, after %v", h.Mutant.Name, h.Mutant.Breaks, h.Mutant.Test, took)
	case h.Mutant.Test != "":
		return fmt.Sprintf("MISSED  %s (%s): by %s in %v", h.Mutant.Name, h.Mutant.Breaks, h.Mutant.Test, took)
	case h.Caught == nil:
		return fmt.Sprintf("MISSED  %s (%s): %d rounds in %v", h.Mutant.Name, h.Mutant.Breaks, h.Rounds, took)
	}
	return fmt.Sprintf("caught  %s (%s): %s: %s, by seed %d, round %d to end, after %v",
		h.Mutant.Name, h.Mutant.Breaks, h.Caught.Rule.Kind, h.Caught.Rule.Name, h.Round.Seed, h.Rounds, took)
}

// calmSteps are enough in calm weather, where each step makes the moment anew.
const calmSteps = 24

// shortRounds fills in the options for a hunt: many short rounds.
func (m Mutant) shortRounds(o chaos.Options) chaos.Options {
	o.Store, o.Replicas, o.Focus, o.Calm = m.Store, m.Replicas, m.Focus, m.Calm
	if o.Steps == 0 && m.Calm {
		o.Steps = calmSteps
	}
	if o.Rounds == 0 {
		o.Rounds = 24
	}
	if o.Steps == 0 {
		o.Steps = 160
	}
	if o.Patience == 0 {
		o.Patience = 45 * time.Second
	}
	return o
}

// Hunt builds a mutant and plays rounds with it, until one catches it or there
// are no more. A mutant that names a test is tried with that.
func (m Mutant) Hunt(ctx context.Context, o chaos.Options, source string) (h Hunt) {
	h.Mutant = m
	dir, err := os.MkdirTemp(o.Dir, "mutant-")
	if err != nil {
		h.Err = err
		return h
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if h.Err = os.Chmod(dir, 0o755); h.Err != nil { // PostgreSQL runs as another user
		return h
	}
	var changed map[string]string
	if changed, h.Err = m.patchedFiles(source); h.Err != nil {
		return h
	}
	if m.Test != "" {
		m.runTest(ctx, source, dir, changed, &h)
		return h
	}
	if o.Binary, h.Err = chaos.Build(ctx, source, dir, false, changed); h.Err != nil {
		return h
	}
	o.Dir = dir
	m.playRounds(ctx, m.shortRounds(o), &h)
	return h
}

func (m Mutant) playRounds(ctx context.Context, o chaos.Options, h *Hunt) {
	hunting, stop := context.WithCancel(ctx)
	defer stop()
	tally := chaos.NewTally(func(f chaos.Failure) {
		if h.Err == nil {
			h.Err = f.Err
		}
		for _, v := range f.Violations {
			if h.Caught == nil && slices.Contains(m.Shows, v.Rule.Name) {
				h.Caught, h.Round = &v, f.Round
				h.Took, h.Rounds = f.After, f.Nth
				stop()
			}
		}
	})
	chaos.Run(hunting, o, tally)
	if h.Caught == nil {
		h.Rounds, h.Took = tally.Rounds()
	}
}
