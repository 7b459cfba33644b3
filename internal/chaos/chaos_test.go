//go:build linux

package chaos

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"licensebot/internal/pgtest"
)

var (
	hunted = flag.Bool("mutants", false, "see whether every mutant is caught; takes about a quarter of an hour")
	only   = flag.String("only", "", "with -mutants: those whose name has this in it")
)

// The bounded form of the suite: enough rounds to break most careless changes,
// in little enough time to run with everything else.
const (
	boundedSteps    = 130
	boundedPatience = 2 * time.Minute
)

var builds struct {
	sync.Once
	binary string
	err    error
}

// binary builds licensebot once for all tests.
func binary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a round takes a minute")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command to build licensebot with")
	}
	builds.Do(func() {
		var source, dir string
		if source, builds.err = FindModule(context.Background()); builds.err != nil {
			return
		}
		if dir, builds.err = os.MkdirTemp("", "chaos-"); builds.err != nil {
			return
		}
		builds.binary, builds.err = Build(context.Background(), source, dir, raced)
	})
	if builds.err != nil {
		t.Fatal(builds.err)
	}
	return builds.binary
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if dir, found := strings.CutSuffix(builds.binary, "/licensebot"); found {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// openDir is a directory that PostgreSQL, which runs as somebody else, can
// reach.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chaos-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func play(t *testing.T, o Options) {
	t.Helper()
	o.Binary, o.Dir, o.Steps, o.Patience = binary(t), openDir(t), boundedSteps, boundedPatience
	tally := NewTally(nil)
	Run(t.Context(), o, tally)
	t.Log(tally)
	for _, what := range tally.Skipped() {
		t.Log("skipped: ", what)
	}
	for _, f := range tally.Failures() {
		t.Error(f)
	}
	if tally.KillPoints() == 0 {
		t.Error("nothing was killed with work in hand")
	}
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	play(t, Options{Store: SQLite, Seed: 1, Rounds: 4, Worlds: 4})
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	pgtest.Need(t, pgtest.Available())
	play(t, Options{Store: Postgres, Replicas: 3, Seed: 1, Rounds: 2, Worlds: 2})
}

// The same seed has to make the same plan, or a failure could not be repeated.
func TestPlanComesFromTheSeed(t *testing.T) {
	r := Round{Seed: 7, Store: SQLite, Steps: 300}
	first, again := PlanRound(r), PlanRound(r)
	if !slices.Equal(first, again) {
		t.Error("one seed made two plans")
	}
	r.Seed = 8
	if slices.Equal(first, PlanRound(r)) {
		t.Error("two seeds made the same plan")
	}
	for _, a := range possibleActions(r) {
		if a.weight > 0 && !slices.Contains(append(first, PlanRound(Round{Seed: 9, Store: SQLite, Steps: 3000})...), a.name) {
			t.Errorf("%q never happens", a.name)
		}
	}
}
