package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

const everyone = "ce684f6f-5af3-4e43-8516-1adad6e98fc9"

// newPolicyWorld returns a world with the group Everyone, and with a policy that
// approves one code by itself and asks approvers for another.
func newPolicyWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.uipath.AddGroup(fakeuipath.Group{ID: everyone, Name: "Everyone"})
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(`version: 1
rules:
  - name: designers
    codes: [IDU]
    auto_approve: true
  - name: developers
    codes: [RPADEVPRONU]
    approvers: [U0APPROVER]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	delete(w.env, "LICENSEBOT_APPROVERS")
	w.env["LICENSEBOT_POLICY_FILE"] = path
	return w
}

// TestTheNameOfAGroupIsWaitedFor hides the name of the group Everyone for a while.
// The request waits until the name is known.
func TestTheNameOfAGroupIsWaitedFor(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newPolicyWorld(t)
	w.uipath.Inject("GET identity groups", fault.Fault{Status: 503})
	w.startReplica()
	w.typeRequest(everyone + " IDU")
	w.awaitTold(requester, "is kept, but it could not be checked yet")
	w.uipath.Clear()
	w.awaitTold(requester, "is the group of all users or of the administrators")
	w.awaitNoJobs()
	if len(w.listCards()) != 0 || len(w.uipath.Writes()) != 0 {
		t.Errorf("there are %d cards and %d writes", len(w.listCards()), len(w.uipath.Writes()))
	}
}

// TestGroupWithoutAKnownName lacks the scope that shows names. Approvers may agree
// to a group by its id. The policy alone may not.
func TestGroupWithoutAKnownName(t *testing.T) {
	t.Parallel()
	w := newPolicyWorld(t)
	w.uipath.SetAppScopes("PM.License.Read", "PM.License.Write")
	w.env["UIPATH_SCOPES"] = "PM.License.Read PM.License.Write"
	w.startReplica()
	w.wantRejected(everyone+" IDU", "UiPath does not show the name of `"+everyone+"`")
	if card := w.cardFor(everyone + " RPADEVPRONU"); !strings.Contains(card.Text, "UiPath does not show its name") {
		t.Errorf("the card does not say that the name is unknown:\n%s", card.Text)
	}
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
}
