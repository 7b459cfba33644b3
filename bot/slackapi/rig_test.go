package slackapi

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"licensebot/approvals"
	"licensebot/internal/fakeslack"
)

// The people and places of these tests.
const (
	robin   = "U0ROBIN" // requests
	alex    = "U0ALEX"  // approves
	kim     = "U0KIM"
	channel = "C0APPROVALS"
	general = "C0GENERAL" // without the bot
)

var testTime = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// patience is a guard: nothing waits this long when it works.
const patience = 30 * time.Second

// A rig is a Slack and what calls it.
type rig struct {
	t         *testing.T
	ctx       context.Context
	slack     *fakeslack.Server
	client    *Client
	identity  Identity
	messenger *Messenger
	directory *Directory
	log       *logBuffer
}

func newRig(t *testing.T, cfg fakeslack.Config) *rig {
	t.Helper()
	s, err := fakeslack.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, id := range []string{robin, alex, kim} {
		s.AddUser(fakeslack.User{ID: id, Name: id})
	}
	s.AddChannel(fakeslack.Channel{ID: channel, Name: "approvals", Members: []string{robin, alex, kim, s.BotUserID()}})
	s.AddChannel(fakeslack.Channel{ID: general, Name: "general", Members: []string{robin, alex, kim}})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	r := &rig{t: t, ctx: ctx, slack: s, client: NewClient(s.APIURL(), s.BotToken()), log: new(logBuffer)}
	t.Cleanup(r.client.http.CloseIdleConnections)
	if r.identity, err = r.client.Identify(ctx, r.logger()); err != nil {
		t.Fatal(err)
	}
	unpaced := Rates{Posts: rate.Inf, Updates: rate.Inf, Reactions: rate.Inf, Ephemerals: rate.Inf, Burst: 1}
	r.messenger = NewMessenger(r.client, r.identity, unpaced, r.logger())
	emoji := approvals.Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"x"}}
	r.directory = NewDirectory(r.client, r.identity, emoji)
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
	if err := r.slack.Wait(r.ctx, cond); err != nil {
		r.t.Fatalf("waited in vain for %s\n%s", what, r.log.String())
	}
}

func (r *rig) logger() zerolog.Logger { return zerolog.New(r.log) }

// logBuffer collects a log while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
