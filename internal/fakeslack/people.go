package fakeslack

import (
	"slices"
)

// User is a member of the workspace, or an external person who shares a
// channel with it.
type User struct {
	ID, Name, RealName, TZ         string
	TZOffset                       int // seconds
	Bot, Deleted                   bool
	Restricted, UltraRestricted    bool // multi- and single-channel guests
	Stranger, WorkflowBot, Invited bool
	TeamID                         string // default: this workspace
}

// Channel is a conversation. Members may include the bot.
type Channel struct {
	ID, Name                    string
	Private, Archived           bool
	ExtShared, PendingExtShared bool
	Members                     []string
}

// conversation is a channel or DM with its messages, oldest first, replies
// among them.
type conversation struct {
	Channel
	dm       string // the person, when this is the bot's DM with one
	messages []*storedMessage
}

func (c *conversation) hasMember(user string) bool { return slices.Contains(c.Members, user) }

// scopeFamily is the first half of the scopes that rule this conversation.
func (c *conversation) scopeFamily() string {
	switch {
	case c.dm != "":
		return "im"
	case c.Private:
		return "groups"
	default:
		return "channels"
	}
}

// findPerson is a user who can act in a channel: alive, human and, where the
// channel is private, a member. Callers hold s.lock.
func (s *Server) findPerson(user, channel string) (*User, *conversation, error) {
	u := s.users[user]
	switch {
	case u == nil || u.Bot:
		return nil, nil, apiError("user_not_found")
	case u.Deleted:
		return nil, nil, apiError("account_inactive")
	}
	c := s.channels[channel]
	if c == nil || (c.Private && !c.hasMember(user)) || (c.dm != "" && c.dm != user) {
		return nil, nil, apiError("channel_not_found")
	}
	return u, c, nil
}

// findVisible finds a conversation that the bot may know of: public ones and its
// own.
func (s *Server) findVisible(id string) (*conversation, error) {
	c := s.channels[id]
	if c == nil || (c.Private && !c.hasMember(s.ids.botUser)) {
		return nil, apiError("channel_not_found")
	}
	return c, nil
}
