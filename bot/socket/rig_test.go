package socket

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/internal/fakeslack"
)

// The people and places of these tests.
const (
	robin   = "U0ROBIN"
	general = "C0GENERAL"
)

// patience is a guard: nothing waits this long when it works.
const patience = 30 * time.Second

// A handling is a handler that answers every envelope.
type handling struct {
	handle  func(Envelope) // called before the answer; may be nil
	handled chan Envelope
}

// The answers of a handling.
const (
	handledText = "handled"
	busyText    = "too busy"
)

func (h *handling) Handle(_ context.Context, env Envelope) (payload any, ok bool) {
	if h.handle != nil {
		h.handle(env)
	}
	if h.handled != nil {
		h.handled <- env
	}
	return map[string]string{"text": handledText}, true
}

func (h *handling) DeclineBusy(Envelope) (payload any) { return map[string]string{"text": busyText} }

// A rig is a Slack that sockets connect to.
type rig struct {
	t       *testing.T
	ctx     context.Context
	slack   *fakeslack.Server
	log     *logBuffer
	greeted chan struct{} // has one for every hello that a socket heard
}

func newRig(t *testing.T, cfg fakeslack.Config) *rig {
	t.Helper()
	s, err := fakeslack.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.AddUser(fakeslack.User{ID: robin, Name: robin})
	s.AddChannel(fakeslack.Channel{ID: general, Name: "general", Members: []string{robin}})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return &rig{t: t, ctx: ctx, slack: s, log: new(logBuffer), greeted: make(chan struct{}, 100)}
}

func (r *rig) newSocket(h Handler) *Socket {
	return New(Config{
		APIURL: r.slack.APIURL(), BotToken: r.slack.BotToken(), AppToken: r.slack.AppToken(),
		OnHello: func() { r.greeted <- struct{}{} },
	}, h, zerolog.New(r.log))
}

// listen runs a socket and waits for its connections.
func (r *rig) listen(h Handler) *Socket {
	r.t.Helper()
	s := r.newSocket(h)
	r.run(s)
	r.awaitConnections(s)
	return s
}

// await fails the test unless cond comes to hold.
func (r *rig) await(what string, cond func() bool) {
	r.t.Helper()
	if err := r.slack.Wait(r.ctx, cond); err != nil {
		r.t.Fatalf("waited in vain for %s\n%s", what, r.log.String())
	}
}

// typed is what the person sees of a command.
func (r *rig) typed() fakeslack.Typed {
	r.t.Helper()
	typed, err := r.slack.Command(r.ctx, robin, general, "/allocate", "group-01 IDU")
	if err != nil {
		r.t.Error(err)
	}
	return typed
}

// expectHandled types a command that is handled.
func (r *rig) expectHandled() {
	r.t.Helper()
	if typed := r.typed(); typed.Error != "" || !strings.Contains(typed.Response, handledText) {
		r.t.Errorf("a command was answered with %q %q\n%s", typed.Error, typed.Response, r.log)
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

// formOf is an envelope that a form arrives by.
func formOf(id string) Envelope {
	return Envelope{ID: id, Type: TypeInteraction, AcceptsPayload: true, Payload: json.RawMessage(`{"type":"view_submission"}`)}
}
