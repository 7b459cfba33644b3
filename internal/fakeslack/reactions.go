package fakeslack

import (
	"regexp"
	"slices"
)

// Slack's limits of reactions on one message.
const (
	slackMaxEmoji     = 50 // distinct ones
	slackMaxReactions = 23 // by one person
)

// slackEmoji is the form of emoji names. Which names exist is not checked: a
// workspace may have any.
var slackEmoji = regexp.MustCompile(`^[a-z0-9_+'-]+(::skin-tone-[2-6])?$`)

// React makes a person react to a message, with the errors that Slack would
// answer to one.
func (s *Server) React(user, channel, ts, emoji string) error {
	return s.asPerson(user, channel, ts, emoji, s.react)
}

// Unreact takes a person's reaction back.
func (s *Server) Unreact(user, channel, ts, emoji string) error {
	return s.asPerson(user, channel, ts, emoji, s.unreact)
}

func (s *Server) asPerson(user, channel, ts, emoji string, act func(*slackChannel, string, string, string) error) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	_, c, err := s.person(user, channel)
	if err != nil {
		return err
	}
	return act(c, user, ts, emoji)
}

// react adds a reaction and tells the app. Callers hold s.lock.
func (s *Server) react(c *slackChannel, user, ts, emoji string) error {
	m, err := c.reactable(ts, emoji)
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
		return slackError("already_reacted")
	case at < 0 && len(m.Reactions) >= slackMaxEmoji:
		return slackError("too_many_emoji")
	case mine >= slackMaxReactions:
		return slackError("too_many_reactions")
	case at < 0:
		at = len(m.Reactions)
		m.Reactions = append(m.Reactions, Reaction{Name: emoji})
	}
	m.Reactions[at].Users = append(m.Reactions[at].Users, user)
	s.note(Entry{Kind: EntryReactionAdded, Channel: c.ID, TS: ts, User: user, Detail: emoji})
	s.emit(reactionEvent("reaction_added", m, user, emoji), c)
	return nil
}

// unreact removes a reaction and tells the app. Callers hold s.lock.
func (s *Server) unreact(c *slackChannel, user, ts, emoji string) error {
	m, err := c.reactable(ts, emoji)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == emoji })
	if at < 0 || !slices.Contains(m.Reactions[at].Users, user) {
		return slackError("no_reaction")
	}
	r := &m.Reactions[at]
	r.Users = slices.DeleteFunc(r.Users, func(id string) bool { return id == user })
	if len(r.Users) == 0 {
		m.Reactions = slices.Delete(m.Reactions, at, at+1)
	}
	s.note(Entry{Kind: EntryReactionRemoved, Channel: c.ID, TS: ts, User: user, Detail: emoji})
	s.emit(reactionEvent("reaction_removed", m, user, emoji), c)
	return nil
}

// reactable checks the item of a reaction, in Slack's order.
func (c *slackChannel) reactable(ts, emoji string) (*slackMessage, error) {
	if _, ok := slackMicros(ts); !ok {
		return nil, slackError("bad_timestamp")
	}
	if !slackEmoji.MatchString(emoji) {
		return nil, slackError("invalid_name")
	}
	if c.Archived {
		return nil, slackError("is_archived")
	}
	m := c.find(ts)
	if m == nil {
		return nil, slackError("message_not_found")
	}
	return m, nil
}

func reactionEvent(kind string, m *slackMessage, user, emoji string) map[string]any {
	event := map[string]any{
		"type": kind, "user": user, "reaction": emoji,
		"item": map[string]any{"type": "message", "channel": m.Channel, "ts": m.TS},
	}
	if m.User != "" {
		event["item_user"] = m.User
	}
	return event
}

// DeleteMessage deletes a message, as an admin may.
func (s *Server) DeleteMessage(channel, ts string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	c := s.channels[channel]
	if c == nil {
		return slackError("channel_not_found")
	}
	m := c.find(ts)
	if m == nil {
		return slackError("message_not_found")
	}
	m.Deleted = true
	s.note(Entry{Kind: EntryDeleted, Channel: channel, TS: ts})
	return nil
}

// Say posts a person's message, into a thread unless threadTS is "", and
// returns its timestamp.
func (s *Server) Say(user, channel, threadTS, text string) (string, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	_, c, err := s.person(user, channel)
	if err != nil {
		return "", err
	}
	if c.Archived {
		return "", slackError("is_archived")
	}
	if threadTS != "" {
		if err := c.checkParent(threadTS); err != nil {
			return "", err
		}
	}
	m := &slackMessage{Message: Message{User: user, Text: text, ThreadTS: threadTS}}
	s.append(c, m)
	return m.TS, nil
}

// addReaction is reactions.add.
func (s *Server) addReaction(call *slackCall) (slackReply, error) {
	c, err := s.joined(call.args["channel"])
	if err != nil {
		return nil, err
	}
	return nil, s.react(c, s.ids.botUser, call.args["timestamp"], call.args["name"])
}

// removeReaction is reactions.remove.
func (s *Server) removeReaction(call *slackCall) (slackReply, error) {
	c, err := s.item(call.args)
	if err != nil {
		return nil, err
	}
	return nil, s.unreact(c, s.ids.botUser, call.args["timestamp"], call.args["name"])
}

// getReactions is reactions.get.
func (s *Server) getReactions(call *slackCall) (slackReply, error) {
	c, err := s.item(call.args)
	if err != nil {
		return nil, err
	}
	if _, ok := slackMicros(call.args["timestamp"]); !ok {
		return nil, slackError("bad_timestamp")
	}
	m := c.find(call.args["timestamp"])
	if m == nil {
		return nil, slackError("message_not_found")
	}
	message := s.render(c, m, slackView{full: call.args.on("full")})
	message["permalink"] = slackPermalink(c, m)
	return slackReply{"type": "message", "channel": c.ID, "message": message}, nil
}

// item finds the conversation of the message that a call is about; there are
// no files here.
func (s *Server) item(args slackArgs) (*slackChannel, error) {
	switch {
	case args["file"] != "":
		return nil, slackError("file_not_found")
	case args["file_comment"] != "":
		return nil, slackError("file_comment_not_found")
	case args["channel"] == "" || args["timestamp"] == "":
		return nil, slackError("no_item_specified")
	}
	return s.joined(args["channel"])
}

// joined finds a conversation that the bot is a member of.
func (s *Server) joined(id string) (*slackChannel, error) {
	c, err := s.visible(id)
	if err != nil {
		return nil, err
	}
	if !c.has(s.ids.botUser) {
		return nil, slackError("no_permission")
	}
	return c, nil
}
