package main

import (
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
)

// TestAPersonWithTwoIDsApprovesOnce runs the program in an Enterprise Grid whose
// surfaces show different ids: the requester and one approver who is listed by both
// ids do not carry a request for two.
func TestAPersonWithTwoIDsApprovesOnce(t *testing.T) {
	t.Parallel()
	for name, global := range map[string][]fakeslack.Surface{
		"events and lookups show the organization's": {fakeslack.SurfaceEvents, fakeslack.SurfaceReactions, fakeslack.SurfaceUserInfo},
		"commands and authors do":                    {fakeslack.SurfaceCommands, fakeslack.SurfaceAuthors, fakeslack.SurfaceAuthTest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.slack.JoinEnterprise("E0GRID")
			for _, id := range []string{requester, approver, second} {
				w.slack.UpdateUser(id, func(u *fakeslack.User) { u.GlobalID = "W" + id[1:] })
			}
			for _, surface := range global {
				w.slack.ShowGlobalIDs(surface, true)
			}
			w.env["LICENSEBOT_APPROVERS"] = strings.Join([]string{requester, approver, "W" + approver[1:], second}, ",")
			w.env["LICENSEBOT_QUORUM"] = "2"
			w.startReplica()
			w.typeRequest("group-01 IDU")
			w.reactToCard(requester, "white_check_mark")
			w.awaitTold(requester, "cannot approve")
			w.reactToCard(approver, "white_check_mark")
			w.awaitCondition("one approval of two", func() bool { return strings.Contains(w.awaitCard().Text, "1 of 2") })
			w.wantAllocation(0, "ATTUNU")
			w.reactToCard(second, "white_check_mark")
			w.awaitOutcome("allocation_done", "*Done*")
		})
	}
}
