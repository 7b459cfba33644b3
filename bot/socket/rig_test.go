package socket

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"licensebot/bot/bottest"
	"licensebot/internal/fakeslack"
)

// The people and places of these tests.
const (
	robin    = bottest.Robin
	general  = bottest.General
	patience = bottest.Patience
)

// A handling is a handler that answers every envelope.
type handling struct {
	handle  func(Envelope) // called before the answer; may be nil
	handled chan Envelope

	unacknowledged func(Envelope, any) // may be nil
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

func (h *handling) Unacknowledged(env Envelope, payload any) {
	if h.unacknowledged != nil {
		h.unacknowledged(env, payload)
	}
}

func (h *handling) DeclineBusy(Envelope) (payload any) { return map[string]string{"text": busyText} }

// A rig is a Slack that sockets connect to.
type rig struct {
	t     *testing.T
	ctx   context.Context
	slack *bottest.Slack
	log   *bottest.Log
}

func newRig(t *testing.T, cfg fakeslack.Config) *rig {
	t.Helper()
	s := bottest.StartSlack(t, cfg)
	return &rig{t: t, ctx: s.Ctx, slack: s, log: s.Log}
}

func (r *rig) newSocket(h Handler) *Socket {
	return New(Config{
		APIURL: r.slack.APIURL(), BotToken: r.slack.BotToken(), AppToken: r.slack.AppToken(),
		OnHello: r.slack.NoteHello,
	}, h, r.slack.Logger())
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
	r.slack.Await(what, cond)
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

// formOf is an envelope that a form arrives by.
func formOf(id string) Envelope {
	return Envelope{ID: id, Type: TypeInteraction, AcceptsPayload: true, Payload: json.RawMessage(`{"type":"view_submission"}`)}
}
