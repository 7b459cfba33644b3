package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/approvals/worker"
	"licensebot/bot"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fault"
	"licensebot/internal/store"
)

// A missed vote is found in a channel of any length, however often Slack limits the
// calls: each attempt goes on where the last one was interrupted.
func TestMissedVoteInALongChannel(t *testing.T) {
	const (
		channel = "C0APPROVALS"
		alex    = "U0ALEX"
		cards   = 9
		between = 700 // messages, so that one page of 999 shows two cards
	)
	for name, pages := range map[string]int{"a limit after each page": 1, "a limit after two pages": 2} {
		t.Run(name, func(t *testing.T) {
			slack, err := fakeslack.New(fakeslack.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer slack.Close()
			slack.AddUser(fakeslack.User{ID: alex, Name: "alex"})
			slack.AddChannel(fakeslack.Channel{ID: channel, Name: "approvals", Members: []string{alex, slack.BotUserID()}})
			db, err := store.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "bot.db"), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()

			var posted []string
			for n := range cards {
				posted = append(posted, say(t, slack, alex, channel, "a card"))
				pendingWithCard(t, db, n, channel, posted[n])
				for range between {
					say(t, slack, alex, channel, "chatter")
				}
			}
			for _, missed := range []string{posted[0], posted[cards/2]} {
				if err := slack.React(alex, channel, missed, "white_check_mark"); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 * cards {
				slack.Inject("conversations.history", fault.Fault{Times: pages}) // harms nothing
				slack.Inject("conversations.history", fault.Fault{Times: 1, Status: 429, RetryAfter: "30"})
			}

			runner := surveyor(t, slack, db, channel)
			for range (cards + 2*pages - 1) / (2 * pages) {
				if delay, ok := errors.AsType[*approvals.DelayError](runner.CatchUp(t.Context())); !ok || delay.After != 30*time.Second {
					t.Fatalf("the survey was not interrupted: %v", delay)
				}
			}
			for n, ts := range posted {
				known, err := db.ListReactions(t.Context(), channel, ts)
				missed := n == 0 || n == cards/2
				if found := len(known) == 1 && known[0].User == alex; err != nil || found != missed {
					t.Errorf("the vote on card %d is known: %t, %v; it was given: %t", n, found, err, missed)
				}
			}
			slack.Clear()
			if err := runner.CatchUp(t.Context()); err != nil {
				t.Errorf("the survey without limits: %v", err)
			}
		})
	}
}

func say(t *testing.T, slack *fakeslack.Server, user, channel, text string) string {
	t.Helper()
	ts, err := slack.Say(user, channel, "", text)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// pendingWithCard files a request with a card in the channel.
func pendingWithCard(t *testing.T, db *store.Store, n int, channel, ts string) {
	t.Helper()
	id := fmt.Sprintf("R-%08d", n)
	terms := approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{"U0ALEX"}, Quorum: 1}}, TTL: time.Hour, Emoji: testEmoji}
	_, _, err := db.FileRequest(t.Context(), approvals.Request{
		ID: id, EnvelopeID: id, Requester: "U0ROBIN", Channel: channel, Terms: terms,
		Ask: approvals.Ask{Group: id, Codes: []string{"IDU"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	proposal := approvals.Proposal{Group: approvals.Group{ID: id}, Change: approvals.Change{Add: []string{"IDU"}}}
	for _, e := range []approvals.Event{approvals.Prepared{Proposal: proposal, Terms: terms}, approvals.CardPosted{TS: ts}} {
		if _, err := db.ApplyEvent(t.Context(), id, e, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// surveyor looks at cards through the bot's own client of Slack.
func surveyor(t *testing.T, slack *fakeslack.Server, db *store.Store, channel string) *worker.Runner {
	t.Helper()
	b, err := bot.New(t.Context(), bot.Deps{
		Slack:   bot.SlackConfig{APIURL: slack.APIURL(), BotToken: slack.BotToken(), AppToken: slack.AppToken()},
		Channel: channel, Emoji: approvals.Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"x"}},
		Rates: bot.DefaultRates, Store: db, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &worker.Runner{Store: db, Directory: b.Directory(), OnError: func(worker.Problem) {}}
}
