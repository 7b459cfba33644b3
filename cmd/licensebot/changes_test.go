package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/sweep"
)

// answerTo types a command and returns the immediate answer.
func (w *world) answerTo(user, text string) string {
	w.t.Helper()
	typed, err := w.slack.Command(w.guardContext(), user, anyChannel, "/allocate", text)
	if err != nil || typed.Error != "" {
		w.t.Fatalf("%q was answered with %q: %v", text, typed.Error, err)
	}
	return typed.Response
}

// cardFor types a command and returns its card.
func (w *world) cardFor(text string) fakeslack.Message {
	w.t.Helper()
	before := len(w.listCards())
	w.typeRequest(text)
	w.awaitCondition("the card of "+text, func() bool { return len(w.listCards()) > before })
	return w.listCards()[before]
}

// grantRequest types a command, approves the request and waits until it is done. It
// returns the card.
func (w *world) grantRequest(text string) fakeslack.Message {
	w.t.Helper()
	card := w.cardFor(text)
	if err := w.slack.React(approver, approvalsChannel, card.TS, "white_check_mark"); err != nil {
		w.t.Fatal(err)
	}
	w.awaitCondition(text+" to be done", func() bool {
		now, _ := w.slack.Message(approvalsChannel, card.TS)
		return strings.Contains(now.Text, "*Done*") && len(w.slack.Thread(approvalsChannel, card.TS)) > 0
	})
	return card
}

// wantRejected types a command and expects that the requester is told why, and that
// approvers see no card.
func (w *world) wantRejected(text, told string) {
	w.t.Helper()
	before := len(w.listCards())
	w.typeRequest(text)
	w.awaitTold(requester, told)
	w.awaitNoJobs()
	if len(w.listCards()) != before {
		w.t.Errorf("%s: a card was posted all the same", text)
	}
}

// wantThread expects these words in the first reply on a card.
func (w *world) wantThread(card fakeslack.Message, words string) {
	w.t.Helper()
	thread := w.slack.Thread(approvalsChannel, card.TS)
	if !slices.ContainsFunc(thread, func(m fakeslack.Message) bool { return strings.Contains(m.Text, words) }) {
		w.t.Errorf("the thread does not say %q: %+v", words, thread)
	}
}

func TestSetRemoveAndEmpty(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newWorld(t)
	w.startReplica()

	card := w.grantRequest("set group-01 RPADEVPRONU IDU because the team has changed")
	if !strings.Contains(card.Text, "*Removed: `ATTUNU`.*") || strings.Contains(card.Text, "EMPTY") {
		t.Errorf("the card does not show what goes: %s", card.Text)
	}
	w.wantThread(card, "`RPADEVPRONU` and `IDU` added to the group `Finance Robots` (id `group-01`); `ATTUNU` removed from it")
	w.wantAllocation(1, "IDU", "RPADEVPRONU")

	w.grantRequest("remove group-01 IDU ATTUNU") // of which it has one
	w.wantAllocation(2, "RPADEVPRONU")

	w.wantRejected("remove group-01 RPADEVPRONU", "so it would be left without codes. If that is what you want, add the word `empty`.\nTry: `/allocate remove group-01 RPADEVPRONU empty`")
	w.wantRejected("remove group-01 IDU", "does not have `IDU`; it has `RPADEVPRONU`")
	w.wantRejected("set group-01 RPADEVPRONU", "already has exactly `RPADEVPRONU`")
	w.wantAllocation(2, "RPADEVPRONU")

	card = w.grantRequest("remove group-01 RPADEVPRONU empty")
	if !strings.Contains(card.Text, "\n*Removed: `RPADEVPRONU`.*\n*The group's allocation will be EMPTY.*\n") {
		t.Errorf("the card does not say that the rule will be empty: %s", card.Text)
	}
	w.wantThread(card, "the group now has no codes")
	w.wantAllocation(3)
	w.wantRejected("set group-01 empty", "has no codes already")

	w.grantRequest("add group-01 IDU ATTUNU")
	w.grantRequest(`set "Finance Robots" empty`)
	w.wantAllocation(5)
}

// TestOnlyTheWordEmptiesARule tries to empty an allocation without the word. Then
// the group loses its other codes by hand, after the card said that they stay.
func TestOnlyTheWordEmptiesARule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	if said := w.answerTo(requester, "set group-01"); !strings.Contains(said, "say `empty` instead. Nothing was recorded.") {
		t.Errorf("answered with %s", said)
	}
	w.uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Codes: []string{"ATTUNU", "IDU"}})
	card := w.cardFor("remove group-01 IDU")
	w.uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Codes: []string{"IDU"}}) // an admin takes the rest out
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_superseded", "*Superseded*")
	w.wantThread(card, "changed after the card was posted")
	w.wantAllocation(0, "IDU")
}

func TestLimitsOfSeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.uipath.AddGroup(fakeuipath.Group{
		ID: groupID, Name: "Finance Robots", Codes: []string{"ATTUNU"},
		Quotas: map[string]int{"ATTUNU": 10}, Usage: map[string]int{"ATTUNU": 3},
	})
	w.startReplica()
	expect := func(quotas string) {
		t.Helper()
		if rule, _ := w.uipath.Allocation(groupID); fmt.Sprint(rule.Quotas) != "map["+quotas+"]" {
			t.Errorf("the limits are %v instead of %s", rule.Quotas, quotas)
		}
	}
	card := w.grantRequest("group-01 ATTUNU=5 IDU=7")
	for _, line := range []string{
		"• `+ IDU` Insights Designer Users · 3 of 40 seats allocated · at most 7 seats for this group, no limit before",
		"• `ATTUNU` Attended – Named User · 3 of 40 seats allocated · at most 5 seats for this group instead of 10",
	} {
		if !strings.Contains(card.Text, line+"\n") {
			t.Errorf("the card does not say %q: %s", line, card.Text)
		}
	}
	w.wantThread(card, "`IDU` added to the group `Finance Robots` (id `group-01`); seat limits `ATTUNU=5` and `IDU=7` set for it")
	expect("ATTUNU:5 IDU:7")

	w.wantRejected("group-01 ATTUNU=2", "(`ATTUNU`: 3 seats in use), and UiPath accepts no limit below that.\nTry: `/allocate group-01 ATTUNU=3`")
	w.wantRejected("group-01 IDU=7", "already has `IDU=7`")
	w.grantRequest("group-01 ATTUNU=3")
	expect("ATTUNU:3 IDU:7")
	w.grantRequest("set group-01 ATTUNU=20 IDU")
	expect("ATTUNU:20 IDU:7")

	card = w.grantRequest("remove group-01 IDU")
	if !strings.Contains(card.Text, "*Removed: `IDU` (and its limit of 7 seats).*") || !strings.Contains(card.Text, "Unchanged limits: `ATTUNU` at most 20.") {
		t.Errorf("the card does not say what becomes of the limits: %s", card.Text)
	}
	expect("ATTUNU:20")
}

func TestTheSameChangeIsAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	card := w.cardFor("group-01 IDU=2 RPADEVPRONU=3")
	id, _ := card.Metadata.EventPayload["request_id"].(string)
	w.wantRejected("add group-01 RPADEVPRONU=3, IDU=2 because I did not look",
		"request `"+id+"`, which is still open, asks for the very same. You need not ask again. Its status says where it stands and where its card is.\nTry: `/allocate status "+id+"`")
	w.cardFor("group-01 IDU=2") // is another change
	w.reactToCard(approver, "x")
	w.awaitCondition("the first to be denied", func() bool { return strings.Contains(w.listCards()[0].Text, "*Denied*") })
	w.cardFor("group-01 IDU=2 RPADEVPRONU=3")
}

// TestCancelByAnApprover cancels another person's request.
func TestCancelByAnApprover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["LICENSEBOT_APPROVERS"] = "S0APPROVERS," + second
	w.slack.SetUserGroup("S0APPROVERS", approver, requester)
	w.startReplica()
	card := w.cardFor("group-01 RPADEVPRONU")
	id, _ := card.Metadata.EventPayload["request_id"].(string)
	for user, want := range map[string]string{
		bystander: "Only the requester and the approvers of request `" + id + "` can cancel it.",
		second:    "you can cancel it if you say why.\nFill in: `/allocate cancel " + id + " because &lt;reason&gt;`",
		approver:  "you can cancel it if you say why.",
	} {
		if said := w.answerTo(user, "cancel "+id); !strings.Contains(said, want) {
			t.Errorf("%s was answered with %s", user, said)
		}
	}
	if said := w.answerTo(bystander, "cancel "+id+" because I say so"); !strings.Contains(said, "Only the requester and the approvers of") {
		t.Errorf("a bystander was answered with %s", said)
	}
	if w.slack.SetUserGroup("S0APPROVERS", requester); len(w.listOutcomes()) != 0 {
		t.Fatal("it was cancelled all the same")
	}
	if said := w.answerTo(approver, "cancel "+id+" because I was an approver"); !strings.Contains(said, "Only the requester and the approvers of") {
		t.Errorf("who left the group of approvers was answered with %s", said)
	}
	if said := w.answerTo(second, "cancel "+id+" because the group is <wrong>"); !strings.Contains(said, "is cancelled. Nothing was changed") {
		t.Errorf("an approver was answered with %s", said)
	}
	w.awaitOutcome("allocation_cancelled", "*Cancelled*")
	w.wantThread(card, "<@"+requester+"> Request `"+id+"` was cancelled by <@"+second+">, who may approve it, because `the group is &lt;wrong&gt;`. Nothing was changed")
	w.wantAllocation(0, "ATTUNU")
	if said := w.answerTo(second, "cancel "+id+" because again"); !strings.Contains(said, "already closed (cancelled)") {
		t.Errorf("a second time it was answered with %s", said)
	}
}
