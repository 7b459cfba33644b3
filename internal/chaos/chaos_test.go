//go:build linux

package chaos

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"licensebot/internal/pgtest"
)

// The tests play the suite in two forms. The bounded form has enough rounds to
// break most careless changes, and takes about two minutes. It runs if
// LICENSEBOT_TEST_REQUIRE is 1, as in CI. Otherwise one short round shows in
// some seconds that the suite works.
const (
	boundedSteps    = 130
	boundedPatience = 4 * time.Minute
	shortSteps      = 8
	shortThinking   = 1500 * time.Millisecond
)

// bounded reports whether the bounded form is asked for.
func bounded() bool { return os.Getenv("LICENSEBOT_TEST_REQUIRE") == "1" }

var builds struct {
	sync.Once
	binary string
	err    error
}

// buildBinary builds licensebot once for all tests.
func buildBinary(t *testing.T) string {
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
		builds.binary, builds.err = Build(context.Background(), source, dir, raced, nil)
	})
	if builds.err != nil {
		t.Fatal(builds.err)
	}
	return builds.binary
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, found := strings.CutSuffix(builds.binary, "/licensebot"); found {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// openDir is a directory that PostgreSQL, which runs as another user, can
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

// assertPromisesKept plays rounds and fails for each promise that was broken.
func assertPromisesKept(t *testing.T, o Options) *Tally {
	t.Helper()
	o.Binary, o.Dir, o.Patience = buildBinary(t), openDir(t), boundedPatience
	tally := NewTally(nil)
	Run(t.Context(), o, tally)
	t.Log(tally)
	for _, what := range tally.Skipped() {
		t.Log("skipped: ", what)
	}
	for _, f := range tally.Failures() {
		t.Error(f)
	}
	if rounds, _ := tally.Rounds(); rounds == 0 {
		t.Error("no round was played")
	}
	return tally
}

// assertBoundedForm plays the bounded form.
func assertBoundedForm(t *testing.T, o Options) {
	t.Helper()
	t.Parallel()
	o.Steps = boundedSteps
	if tally := assertPromisesKept(t, o); tally.KillPoints() == 0 {
		t.Error("no replica was killed with work in hand")
	}
}

func TestPromisesHoldInAShortRound(t *testing.T) {
	if bounded() {
		t.Skip("the bounded form is asked for")
	}
	assertPromisesKept(t, Options{Store: SQLite, Seed: 4, Rounds: 1, Steps: shortSteps, Thinking: shortThinking})
}

func TestPromisesHoldOnSQLite(t *testing.T) {
	if !bounded() {
		t.Skip("LICENSEBOT_TEST_REQUIRE=1 asks for the bounded form")
	}
	assertBoundedForm(t, Options{Store: SQLite, Seed: 1, Rounds: 4, Worlds: 4})
}

func TestPromisesHoldOnPostgres(t *testing.T) {
	if !bounded() {
		t.Skip("LICENSEBOT_TEST_REQUIRE=1 asks for the bounded form")
	}
	pgtest.Need(t, pgtest.Available())
	assertBoundedForm(t, Options{Store: Postgres, Replicas: 3, Seed: 1, Rounds: 2, Worlds: 2})
}

// The suite reads one line of the program's log. The program has to write it.
func TestTheProgramLogsOrphanedRequests(t *testing.T) {
	source, err := FindModule(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(source, "cmd/licensebot/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	logs := slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), `"`+orphanMessage)
	})
	if !logs {
		t.Errorf("nothing in cmd/licensebot logs %q: then an orphaned request goes unnoticed", orphanMessage)
	}
}

// A failure could not be repeated if the same seed made another plan.
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
