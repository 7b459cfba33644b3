package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"licensebot/internal/demo"
)

var update = flag.Bool("update", false, "rewrite the golden files of the story")

// TestReportAndExportOfTheStory plays the story of the sandbox, and compares what an auditor gets
// of it with golden files: go test ./cmd/licensebot -run OfTheStory -update
func TestReportAndExportOfTheStory(t *testing.T) {
	t.Parallel()
	url := playForAudit(t)
	for _, format := range []string{"csv", "jsonl", "html"} {
		code, out := runAudit(t, url, "report", "--since", "2020-01-01", "--until", "2100-01-01", "--format", format, "--offline")
		if code != 0 {
			t.Fatalf("report: exit code %d: %s", code, out)
		}
		compareStory(t, "report."+format, withoutRacing(out))
	}
	dir := filepath.Join(t.TempDir(), "evidence")
	if code, out := runAudit(t, url, "export", dir); code != 0 {
		t.Fatalf("export: exit code %d: %s", code, out)
	}
	for _, name := range []string{"requests.jsonl", "journal.jsonl", "journal_words.jsonl", "outside_changes.jsonl"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		compareStory(t, "export_"+name, inAnyOrder(string(content)))
	}
	if code, out := runAudit(t, url, "verify", "--offline"); code != 0 {
		t.Errorf("verify: exit code %d: %s", code, out)
	}
}

// racing is what depends on which of two workers was quicker, or on whether one finished before the
// story put the clock forward: the numbers of rows, the state of a request beside which a message
// went out, the row of a message that was seen already, a count of votes without news, and a look
// at a group that the story does not deal with.
var racing = []struct{ pattern, instead string }{
	{`"(id|journal_id)":\d+,`, ``},
	{`("kind":"told",.*)"before":"\w+","after":"\w+",`, `$1`},
	{`(?m)^.*"kind":"votes_counted".*"event":"\{\}".*\n`, ``},
	{`(?m)^.*"kind":"told".*warn_expiry.*\n`, ``},
	{`(?m)^.*group-02,Audit Robots.*\n`, ``},
	{`(?m)^.*"group_name":"Audit Robots".*\n`, ``},
	{`(?s)<tr><td>Audit Robots.*?</tr>\n`, ``},
	{`"(commitment|request_digest)":"\w*"`, `"$1":"HASH"`},
	{`,\\"name\\":\\"[^"]*\\"`, ``}, // of a voter, which is known a moment later; the report has it
}

// withoutRacing takes out what depends on who was quicker.
func withoutRacing(text string) string {
	for _, r := range racing {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.instead)
	}
	return text
}

// inAnyOrder sorts the lines of an export, each once.
func inAnyOrder(text string) string {
	text = hidePassing(withoutRacing(text))
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}

// playForAudit plays the story with this test as the bot, and returns the URL of what is left.
func playForAudit(t *testing.T) (url string) {
	t.Helper()
	dir := t.TempDir()
	options, err := sandboxOptions(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	asProgram := options.Bot
	options.Bot = func(env map[string]string) *exec.Cmd {
		cmd := asProgram(env)
		cmd.Env = append(cmd.Env, asBinary+"=1")
		return cmd
	}
	if err := demo.Play(t.Context(), io.Discard, demo.Telling{Options: options}); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return "sqlite://" + found[0]
}

// passing is what differs between two tellings of the story.
var passing = []struct{ pattern, instead string }{
	{`/[^"\\]*/policy\.yaml`, "/policy.yaml"},
	{`127\.0\.0\.1:\d+`, "127.0.0.1:0"},
	{`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, "GUID"},
	{`\w+@[\w.-]+\\"`, `USER@HOST\"`},
	{`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?`, "TIME"},
	{`\b\d{10}\.\d{6}\b`, "TS"},
	{`\b1\d{15}\b`, "MICROS"},
	{`\\"Age\\":\d+`, `\"Age\":NANOS`},
	{`\b[0-9a-f]{32,64}\b|<code>[0-9a-f]{16}</code>`, "HASH"},
	{`"salt":"\w+"|\\"salt\\":\\"\w+\\"`, "SALT"},
}

// hidePassing takes out what differs each time.
func hidePassing(got string) string {
	for _, p := range passing {
		got = regexp.MustCompile(p.pattern).ReplaceAllString(got, p.instead)
	}
	ids := make(map[string]string)
	got = regexp.MustCompile(`\bR-[0-9A-Z]{8}\b`).ReplaceAllStringFunc(got, func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprint("R-", len(ids)+1)
		}
		return ids[id]
	})
	return got
}

// compareStory compares a text with a golden file.
func compareStory(t *testing.T, name, got string) {
	t.Helper()
	got = hidePassing(got)
	file := filepath.Join("testdata", "story", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if it is meant, rewrite it with -update:\n%s", file, firstDifference(got, string(want)))
	}
}

// firstDifference is the first line that is only in one of two texts.
func firstDifference(got, want string) string {
	is, should := strings.Split(got, "\n"), strings.Split(want, "\n")
	lacks := func(lines []string) func(string) bool {
		return func(line string) bool { return !slices.Contains(lines, line) }
	}
	if at := slices.IndexFunc(is, lacks(should)); at >= 0 {
		return "unexpected: " + is[at]
	}
	if at := slices.IndexFunc(should, lacks(is)); at >= 0 {
		return "missing: " + should[at]
	}
	return fmt.Sprintf("the same lines, %d instead of %d or in another order", len(is), len(should))
}
