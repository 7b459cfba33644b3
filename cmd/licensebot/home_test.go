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
	w := newWorld(t)
	w.startReplica()
	w.awaitCounted(w.healthBase(), 2) // a lost connection would be a problem to tell
	w.openHome(requester, "You have not asked for any licenses yet.", "licensebot is well")
	w.openHome(approver, "No request waits for your approval.")
	w.typeRequest("group-01 IDU")
	w.awaitCard()
	w.awaitHome(requester, "Your requests (1)", "*Waiting*: 0 of 1 approval needed", "/archives/"+approvalsChannel+"/p")
	w.awaitHome(approver, "Waiting for you (1)", "Finance Robots")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.awaitHome(requester, "*Done*, approved by")
	w.awaitHome(approver, "No request waits for your approval.")
	if strings.Contains(w.homeBlocks(requester), "Waiting for you (") {
		t.Error("their own request waits for the requester")
	}
}

// TestHomeOfThreeHundredRequests turns pages of ten.
func TestHomeOfThreeHundredRequests(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	w := newWorld(t)
	w.seedRequests(300)
	w.startReplica()
	w.openHome(requester, "Your requests (300)", "Page 1 of 30", "R-00000299", "R-00000290")
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
