package slackapi

import (
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"licensebot/bot/bottest"
	"licensebot/internal/fakeslack"
)

// The people and places of these tests.
const (
	robin    = bottest.Robin
	alex     = bottest.Alex
	kim      = bottest.Kim
	channel  = bottest.Channel
	general  = bottest.General
	patience = bottest.Patience
)

var testTime = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// A rig is a Slack and what calls it.
type rig struct {
	t         *testing.T
	ctx       context.Context
	slack     *bottest.Slack
	client    *Client
	identity  Identity
	messenger *Messenger
	directory *Directory
	log       *bottest.Log
}

func newRig(t *testing.T, cfg fakeslack.Config) *rig {
	t.Helper()
	s := bottest.StartSlack(t, cfg)
	r := &rig{t: t, ctx: s.Ctx, slack: s, client: NewClient(s.APIURL(), s.BotToken()), log: s.Log}
	t.Cleanup(r.client.http.CloseIdleConnections)
	var err error
	if r.identity, err = r.client.Identify(r.ctx, r.logger()); err != nil {
		t.Fatal(err)
	}
	unpaced := Rates{Posts: rate.Inf, Updates: rate.Inf, Reactions: rate.Inf, Ephemerals: rate.Inf, Burst: 1}
	r.messenger = NewMessenger(r.client, r.identity, unpaced, r.logger())
	r.directory = NewDirectory(r.client, r.identity)
	return r
}

// card is a message in the approvals channel.
func (r *rig) card() Post {
	return Post{
		Channel: channel, Text: "a card",
		Metadata: slack.SlackMetadata{EventType: "card", EventPayload: map[string]any{"id": "1"}},
	}
}

// posted is the timestamp of a card that is in the channel.
func (r *rig) posted() string {
	r.t.Helper()
	ts, err := r.messenger.PostMessage(r.ctx, r.card())
	if err != nil {
		r.t.Fatal(err)
	}
	return ts
}

// await fails the test unless cond comes to hold.
func (r *rig) await(what string, cond func() bool) {
	r.t.Helper()
	r.slack.Await(what, cond)
}

func (r *rig) logger() zerolog.Logger { return r.slack.Logger() }
