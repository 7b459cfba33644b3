//go:build linux

package chaos

import (
	"strings"
	"testing"
	"time"
)

// A mutant that no longer applies catches nothing.
func TestMutantsApply(t *testing.T) {
	source, err := Module(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range Mutants() {
		if err := m.Check(source); err != nil {
			t.Error(err)
		}
		if len(m.Shows) == 0 {
			t.Errorf("mutant %q: no rule is meant to catch it", m.Name)
		}
	}
}

// TestMutants sees whether the suite notices each defect. It is not run unless
// asked for: go test ./internal/chaos -run TestMutants$ -mutants -timeout 1h
func TestMutants(t *testing.T) {
	if !*hunted {
		t.Skip("asked for with -mutants")
	}
	source, err := Module(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Seed: 300, Rounds: 24, Worlds: 6, Steps: 160, Patience: 45 * time.Second, Dir: openDir(t)}
	for _, m := range Mutants() {
		if !strings.Contains(m.Name, *only) {
			continue
		}
		h := m.Hunt(t.Context(), o, source)
		t.Log(h)
		if h.Caught == nil || h.Err != nil {
			t.Error(h)
		}
	}
}
