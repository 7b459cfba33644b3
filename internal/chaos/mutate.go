//go:build linux

package chaos

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Check reports whether a mutant still applies to the sources.
func (m Mutant) Check(source string) error {
	for _, e := range m.Edits {
		text, err := os.ReadFile(filepath.Join(source, e.File))
		if err != nil {
			return err
		}
		if n := strings.Count(string(text), e.Old); n != 1 {
			return fmt.Errorf("mutant %q: what it replaces is %d times in %s:\n%s", m.Name, n, e.File, e.Old)
		}
	}
	return nil
}

// Apply copies the module's tracked sources to dir, with the defect in them.
func (m Mutant) Apply(ctx context.Context, source, dir string) error {
	if err := m.Check(source); err != nil {
		return err
	}
	if err := copyTracked(ctx, source, dir); err != nil {
		return err
	}
	for _, e := range m.Edits {
		file := filepath.Join(dir, e.File)
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), e.Old, e.New, 1)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// copyTracked copies what git tracks, as it stands in the working tree.
func copyTracked(ctx context.Context, source, dir string) error {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z")
	list.Dir = source
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if err := copyFile(filepath.Join(source, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if os.IsNotExist(err) {
		return nil // deleted and not yet committed
	}
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}

// A Hunt is what became of a mutant.
type Hunt struct {
	Mutant Mutant
	Caught *Violation // by a rule that it should be caught by; nil: it was not
	Round  Round      // that caught it
	Rounds int
	Took   time.Duration
	Err    error
}

// String tells in one line how a mutant was caught.
func (h Hunt) String() string {
	took := h.Took.Round(time.Second)
	switch {
	case h.Err != nil:
		return fmt.Sprintf("ERROR   %s: %v", h.Mutant.Name, h.Err)
	case h.Caught == nil:
		return fmt.Sprintf("MISSED  %s (%s): %d rounds in %v", h.Mutant.Name, h.Mutant.Breaks, h.Rounds, took)
	}
	return fmt.Sprintf("caught  %s (%s): %s: %s, by seed %d, the %d. round to end, after %v",
		h.Mutant.Name, h.Mutant.Breaks, h.Caught.Kind, h.Caught.Rule, h.Round.Seed, h.Rounds, took)
}

// Hunt builds a mutant and plays rounds of the options with it, until one
// catches it or there are no more.
func (m Mutant) Hunt(ctx context.Context, o Options, source string) (h Hunt) {
	h.Mutant = m
	dir, err := os.MkdirTemp(o.Dir, "mutant-")
	if err != nil {
		h.Err = err
		return h
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if h.Err = os.Chmod(dir, 0o755); h.Err != nil { // PostgreSQL runs as somebody else
		return h
	}
	module := filepath.Join(dir, "module")
	if h.Err = m.Apply(ctx, source, module); h.Err != nil {
		return h
	}
	if o.Binary, h.Err = Build(ctx, module, dir, false); h.Err != nil {
		return h
	}
	o.Dir, o.Store, o.Replicas = dir, m.Store, m.Replicas
	m.play(ctx, o, &h)
	return h
}

func (m Mutant) play(ctx context.Context, o Options, h *Hunt) {
	hunting, stop := context.WithCancel(ctx)
	defer stop()
	tally := NewTally()
	tally.onFailure = func(f Failure) {
		if h.Err == nil {
			h.Err = f.Err
		}
		for _, v := range f.Violations {
			if h.Caught == nil && slices.Contains(m.Shows, v.Rule) {
				h.Caught, h.Round = &v, f.Round
				h.Took, h.Rounds = time.Since(tally.started), tally.rounds
				stop()
			}
		}
	}
	Run(hunting, o, tally)
	if h.Caught == nil {
		h.Took, h.Rounds = time.Since(tally.started), tally.rounds
	}
}
