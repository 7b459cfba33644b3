package fakeslack

import (
	"regexp"
	"slices"
)

// Slack's limits of reactions on one message.
const (
	maxEmoji     = 50 // different emoji
	maxReactions = 23 // by one person
)

// emojiPattern is the form of emoji names. A workspace may have any names, so
// only the form is checked.
var emojiPattern = regexp.MustCompile(`^[a-z0-9_+'-]+(::skin-tone-[2-6])?$`)

// React makes a person react to a message. The errors are those of Slack.
func (s *Server) React(user, channel, ts, emoji string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	_, c, err := s.findPerson(user, channel)
	if err != nil {
		return err
	}
	return s.putReaction(c, user, ts, emoji)
}

// Unreact takes a person's reaction back.
func (s *Server) Unreact(user, channel, ts, emoji string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	_, c, err := s.findPerson(user, channel)
	if err != nil {
		return err
	}
	return s.dropReaction(c, user, ts, emoji)
}

// putReaction adds a reaction and tells the app. Callers hold s.lock.
func (s *Server) putReaction(c *conversation, user, ts, emoji string) error {
	m, err := c.findReactable(ts, emoji)
	if err != nil {
		return err
	}
	mine := 0
	for _, r := range m.Reactions {
		if slices.Contains(r.Users, user) {
			mine++
		}
	}
	at := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == emoji })
	switch {
	case at >= 0 && slices.Contains(m.Reactions[at].Users, user):
		return apiError("already_reacted")
	case at < 0 && len(m.Reactions) >= maxEmoji:
		return apiError("too_many_emoji")
	case mine >= maxReactions:
		return apiError("too_many_reactions")
	case at < 0:
		at = len(m.Reactions)
		m.Reactions = append(m.Reactions, Reaction{Name: emoji})
	}
	m.Reactions[at].Users = append(m.Reactions[at].Users, user)
	m.noteReaction(reactionChange{at: s.cfg.Now(), user: user, name: emoji, added: true})
	s.addEntry(Entry{Kind: EntryReactionAdded, Channel: c.ID, TS: ts, User: user, Detail: emoji})
	s.emitToMember(s.reactionEvent("reaction_added", m, user, emoji), c)
	return nil
}

// dropReaction removes a reaction and tells the app. Callers hold s.lock.
func (s *Server) dropReaction(c *conversation, user, ts, emoji string) error {
	m, err := c.findReactable(ts, emoji)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == emoji })
	if at < 0 || !slices.Contains(m.Reactions[at].Users, user) {
		return apiError("no_reaction")
	}
	r := &m.Reactions[at]
	r.Users = slices.DeleteFunc(r.Users, func(id string) bool { return id == user })
	if len(r.Users) == 0 {
		m.Reactions = slices.Delete(m.Reactions, at, at+1)
	}
	m.noteReaction(reactionChange{at: s.cfg.Now(), user: user, name: emoji})
	s.addEntry(Entry{Kind: EntryReactionRemoved, Channel: c.ID, TS: ts, User: user, Detail: emoji})
	s.emitToMember(s.reactionEvent("reaction_removed", m, user, emoji), c)
	return nil
}

// findReactable checks the target of a reaction, in Slack's order.
func (c *conversation) findReactable(ts, emoji string) (*storedMessage, error) {
	if _, ok := timestampMicros(ts); !ok {
		return nil, apiError("bad_timestamp")
	}
	if !emojiPattern.MatchString(emoji) {
		return nil, apiError("invalid_name")
	}
	if c.Archived {
		return nil, apiError("is_archived")
	}
	m := c.findMessage(ts)
	if m == nil {
		return nil, apiError("message_not_found")
	}
	return m, nil
}

func (s *Server) reactionEvent(kind string, m *storedMessage, user, emoji string) map[string]any {
	event := map[string]any{
		"type": kind, "user": s.shownID(SurfaceEvents, user), "reaction": emoji,
		"item": map[string]any{"type": "message", "channel": m.Channel, "ts": m.TS},
	}
	if m.User != "" {
		event["item_user"] = s.shownID(SurfaceAuthors, m.User)
	}
	return event
}

