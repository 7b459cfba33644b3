package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/internal/store"
	"licensebot/internal/sweep"
)

// openHome opens a person's Home tab and waits until it shows these parts.
func (w *world) openHome(user string, wanted ...string) {
	w.t.Helper()
	if err := w.slack.OpenHome(user); err != nil {
		w.t.Fatal(err)
	}
	w.awaitHome(user, wanted...)
}

func (w *world) awaitHome(user string, wanted ...string) {
	w.t.Helper()
	w.awaitCondition(fmt.Sprintf("%s's home with %q", user, wanted), func() bool {
		shown := w.homeBlocks(user)
		return !slices.ContainsFunc(wanted, func(part string) bool { return !strings.Contains(shown, part) })
	})
}

func (w *world) homeBlocks(user string) string {
	v, _ := w.slack.Home(user)
	return string(v.Blocks)
}

// clickPage clicks a button of the Home tab, for its own page or another.
func (w *world) clickPage(user, action, page string) {
	w.t.Helper()
	v, _ := w.slack.Home(user)
	if done, err := w.slack.ClickView(w.guardContext(), user, v.ID, action, page); err != nil || done.Error != "" {
		w.t.Fatalf("%+v, %v", done, err)
	}
}

// TestHomeFollowsARequest files a request and decides it. The open Home tabs follow
// by themselves.
func TestHomeFollowsARequest(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newWorld(t)
	w.startReplica()
	w.awaitCounted(w.healthBase(), 2) // a lost connection would be a problem to tell
	w.openHome(requester, "No request of yours is open.", "licensebot is well")
	w.openHome(approver, "No request waits for your approval.")
	w.typeRequest("group-01 IDU")
	w.awaitCard()
	w.awaitHome(requester, "Your open requests (1)", "*Waiting*: 0 of 1 approval needed", "/archives/"+approvalsChannel+"/p")
	w.awaitHome(approver, "Waiting for you (1)", "Finance Robots")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.awaitHome(requester, "*Done*, approved by")
	w.awaitHome(approver, "No request waits for your approval.")
	if strings.Contains(w.homeBlocks(requester), "Waiting for you (") {
		t.Error("their own request waits for the requester")
	}
}

// clickHome clicks the first button with this action on a person's Home tab.
func (w *world) clickHome(user, action string) { w.t.Helper(); w.clickPage(user, action, "") }

// TestDecisionsOnHome are those of the card's buttons: the same people may press them,
// and the thread says it. They stand below the whole change.
func TestDecisionsOnHome(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	w := newWorld(t)
	w.env["LICENSEBOT_BUTTONS"], w.env["LICENSEBOT_QUORUM"] = "on", "2"
	w.startReplica()
	card := w.cardFor("group-01 IDU because audit")
	w.openHome(approver, "Waiting for you (1)", "+ IDU` Insights Designer Users", "Unchanged: `ATTUNU`", "Reason given: `audit`", "vote_approve")
	w.clickHome(approver, "vote_approve")
	w.awaitReply(card, "<@"+approver+"> approved request")
	w.awaitHome(approver, "No request waits for your approval.", "You approved, and others are missing (1)", "vote_withdraw")
	w.clickHome(approver, "vote_withdraw")
	w.awaitTold(approver, "is withdrawn")
	w.awaitHome(approver, "Waiting for you (1)")
	w.clickHome(approver, "vote_approve")
	w.awaitStatus(card, "1 of 2")
	w.openHome(second, "Waiting for you (1)")
	w.clickHome(second, "vote_deny")
	w.awaitCondition("the form of a denial", func() bool { return len(w.slack.Views(second)) == 1 })
	done, err := w.slack.Submit(w.guardContext(), second, w.slack.Views(second)[0].ID, map[string]map[string]any{"comment": {"comment": "no budget"}})
	if err != nil || done.Error != "" {
		t.Fatalf("%+v, %v", done, err)
	}
	w.awaitReply(card, "was denied by <@"+second+">, because `no budget`")
	w.awaitHome(second, "No request waits for your approval.")
	w.openHome(requester, "Your recent outcomes", "*Denied*")
	w.wantAllocation(0, "ATTUNU")
}

