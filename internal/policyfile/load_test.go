package policyfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// Each file of testdata/wrong says behind "# !" what is wrong in a line.
func TestEveryProblemIsReportedWithItsLine(t *testing.T) {
	for _, file := range testFiles(t, "testdata/wrong/*.yaml") {
		_, err := LoadFile(file, func(word string) string {
			return map[string]string{"idu": "the license code IDU"}[word]
		})
		compareProblems(t, file, err)
	}
	for _, file := range testFiles(t, "testdata/wrongcases/*.yaml") {
		_, err := LoadCasesFile(file)
		compareProblems(t, file, err)
	}
}

func testFiles(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %v", pattern, files, err)
	}
	return files
}

func compareProblems(t *testing.T, file string, err error) {
	t.Helper()
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("%s: %v", file, err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(content), "\n") {
		for _, mark := range strings.Split(line, "# !")[1:] {
			for _, want := range strings.Split(mark, " ! ") {
				want = strings.TrimSpace(want)
				at := slices.IndexFunc(problems, func(p Problem) bool {
					return p.Line == i+1 && strings.Contains(p.Error(), want)
				})
				if at < 0 {
					t.Errorf("%s:%d: nothing says: %s", file, i+1, want)
					continue
				}
				problems = slices.Delete(problems, at, at+1)
			}
		}
	}
	for _, p := range problems {
		t.Errorf("not expected: %v", p)
	}
}

