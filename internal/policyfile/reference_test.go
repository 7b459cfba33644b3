package policyfile

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"licensebot/approvals"
)

// The reference explains every key that is read, and no other, each in the
// table of its kind.
func TestTheReferenceHasEveryKey(t *testing.T) {
	content, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	tables := make(map[string][]string) // the keys, by the tables' first heading
	heading := ""
	word := regexp.MustCompile("`([a-z_]+)`")
	for line := range strings.Lines(string(content)) {
		cells := strings.Split(line, "|")
		switch {
		case len(cells) < 3:
			heading = ""
		case heading == "":
			heading = strings.TrimSpace(cells[1])
		default:
			for _, m := range word.FindAllStringSubmatch(cells[1], -1) {
				tables[heading] = append(tables[heading], m[1])
			}
		}
	}
	for heading, want := range map[string][]string{
		"key": slices.Concat(topKeys, ruleKeys), "key of a stage": stageKeys, "key of a reason": reasonKeys,
		"key of a case": caseKeys, "key of an answer": answerKeys,
	} {
		if !approvals.SameSet(tables[heading], want) {
			t.Errorf("table %q has %v, the reader %v", heading, tables[heading], want)
		}
	}
	_, defaults, _ := strings.Cut(string(content), "### Of the defaults\n")
	defaults, _, _ = strings.Cut(defaults, "stand under `defaults`")
	var told []string
	for _, m := range word.FindAllStringSubmatch(defaults, -1) {
		told = append(told, m[1])
	}
	if !approvals.SameSet(told, defaultKeys) {
		t.Errorf("under defaults %v, the reader %v", told, defaultKeys)
	}
}
