package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
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

// Slack stores a card and an outcome, and each is answered with a refusal: by a proxy, or as a
// limit. Each stands once.
func TestPostsAnsweredWithRefusalsAfterTheyWereStored(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault.Fault{
		"403":                   {Times: 1, Status: 403, AfterEffect: true},
		"408":                   {Times: 1, Status: 408, AfterEffect: true},
		"429":                   {Times: 1, Status: 429, RetryAfter: "1", AfterEffect: true},
		"302":                   {Times: 1, Status: 302, Location: "http://login.example/", AfterEffect: true},
		"an unknown error":      {Times: 1, Error: "some_new_error", AfterEffect: true},
		"a limit in the answer": {Times: 1, Status: 200, Error: "ratelimited", AfterEffect: true},
	} {
		t.Run(name, func(t *testing.T) {
			sweep.InSample(t, name == "403")
			t.Parallel()
			w := newWorld(t)
			w.startReplica()
			w.slack.Inject("chat.postMessage", f)
			w.typeRequest("group-01 RPADEVPRONU")
			w.awaitCondition("the whole card", w.hasCompleteCard)
			w.awaitNoJobs()
			w.slack.Inject("chat.postMessage", f)
			w.reactToCard(approver, "white_check_mark")
			w.awaitCondition("an outcome", func() bool { return len(w.listOutcomes()) > 0 })
			w.awaitNoJobs()
			if cards, told := len(w.listCards()), w.listOutcomes(); cards != 1 || len(told) != 1 {
				t.Errorf("%d cards, and outcomes %v", cards, told)
			}
		})
	}
}
