package main

import (
	"slices"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// newScopedWorld has a public or a private approvals channel. The answer to the
// first post is lost.
func newScopedWorld(t *testing.T, private bool) *world {
	t.Helper()
	w := newWorld(t)
	w.slack.AddChannel(fakeslack.Channel{
		ID: approvalsChannel, Name: "approvals", Private: private, Members: []string{approver, w.slack.BotUserID()},
	})
	w.slack.Inject("chat.postMessage", fault.Fault{Times: 1, Cut: true, AfterEffect: true})
	return w
}

func (w *world) playRequest() {
	w.t.Helper()
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
}

// TestEachScopeIsUsed plays what needs the most of Slack, and expects that it uses
// every scope of the manifest.
func TestEachScopeIsUsed(t *testing.T) {
	t.Parallel()
	var used []string
	for _, private := range []bool{false, true} {
		w := newScopedWorld(t, private)
		w.env["LICENSEBOT_APPROVERS"] = "S0APPROVERS"
		w.slack.SetUserGroup("S0APPROVERS", approver)
		w.playRequest()
		used = append(used, w.slack.UsedScopes()...)
	}
	for _, scope := range fakeslack.DefaultScopes() {
		if !slices.Contains(used, scope) {
			t.Errorf("nothing uses %s", scope)
		}
	}
}

// TestScopesThatMayBeLeftOut checks the scopes that docs/set-up.md calls optional.
func TestScopesThatMayBeLeftOut(t *testing.T) {
	t.Parallel()
	for private, without := range map[bool][]string{
		false: {"groups:read", "groups:history", "usergroups:read"},
		true:  {"channels:read", "channels:history", "usergroups:read"},
	} {
		w := newScopedWorld(t, private)
		w.slack.SetScopes(slices.DeleteFunc(fakeslack.DefaultScopes(), func(scope string) bool {
			return slices.Contains(without, scope)
		})...)
		w.playRequest()
		for _, call := range w.slack.Calls("") {
			if call.Error == "missing_scope" {
				t.Errorf("without %v: %s is refused", without, call.Method)
			}
		}
	}
}
