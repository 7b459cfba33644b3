//go:build linux

package mutant

import (
	"flag"
	"os"
	"strings"
	"testing"

	"licensebot/internal/chaos"
)

var (
	hunted = flag.Bool("mutants", false, "see whether every mutant is caught; takes about a quarter of an hour")
	built  = flag.Bool("compile", false, "see whether every mutant compiles; takes some minutes")
	only   = flag.String("only", "", "with -mutants or -compile: those whose name contains this")
)

// A mutant that does not apply any more catches nothing. This names each, with
// the first line that did not match; doc.go says how to refresh it.
func TestEveryMutantAppliesToTheSources(t *testing.T) {
	source, err := chaos.FindModule(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range allMutants(t) {
		if err := m.Check(source); err != nil {
			t.Error(err)
		}
		if m.Test == "" {
			continue
		}
		if err := m.findTest(source); err != nil {
			t.Error(err)
		}
	}
}

// A mutant that does not compile catches nothing either. It runs only if it is asked
// for: go test ./internal/chaos/mutant -run Compiles -compile -timeout 30m
func TestEveryMutantCompiles(t *testing.T) {
	if !*built {
		t.Skip("asked for with -compile")
	}
	source, err := chaos.FindModule(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range allMutants(t) {
		if !strings.Contains(m.Name, *only) {
			continue
		}
		changed, err := m.patchedFiles(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := chaos.Build(t.Context(), source, t.TempDir(), false, changed); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
}

func TestMutantsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range allMutants(t) {
		if seen[m.Name] {
			t.Errorf("two mutants are called %q", m.Name)
		}
		seen[m.Name] = true
	}
}

// TestSuiteCatchesEveryMutant runs only if it is asked for:
// go test ./internal/chaos/mutant -run CatchesEveryMutant -mutants -timeout 1h
func TestSuiteCatchesEveryMutant(t *testing.T) {
	if !*hunted {
		t.Skip("asked for with -mutants")
	}
	source, err := chaos.FindModule(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "chaos-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL runs as another user
		t.Fatal(err)
	}
	o := chaos.Options{Seed: 300, Worlds: 6, Dir: dir}
	for _, m := range allMutants(t) {
		if !strings.Contains(m.Name, *only) {
			continue
		}
		h := m.Hunt(t.Context(), o, source)
		t.Log(h)
		if h.Missed() {
			t.Error(h)
		}
	}
}

func allMutants(t *testing.T) []Mutant {
	t.Helper()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
