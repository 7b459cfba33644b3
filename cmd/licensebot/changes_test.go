package main

import (
	"fmt"
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// says types a command and returns what it is answered with at once.
func (w *world) says(user, text string) string {
	w.t.Helper()
	typed, err := w.slack.Command(w.guard(), user, anyChannel, "/allocate", text)
	if err != nil || typed.Error != "" {
		w.t.Fatalf("%q was answered with %q: %v", text, typed.Error, err)
	}
	return typed.Response
}

// asked types a command and waits for its card.
func (w *world) asked(text string) fakeslack.Message {
	w.t.Helper()
	before := len(w.cards())
	w.ask(text)
	w.await("the card of "+text, func() bool { return len(w.cards()) > before })
	return w.cards()[before]
}

// granted has a command's request approved and done. It returns its card.
func (w *world) granted(text string) fakeslack.Message {
	w.t.Helper()
	card := w.asked(text)
	if err := w.slack.React(approver, approvalsChannel, card.TS, "white_check_mark"); err != nil {
		w.t.Fatal(err)
	}
	w.await(text+" to be done", func() bool {
		now, _ := w.slack.Message(approvalsChannel, card.TS)
		return strings.Contains(now.Text, "*Done*") && len(w.slack.Thread(approvalsChannel, card.TS)) > 0
	})
	return card
}

// refuses types a command whose request reaches nobody; the requester is told.
func (w *world) refuses(text, told string) {
	w.t.Helper()
	before := len(w.cards())
	w.ask(text)
	w.awaitTold(requester, told)
	w.awaitNothingOwed()
	if len(w.cards()) != before {
		w.t.Errorf("%s: a card was posted all the same", text)
	}
}

func (w *world) expectThread(card fakeslack.Message, words string) {
	w.t.Helper()
	if said := w.slack.Thread(approvalsChannel, card.TS)[0].Text; !strings.Contains(said, words) {
		w.t.Errorf("the thread does not say %q: %s", words, said)
	}
}

func TestSetRemoveAndEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()

	card := w.granted("set group-01 RPADEVPRONU IDU because the team has changed")
	if !strings.Contains(card.Text, "*Removed: `ATTUNU`.*") || strings.Contains(card.Text, "EMPTY") {
		t.Errorf("the card does not show what goes: %s", card.Text)
	}
	w.expectThread(card, "`RPADEVPRONU` and `IDU` added to the group `Finance Robots` (id `group-01`); `ATTUNU` removed from it")
	w.expectRule(1, "IDU", "RPADEVPRONU")

	w.granted("remove group-01 IDU ATTUNU") // of which it has one
	w.expectRule(2, "RPADEVPRONU")

	w.refuses("remove group-01 RPADEVPRONU", "so it would be left without codes. If that is what you want, add the word `empty`.\nTry: `/allocate remove group-01 RPADEVPRONU empty`")
	w.refuses("remove group-01 IDU", "does not have `IDU`; it has `RPADEVPRONU`")
	w.refuses("set group-01 RPADEVPRONU", "already has exactly `RPADEVPRONU`")
	w.expectRule(2, "RPADEVPRONU")

	card = w.granted("remove group-01 RPADEVPRONU empty")
	if !strings.Contains(card.Text, "\n*Removed: `RPADEVPRONU`.*\n*The group's allocation will be EMPTY.*\n") {
		t.Errorf("the card does not say that the rule will be empty: %s", card.Text)
	}
	w.expectThread(card, "the group now has no codes")
	w.expectRule(3)
	w.refuses("set group-01 empty", "has no codes already")

	w.granted("add group-01 IDU ATTUNU")
	w.granted(`set "Finance Robots" empty`)
	w.expectRule(5)
}

// TestWithoutTheWordNoRuleIsLeftEmpty types what could empty a rule, and the
// card that was agreed to says that something stays.
func TestWithoutTheWordNoRuleIsLeftEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	if said := w.says(requester, "set group-01"); !strings.Contains(said, "say `empty` instead. Nothing was recorded.") {
		t.Errorf("answered with %s", said)
	}
	w.uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Rule: []string{"ATTUNU", "IDU"}})
	card := w.asked("remove group-01 IDU")
	w.uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Rule: []string{"IDU"}}) // somebody takes the rest out
	w.react(approver, "white_check_mark")
	w.awaitEnd("allocation_superseded", "*Superseded*")
	w.expectThread(card, "changed after the card was posted")
	w.expectRule(0, "IDU")
}

func TestLimitsOfSeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.uipath.AddGroup(fakeuipath.Group{
		ID: groupID, Name: "Finance Robots", Rule: []string{"ATTUNU"},
		Quotas: map[string]int{"ATTUNU": 10}, Usage: map[string]int{"ATTUNU": 3},
	})
	w.start()
	expect := func(quotas string) {
		t.Helper()
		if rule, _ := w.uipath.Allocation(groupID); fmt.Sprint(rule.Quotas) != "map["+quotas+"]" {
			t.Errorf("the limits are %v instead of %s", rule.Quotas, quotas)
		}
	}
	card := w.granted("group-01 ATTUNU=5 IDU=7")
	for _, line := range []string{
		"• `+ IDU` Insights Designer · 3 of 40 seats allocated · at most 7 seats for this group, no limit before",
		"• `ATTUNU` Attended – Named User · 3 of 40 seats allocated · at most 5 seats for this group instead of 10",
	} {
		if !strings.Contains(card.Text, line+"\n") {
			t.Errorf("the card does not say %q: %s", line, card.Text)
		}
	}
	w.expectThread(card, "`IDU` added to the group `Finance Robots` (id `group-01`); seat limits `ATTUNU=5` and `IDU=7` set for it")
	expect("ATTUNU:5 IDU:7")

	w.refuses("group-01 ATTUNU=2", "(`ATTUNU`: 3 seats in use), and UiPath accepts no limit below that.\nTry: `/allocate group-01 ATTUNU=3`")
	w.refuses("group-01 IDU=7", "already has `IDU=7`")
	w.granted("group-01 ATTUNU=3")
	expect("ATTUNU:3 IDU:7")
	w.granted("set group-01 ATTUNU=20 IDU")
	expect("ATTUNU:20 IDU:7")

	card = w.granted("remove group-01 IDU")
	if !strings.Contains(card.Text, "*Removed: `IDU` (and its limit of 7 seats).*") || !strings.Contains(card.Text, "Unchanged limits: `ATTUNU` at most 20.") {
		t.Errorf("the card does not say what becomes of the limits: %s", card.Text)
	}
	expect("ATTUNU:20")
}

func TestTheSameChangeIsAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	card := w.asked("group-01 IDU=2 RPADEVPRONU=3")
	id, _ := card.Metadata.EventPayload["request_id"].(string)
	w.refuses("add group-01 RPADEVPRONU=3, IDU=2 because I did not look",
		"request `"+id+"`, which is still open, asks for the very same. Approvers decide on its card.\nTry: `/allocate status "+id+"`")
	w.asked("group-01 IDU=2") // is another change
	w.react(approver, "x")
	w.await("the first to be denied", func() bool { return strings.Contains(w.cards()[0].Text, "*Denied*") })
	w.asked("group-01 IDU=2 RPADEVPRONU=3")
}

// TestCancelByAnApprover cancels somebody else's request.
func TestCancelByAnApprover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["LICENSEBOT_APPROVERS"] = "S0APPROVERS," + second
	w.slack.SetUserGroup("S0APPROVERS", approver, requester)
	w.start()
	card := w.asked("group-01 RPADEVPRONU")
	id, _ := card.Metadata.EventPayload["request_id"].(string)
	for user, want := range map[string]string{
		bystander: "Only the requester and the approvers of request `" + id + "` can cancel it.",
		second:    "you can cancel it if you say why.\nTry: `/allocate cancel " + id + " because your reason here`",
		approver:  "you can cancel it if you say why.",
	} {
		if said := w.says(user, "cancel "+id); !strings.Contains(said, want) {
			t.Errorf("%s was answered with %s", user, said)
		}
	}
	if said := w.says(bystander, "cancel "+id+" because I say so"); !strings.Contains(said, "Only the requester and the approvers of") {
		t.Errorf("a bystander was answered with %s", said)
	}
	if w.slack.SetUserGroup("S0APPROVERS", requester); len(w.ends()) != 0 {
		t.Fatal("it was cancelled all the same")
	}
	if said := w.says(approver, "cancel "+id+" because I was an approver"); !strings.Contains(said, "Only the requester and the approvers of") {
		t.Errorf("who left the group of approvers was answered with %s", said)
	}
	if said := w.says(second, "cancel "+id+" because the group is <wrong>"); !strings.Contains(said, "is cancelled. Nothing was changed") {
		t.Errorf("an approver was answered with %s", said)
	}
	w.awaitEnd("allocation_cancelled", "*Cancelled*")
	w.expectThread(card, "<@"+requester+"> Request `"+id+"` was cancelled by <@"+second+">, who may approve it, because `the group is &lt;wrong&gt;`. Nothing was changed")
	w.expectRule(0, "ATTUNU")
	if said := w.says(second, "cancel "+id+" because again"); !strings.Contains(said, "already closed (cancelled)") {
		t.Errorf("a second time it was answered with %s", said)
	}
}
