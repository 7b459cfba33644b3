package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"licensebot/approvals"
)

// TestPolicyCommands runs the scripts, in empty folders, with this test binary as
// licensebot.
func TestPolicyCommands(t *testing.T) {
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "licensebot")); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "policy"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin)
			env.Setenv(asBinary, "1")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"fails": failWithCode},
	})
}

// failWithCode runs a command that must end with the exit code in its first
// argument. The scripts' own ! exec takes any code but 0.
func failWithCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails CODE COMMAND...")
	}
	var exit *exec.ExitError
	err := ts.Exec(args[1], args[2:]...)
	if !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("%v, not exit code %s", err, args[0])
	}
}

const docs = "../../docs"

// TestTheWorkedExamplesPass runs policy test on each example in the documents.
func TestTheWorkedExamplesPass(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join(docs, "policy", "*.cases.yaml"))
	if err != nil || len(examples) == 0 {
		t.Fatalf("%v, %v", examples, err)
	}
	for _, cases := range examples {
		policy := strings.TrimSuffix(cases, ".cases.yaml") + ".yaml"
		cmd := exec.CommandContext(t.Context(), os.Args[0], "policy", "test", policy, cases)
		cmd.Env = append(os.Environ(), asBinary+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !regexp.MustCompile(`^\d+ cases passed\n$`).Match(out) {
			t.Errorf("%s: %v\n%s", policy, err, out)
		}
	}
}

// TestTheReferenceShowsTheExamples compares docs/policy-examples.md with the example
// files.
func TestTheReferenceShowsTheExamples(t *testing.T) {
	page := readDoc(t, "policy-examples.md")
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile("(?s)\\[`(policy/[^`]+)`\\]\\(([^)]+)\\)[^\n]*\n\n```yaml\n(.*?)```\n").FindAllStringSubmatch(page, -1) {
		shown[m[1]] = true
		if m[1] != m[2] {
			t.Errorf("%s links to %s", m[1], m[2])
		}
		if readDoc(t, m[1]) != m[3] {
			t.Errorf("%s is not what docs/policy-examples.md shows", m[1])
		}
	}
	files, err := filepath.Glob(filepath.Join(docs, "policy", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if name := "policy/" + filepath.Base(f); !shown[name] {
			t.Errorf("docs/policy-examples.md does not show %s", name)
		}
	}
	if blocks := strings.Count(page, "```yaml\n"); blocks != len(files) {
		t.Errorf("docs/policy-examples.md has %d blocks of YAML and %d files", blocks, len(files))
	}
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(docs, filepath.FromSlash(name)))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}

// TestTheReferenceExplainsEveryRefusal compares docs/policy.md with the refusals
// that a case can expect.
func TestTheReferenceExplainsEveryRefusal(t *testing.T) {
	_, section, found := strings.Cut(readDoc(t, "policy.md"), "## Refusals\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var told []approvals.ViolationKind
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(section, -1) {
		told = append(told, approvals.ViolationKind(m[1]))
	}
	if !found || !slices.Equal(told, approvals.ViolationKinds()) {
		t.Errorf("docs/policy.md explains %v", told)
	}
}
