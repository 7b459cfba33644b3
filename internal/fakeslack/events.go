package fakeslack

import (
	"maps"
	"slices"
	"time"
)

// pendingEvent is an event until the app acknowledges it or Slack gives it up.
type pendingEvent struct {
	payload map[string]any
	hurry   chan struct{} // filled by RedeliverNow
}

// eventScopes are the scopes of an event; any one is enough. Other events need none.
var eventScopes = map[string][]string{
	"reaction_added":          {"reactions:read"},
	"reaction_removed":        {"reactions:read"},
	"member_left_channel":     {"channels:read", "groups:read"},
	"channel_id_changed":      {"channels:read", "groups:read"},
	"channel_archive":         {"channels:read"},
	"group_archive":           {"groups:read"},
	"subteam_members_changed": {"usergroups:read"},
}

// SendEvent sends any event in the standard outer payload. It ignores the bot's
// scopes and memberships, and adds a missing event_ts.
func (s *Server) SendEvent(event map[string]any) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.deliverEvent(maps.Clone(event), s.eventChannel(event))
}

// eventChannel is the channel of an event, nil if unknown.
func (s *Server) eventChannel(event map[string]any) *conversation {
	if id, ok := event["channel"].(string); ok {
		return s.channels[id]
	}
	if item, ok := event["item"].(map[string]any); ok {
		id, _ := item["channel"].(string)
		return s.channels[id]
	}
	return nil
}

// emitToMember sends an event about a channel if the bot is a member and has
// the scope. Callers hold s.lock.
func (s *Server) emitToMember(event map[string]any, c *conversation) {
	if c.hasMember(s.ids.botUser) {
		s.emitInScope(event, c)
	}
}

// emitInScope sends an event if the bot has the scope, as a member or not. A fault that
// is planned for the type of the event loses it.
func (s *Server) emitInScope(event map[string]any, c *conversation) {
	needed := eventScopes[event["type"].(string)]
	if len(needed) > 0 && !slices.ContainsFunc(needed, s.hasScope) {
		return
	}
	if _, lost := s.Take(event["type"].(string)); !lost {
		s.deliverEvent(event, c)
	}
}

// deliverEvent sends an event and follows it until the app acknowledges it or
// Slack gives it up.
func (s *Server) deliverEvent(event map[string]any, c *conversation) {
	if event["event_ts"] == nil {
		event["event_ts"] = s.nextTimestamp()
	}
	ev := &pendingEvent{payload: s.eventPayload(event, c), hurry: make(chan struct{}, 1)}
	s.events[ev] = true
	first := s.sendEnvelope("events_api", ev.payload, 0, s.copies)
	s.runUntilClose(func() { s.followEvent(ev, first) })
}

func (s *Server) eventPayload(event map[string]any, c *conversation) map[string]any {
	shared := c != nil && c.ExtShared
	from := s.origin()
	return map[string]any{
		"token": s.ids.verification, "team_id": from.TeamID, "api_app_id": s.ids.app,
		"context_team_id": from.TeamID, "context_enterprise_id": orNull(from.EnterpriseID),
		"type": "event_callback", "event_id": newID("Ev"), "event_time": s.cfg.Now().Unix(),
		"event": event,
		"authorizations": []any{map[string]any{
			"enterprise_id": orNull(from.EnterpriseID), "team_id": from.TeamID, "user_id": s.ids.botUser,
			"is_bot": true, "is_enterprise_install": from.OrgInstall,
		}},
		"is_ext_shared_channel": shared, "event_context": "4-" + randomHex(16),
	}
}

// followEvent redelivers an event until it is acknowledged. Each attempt is an
// envelope of its own; only event_id stays the same.
func (s *Server) followEvent(ev *pendingEvent, env *envelope) {
	for attempt := 0; ; attempt++ {
		hurried, stop := s.awaitEventAck(ev, env, attempt == len(s.cfg.RetryDelays))
		if stop {
			return
		}
		s.lock.Lock()
		lost := s.expireEnvelope(env, attempt)
		over := lost && attempt == len(s.cfg.RetryDelays)
		if over {
			s.addEntry(Entry{Kind: EntryGivenUp, Envelope: env.id, Type: "events_api", Attempt: attempt})
		}
		if over || !lost {
			delete(s.events, ev)
			s.wakeWaiters()
		}
		s.lock.Unlock()
		if over || !lost || (!hurried && !s.awaitRetry(ev, s.cfg.RetryDelays[attempt])) {
			return
		}
		s.lock.Lock()
		env = s.sendEnvelope("events_api", ev.payload, attempt+1, s.copies)
		s.lock.Unlock()
	}
}

// awaitEventAck waits for an ack, for the end of its time, or for RedeliverNow.
// An envelope that reached no socket has failed already.
func (s *Server) awaitEventAck(ev *pendingEvent, env *envelope, last bool) (hurried, stop bool) {
	if len(env.sockets) == 0 {
		return false, false
	}
	hurry := ev.hurry
	if last {
		hurry = nil // no attempt is left to hurry to
	}
	timer := time.NewTimer(s.cfg.EventTimeout)
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

// awaitRetry waits before a redelivery. It returns false if the Server was
// closed.
func (s *Server) awaitRetry(ev *pendingEvent, delay time.Duration) bool {
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

// RedeliverNow makes the next attempt at every unacknowledged event at once.
// The attempt uses up a retry like any other, and it cannot revive an abandoned
// event.
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
