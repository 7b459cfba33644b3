package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
)

// TestCardStoredTwice lets Slack store a card a second time, later. A ❌ on either of
// them denies the request, a ✅ on the second grants nothing, and the second goes.
func TestCardStoredTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.slack.Inject("chat.postMessage", fault.Fault{Times: 1, EffectAfter: 50 * time.Millisecond})
	w.typeRequest("group-01 RPADEVPRONU")
	w.awaitCondition("two cards", func() bool { return len(w.listCards()) == 2 })
	w.awaitCondition("the emoji on the right one", func() bool {
		return slices.ContainsFunc(w.listCards(), func(m fakeslack.Message) bool { return len(m.Reactions) == 2 })
	})
	cards := w.listCards()
	right, double := cards[0], cards[1]
	if len(right.Reactions) == 0 {
		t.Fatal("the second card is the one that the bot knows")
	}
	for user, emoji := range map[string]string{second: "white_check_mark", approver: "x"} {
		if err := w.slack.React(user, approvalsChannel, double.TS, emoji); err != nil {
			t.Fatal(err)
		}
	}
	w.awaitOutcome("allocation_denied", "*Denied*")
	if left := w.listCards(); left[0].TS != right.TS {
		t.Errorf("the wrong card is left")
	}
	if reply := w.slack.Thread(approvalsChannel, right.TS)[0]; !strings.Contains(reply.Text, "denied by <@"+approver+">") {
		t.Errorf("the thread says %s", reply.Text)
	}
	w.wantAllocation(0, "ATTUNU")
}

// A ❌ on a reply in the card's thread, given while the bot is down, denies the request
// once the bot is up again.
func TestDenialOnAReplyWhileDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["LICENSEBOT_BUTTONS"], w.env["LICENSEBOT_QUORUM"] = "on", "2"
	w.startReplica()
	card := w.cardFor("group-01 IDU")
	w.click(approver, card, "vote_approve")
	w.awaitReply(card, "approved request")
	w.killReplicas()
	reply := w.slack.Thread(approvalsChannel, card.TS)[0]
	if err := w.slack.React(second, approvalsChannel, reply.TS, "x"); err != nil {
		t.Fatal(err)
	}
	w.startReplica()
	w.awaitStatus(card, "*Denied*")
	w.awaitReply(card, "denied by <@"+second+">")
	w.wantAllocation(0, "ATTUNU")
}
