package message

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

var update = flag.Bool("update", false, "rewrite testdata/messages.golden")

const goldenFile = "testdata/messages.golden"

// A golden collects every message that people can read, and what they are about.
type golden struct {
	t       *testing.T
	entries []goldenEntry
	covered map[string]bool // such as "reason confirmed"
}

type goldenEntry struct{ title, text string }

// chapter begins a part of the file.
func (g *golden) chapter(title string) {
	g.entries = append(g.entries, goldenEntry{title: strings.ToUpper(title)})
}

// add notes what people read in a situation.
func (g *golden) add(title, text string) {
	if slices.ContainsFunc(g.entries, func(e goldenEntry) bool { return e.title == title }) {
		g.t.Errorf("two messages are called %q", title)
	}
	g.entries = append(g.entries, goldenEntry{title: title, text: readable(text)})
}

// about notes what the next message is about.
func (g *golden) about(r approvals.Request) {
	g.covered["state "+string(r.State)] = true
	if r.Outcome == nil {
		return
	}
	g.covered["reason "+string(r.Outcome.Reason)] = true
	if r.Outcome.Violation != nil {
		g.covered["violation "+string(r.Outcome.Violation.Kind)] = true
	}
}

func (g *golden) String() string {
	var b strings.Builder
	b.WriteString("Every message that licensebot shows to people. Written by: go test ./bot/message -update\n")
	for _, e := range g.entries {
		if e.text == "" {
			fmt.Fprintf(&b, "\n\n######## %s\n", e.title)
			continue
		}
		fmt.Fprintf(&b, "\n== %s\n%s\n", e.title, e.text)
	}
	return b.String()
}

var (
	goldenDates  = regexp.MustCompile(`<!date\^[^|<>]*\|([^<>]*)>`)
	goldenLinks  = regexp.MustCompile(`<(https?://[^|<>]*)\|([^<>]*)>`)
	goldenPeople = strings.NewReplacer(
		"<@U0ROBIN>", "@Robin", "<@U0ALEX>", "@Alex", "<@U0KIM>", "@Kim",
		"<!subteam^S0SECURITY>", "@security", "<#C0APPROVALS>", "#licenses",
	)
)

// readable is a text as people see it, except for bold and code.
func readable(text string) string {
	text = goldenDates.ReplaceAllString(goldenPeople.Replace(text), "$1")
	return html.UnescapeString(goldenLinks.ReplaceAllString(text, "[$2]"))
}

// blocksText lays blocks out as lines.
func blocksText(t *testing.T, blocks []slack.Block) string {
	t.Helper()
	raw, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	var drawn []map[string]any
	if err := json.Unmarshal(raw, &drawn); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, b := range drawn {
		lines = append(lines, blockLines(b)...)
	}
	return strings.Join(lines, "\n")
}

func blockLines(b map[string]any) []string {
	switch b["type"] {
	case "divider":
		return []string{"────────"}
	case "header":
		return []string{"# " + textOf(b["text"])}
	case "input":
		return inputLines(b)
	}
	var lines []string
	if b["text"] != nil {
		lines = append(lines, textOf(b["text"]))
	}
	for _, field := range listOf(b["fields"]) {
		lines = append(lines, strings.Replace(textOf(field), "*\n", "*: ", 1))
	}
	var elements []string
	for _, element := range listOf(b["elements"]) {
		text := textOf(element)
		if b["type"] == "actions" {
			text = "[" + textOf(element.(map[string]any)["text"]) + "]"
		}
		elements = append(elements, text)
	}
	if len(elements) > 0 {
		lines = append(lines, strings.Join(elements, " "))
	}
	return lines
}

// inputLines show a field of a form: its label, what stands in it, the choices
// and the hint.
func inputLines(b map[string]any) []string {
	element := b["element"].(map[string]any)
	filled := textOf(element["placeholder"]) + textOf(element["initial_value"])
	if initial := append(listOf(element["initial_options"]), element["initial_option"]); textOf(initial[0]) != "" {
		filled = textOf(initial[0])
	}
	line := textOf(b["label"]) + ": [" + filled + "]"
	if hint := textOf(b["hint"]); hint != "" {
		line += " " + hint
	}
	lines := []string{line}
	for _, option := range listOf(element["options"]) {
		lines = append(lines, "  - "+optionText(option.(map[string]any)))
	}
	return lines
}

func optionText(option map[string]any) string {
	text := textOf(option["text"])
	if more := textOf(option["description"]); more != "" {
		text += " / " + more
	}
	return text
}

func listOf(v any) []any {
	list, _ := v.([]any)
	return list
}

// textOf is the text of an object that has one, however deep.
func textOf(v any) string {
	object, ok := v.(map[string]any)
	if !ok {
		text, _ := v.(string)
		return text
	}
	return textOf(object["text"])
}

