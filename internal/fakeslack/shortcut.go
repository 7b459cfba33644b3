package fakeslack

import (
	"context"
	"fmt"
)

// Shortcut makes a person choose one of the app's global shortcuts, which are
// known to the app by their callback id.
func (s *Server) Shortcut(ctx context.Context, user, callbackID string) (Interacted, error) {
	s.lock.Lock()
	u := s.users[user]
	switch {
	case u == nil || u.Bot || u.Deleted:
		s.lock.Unlock()
		return Interacted{}, apiError("user_not_found")
	case u.Stranger || u.TeamID != s.ids.team || !s.hasScope("commands"):
		s.lock.Unlock()
		return Interacted{}, apiError("restricted_action")
	}
	payload := s.interactionPayload("shortcut", user)
	payload["callback_id"] = callbackID
	payload["trigger_id"], payload["action_ts"] = s.newTrigger(user), s.nextTimestamp()
	env := s.startInteraction(payload)
	s.lock.Unlock()
	return s.finishInteraction(ctx, env, func(*Interacted) {})
}

// ClickView is Click for an element of a modal or of the Home tab.
func (s *Server) ClickView(ctx context.Context, user, viewID, actionID, value string) (Interacted, error) {
	s.lock.Lock()
	v := s.findView(viewID, "")
	if v == nil || v.User != user {
		s.lock.Unlock()
		return Interacted{}, apiError("not_found")
	}
	action := s.describeAction(v.Blocks, actionID, value)
	if action == nil {
		s.lock.Unlock()
		return Interacted{}, fmt.Errorf("fakeslack: the view has no element %q", actionID)
	}
	payload := s.interactionPayload("block_actions", user)
	payload["trigger_id"] = s.newTrigger(user)
	payload["container"] = map[string]any{"type": "view", "view_id": v.ID}
	payload["view"] = s.renderView(v)
	payload["actions"] = []any{action}
	env := s.startInteraction(payload)
	s.lock.Unlock()
	return s.finishInteraction(ctx, env, func(*Interacted) {})
}
