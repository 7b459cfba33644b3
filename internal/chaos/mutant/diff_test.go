//go:build linux

package mutant

import (
	"strings"
	"testing"
)

const (
	aHeader = "# name: a defect\n# breaks: a promise\n# shows: several cards\n"
	aDiff   = "--- a/dir/file.go\n+++ b/dir/file.go\n@@ -2,2 +2,3 @@\n one\n-two\n+TWO\n+more\n"
)

func TestPatchAppliesByItsTextAlone(t *testing.T) {
	second := "@@ -8 +9 @@\n-four\n+FOUR\n"
	for name, c := range map[string]struct{ diff, before, after string }{
		"at its line":            {aDiff, "zero\none\ntwo\nthree\n", "zero\none\nTWO\nmore\nthree\n"},
		"at another line":        {aDiff, "a\nb\nc\none\ntwo\n", "a\nb\nc\none\nTWO\nmore\n"},
		"at the end of the file": {aDiff, "one\ntwo", "one\nTWO\nmore"},
		"with a second hunk":     {aDiff + second, "one\ntwo\nfour\n", "one\nTWO\nmore\nFOUR\n"},
		"with a stripped space":  {strings.Replace(aDiff, " one\n", "\n", 1), "\ntwo\n", "\nTWO\nmore\n"},
		"with what git says":     {"diff --git a/dir/file.go b/dir/file.go\nindex 1..2 100644\n" + aDiff, "one\ntwo\n", "one\nTWO\nmore\n"},
	} {
		m, err := Parse(aHeader + c.diff)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := m.files[0].apply(c.before); err != nil || got != c.after {
			t.Errorf("%s: %q became %q (%v), want %q", name, c.before, got, err, c.after)
		}
	}
}

func TestPatchNamesTheFirstLineThatDoesNotMatch(t *testing.T) {
	m, err := Parse(aHeader + aDiff)
	if err != nil {
		t.Fatal(err)
	}
	for before, want := range map[string]string{
		"zero\n":                 `"one"`,
		"zero\none\nthree\n":     `"two"`,
		"one\n two\n":            `"two"`,
		"one\ntwo\none\ntwo\n":   "2 places",
		"one\nx\none\ntwo three": `"two"`,
	} {
		got, err := m.files[0].apply(before)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "dir/file.go") {
			t.Errorf("%q became %q, error %v, want one about dir/file.go and %s", before, got, err, want)
		}
	}
}

func TestParseRefusesWhatIsNoMutant(t *testing.T) {
	for text, want := range map[string]string{
		aHeader: "no diff",
		"# breaks: x\n# shows: crashed\n" + aDiff:                                                   "no name",
		"# name: x\n# shows: crashed\n" + aDiff:                                                     "what it breaks",
		"# name: x\n# breaks: x\n# test: cmd/licensebot\n" + aDiff:                                  "the name of a test",
		"# name: x\n# breaks: x\n# test: cmd/licensebot TestX\n# shows: crashed\n" + aDiff:          "what only a hunt has",
		"# name: x\n# breaks: x\n" + aDiff:                                                          "no rule",
		"# name: x\n# breaks: x\n# shows: nonsense\n" + aDiff:                                       `no rule "nonsense"`,
		aHeader + "# store: files\n" + aDiff:                                                        `no store "files"`,
		aHeader + "# replicas: 3\n" + aDiff:                                                         "sqlite takes no 3 replicas",
		aHeader + "# replicas: three\n" + aDiff:                                                     "three",
		aHeader + "# author: x\n" + aDiff:                                                           "author",
		aHeader + "--- a/file.go\n":                                                                 "no file",
		aHeader + "--- a/file.go\n+++ b/file.go\n":                                                  "no hunk",
		aHeader + "--- a/file.go\n+++ b/file.go\n@@ -1,0 +1 @@\n+new\n":                             "no line to find its place by",
		aHeader + "--- a/file.go\n+++ b/file.go\n@@ -1 +1 @@\n-old\n\\ No newline at end of file\n": "no part of a hunk",
		aHeader + "--- a/file.go\n+++ b/file.go\nold\n":                                             "no part of a hunk",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}
