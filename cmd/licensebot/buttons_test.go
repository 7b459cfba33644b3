package main

import (
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
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

// A request that UiPath refused is asked anew by the button on its outcome, as
// the person who presses it. A request that only the thread knows is answered plainly.
func TestAskAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	card := w.cardFor("group-01 IDU for 30d because audit")
	w.uipath.Inject("PUT group", fault.Fault{Status: 400, Times: 1})
	w.reactToCard(approver, "white_check_mark")
	w.awaitReply(card, "failed after it was")
	var outcome fakeslack.Message
	for _, reply := range w.slack.Thread(approvalsChannel, card.TS) {
		if strings.Contains(string(reply.Blocks), "ask_again") {
			outcome = reply
		}
	}
	w.click(second, outcome, "ask_again")
	w.awaitCondition("the card of the second request", func() bool { return len(w.listCards()) == 2 })
	anew := w.listCards()[1]
	for _, want := range []string{"<@" + second + "> asks to add `IDU`", "Granted for: 30 days", "Reason given: `audit`", "*Waiting*"} {
		if !strings.Contains(anew.Text, want) {
			t.Errorf("%q is missing in %s", want, anew.Text)
		}
	}
	w.awaitTold(second, "is recorded: add `IDU` to the group `group-01`, for 30d")
	if done, err := w.slack.Click(w.guardContext(), second, approvalsChannel, outcome.TS, "ask_again", "R-00000000"); err != nil || done.Error != "" {
		t.Fatalf("%+v, %v", done, err)
	}
	w.awaitTold(second, "I cannot ask again for what request `R-00000000` asked")
}

// A refusal has a button that opens the form with what was understood: of a command that
// asks something back, and of a request that UiPath cannot carry out.
func TestRefusalsOpenTheForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	for typed, fill := range map[string]string{"group-01 IDU for 1m because audit": "fill_form", "remove group-01 IDU because audit": "fill_form_request"} {
		said, err := w.slack.Command(w.guardContext(), requester, anyChannel, "/allocate", typed)
		if err != nil || said.Error != "" {
			t.Fatalf("%+v, %v", said, err)
		}
		w.awaitCondition("a refusal with its button", func() bool {
			seen := w.slack.Ephemerals(requester)
			return len(seen) > 0 && strings.Contains(string(seen[len(seen)-1].Blocks), `"`+fill+`"`)
		})
		if done, err := w.slack.ClickPrivate(w.guardContext(), requester, fill); err != nil || done.Error != "" {
			t.Fatalf("%+v, %v", done, err)
		}
		w.awaitCondition("the form", func() bool { return len(w.slack.Views(requester)) == 1 })
		form := w.openedForm()
		for _, want := range []string{`"initial_value":"audit"`, `"initial_options":[{`, `"text":"group-01"`} {
			if !strings.Contains(string(form.Blocks), want) {
				t.Errorf("%s: %s is missing in %s", typed, want, form.Blocks)
			}
		}
		if err := w.slack.CloseView(requester, form.ID); err != nil {
			t.Fatal(err)
		}
	}
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
