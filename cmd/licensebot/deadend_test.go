package main

import (
	"testing"

	"licensebot/internal/fakeslack"
)

// TestNobodyCanApprove refuses a request with no other approvers than its requester and a
// person who left. The requester and the operator are told, and no card is posted.
func TestNobodyCanApprove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.writePolicy("  - name: lonely\n    approvers: [" + requester + ", " + second + "]\n")
	w.slack.UpdateUser(second, func(u *fakeslack.User) { u.Deleted = true })
	w.startReplica()
	w.wantRejected("group-01 IDU", "nobody can approve it at the moment. The policy rule `lonely` needs 1 approval, "+
		"and the people it names can give only 0.")
	w.awaitLog("too few approvers can vote")
}
