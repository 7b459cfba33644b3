package message

import (
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"licensebot/approvals"
	"licensebot/bot/slackapi"
	"licensebot/internal/fakeslack"
	"licensebot/licensing"
)

var testTime = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// phrases are those of a bot with the usual configuration.
func phrases() Phrases {
	return Phrases{
		Channel: func() string { return "C0APPROVALS" }, CodeName: licensing.CodeName,
		Emoji: approvals.Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"x"}},
	}
}

// A rig is a Slack that takes what is drawn, or refuses it.
type rig struct {
	slack     *fakeslack.Server
	messenger *slackapi.Messenger
	views     *slackapi.Views
	identity  slackapi.Identity
}

func newRig(t *testing.T) rig {
	t.Helper()
	s, err := fakeslack.New(fakeslack.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.AddUser(fakeslack.User{ID: "U0ROBIN", Name: "robin"})
	s.AddChannel(fakeslack.Channel{ID: "C0APPROVALS", Name: "approvals", Members: []string{"U0ROBIN", s.BotUserID()}})
	client := slackapi.NewClient(s.APIURL(), s.BotToken())
	identity, err := client.Identify(t.Context(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	unpaced := slackapi.Rates{Posts: rate.Inf, Updates: rate.Inf, Reactions: rate.Inf, Ephemerals: rate.Inf, Burst: 1}
	return rig{
		slack: s, identity: identity, views: slackapi.NewViews(client),
		messenger: slackapi.NewMessenger(client, identity, unpaced, zerolog.Nop()),
	}
}