// DeleteMessage deletes a message, as an admin may.
func (s *Server) DeleteMessage(channel, ts string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	c := s.channels[channel]
	if c == nil {
		return apiError("channel_not_found")
	}
	m := c.findMessage(ts)
	if m == nil {
		return apiError("message_not_found")
	}
	s.deleteMessage(m)
	return nil
}

// deleteMessage deletes a message. If it has replies, a tombstone stays. Callers hold
// s.lock.
func (s *Server) deleteMessage(m *storedMessage) {
	m.Deleted, m.deletedAt = true, s.cfg.Now()
	s.addEntry(Entry{Kind: EntryDeleted, Channel: m.Channel, TS: m.TS})
}

// deleteOwn is chat.delete.
func (s *Server) deleteOwn(call *apiCall) (jsonObject, error) {
	c, err := s.findVisible(call.args["channel"])
	if err != nil {
		return nil, err
	}
	m := c.findMessage(call.args["ts"])
	switch {
	case m == nil:
		return nil, apiError("message_not_found")
	case m.User != s.ids.botUser:
		return nil, apiError("cant_delete_message")
	}
	s.deleteMessage(m)
	return jsonObject{"channel": c.ID, "ts": m.TS}, nil
}

// Say posts a person's message and returns its timestamp. With threadTS "" the
// message is outside threads.
func (s *Server) Say(user, channel, threadTS, text string) (string, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	_, c, err := s.findPerson(user, channel)
	if err != nil {
		return "", err
	}
	if c.Archived {
		return "", apiError("is_archived")
	}
	if threadTS != "" {
		if err := c.checkParent(threadTS); err != nil {
			return "", err
		}
	}
	m := &storedMessage{Message: Message{User: user, Text: text, ThreadTS: threadTS}}
	s.appendMessage(c, m)
	return m.TS, nil
}

// addReaction is reactions.add.
func (s *Server) addReaction(call *apiCall) (jsonObject, error) {
	c, err := s.findJoined(call.args["channel"])
	if err != nil {
		return nil, err
	}
	return nil, s.putReaction(c, s.ids.botUser, call.args["timestamp"], call.args["name"])
}

// removeReaction is reactions.remove.
func (s *Server) removeReaction(call *apiCall) (jsonObject, error) {
	c, err := s.findItem(call.args)
	if err != nil {
		return nil, err
	}
	return nil, s.dropReaction(c, s.ids.botUser, call.args["timestamp"], call.args["name"])
}

// getReactions is reactions.get.
func (s *Server) getReactions(call *apiCall) (jsonObject, error) {
	c, err := s.findItem(call.args)
	if err != nil {
		return nil, err
	}
	if _, ok := timestampMicros(call.args["timestamp"]); !ok {
		return nil, apiError("bad_timestamp")
	}
	c = s.lagging(c, call)
	m := c.findMessage(call.args["timestamp"])
	if m == nil {
		return nil, apiError("message_not_found")
	}
	message := s.renderMessage(c, m, renderOptions{full: call.args.isTrue("full")})
	message["permalink"] = messagePermalink(c, m)
	return jsonObject{"type": "message", "channel": c.ID, "message": message}, nil
}

// findItem finds the conversation of the message in a call. This workspace has
// no files.
func (s *Server) findItem(args callArgs) (*conversation, error) {
	switch {
	case args["file"] != "":
		return nil, apiError("file_not_found")
	case args["file_comment"] != "":
		return nil, apiError("file_comment_not_found")
	case args["channel"] == "" || args["timestamp"] == "":
		return nil, apiError("no_item_specified")
	}
	return s.findJoined(args["channel"])
}

// findJoined finds a conversation with the bot as a member.
func (s *Server) findJoined(id string) (*conversation, error) {
	c, err := s.findVisible(id)
	if err != nil {
		return nil, err
	}
	if !c.hasMember(s.ids.botUser) {
		return nil, apiError("no_permission")
	}
	return c, nil
}
