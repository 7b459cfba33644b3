package main

import (
	"os"
	"path/filepath"
	"testing"

	"licensebot/internal/fakeuipath"
	"licensebot/internal/sweep"
)

// TestGroupsOfUnusualNames finds groups by their names as people type them and as
// Slack passes them on, whatever characters UiPath has.
func TestGroupsOfUnusualNames(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newWorld(t)
	found := map[string]string{
		"Finance – Robots":           "Finance – Robots",
		"Audit — Robots":             "audit - robots",
		"経理部（東京）":                    "経理部（東京）",
		"Developer’s":                "Developer's",
		"Robots™…":                   "Robots™…",
		"Sales\u00a0Robots":          "Sales Robots",
		"Ops  Robots":                "Ops  Robots",
		"\u0645\u06cc\u200c\u062e":   "\u0645\u06cc\u200c\u062e",
		"Bu\u0308ro":                 "BÜRO",
		"The “A” Team":               "The A Team",
		"R&D <Lab>":                  "R&D <Lab>",
		"\u202bRight\u202c to left ": "Right to left",
	}
	for name := range found {
		w.uipath.AddGroup(fakeuipath.Group{Name: name})
	}
	for _, name := range []string{"Research “B” Robots", "Night – Shift", "Night - Shift"} {
		w.uipath.AddGroup(fakeuipath.Group{Name: name})
	}
	w.startReplica()
	for _, typed := range found {
		w.wantPhrases(w.lookUp(bystander, `show "`+typed+`"`), "Licenses allocated to the group")
	}
	w.wantPhrases(w.lookUp(bystander, `show "Research Robots"`), "Try: `/allocate show \"Research B Robots\"`")
	w.wantPhrases(w.lookUp(bystander, `show "Night – Shift"`), "everal groups at UiPath are called")
}

// TestARuleForADecomposedName has a rule that names a group in other Unicode letters
// than UiPath does.
func TestARuleForADecomposedName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.uipath.AddGroup(fakeuipath.Group{ID: "group-02", Name: "Vorstandsbu\u0308ro"})
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(`version: 1
rules:
  - name: board
    groups: Vorstandsbüro
    deny: Ask the board.
  - name: others
    groups: "*"
    approvers: [U0APPROVER]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	delete(w.env, "LICENSEBOT_APPROVERS")
	w.env["LICENSEBOT_POLICY_FILE"] = path
	w.startReplica()
	w.wantRejected("group-02 IDU", "Ask the board")
}

// TestAGroupCalledLikeAnothersID asks for a group by its id, while another group is called so.
func TestAGroupCalledLikeAnothersID(t *testing.T) {
	t.Parallel()
	const id = "ce684f6f-5af3-4e43-8516-1adad6e98fc9"
	w := newWorld(t)
	w.uipath.AddGroup(fakeuipath.Group{ID: id, Name: "Meant"})
	other := w.uipath.AddGroup(fakeuipath.Group{Name: id})
	w.startReplica()
	w.typeRequest(id + " IDU")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	for group, want := range map[string]int{id: 1, other: 0} {
		if rule, _ := w.uipath.Allocation(group); len(rule.Codes) != want {
			t.Errorf("%s has %v", group, rule.Codes)
		}
	}
}
