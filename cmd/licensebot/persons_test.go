package main

import (
	"fmt"
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/sweep"
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

// TestAPolicyNamesPeopleByEitherID lists people by the ids of the workspace, or by those of
// the organization, while Slack shows either. Who is shut out stays out, and who may ask is
// let in.
func TestAPolicyNamesPeopleByEitherID(t *testing.T) {
	t.Parallel()
	own := func(id string) string { return id }
	global := func(id string) string { return "W" + id[1:] }
	for name, c := range map[string]struct {
		listed      func(string) string
		showsGlobal bool
	}{
		"the workspace's, shown the organization's": {own, true},
		"the organization's, shown the workspace's": {global, false},
		"the organization's":                        {global, true},
	} {
		t.Run(name, func(t *testing.T) {
			sweep.InSample(t, !c.showsGlobal)
			t.Parallel()
			w := newWorld(t)
			w.slack.JoinEnterprise("E0GRID")
			for _, id := range []string{requester, approver, second} {
				w.slack.UpdateUser(id, func(u *fakeslack.User) { u.GlobalID = global(id) })
			}
			for _, surface := range fakeslack.Surfaces() {
				w.slack.ShowGlobalIDs(surface, c.showsGlobal)
			}
			w.writePolicy(fmt.Sprintf(`  - {name: not these, requesters: [%s], deny: "contractors ask their manager"}
  - {name: these, requesters: [%s], codes: [IDU], auto_approve: true}
  - {name: the rest, approvers: [%s]}
`, c.listed(second), c.listed(requester), c.listed(approver)))
			w.startReplica()
			if _, err := w.slack.Command(w.guardContext(), second, anyChannel, "/allocate", "group-01 IDU"); err != nil {
				t.Fatal(err)
			}
			w.awaitTold(second, "contractors ask their manager")
			w.typeRequest("group-01 IDU")
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "IDU")
		})
	}
}
