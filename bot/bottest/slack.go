package bottest

import (
	"cmp"
	"context"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/internal/fakeslack"
)

// The people and places of a [Slack].
const (
	Robin   = "U0ROBIN" // requests
	Alex    = "U0ALEX"  // approves
	Kim     = "U0KIM"
	Channel = "C0APPROVALS"
	General = "C0GENERAL" // without the bot
)

// Patience is a guard: a test that works never waits this long.
const Patience = 30 * time.Second

// A Slack is a workspace with people and channels, for one test.
type Slack struct {
	*fakeslack.Server
	Ctx context.Context // ends after Patience
	Log *Log            // of what the test runs

	t       *testing.T
	greeted chan struct{} // has one for every NoteHello
}

// StartSlack starts a Slack that closes at the end of the test. A person waits for the
// answer to a command as long as a test may take: a busy machine proves nothing.
func StartSlack(t *testing.T, cfg fakeslack.Config) *Slack {
	t.Helper()
	if cfg.AckTimeout == 0 {
		cfg.AckTimeout = Patience
		cfg.EventTimeout = cmp.Or(cfg.EventTimeout, 3*time.Second)
	}
	server, err := fakeslack.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	people := []string{Robin, Alex, Kim}
	for _, id := range people {
		server.AddUser(fakeslack.User{ID: id, Name: id})
	}
	server.AddChannel(fakeslack.Channel{ID: Channel, Name: "approvals", Members: append(people, server.BotUserID())})
	server.AddChannel(fakeslack.Channel{ID: General, Name: "general", Members: people})
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	t.Cleanup(cancel)
	return &Slack{Server: server, Ctx: ctx, Log: new(Log), t: t, greeted: make(chan struct{}, 100)}
}

// Logger writes to Log.
func (s *Slack) Logger() zerolog.Logger { return zerolog.New(s.Log) }

// Await fails the test unless cond comes to hold.
func (s *Slack) Await(what string, cond func() bool) {
	s.t.Helper()
	if err := s.Wait(s.Ctx, cond); err != nil {
		s.t.Fatalf("waited in vain for %s\n%s", what, s.Log)
	}
}

// NoteHello notes that a connection heard hello.
func (s *Slack) NoteHello() { s.greeted <- struct{}{} }

// AwaitHellos waits for as many hellos as connections are wanted. Then that many
// must be live.
func (s *Slack) AwaitHellos(want int, live func() int) {
	s.t.Helper()
	for range want {
		select {
		case <-s.greeted:
		case <-s.Ctx.Done():
			s.t.Fatalf("%d connections are live\n%s", live(), s.Log)
		}
	}
	if n := live(); n != want {
		s.t.Errorf("%d connections are live", n)
	}
}

// CountEntries counts the journal entries of a kind. With a type or an envelope,
// it counts only those.
func (s *Slack) CountEntries(kind, of string) int {
	n := 0
	for _, e := range s.Journal() {
		if e.Kind == kind && (of == "" || e.Type == of || e.Envelope == of) {
			n++
		}
	}
	return n
}