func TestProblemsReadWell(t *testing.T) {
	_, err := Load("policy.yaml", []byte("version: 1\nrules:\n  - name: a\n    approver: U0ANNA\n"), nil)
	want := `policy.yaml:3: the rule does not say who approves; add approvers or stages, or auto_approve: true, or deny with a reason
policy.yaml:4: a rule has no key "approver"; did you mean approvers?`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// What is no policy at all is one problem, in the line where reading ended.
func TestWhatIsNoPolicy(t *testing.T) {
	for _, c := range []struct {
		name, content string
		line          int
		says          string
	}{
		{"empty", "", 1, "the file is empty"},
		{"comments", "# nothing\n", 1, "the file is empty"},
		{"a list", "- a\n", 1, "the policy is a list here"},
		{"a word", "hello", 1, "the policy is text here"},
		{"tab", "version: 1\n\trules: []\n", 2, "the line is not YAML"},
		{"open list", "version: 1\nrules: [a\nx: y\n", 3, "the line is not YAML"},
		{"two documents", "version: 1\nrules: []\n---\nversion: 1\n", 4, "a second document begins"},
		{"alias", "version: 1\nrules:\n  - groups: *\n", 3, `put it in quotes: "*"`},
		{"anchor", "version: 1\npeople: &a {}\n", 2, `YAML that a policy does not use`},
		{"tag", "version: !!int 1\n", 1, `YAML that a policy does not use`},
		{"merge", "version: 1\n<<: {}\n", 2, `YAML that a policy does not use`},
		{"complex key", "version: 1\n? a\n: b\n", 2, `YAML that a policy does not use`},
		{"directive", "%YAML 1.2\n---\nversion: 1\n", 1, `YAML that a policy does not use`},
		{"not UTF-8", "version: 1\nrules:\n  - name: \xff\n", 3, "the line is not UTF-8"},
		{"deep", "version: 1\nrules: " + strings.Repeat("[", 100_000), 2, "nested too deeply"},
		{"deep dashes", "version: 1\nrules:\n  " + strings.Repeat("- ", 100_000), 3, "nested too deeply"},
		{"long", "version: 1\n" + strings.Repeat("# x\n", MaxSize/4), 1, "longer than 256 KiB"},
		{"no rules", "version: 1\n", 1, "rules is missing"},
		{"many rules", "version: 1\nrules:\n" + strings.Repeat("  - x\n", maxRules+1), 2, "501 entries, more than 500"},
		{"no version", "rules: [{name: a, auto_approve: true}]", 1, "version is missing; begin the file with version: 1"},
		{"version as text", "version: '1'\nrules: [{name: a, auto_approve: true}]", 1, "reads version: 1 only"},
		{"rules as text", "version: 1\nrules: many\n", 2, "rules has to be a list and is text"},
		{"defaults as text", "version: 1\ndefaults: none\nrules: [{name: a, auto_approve: true}]", 2, "defaults is text here"},
		{"people as list", "version: 1\npeople: [U0A]\nrules: [{name: a, auto_approve: true}]", 2, "people is a list here"},
	} {
		_, err := Load("p.yaml", []byte(c.content), nil)
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Line != c.line || !strings.Contains(problems[0].Error(), c.says) {
			t.Errorf("%s: got %.300v, want line %d: %s", c.name, err, c.line, c.says)
		}
	}
}

// Editors on Windows write a mark and other line ends; lines are counted alike.
func TestLinesAreCountedAlikeWithOtherLineEnds(t *testing.T) {
	content := "version: 1\nrules:\n  - name: \"a\n      b\"\n    deny: >\n      Ask\n\n      elsewhere.\n  - nam: b\n"
	_, unix := Load("p.yaml", []byte(content), nil)
	_, windows := Load("p.yaml", []byte("\ufeff"+strings.ReplaceAll(content, "\n", "\r\n")), nil)
	if unix == nil || !strings.Contains(unix.Error(), "p.yaml:9: a rule has no key") || windows == nil || unix.Error() != windows.Error() {
		t.Errorf("got:\n%v\nand:\n%v", unix, windows)
	}
}

func TestAPolicyIsReadAsItStands(t *testing.T) {
	policy, err := Load("p.yaml", []byte(`version: 1
people:
  leads: [U0ANNA, U0BEN]
defaults:
  quorum: 2
  self_approval: true
  expires_after: 2d
  reason: required
  longest_grant: 30d
rules:
  - name: protect
    groups: [everyone, Administrators]
    deny: >
      Ask for your own team.
  - name: finance
    groups: ["De\u0301veloppeurs", finance-*]
    codes: [rpa*, IDU]
    requesters: [leads, S0FIN]
    approvers: [leads, U0ANNA, S0COE]
    self_approval: false
    longest_grant: unlimited
    must_end: true
    reason: {pattern: 'INC\d+', hint: an incident}
    most_codes: 2
    most_seats: 5
  - name: staged
    groups: prod
    actions: [add, set]
    stages:
      - {name: business, approvers: leads, quorum: 1}
      - approvers: S0COE
    expires_after: 1w
    reason: optional
  - name: free
    auto_approve: true
    longest_grant: unlimited
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	days := 24 * time.Hour
	leads := []string{"U0ANNA", "U0BEN"}
	want := []approvals.PolicyRule{
		{Name: "protect", Line: 11, Match: approvals.Match{Groups: patternsOf("everyone", "Administrators")}, Deny: true, Message: "Ask for your own team."},
		{Name: "finance", Line: 15,
			Match:   approvals.Match{Groups: patternsOf("D\u00e9veloppeurs", "finance-*"), Codes: []string{"RPA*", "IDU"}, Requesters: append(slices.Clone(leads), "S0FIN")},
			Stages:  []approvals.Stage{{Approvers: append(slices.Clone(leads), "S0COE"), Quorum: 2}},
			MustEnd: true, TTL: 2 * days, Reason: approvals.ReasonRule{Required: true, Pattern: `INC\d+`, Hint: "an incident"}, MaxCodes: 2, MaxSeats: 5},
		{Name: "staged", Line: 26, Match: approvals.Match{Groups: patternsOf("prod"), Actions: []approvals.Action{approvals.Add, approvals.Set}},
			Stages:       []approvals.Stage{{Name: "business", Approvers: leads, Quorum: 1}, {Approvers: []string{"S0COE"}, Quorum: 2}},
			SelfApproval: true, TTL: 7 * days, MustEnd: true, MaxDuration: 30 * days},
		{Name: "free", Line: 34, Match: approvals.Match{Actions: []approvals.Action{approvals.Add}}, AutoApprove: true, TTL: 2 * days, Reason: approvals.ReasonRule{Required: true}},
	}
	for i := range want {
		if !reflect.DeepEqual(policy.Rules[i], want[i]) {
			t.Errorf("got  %+v\nwant %+v", policy.Rules[i], want[i])
		}
	}
	if len(policy.Rules) != len(want) {
		t.Errorf("%d rules", len(policy.Rules))
	}
}

func patternsOf(texts ...string) []approvals.GroupPattern {
	var all []approvals.GroupPattern
	for _, text := range texts {
		all = append(all, groupname.Pattern(text))
	}
	return all
}

func TestAFileThatCannotBeRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.yaml")
	_, err := LoadFile(missing, nil)
	_, casesErr := LoadCasesFile(missing)
	if !errors.Is(err, os.ErrNotExist) || !errors.Is(casesErr, os.ErrNotExist) {
		t.Errorf("%v, %v", err, casesErr)
	}
	endless := filepath.Join(t.TempDir(), "long.yaml")
	if err := os.WriteFile(endless, []byte(strings.Repeat("#\n", MaxSize)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadFile(endless, nil); err == nil || !strings.Contains(err.Error(), "longer than 256 KiB") {
		t.Errorf("%v", err)
	}
}

// The largest policy that is read is read in a moment: each rule is compared
// with all before it.
func BenchmarkLoad(b *testing.B) {
	var content strings.Builder
	content.WriteString("version: 1\ndefaults: {approvers: S0COE}\nrules:\n")
	for i := range maxRules {
		fmt.Fprintf(&content, "  - name: rule %d\n    groups: [team-%d-*, group-%d]\n    codes: [RPA%d*, IDU]\n    requesters: [S0TEAM%d, U0LEAD%d]\n", i, i, i, i, i, i)
	}
	for b.Loop() {
		if _, err := Load("p.yaml", []byte(content.String()), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWhenFull reads what a rule does while seats are short. A rule may differ from the
// defaults.
func TestWhenFull(t *testing.T) {
	policy, err := Load("p.yaml", []byte(`version: 1
defaults: {approvers: U0ANNA, when_full: refuse}
rules:
  - {name: strict, codes: IDU}
  - {name: mild, when_full: warn}
`), nil)
	if err != nil || !policy.Rules[0].RefuseWhenFull || policy.Rules[1].RefuseWhenFull {
		t.Errorf("%+v, %v", policy.Rules, err)
	}
}
