package fakeslack

import (
	"cmp"
	"slices"
)

// Users are all users of the workspace by id, the bot included.
func (s *Server) Users() []User {
	s.lock.Lock()
	defer s.lock.Unlock()
	all := make([]User, 0, len(s.users))
	for _, u := range s.users {
		all = append(all, *u)
	}
	slices.SortFunc(all, func(a, b User) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Channels are all channels by id, without direct messages.
func (s *Server) Channels() []Channel {
	s.lock.Lock()
	defer s.lock.Unlock()
	var all []Channel
	for _, c := range s.channels {
		if c.dm == "" {
			found := c.Channel
			found.Members = slices.Clone(c.Members)
			all = append(all, found)
		}
	}
	slices.SortFunc(all, func(a, b Channel) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// AllMessages are the messages of a channel, oldest first, with replies and without
// deleted ones.
func (s *Server) AllMessages(channel string) []Message {
	return s.listMessages(channel, func(m *storedMessage) bool { return !m.Deleted })
}

// DirectChannel is the id of the bot's direct messages with a person. It exists from
// the first message on.
func DirectChannel(user string) string { return directChannelID(user) }

// Label is a text of a modal that is not in its blocks: "title", "submit" or "close".
func (v View) Label(field string) string { return readPlainText(v.fields[field]) }
