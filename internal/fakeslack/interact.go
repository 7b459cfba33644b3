package fakeslack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// Interacted is the result of a click or of a submitted modal as the person
// sees it.
type Interacted struct {
	EnvelopeID string
	// Error is what Slack shows: dispatch_failed, operation_timeout or
	// invalid_response (an ack payload that Slack cannot use). "" means
	// success.
	Error  string
	Action string            // response_action of the ack; "" closes the modal
	Errors map[string]string // by block id, with Action "errors"
}

// Submit makes a person submit a modal. Values are by block id and action id. A
// value is text for a text input, an option's value or an id for a select,
// []string for several choices, or a complete state object. Submit refuses what
// the Slack client would refuse: unknown fields, options that are not offered,
// missing answers.
func (s *Server) Submit(
	ctx context.Context, user, viewID string, values map[string]map[string]any,
) (Interacted, error) {
	s.lock.Lock()
	v := s.findView(viewID, "")
	if v == nil || v.User != user || v.Type != "modal" {
		s.lock.Unlock()
		return Interacted{}, apiError("not_found")
	}
	state, err := v.answerState(values)
	if err != nil {
		s.lock.Unlock()
		return Interacted{}, err
	}
	payload := s.interactionPayload("view_submission", user)
	view := s.renderView(v)
	view["state"] = jsonObject{"values": state}
	payload["view"], payload["trigger_id"], payload["response_urls"] = view, s.newTrigger(user), []any{}
	env := s.startInteraction(payload)
	s.lock.Unlock()
	return s.finishInteraction(ctx, env, func(out *Interacted) { s.applySubmission(v, env.payload, out) })
}

// Click makes a person click a button of a message, or choose in one of its
// menus. With value "" it sends the element's own value.
func (s *Server) Click(ctx context.Context, user, channel, ts, actionID, value string) (Interacted, error) {
	s.lock.Lock()
	_, c, err := s.findPerson(user, channel)
	if err != nil {
		s.lock.Unlock()
		return Interacted{}, err
	}
	m := c.findMessage(ts)
	if m == nil {
		s.lock.Unlock()
		return Interacted{}, apiError("message_not_found")
	}
	action := s.describeAction(m.Blocks, actionID, value)
	if action == nil {
		s.lock.Unlock()
		return Interacted{}, fmt.Errorf("fakeslack: the message has no element %q", actionID)
	}
	env := s.startInteraction(s.clickPayload(c, m, user, action))
	s.lock.Unlock()
	return s.finishInteraction(ctx, env, func(*Interacted) {})
}

// ClickPrivate makes a person click a button of the newest message that only they see
// and that has it.
func (s *Server) ClickPrivate(ctx context.Context, user, actionID string) (Interacted, error) {
	s.lock.Lock()
	for _, e := range slices.Backward(s.private) {
		action := s.describeAction(e.Blocks, actionID, "")
		if e.User != user || action == nil {
			continue
		}
		payload := s.interactionPayload("block_actions", user)
		payload["trigger_id"] = s.newTrigger(user)
		payload["response_url"] = s.newResponseURL("actions", user, e.Channel)
		payload["container"] = map[string]any{"type": "message", "channel_id": e.Channel, "is_ephemeral": true}
		payload["channel"] = map[string]any{"id": e.Channel}
		payload["actions"] = []any{action}
		env := s.startInteraction(payload)
		s.lock.Unlock()
		return s.finishInteraction(ctx, env, func(*Interacted) {})
	}
	s.lock.Unlock()
	return Interacted{}, fmt.Errorf("fakeslack: no private message has an element %q", actionID)
}

func (s *Server) clickPayload(c *conversation, m *storedMessage, user string, action map[string]any) map[string]any {
	payload := s.interactionPayload("block_actions", user)
	payload["trigger_id"] = s.newTrigger(user)
	payload["response_url"] = s.newResponseURL("actions", user, c.ID)
	payload["container"] = map[string]any{
		"type": "message", "message_ts": m.TS, "channel_id": c.ID, "is_ephemeral": false,
	}
	payload["channel"] = map[string]any{"id": c.ID, "name": c.Name}
	payload["message"] = s.renderMessage(c, m, renderOptions{})
	payload["actions"] = []any{action}
	return payload
}

