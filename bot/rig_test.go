package bot

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"licensebot/approvals"
	"licensebot/internal/sandbox"
	"licensebot/internal/store"
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

// A rig is a Slack and the parts of a bot that call it.
type rig struct {
	t         *testing.T
	ctx       context.Context
	slack     *sandbox.Slack
	api       *slack.Client
	self      Identity
	receipts  *ResponseURLs
	speaker   *Messenger
	directory *Directory
	catalogue Catalog  // nil unless a test has one
	unwell    []string // what a home says of the bot
	log       *logBuffer
	store     *store.Store
	greeted   chan struct{} // has one for every hello that the bot heard
}

func newRig(t *testing.T, cfg sandbox.SlackConfig) *rig {
	t.Helper()
	s, err := sandbox.NewSlack(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, id := range []string{robin, alex, kim} {
		s.AddUser(sandbox.User{ID: id, Name: id})
	}
	s.AddChannel(sandbox.Channel{ID: channel, Name: "approvals", Members: []string{robin, alex, kim, s.BotUserID()}})
	s.AddChannel(sandbox.Channel{ID: general, Name: "general", Members: []string{robin, alex, kim}})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	db, err := store.Open(ctx, "sqlite://"+filepath.Join(t.TempDir(), "bot.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })

	r := &rig{t: t, ctx: ctx, slack: s, receipts: new(ResponseURLs), log: new(logBuffer), store: db, greeted: make(chan struct{}, 100)}
	var client *http.Client
	r.api, client = NewClient(s.APIURL(), s.BotToken())
	t.Cleanup(client.CloseIdleConnections)
	logger := testLogger(r)
	if r.self, err = Introduce(ctx, r.api, logger); err != nil {
		t.Fatal(err)
	}
	unpaced := Pace{Posts: rate.Inf, Updates: rate.Inf, Reactions: rate.Inf, Ephemerals: rate.Inf, Burst: 1}
	r.speaker = NewMessenger(r.api, client, r.self, testWords(), r.receipts, unpaced, logger)
	r.directory = NewDirectory(r.api, r.self, testWords())
	return r
}

// request is an ordinary request in a state.
func (r *rig) request(state approvals.State) approvals.Request {
	return approvals.Request{
		ID: approvals.NewID(), State: state, Requester: robin, OriginChannel: general, Channel: channel,
		Ask:      approvals.Ask{Group: "group-01", Codes: []string{"RPADEVPRONU"}},
		Terms:    approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{alex}, Quorum: 1}}, TTL: time.Hour},
		Deadline: testTime, Outcome: &approvals.Outcome{Reason: approvals.ReasonNothingToDo, By: alex},
		Proposal: &approvals.Proposal{Group: approvals.Group{ID: "group-01"}, Change: approvals.Change{Add: []string{"RPADEVPRONU"}}},
	}
}

// await fails the test unless cond comes to hold.
func (r *rig) await(what string, cond func() bool) {
	r.t.Helper()
	if err := r.slack.Wait(r.ctx, cond); err != nil {
		r.t.Fatalf("waited in vain for %s\n%s", what, r.log.String())
	}
}

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

func testLogger(r *rig) zerolog.Logger { return zerolog.New(r.log) }
