package main

import (
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
)

// click makes a person press a button of a card.
func (w *world) click(user string, card fakeslack.Message, button string) {
	w.t.Helper()
	done, err := w.slack.Click(w.guardContext(), user, approvalsChannel, card.TS, button, "")
	if err != nil || done.Error != "" {
		w.t.Fatalf("%s by %s was answered with %q, %v", button, user, done.Error, err)
	}
}

// denyBecause presses Deny and submits its form with a comment.
func (w *world) denyBecause(user string, card fakeslack.Message, comment string) {
	w.t.Helper()
	w.click(user, card, "vote_deny")
	w.awaitCondition("the form of a denial", func() bool { return len(w.slack.Views(user)) == 1 })
	values := map[string]map[string]any{}
	if comment != "" {
		values["comment"] = map[string]any{"comment": comment}
	}
	done, err := w.slack.Submit(w.guardContext(), user, w.slack.Views(user)[0].ID, values)
	if err != nil || done.Error != "" {
		w.t.Fatalf("the denial was answered with %q, %v", done.Error, err)
	}
}

// awaitReply waits for a reply on a card with these words.
func (w *world) awaitReply(card fakeslack.Message, words string) {
	w.t.Helper()
	w.awaitCondition("the thread to say "+words, func() bool {
		for _, reply := range w.slack.Thread(approvalsChannel, card.TS) {
			if strings.Contains(reply.Text, words) {
				return true
			}
		}
		return false
	})
}

func (w *world) awaitStatus(card fakeslack.Message, words string) {
	w.t.Helper()
	w.awaitCondition("the card to say "+words, func() bool {
		now, _ := w.slack.Message(approvalsChannel, card.TS)
		return strings.Contains(now.Text, words)
	})
}

// Buttons and reactions are votes alike: one request is approved by one of each, one is
// denied with a comment, one vote is withdrawn and a bystander's is not recorded.
func TestVotesByButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["LICENSEBOT_BUTTONS"], w.env["LICENSEBOT_QUORUM"] = "on", "2"
	w.startReplica()

	card := w.cardFor("group-01 IDU")
	w.click(bystander, card, "vote_approve")
	w.awaitTold(bystander, "does not count")
	w.click(approver, card, "vote_approve")
	w.awaitReply(card, "approved request")
	w.awaitTold(approver, "It waits for more")
	w.click(approver, card, "vote_withdraw")
	w.awaitStatus(card, "0 of 2")
	w.awaitTold(approver, "is withdrawn")
	w.click(approver, card, "vote_approve")
	if err := w.slack.React(second, approvalsChannel, card.TS, "white_check_mark"); err != nil {
		t.Fatal(err)
	}
	w.awaitStatus(card, "*Done*")
	w.wantAllocation(1, "ATTUNU", "IDU")
	if now, _ := w.slack.Message(approvalsChannel, card.TS); strings.Contains(string(now.Blocks), "vote_approve") {
		t.Error("the card of a closed request still has its buttons")
	}

	card = w.cardFor("group-01 RPADEVPRONU")
	w.denyBecause(approver, card, "the budget is *spent*")
	w.awaitReply(card, "was denied by <@"+approver+">, because `the budget is")
	w.wantAllocation(1, "ATTUNU", "IDU")
}

// An approver's thumb is no vote on a card that asks for ✅; the approver is told so once.
func TestAThumbIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.awaitCard()
	w.reactToCard(bystander, "+1")
	w.reactToCard(approver, "+1")
	w.awaitTold(approver, "is no vote")
	w.reactToCard(approver, "heavy_check_mark")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	if said := w.slack.Ephemerals(approver); len(said) != 1 {
		t.Errorf("the approver was told %d things, want 1: %v", len(said), said)
	}
	if said := w.slack.Ephemerals(bystander); len(said) != 0 {
		t.Errorf("a bystander was told %v", said)
	}
}
