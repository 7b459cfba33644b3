package main

import (
	"slices"
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// TestSlackRefusesOnce has Slack refuse each call once, with errors that pass or
// that an operator can mend. The request is done all the same.
func TestSlackRefusesOnce(t *testing.T) {
	t.Parallel()
	methods := []string{"chat.postMessage", "chat.update", "reactions.add", "reactions.get", "users.info"}
	for _, name := range []string{"not_in_channel", "missing_scope", "channel_not_found", "is_archived", "internal_error", "ratelimited", "something_new"} {
		t.Run(name, func(t *testing.T) {
			sweep.InSample(t, name == "missing_scope")
			t.Parallel()
			w := newWorld(t)
			for _, method := range methods {
				w.slack.Inject(method, fault.Fault{Times: 1, Error: name})
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

// TestNotInvited makes the most common mistake of an installation.
func TestNotInvited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.slack.Leave(approvalsChannel, w.slack.BotUserID())
	w.startReplica()
	w.typeRequest("group-01 RPADEVPRONU")
	w.awaitTold(requester, "invite it there with /invite")
	w.slack.Join(approvalsChannel, w.slack.BotUserID())
	w.awaitCard()
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
}

// TestConsentGoneBeforeTheWrite takes the approval back, in each possible way, while
// UiPath delays the write.
func TestConsentGoneBeforeTheWrite(t *testing.T) {
	told := map[string]string{
		"reaction taken back": "removed the reaction", "left the user group": "is no longer one of its approvers",
		"deactivated": "was deactivated in Slack", "made a guest": "may no longer approve",
	}
	ways := map[string]func(w *world){
		"reaction taken back": func(w *world) { _ = w.slack.Unreact(approver, approvalsChannel, w.awaitCard().TS, "white_check_mark") },
		"left the user group": func(w *world) { w.slack.SetUserGroup("S0APPROVERS", second) },
		"deactivated":         func(w *world) { w.slack.UpdateUser(approver, func(u *fakeslack.User) { u.Deleted = true }) },
		"made a guest":        func(w *world) { w.slack.UpdateUser(approver, func(u *fakeslack.User) { u.Restricted = true }) },
	}
	for name, lose := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.env["LICENSEBOT_APPROVERS"] = "S0APPROVERS"
			w.slack.SetUserGroup("S0APPROVERS", approver, second)
			w.startReplica()
			w.typeRequest("group-01 RPADEVPRONU")
			w.awaitCard()
			w.uipath.Inject("GET group", fault.Fault{Status: 503})
			w.reactToCard(approver, "white_check_mark")
			w.awaitCondition("the write to be delayed", func() bool {
				return strings.Contains(w.awaitCard().Text, "*Approved*") && w.uipath.Injected() > 0
			})
			lose(w)
			w.uipath.Clear()
			w.awaitCondition("the request to wait again", func() bool { return strings.Contains(w.awaitCard().Text, "0 of 1") })
			w.wantAllocation(0, "ATTUNU")
			w.reactToCard(second, "white_check_mark")
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "RPADEVPRONU")
			want := "<@" + approver + "> " + told[name]
			if said := w.listReplies("allocation_reopened"); len(said) != 1 || !strings.Contains(said[0].Text, want) || !strings.HasPrefix(said[0].Text, "<@"+requester+">") {
				t.Errorf("the thread does not say once that %q: %+v", want, said)
			}
		})
	}
}

// listReplies lists the replies on the first card with this event type.
func (w *world) listReplies(eventType string) []fakeslack.Message {
	return slices.DeleteFunc(w.slack.Thread(approvalsChannel, w.listCards()[0].TS), func(m fakeslack.Message) bool {
		return m.Metadata == nil || m.Metadata.EventType != eventType
	})
}
