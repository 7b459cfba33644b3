package main

import (
	"slices"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// scoped is a world whose approvals channel is public or private and whose
// approvers are a user group. The answer to its first post is lost.
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

// TestEachScopeIsUsed plays what needs the most of Slack: no scope of the
// manifest may be left over.
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

// TestScopesThatMayBeLeftOut holds docs/set-up.md to its word.
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