// TestMessages compares every message with the file that is reviewed.
func TestMessages(t *testing.T) {
	g := writeGolden(t)
	if *update {
		if err := os.WriteFile(goldenFile, []byte(g.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	reviewed, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	want, got := strings.Split(string(reviewed), "\n"), strings.Split(g.String(), "\n")
	for i := range max(len(want), len(got)) {
		if w, now := elementAt(want, i), elementAt(got, i); w != now {
			t.Fatalf("%s:%d differs; if it is meant, go test ./bot/message -update\n-%s\n+%s", goldenFile, i+1, w, now)
		}
	}
	if len(want) != len(got) {
		t.Errorf("%d lines instead of %d", len(got), len(want))
	}
}

func writeGolden(t *testing.T) *golden {
	t.Helper()
	g := &golden{t: t, covered: make(map[string]bool)}
	g.addCommandAnswers()
	g.addCards()
	g.addOutcomes()
	g.addRefusals()
	g.addReplies()
	g.addRevocations()
	g.addPrivateWords()
	g.addCancelAnswers()
	g.addLists()
	g.addLookups()
	g.addForm()
	g.addHome()
	g.addOutsideChanges()
	return g
}

// TestMessagesAreComplete: every reason, eligibility, violation, state and job
// that speaks has a message in the file.
func TestMessagesAreComplete(t *testing.T) {
	g := writeGolden(t)
	var wanted []string
	for _, value := range constantsOf(t, "Reason") {
		wanted = append(wanted, "reason "+value)
	}
	for _, value := range constantsOf(t, "Eligibility") {
		if value != string(approvals.Counts) {
			wanted = append(wanted, "eligibility "+value)
		}
	}
	for _, kind := range approvals.ViolationKinds() {
		wanted = append(wanted, "violation "+string(kind))
	}
	for _, state := range approvals.States() {
		wanted = append(wanted, "state "+string(state))
	}
	for _, spec := range approvals.JobKinds() {
		if spec.Pace != approvals.PaceNone && spec.Pace != approvals.PaceEmoji {
			wanted = append(wanted, "job "+string(spec.Kind))
		}
	}
	if len(wanted) < 60 {
		t.Errorf("only %d constants were found", len(wanted))
	}
	for _, what := range wanted {
		if !g.covered[what] {
			t.Errorf("no message is about: %s", what)
		}
	}
}

// constantsOf lists the constants of a type in package approvals.
func constantsOf(t *testing.T, name string) []string {
	t.Helper()
	var values []string
	for _, file := range parseFiles(t, "../../approvals/*.go", false) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if typed, ok := spec.Type.(*ast.Ident); ok && typed.Name == name {
				for _, value := range spec.Values {
					if text, ok := value.(*ast.BasicLit); ok {
						values = append(values, strings.Trim(text.Value, `"`))
					}
				}
			}
			return true
		})
	}
	return values
}

func parseFiles(t *testing.T, pattern string, tests bool) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// wordless are the exported functions of which people read nothing.
var wordless = []string{
	"ParseHomePages", "String", "ClampHomePage", "HomePage", "RenderMetadata", "MatchesMetadata", "NoOptions",
	"ParsePress", "RequestIDOf", "NumberOf", "ReadMetadata", "IsCard", "PlainBlocks",
	"OutsideMetadata", "IsAboutChange", "FindDifferences", "FindUndrawn", "FindLacking", "ShowsState", "JournalHeadOf", "ReadDraft", "AskAgain",
}

// inThreads are shown too: ThreadReply chooses among them.
var inThreads = []string{
	"WarnExpiry", "ExplainRevocationDelay", "DescribeRevocation", "ExplainDelay", "RemindApprovers", "ExplainConsentLost",
	"DescribeEffect", "DescribePress", "Escalate",
}

// toVoters are shown too: TellVoter chooses among them.
var toVoters = []string{"ConfirmVote", "ExplainOtherEmoji", "ExplainVoteIgnored"}

// TestEveryPhraseIsShown: each exported function that makes words is called by
// the test that writes the file.
func TestEveryPhraseIsShown(t *testing.T) {
	called := map[string]bool{}
	for _, file := range parseFiles(t, "golden*_test.go", true) {
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				called[id.Name] = true
			}
			return true
		})
	}
	exempt := slices.Concat(wordless, inThreads, toVoters)
	for _, file := range parseFiles(t, "*.go", false) {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && f.Name.IsExported() && !called[f.Name.Name] && !slices.Contains(exempt, f.Name.Name) {
				t.Errorf("%s is in no message of the file", f.Name.Name)
			}
		}
	}
}
