package main

import (
	"strings"
	"testing"

	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// TestAnOperatorsFaultDelays meets each kind of fault that only an operator can
// mend, before and after the effect of the write. The thread says once what
// is wrong, and after the mend the request is done.
func TestAnOperatorsFaultDelays(t *testing.T) {
	t.Parallel()
	const page = "<html><title>Sign in</title></html>"
	for name, c := range map[string]struct {
		operation string
		fault     fault.Fault
		told      string
	}{
		"401":            {"PUT group", fault.Fault{Status: 401}, "UiPath does not accept the bot's token (401)"},
		"403":            {"PUT group", fault.Fault{Status: 403}, "UiPath does not let the bot do this (403)"},
		"redirect":       {"PUT group", fault.Fault{Status: 302, Location: "https://login.example/"}, "UiPath redirects the bot to https://login.example/ (302)"},
		"page":           {"PUT group", fault.Fault{Body: page, ContentType: "text/html"}, "a page titled “Sign in”"},
		"a read is 403":  {"GET group", fault.Fault{Status: 403}, "UiPath does not let the bot do this (403)"},
		"a read is away": {"GET group", fault.Fault{Status: 302, Location: "https://login.example/"}, "redirects the bot"},
		"expired secret": {"token", fault.Fault{Status: 400, Error: "invalid_client"}, "UiPath refuses the bot's sign-in (invalid_client)"},
	} {
		t.Run(name, func(t *testing.T) {
			sweep.InSample(t, name == "expired secret")
			t.Parallel()
			w := newWorld(t)
			w.startReplica()
			w.typeRequest("group-01 RPADEVPRONU")
			w.awaitCard()
			w.uipath.Inject(c.operation, c.fault)
			if c.operation == "token" {
				w.uipath.RevokeTokens()
			}
			w.reactToCard(approver, "white_check_mark")
			delayed := func() bool { return len(w.listReplies("allocation_approved")) > 0 }
			w.awaitCondition("the thread to say who has to act", delayed)
			reply := w.listReplies("allocation_approved")[0].Text
			if !strings.Contains(reply, "an operator has to act: ") || !strings.Contains(reply, c.told) {
				t.Errorf("the thread says %s", reply)
			}
			w.uipath.Clear()
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "RPADEVPRONU")
			if n := len(w.listReplies("allocation_approved")); n != 1 {
				t.Errorf("the thread says so %d times", n)
			}
		})
	}
}

// TestATokenWithoutTheRightToWrite gives the bot rights to read alone. An approved request
// waits with its grant, and both sides hear of it; with the right, it is done.
func TestATokenWithoutTheRightToWrite(t *testing.T) {
	t.Parallel()
	const reading, writing = "PM.License.Read PM.Group.Read", "PM.License.Read PM.Group.Read PM.License.Write"
	for auth, c := range map[string]struct {
		grant          func(w *world, scopes string)
		told, variable string
	}{
		"client_credentials": {func(w *world, scopes string) {
			w.uipath.SetAppScopes(strings.Fields(scopes)...)
			w.env["UIPATH_SCOPES"] = scopes
		}, "UiPath does not let the bot do this (403)", "UIPATH_SCOPES"},
		"token": {func(w *world, scopes string) {
			w.uipath.SetPersonalAccessTokenScopes(strings.Fields(scopes)...)
			w.env["UIPATH_ACCESS_TOKEN"] = w.uipath.PersonalAccessToken()
		}, "UiPath does not accept the bot's token (401)", "UIPATH_ACCESS_TOKEN"},
	} {
		t.Run(auth, func(t *testing.T) {
			sweep.InSample(t, auth == "client_credentials")
			t.Parallel()
			w := newWorld(t)
			w.env["UIPATH_AUTH"] = auth
			c.grant(w, reading)
			w.startReplica()
			w.typeRequest("group-01 RPADEVPRONU for 30d")
			w.reactToCard(approver, "white_check_mark")
			w.awaitCondition("the thread to say who has to act", func() bool { return len(w.listReplies("allocation_approved")) > 0 })
			if said := w.listReplies("allocation_approved")[0].Text; !strings.Contains(said, "an operator has to act: "+c.told) {
				t.Errorf("the thread says %s", said)
			}
			w.awaitLog(`"level":"error","variable":"` + c.variable + `"`)
			w.killReplicas()
			c.grant(w, writing)
			w.startReplica()
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "RPADEVPRONU")
		})
	}
}