// describeAction describes the use of an interactive element. It returns nil if the
// element is missing or lacks the value.
func (s *Server) describeAction(blocks json.RawMessage, actionID, value string) map[string]any {
	block, element := findElement(blocks, actionID)
	if element == nil {
		return nil
	}
	action := map[string]any{"type": element["type"], "text": element["text"], "value": element["value"]}
	if value != "" {
		action["value"] = value
	}
	if element["type"] != "button" {
		answer, err := answerElement(element, value)
		if err != nil {
			return nil
		}
		action = answer
	}
	action["action_id"], action["block_id"], action["action_ts"] = actionID, block["block_id"], s.nextTimestamp()
	if block["block_id"] == nil {
		action["block_id"] = randomHex(3)
	}
	return action
}

// startInteraction sends an interactive envelope. Callers hold s.lock.
func (s *Server) startInteraction(payload map[string]any) *envelope {
	s.waiting++
	return s.sendEnvelope("interactive", payload, 0, s.copies)
}

// finishInteraction waits for the ack, and then calls shown with s.lock held.
func (s *Server) finishInteraction(ctx context.Context, env *envelope, shown func(*Interacted)) (Interacted, error) {
	var err error
	if len(env.sockets) > 0 {
		err = s.awaitAck(ctx, env)
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.waiting--
	out := Interacted{EnvelopeID: env.id}
	switch {
	case len(env.sockets) == 0:
		out.Error = "dispatch_failed"
	case s.expireEnvelope(env, 0):
		out.Error = "operation_timeout"
	default:
		shown(&out)
	}
	s.wakeWaiters()
	return out, err
}

// applySubmission does what the ack of a view_submission asks for. Callers hold
// s.lock.
func (s *Server) applySubmission(v *View, payload json.RawMessage, out *Interacted) {
	var response struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if payload != nil && json.Unmarshal(payload, &response) != nil {
		out.Error = "invalid_response"
		return
	}
	out.Action, out.Errors = response.Action, response.Errors
	var err error
	switch response.Action {
	case "":
		s.closeView(v)
	case "clear":
		for _, other := range s.views {
			if other.User == v.User && other.Type == "modal" && !other.Closed {
				s.closeView(other)
			}
		}
	case "errors":
		err = s.showInputErrors(v, response.Errors)
	case "update", "push":
		err = s.showNextView(v, response.Action, string(response.View))
	default:
		err = apiError("unknown response_action " + response.Action)
	}
	if err != nil {
		out.Error = "invalid_response"
		s.addEntry(Entry{
			Kind: EntryOddity, Envelope: out.EnvelopeID, Type: "ack payload", Detail: err.Error(), Payload: payload,
		})
	}
}

func (s *Server) closeView(v *View) {
	v.Closed = true
	s.addEntry(Entry{Kind: EntryView, Type: "closed", User: v.User, Detail: v.ID})
}

// showInputErrors shows messages under input blocks. If a message names any
// other block, Slack shows only that it had trouble connecting.
func (s *Server) showInputErrors(v *View, errors map[string]string) error {
	if len(errors) == 0 {
		return apiError("no errors given")
	}
	inputs := map[any]bool{}
	for _, block := range decodeBlocks(v.Blocks) {
		inputs[block["block_id"]] = block["type"] == "input"
	}
	for id := range errors {
		if !inputs[id] {
			return apiError("no input block " + id)
		}
	}
	v.Errors = errors
	s.addEntry(Entry{Kind: EntryView, Type: "errors", User: v.User, Detail: v.ID})
	return nil
}

// showNextView updates a modal, or pushes another one on top of it.
func (s *Server) showNextView(v *View, action, raw string) error {
	next, err := s.parseView(raw, "modal")
	if err != nil {
		return err
	}
	if action == "update" {
		s.replaceView(v, next)
		return nil
	}
	next.root = v.root
	s.keepView(next, v.User, "pushed")
	return nil
}

// Shortcut makes a person choose one of the app's global shortcuts by its
// callback id.
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
