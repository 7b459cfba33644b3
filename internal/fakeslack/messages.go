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

// Reaction is one emoji on a message, with its users in order.
type Reaction struct {
	Name  string
	Users []string
	Count int
}

// storedMessage is a message in its conversation.
type storedMessage struct {
	Message
	attachments json.RawMessage
	deletedAt   time.Time
	changes     []reactionChange
}

func (m *storedMessage) isReply() bool { return m.ThreadTS != "" && m.ThreadTS != m.TS }

// copyMessage is a copy out of the reach of later changes.
func (m *storedMessage) copyMessage() Message {
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

// findMessage is the message with a timestamp, nil if it does not exist or was
// deleted.
func (c *conversation) findMessage(ts string) *storedMessage {
	for _, m := range c.messages {
		if m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}

// liveReplies are the replies to a message, without deleted ones.
func (c *conversation) liveReplies(ts string) []*storedMessage {
	var replies []*storedMessage
	for _, m := range c.messages {
		if m.isReply() && m.ThreadTS == ts && !m.Deleted {
			replies = append(replies, m)
		}
	}
	return replies
}

// checkParent accepts only the thread_ts of a parent.
func (c *conversation) checkParent(ts string) error {
	parent := c.findMessage(ts)
	switch {
	case parent == nil:
		return apiError("thread_not_found")
	case parent.isReply():
		return apiError("cannot_reply_to_message")
	}
	return nil
}

// appendMessage adds a message to a conversation. Callers hold s.lock.
func (s *Server) appendMessage(c *conversation, m *storedMessage) {
	m.Channel, m.TS, m.PostedAt = c.ID, s.nextTimestamp(), s.cfg.Now()
	c.messages = append(c.messages, m)
	s.addEntry(Entry{Kind: EntryPosted, Channel: c.ID, TS: m.TS, User: m.User, Detail: m.Text})
}

// Messages are the messages of a channel outside threads, oldest first, without
// deleted ones.
func (s *Server) Messages(channel string) []Message {
	return s.listMessages(channel, func(m *storedMessage) bool { return !m.isReply() && !m.Deleted })
}

// Thread are the replies to a message, oldest first.
func (s *Server) Thread(channel, ts string) []Message {
	return s.listMessages(channel, func(m *storedMessage) bool { return m.isReply() && m.ThreadTS == ts && !m.Deleted })
}

// Message is one message, which may be deleted.
func (s *Server) Message(channel, ts string) (Message, bool) {
	found := s.listMessages(channel, func(m *storedMessage) bool { return m.TS == ts })
	if len(found) == 0 {
		return Message{}, false
	}
	return found[0], true
}

// DirectMessages are the messages in the bot's DM with a person, oldest first.
func (s *Server) DirectMessages(user string) []Message {
	return s.listMessages(directChannelID(user), func(m *storedMessage) bool { return !m.Deleted })
}

func (s *Server) listMessages(channel string, wanted func(*storedMessage) bool) []Message {
	s.lock.Lock()
	defer s.lock.Unlock()
	c := s.channels[channel]
	if c == nil {
		return nil
	}
	var found []Message
	for _, m := range c.messages {
		if wanted(m) {
			found = append(found, m.copyMessage())
		}
	}
	return found
}

// directChannelID is the id of the bot's DM with a person.
func directChannelID(user string) string { return "D" + strings.TrimLeft(user, "UW") }

// openDirectChannel finds or makes the bot's DM with a person.
func (s *Server) openDirectChannel(user string) (*conversation, error) {
	u := s.users[user]
	if u == nil || u.Deleted || u.Bot {
		return nil, apiError("channel_not_found")
	}
	id := directChannelID(user)
	if s.channels[id] == nil {
		members := []string{user, s.ids.botUser}
		s.channels[id] = &conversation{dm: user, Channel: Channel{ID: id, Private: true, Members: members}}
	}
	return s.channels[id], nil
}

// Ephemeral is a message for one person.
type Ephemeral struct {
	Channel, User, Text, ThreadTS string
	Blocks                        json.RawMessage
	Via                           string // "ack", "response_url" or "chat.postEphemeral"
	Replaced                      bool   // it replaced the one before
	At                            time.Time
}

// Ephemerals are the messages for one person alone, oldest first.
func (s *Server) Ephemerals(user string) []Ephemeral {
	s.lock.Lock()
	defer s.lock.Unlock()
	var seen []Ephemeral
	for _, e := range s.private {
		if e.User == user {
			seen = append(seen, e)
		}
	}
	return seen
}
