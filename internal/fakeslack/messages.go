package fakeslack

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Message is a message as people and history show it.
type Message struct {
	Channel, TS string
	ThreadTS    string // of the parent; "" outside threads
	User        string // author; "" for a message that came through a response_url
	BotID       string // "" for people
	Text        string
	Blocks      json.RawMessage
	Metadata    *Metadata
	Broadcast   bool // a reply also shown in the channel
	Edited      bool
	EditedAt    time.Time
	Revisions   []Revision // what it said before, oldest first
	Reactions   []Reaction
	Deleted     bool
	PostedAt    time.Time
}

// Metadata is the message metadata of an app.
type Metadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// Revision is what a message said until an edit.
type Revision struct {
	Text     string
	Blocks   json.RawMessage
	Metadata *Metadata
	Until    time.Time
}

// Reaction is one emoji on a message, and who put it there, in order.
type Reaction struct {
	Name  string
	Users []string
	Count int
}

// slackMessage is a message in its channel.
type slackMessage struct {
	Message
	attachments json.RawMessage
}

func (m *slackMessage) isReply() bool { return m.ThreadTS != "" && m.ThreadTS != m.TS }

// snapshot is a copy that later changes do not reach.
func (m *slackMessage) snapshot() Message {
	c := m.Message
	c.Revisions = slices.Clone(m.Revisions)
	c.Reactions = nil
	for _, r := range m.Reactions {
		c.Reactions = append(c.Reactions, Reaction{Name: r.Name, Users: slices.Clone(r.Users), Count: len(r.Users)})
	}
	if m.Metadata != nil {
		c.Metadata = &Metadata{EventType: m.Metadata.EventType, EventPayload: maps.Clone(m.Metadata.EventPayload)}
	}
	return c
}

// find is the message with a timestamp, nil if there is none or it was
// deleted.
func (c *slackChannel) find(ts string) *slackMessage {
	for _, m := range c.messages {
		if m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}

// thread are the living replies to a message.
func (c *slackChannel) thread(ts string) []*slackMessage {
	var replies []*slackMessage
	for _, m := range c.messages {
		if m.isReply() && m.ThreadTS == ts && !m.Deleted {
			replies = append(replies, m)
		}
	}
	return replies
}

// checkParent refuses a thread_ts that is no parent.
func (c *slackChannel) checkParent(ts string) error {
	parent := c.find(ts)
	switch {
	case parent == nil:
		return slackError("thread_not_found")
	case parent.isReply():
		return slackError("cannot_reply_to_message")
	}
	return nil
}

// append adds a message to a channel. Callers hold s.lock.
func (s *Server) append(c *slackChannel, m *slackMessage) {
	m.Channel, m.TS, m.PostedAt = c.ID, s.timestamp(), s.cfg.Now()
	c.messages = append(c.messages, m)
	s.note(Entry{Kind: EntryPosted, Channel: c.ID, TS: m.TS, User: m.User, Detail: m.Text})
}

// Messages are the messages of a channel outside threads, oldest first,
// deleted ones left out.
func (s *Server) Messages(channel string) []Message {
	return s.list(channel, func(m *slackMessage) bool { return !m.isReply() && !m.Deleted })
}

// Thread are the replies to a message, oldest first.
func (s *Server) Thread(channel, ts string) []Message {
	return s.list(channel, func(m *slackMessage) bool { return m.isReply() && m.ThreadTS == ts && !m.Deleted })
}

// Message is one message; deleted ones are found too.
func (s *Server) Message(channel, ts string) (Message, bool) {
	found := s.list(channel, func(m *slackMessage) bool { return m.TS == ts })
	if len(found) == 0 {
		return Message{}, false
	}
	return found[0], true
}

// DirectMessages are the messages in the bot's DM with a person, oldest first.
func (s *Server) DirectMessages(user string) []Message {
	return s.list(slackDM(user), func(m *slackMessage) bool { return !m.Deleted })
}

func (s *Server) list(channel string, wanted func(*slackMessage) bool) []Message {
	s.lock.Lock()
	defer s.lock.Unlock()
	c := s.channels[channel]
	if c == nil {
		return nil
	}
	var found []Message
	for _, m := range c.messages {
		if wanted(m) {
			found = append(found, m.snapshot())
		}
	}
	return found
}

// slackDM is the id of the bot's DM with a person.
func slackDM(user string) string { return "D" + strings.TrimLeft(user, "UW") }

// openDM finds or makes the bot's DM with a person.
func (s *Server) openDM(user string) (*slackChannel, error) {
	u := s.users[user]
	if u == nil || u.Deleted || u.Bot {
		return nil, slackError("channel_not_found")
	}
	id := slackDM(user)
	if s.channels[id] == nil {
		members := []string{user, s.ids.botUser}
		s.channels[id] = &slackChannel{dm: user, Channel: Channel{ID: id, Private: true, Members: members}}
	}
	return s.channels[id], nil
}
