package fakeslack

import (
	"maps"
	"slices"
	"time"
)

// slackEvent is an event on its way, until it is acked or given up.
type slackEvent struct {
	payload map[string]any
	hurry   chan struct{} // RedeliverNow
}

// slackEventScopes are the scopes, any of which is needed to get an event.
// Events that are not listed need none.
var slackEventScopes = map[string][]string{
	"reaction_added":          {"reactions:read"},
	"reaction_removed":        {"reactions:read"},
	"member_left_channel":     {"channels:read", "groups:read"},
	"channel_id_changed":      {"channels:read", "groups:read"},
	"channel_archive":         {"channels:read"},
	"group_archive":           {"groups:read"},
	"subteam_members_changed": {"usergroups:read"},
}

// SendEvent sends any event with the standard outer payload, whatever the
// scopes and memberships of the bot. event_ts is added when missing.
func (s *Server) SendEvent(event map[string]any) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.deliver(maps.Clone(event), s.eventChannel(event))
}

// eventChannel is the channel that an event is about, as far as known.
func (s *Server) eventChannel(event map[string]any) *slackChannel {
	if id, ok := event["channel"].(string); ok {
		return s.channels[id]
	}
	if item, ok := event["item"].(map[string]any); ok {
		id, _ := item["channel"].(string)
		return s.channels[id]
	}
	return nil
}

// emit sends an event about a channel if the bot is a member and has the
// scope. Callers hold s.lock.
func (s *Server) emit(event map[string]any, c *slackChannel) {
	if c.has(s.ids.botUser) {
		s.emitAlways(event, c)
	}
}

// emitAlways is emit without the question of membership.
func (s *Server) emitAlways(event map[string]any, c *slackChannel) {
	needed := slackEventScopes[event["type"].(string)]
	if len(needed) == 0 || slices.ContainsFunc(needed, s.granted) {
		s.deliver(event, c)
	}
}

// deliver sends an event and follows it until it is acked or given up.
func (s *Server) deliver(event map[string]any, c *slackChannel) {
	if event["event_ts"] == nil {
		event["event_ts"] = s.timestamp()
	}
	ev := &slackEvent{payload: s.eventPayload(event, c), hurry: make(chan struct{}, 1)}
	s.events[ev] = true
	first := s.dispatch("events_api", ev.payload, 0, s.copies)
	s.spawn(func() { s.follow(ev, first) })
}

func (s *Server) eventPayload(event map[string]any, c *slackChannel) map[string]any {
	shared := c != nil && c.ExtShared
	return map[string]any{
		"token": s.ids.verification, "team_id": s.ids.team, "api_app_id": s.ids.app,
		"context_team_id": s.ids.team, "context_enterprise_id": nil,
		"type": "event_callback", "event_id": slackID("Ev"), "event_time": s.cfg.Now().Unix(),
		"event": event,
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": s.ids.team, "user_id": s.ids.botUser,
			"is_bot": true, "is_enterprise_install": false,
		}},
		"is_ext_shared_channel": shared, "event_context": "4-" + slackSecret(16),
	}
}

// follow redelivers an event until it is acked. Every attempt is an envelope
// of its own; event_id is what stays.
func (s *Server) follow(ev *slackEvent, env *slackEnvelope) {
	for attempt := 0; ; attempt++ {
		hurried, stop := s.awaitAck(ev, env, attempt == len(s.cfg.RetryDelays))
		if stop {
			return
		}
		s.lock.Lock()
		lost := s.expire(env, attempt)
		over := lost && attempt == len(s.cfg.RetryDelays)
		if over {
			s.note(Entry{Kind: EntryGivenUp, Envelope: env.id, Type: "events_api", Attempt: attempt})
		}
		if over || !lost {
			delete(s.events, ev)
			s.wake()
		}
		s.lock.Unlock()
		if over || !lost || (!hurried && !s.pause(ev, s.cfg.RetryDelays[attempt])) {
			return
		}
		s.lock.Lock()
		env = s.dispatch("events_api", ev.payload, attempt+1, s.copies)
		s.lock.Unlock()
	}
}

// awaitAck waits until the ack came, its time is over, or the event is to be
// redelivered at once. An envelope that reached no socket has failed already.
func (s *Server) awaitAck(ev *slackEvent, env *slackEnvelope, last bool) (hurried, stop bool) {
	if len(env.sockets) == 0 {
		return false, false
	}
	hurry := ev.hurry
	if last {
		hurry = nil // there is no next attempt to hurry to
	}
	timer := time.NewTimer(s.cfg.AckTimeout)
	defer timer.Stop()
	select {
	case <-env.done:
	case <-timer.C:
	case <-hurry:
		return true, false
	case <-s.quit:
		return false, true
	}
	return false, false
}

// pause waits before a redelivery; false when the Server was closed.
func (s *Server) pause(ev *slackEvent, delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ev.hurry:
	case <-s.quit:
		return false
	}
	return true
}

// RedeliverNow makes the next attempt at every unacked event due at once. It
// uses up a retry, like any other attempt; an event given up stays given up.
func (s *Server) RedeliverNow() {
	s.lock.Lock()
	defer s.lock.Unlock()
	for ev := range s.events {
		select {
		case ev.hurry <- struct{}{}:
		default:
		}
	}
}
