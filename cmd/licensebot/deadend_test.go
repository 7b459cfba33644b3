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

// TestApproversOutsideOfThePrivateChannel refuses a request whose only approver cannot see
// the card. Once the person is invited, the same request gets its card.
func TestApproversOutsideOfThePrivateChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.privateChannel(requester)
	w.writePolicy("  - name: closed\n    approvers: [" + approver + "]\n")
	w.startReplica()
	w.wantRejected("group-01 IDU", "can give only 0 in the private channel <#"+approvalsChannel+">. "+
		"Ask one of its members to invite <@"+approver+">; then ask again.")
	w.awaitLog("not in the private approvals channel: " + approver)
	w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Members = append(c.Members, approver) })
	w.typeRequest("group-01 IDU")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
}
