package bot

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/message"
	"licensebot/bot/socket"
	"licensebot/internal/fakeslack"
	"licensebot/internal/store"
	"licensebot/licensing"
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

// A rig is a Slack, a store, and a bot between them.
type rig struct {
	t        *testing.T
	ctx      context.Context
	slack    *bottest.Slack
	store    *store.Store
	uipath   UiPath   // nil unless a test has one
	problems []string // what a Home tab says of the bot
	policy   approvals.Policy
	canary   CanaryStore              // nil: there is none
	canaries []approvals.CanaryResult // how its rounds ended
	bot      *Bot                     // the last that was made
	log      *bottest.Log
}

func newRig(t *testing.T, cfg fakeslack.Config) *rig {
	t.Helper()
	s := bottest.StartSlack(t, cfg)
	db, err := store.Open(s.Ctx, "sqlite://"+filepath.Join(t.TempDir(), "bot.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r := &rig{t: t, ctx: s.Ctx, slack: s, store: db, log: s.Log}
	r.newBot(db)
	return r
}

// newBot makes the bot that the rig has from now on.
func (r *rig) newBot(s Store) *Bot {
	r.t.Helper()
	b, err := New(r.ctx, Deps{
		Slack:   SlackConfig{APIURL: r.slack.APIURL(), BotToken: r.slack.BotToken(), AppToken: r.slack.AppToken()},
		Channel: channel, Emoji: phrases().Emoji, CodeName: phrases().CodeName, Codes: licensing.CatalogCodes(), TTL: time.Hour, Rates: unpaced,
		Store: s, UiPath: r.uipath, Policy: func() approvals.Policy { return r.policy },
		Log: r.logger(), Canary: r.canary, Replica: "replica",
		CanaryEnded: func(_ approvals.Canary, result approvals.CanaryResult) { r.canaries = append(r.canaries, result) },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	b.home.problems = func(context.Context) []string { return r.problems }
	b.socket = socket.New(socket.Config{
		APIURL: r.slack.APIURL(), BotToken: r.slack.BotToken(), AppToken: r.slack.AppToken(),
		OnHello: r.slack.NoteHello,
	}, b.intake, r.logger())
	r.bot = b
	return b
}

var unpaced = Rates{Posts: rate.Inf, Updates: rate.Inf, Reactions: rate.Inf, Ephemerals: rate.Inf, Burst: 1}

// phrases are those of a bot with the usual configuration.
func phrases() message.Phrases {
	return message.Phrases{
		Channel: func() string { return channel }, CodeName: licensing.CodeName,
		Emoji: approvals.Emoji{Approve: []string{"white_check_mark"}, Deny: []string{"x"}},
	}
}

// listen runs a bot until the test ends, and waits for its connections.
func (r *rig) listen(s Store) *Bot {
	r.t.Helper()
	b := r.newBot(s)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
		b.Close()
	})
	r.awaitConnections()
	return b
}

// awaitConnections waits until the bot has heard hello on each connection.
func (r *rig) awaitConnections() {
	r.t.Helper()
	r.slack.AwaitHellos(socket.Connections, r.bot.LiveConnections)
}

// request is an ordinary request in a state.
func (r *rig) request(state approvals.State) approvals.Request {
	return approvals.Request{
		ID: approvals.NewID(), State: state, Requester: robin, OriginChannel: general, Channel: channel,
		Ask:      approvals.Ask{Group: "group-01", Codes: []string{"RPADEVPRONU"}},
		Terms:    approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{alex}, Quorum: 1}}, TTL: time.Hour, Emoji: phrases().Emoji},
		Deadline: testTime, Outcome: &approvals.Outcome{Reason: approvals.ReasonNothingToDo, By: alex},
		Proposal: &approvals.Proposal{Group: approvals.Group{ID: "group-01"}, Change: approvals.Change{Add: []string{"RPADEVPRONU"}}},
	}
}

// await fails the test unless cond comes to hold.
func (r *rig) await(what string, cond func() bool) {
	r.t.Helper()
	r.slack.Await(what, cond)
}

func (r *rig) logger() zerolog.Logger { return r.slack.Logger() }

// api calls Slack as the bot, for what the bot does not do.
func (r *rig) api() *slack.Client {
	return slack.New(r.slack.BotToken(), slack.OptionAPIURL(r.slack.APIURL()))
}