// TestGrantsOnHome extends a grant by the form, which has the same licenses for as long,
// and ends it as the command would.
func TestGrantsOnHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	granted := w.grantRequest("group-01 IDU for 30d because audit")
	w.openHome(requester, "Your licenses with an end (1)", "Granted until", "grant_extend")
	w.clickHome(requester, "grant_extend")
	w.awaitCondition("the form", func() bool { return len(w.slack.Views(requester)) == 1 })
	w.submitForm(w.openedForm(), nil)
	w.awaitCondition("the card of the extension", func() bool { return len(w.listCards()) == 2 })
	if card := w.listCards()[1]; !strings.Contains(card.Text, "Extends `IDU` Insights Designer Users for 30 days") || !strings.Contains(card.Text, "Reason given: `audit`") {
		t.Errorf("the extension asks for\n%s", card.Text)
	}
	w.clickHome(requester, "grant_end")
	w.awaitTold(requester, "ends now: I remove `IDU`")
	w.awaitReply(granted, "ended it early")
	w.wantAllocation(2, "ATTUNU")
	w.awaitHome(requester, ":checkered_flag: *Ended*")
	if shown := w.homeBlocks(requester); strings.Contains(shown, "grant_end") {
		t.Errorf("a grant that is over still has its buttons: %s", shown)
	}
}

// TestHomeOfThreeHundredRequests turns pages of ten.
func TestHomeOfThreeHundredRequests(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	w := newWorld(t)
	w.seedRequests(300)
	w.startReplica()
	w.openHome(requester, "Your open requests (300)", "Page 1 of 30", "R-00000299", "R-00000290")
	if shown := w.homeBlocks(requester); strings.Contains(shown, "R-00000289") || strings.Contains(shown, "Previous page") {
		t.Errorf("more than the first page is shown: %s", shown)
	}
	w.openHome(approver, "Waiting for you (300)", "Page 1 of 30", "R-00000000")
	w.clickPage(requester, "home_page_mine_on", "")
	w.awaitHome(requester, "Page 2 of 30", "R-00000289", "R-00000280", "Previous page")
	w.clickPage(requester, "home_page_mine_back", "")
	w.awaitHome(requester, "Page 1 of 30")
	w.clickPage(approver, "home_page_waiting_on", "")
	w.awaitHome(approver, "Page 2 of 30", "R-00000010")
	w.clickPage(approver, "home_page_waiting_on", "29 0")
	w.awaitHome(approver, "Page 30 of 30")
	if shown := w.homeBlocks(approver); !strings.Contains(shown, "R-00000299") || strings.Contains(shown, "Next page") {
		t.Errorf("the last page is %s", shown)
	}
}

// seedRequests puts n pending requests into the database, each with a card in the
// channel: the bot cancels a request without its card.
func (w *world) seedRequests(n int) {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), w.env["LICENSEBOT_DATABASE_URL"], store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	api := slack.New(w.slack.BotToken(), slack.OptionAPIURL(w.slack.APIURL()))
	rule := approvals.SimplePolicy([]string{approver, second}, 1, 24*time.Hour).Rules[0]
	for i := range n {
		r := approvals.Request{
			ID: fmt.Sprintf("R-%08d", i), EnvelopeID: fmt.Sprint("e", i), Requester: requester, OriginChannel: anyChannel, Channel: approvalsChannel,
			Target: targetOf(w.uipath), Ask: approvals.Ask{Group: groupID, Codes: []string{"IDU"}}, Terms: approvals.Terms{TTL: rule.TTL},
		}
		prepared := approvals.Prepared{
			Proposal: approvals.Proposal{Group: approvals.Group{ID: groupID}, Change: approvals.Change{Add: []string{fmt.Sprint("CODE", i)}}},
			Terms:    approvals.Terms{Stages: rule.Stages, TTL: rule.TTL, Emoji: testEmoji},
		}
		_, ts, err := api.PostMessage(approvalsChannel, slack.MsgOptionText(r.ID, false))
		if err == nil {
			_, _, err = db.FileRequest(w.t.Context(), r)
		}
		if err == nil {
			_, err = db.ApplyEvent(w.t.Context(), r.ID, prepared, nil)
		}
		if err == nil {
			_, err = db.ApplyEvent(w.t.Context(), r.ID, approvals.CardPosted{TS: ts}, nil)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}
