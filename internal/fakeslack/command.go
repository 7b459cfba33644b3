package fakeslack

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// CommandOptions describes a slash command and how Slack delivers it.
type CommandOptions struct {
	User, Channel, Command, Text string
	Copies                       int // of the envelope; 0 means as set by SetCopies
}

// Typed is the result of a slash command as the person sees it.
type Typed struct {
	User, Channel, Command, Text string // Text as Slack escaped it
	EnvelopeID                   string
	Response                     string          // text of the ack payload
	ResponseType                 string          // "ephemeral" or "in_channel" when there was a payload
	Blocks                       json.RawMessage // of the ack payload
	// Error is what Slack shows instead of a response: dispatch_failed (no
	// socket), operation_timeout or invalid_command_response. "" means success.
	Error        string
	ElapsedToAck time.Duration
	Deliveries   int // frames written
}

// Command makes a person type a slash command. See CommandWith.
func (s *Server) Command(ctx context.Context, user, channel, command, text string) (Typed, error) {
	return s.CommandWith(ctx, CommandOptions{User: user, Channel: channel, Command: command, Text: text})
}

// CommandWith types a slash command and returns once the app acknowledged it or
// failed to. Typed.Error tells what the app did wrong. The error tells what
// Slack would not let the person do, or why ctx ended.
func (s *Server) CommandWith(ctx context.Context, o CommandOptions) (Typed, error) {
	env, typed, err := s.typeCommand(o)
	if err != nil {
		return typed, err
	}
	if len(env.sockets) > 0 {
		err = s.awaitAck(ctx, env)
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.waiting--
	typed.Deliveries = len(env.sockets)
	switch {
	case len(env.sockets) == 0:
		typed.Error = "dispatch_failed"
	case s.expireEnvelope(env, 0):
		typed.Error = "operation_timeout"
	default:
		typed.ElapsedToAck = env.ackedAt.Sub(env.sentAt)
		s.showAckPayload(&typed, env.payload)
	}
	s.wakeWaiters()
	return typed, err
}

// typeCommand checks that the person may type this here, and sends it.
func (s *Server) typeCommand(o CommandOptions) (*envelope, Typed, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	typed := Typed{User: o.User, Channel: o.Channel, Command: o.Command, Text: s.escapeText(o.Text)}
	u, c, err := s.findPerson(o.User, o.Channel)
	switch {
	case err != nil:
		return nil, typed, err
	case !strings.HasPrefix(o.Command, "/") || !s.hasScope("commands"):
		return nil, typed, apiError("unknown_command")
	case u.Stranger || u.TeamID != s.ids.team:
		return nil, typed, apiError("restricted_action") // commands fail for external people
	case c.Archived:
		return nil, typed, apiError("is_archived")
	}
	copies := o.Copies
	if copies < 1 {
		copies = s.copies
	}
	s.waiting++
	env := s.sendEnvelope("slash_commands", s.commandPayload(u, c, typed), 0, copies)
	typed.EnvelopeID = env.id
	return env, typed, nil
}

func (s *Server) commandPayload(u *User, c *conversation, typed Typed) map[string]any {
	name := c.Name
	switch {
	case c.dm != "":
		name = "directmessage"
	case c.Private:
		name = "privategroup"
	}
	payload := map[string]any{
		"token": s.ids.verification, "team_domain": "sandbox",
		"channel_id": c.ID, "channel_name": name, "user_id": s.shownID(SurfaceCommands, u.ID), "user_name": u.Name,
		"command": typed.Command, "text": typed.Text, "api_app_id": s.ids.app,
		"is_enterprise_install": strconv.FormatBool(s.origin().OrgInstall),
		"response_url":          s.newResponseURL("commands", u.ID, c.ID),
		"trigger_id":            s.newTrigger(u.ID),
	}
	if id := s.origin().TeamID; id != "" {
		payload["team_id"] = id
	}
	if id := s.origin().EnterpriseID; id != "" {
		payload["enterprise_id"] = id
	}
	return payload
}

// awaitAck waits for an ack as long as Slack makes a person wait.
func (s *Server) awaitAck(ctx context.Context, env *envelope) error {
	timer := time.NewTimer(s.cfg.AckTimeout)
	defer timer.Stop()
	select {
	case <-env.done:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.quit:
		return errClosed
	}
	return nil
}

// showAckPayload shows the payload of an ack. Callers hold s.lock.
func (s *Server) showAckPayload(typed *Typed, payload json.RawMessage) {
	if payload == nil {
		return
	}
	response, err := parseResponse(payload)
	if err == nil {
		typed.Response, typed.Blocks, typed.ResponseType = response.Text, response.Blocks, response.ResponseType
		err = s.showResponse(response, typed.User, typed.Channel, "ack")
	}
	if err != nil {
		typed.Error = "invalid_command_response"
		s.addEntry(Entry{
			Kind: EntryOddity, Envelope: typed.EnvelopeID, Type: "ack payload", Detail: err.Error(), Payload: payload,
		})
	}
}
