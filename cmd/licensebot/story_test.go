package main

import (
	"strings"
	"syscall"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// awaitTold waits until a person is told these words, in a direct message or a
// message only they see.
func (w *world) awaitTold(user, words string) {
	w.t.Helper()
	w.awaitCondition(user+" to be told: "+words, func() bool {
		for _, e := range w.slack.Ephemerals(user) {
			if strings.Contains(e.Text, words) {
				return true
			}
		}
		for _, m := range w.slack.DirectMessages(user) {
			if strings.Contains(m.Text, words) {
				return true
			}
		}
		return false
	})
}

func TestEveryEnvelopeThreeTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.SetCopies(3)
	w.startReplica()
	w.awaitCondition("both connections", func() bool { return w.slack.Connections() == 2 })
	w.typeRequest("group-01 RPADEVPRONU IDU")
	w.awaitCard()
	w.reactToCard(bystander, "white_check_mark")
	w.awaitTold(bystander, "does not count")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
	if n := len(w.slack.Ephemerals(bystander)); n != 1 {
		t.Errorf("the bystander was told %d times", n)
	}
}

// TestEachCallFailsOnce makes each call to Slack and UiPath fail once, in each way
// that a retry can mend.
func TestEachCallFailsOnce(t *testing.T) {
	t.Parallel()
	slackMethods := []string{"auth.test", "apps.connections.open", "conversations.info", "chat.postMessage", "chat.update", "reactions.add", "reactions.get", "users.info", "chat.postEphemeral"}
	uipathOperations := []string{"token", "GET identity groups", "GET group", "GET group with-quota", "PUT group"}
	ways := map[string]fault.Fault{
		"429":                 {Status: 429, RetryAfter: "1"},
		"500":                 {Status: 500},
		"cut":                 {Cut: true},
		"answer lost":         {Cut: true, AfterEffect: true},
		"web page":            {Body: "<html>maintenance</html>", ContentType: "text/html", Status: 503},
		"truncated":           {Body: `{"ok":tr`, AfterEffect: true},
		"500 after it worked": {Status: 500, AfterEffect: true},
	}
	for way, fault := range ways {
		t.Run(way, func(t *testing.T) {
			sweep.InSample(t, way == "429" || way == "cut" || way == "answer lost")
			t.Parallel()
			w := newWorld(t)
			fault.Times = 1
			for _, method := range slackMethods {
				w.slack.Inject(method, fault)
			}
			for _, operation := range uipathOperations {
				w.uipath.Inject(operation, fault)
			}
			w.startReplica()
			w.typeRequest("group-01 RPADEVPRONU IDU")
			w.awaitCard()
			w.reactToCard(approver, "white_check_mark")
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "IDU", "RPADEVPRONU")
		})
	}
}

func TestRefusalsOfUiPathEndTheRequestTruthfully(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fault.Fault{
		"400": {Status: 400, Error: "bad things"}, "404": {Status: 404, Error: "No account license"},
		"409": {Status: 409, Error: "exceeds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.startReplica()
			w.typeRequest("group-01 RPADEVPRONU")
			w.awaitCard()
			w.uipath.Inject("PUT group", fault)
			w.reactToCard(approver, "white_check_mark")
			w.awaitOutcome("allocation_failed", "*Failed*")
			w.wantAllocation(0, "ATTUNU")
			reply := w.slack.Thread(approvalsChannel, w.awaitCard().TS)[0].Text
			if !strings.Contains(reply, "<@"+requester+">") || !strings.Contains(reply, fault.Error) || strings.Contains(reply, "Done") {
				t.Errorf("the reply does not tell the requester what UiPath said: %s", reply)
			}
			if n := len(w.uipath.Calls("PUT group")); n != 1 {
				t.Errorf("%d writes were tried", n)
			}
		})
	}
}

func TestWhoMayApprove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["LICENSEBOT_QUORUM"] = "2"
	w.env["LICENSEBOT_APPROVERS"] = "S0APPROVERS," + requester
	guest := "U0GUEST"
	w.slack.AddUser(fakeslack.User{ID: guest, Name: "guest", Restricted: true})
	w.slack.Join(approvalsChannel, guest)
	w.slack.SetUserGroup("S0APPROVERS", approver, second, requester, guest)
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU")
	w.awaitCard()
	w.reactToCard(requester, "white_check_mark")
	w.awaitTold(requester, "you cannot approve your own request")
	w.reactToCard(guest, "white_check_mark")
	w.awaitTold(guest, "guests")
	w.reactToCard(approver, "white_check_mark")
	w.awaitCondition("one of two", func() bool { return strings.Contains(w.awaitCard().Text, "1 of 2") })
	if err := w.slack.Unreact(approver, approvalsChannel, w.awaitCard().TS, "white_check_mark"); err != nil {
		t.Fatal(err)
	}
	w.awaitCondition("the vote to be gone", func() bool { return strings.Contains(w.awaitCard().Text, "0 of 2") })
	w.reactToCard(second, "white_check_mark")
	w.awaitCondition("one of two again", func() bool { return strings.Contains(w.awaitCard().Text, "1 of 2") })
	w.wantAllocation(0, "ATTUNU")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.wantAllocation(1, "ATTUNU", "RPADEVPRONU")
}

func TestDeny(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU")
	w.awaitCard()
	w.reactToCard(approver, "x")
	w.awaitOutcome("allocation_denied", "*Denied*")
	w.reactToCard(second, "white_check_mark")
	w.awaitNoJobs()
	w.wantAllocation(0, "ATTUNU")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU")
	id, _ := w.awaitCard().Metadata.EventPayload["request_id"].(string)
	typed, err := w.slack.Command(w.guardContext(), bystander, anyChannel, "/allocate", "cancel "+id)
	if err != nil || !strings.Contains(typed.Response, "Only the requester and the approvers of") {
		t.Fatalf("a bystander was answered %q, %v", typed.Response, err)
	}
	typed, err = w.slack.Command(w.guardContext(), requester, anyChannel, "/allocate", "cancel "+id)
	if err != nil || !strings.Contains(typed.Response, "is cancelled") {
		t.Fatalf("the requester was answered %q, %v", typed.Response, err)
	}
	w.awaitOutcome("allocation_cancelled", "*Cancelled*")
}

func TestRejectedRequestsHaveNoCard(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, told string }{
		"already there": {"group-01 ATTUNU", "already has `ATTUNU`"},
		"not there":     {"remove group-01 IDU", "does not have `IDU`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.startReplica()
			w.typeRequest(c.text)
			w.awaitTold(requester, c.told)
			w.awaitNoJobs()
			if len(w.listCards()) != 0 {
				t.Error("a card was posted all the same")
			}
		})
	}
}

func TestUiPathDownWhenAsked(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newWorld(t)
	w.uipath.Inject("GET group", fault.Fault{Status: 503})
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU")
	w.awaitTold(requester, "is kept, but it could not be checked yet")
	w.uipath.Clear()
	w.awaitCard()
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
}

func TestStopsOnSIGTERM(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU")
	if err := w.replicas[0].Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := w.replicas[0].Wait(); err != nil {
		t.Errorf("serve did not end well: %v", err)
	}
	w.replicas = nil
	w.startReplica()
	w.awaitCard()
}
