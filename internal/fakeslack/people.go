package fakeslack

import (
	"slices"
)

// User is a member of the workspace, or an external person in a shared channel.
type User struct {
	ID, Name, RealName, TZ         string
	TZOffset                       int // seconds
	Bot, Deleted                   bool
	Restricted, UltraRestricted    bool // multi- and single-channel guests
	Stranger, WorkflowBot, Invited bool
	TeamID                         string // default: this workspace
	GlobalID                       string // the organization's id of the person: see JoinEnterprise
}

// Channel is a conversation. Members may include the bot.
type Channel struct {
	ID, Name                    string
	Private, Archived           bool
	ExtShared, PendingExtShared bool
	Members                     []string
}

// conversation is a channel or a DM with its messages, oldest first, replies
// included.
type conversation struct {
	Channel
	dm       string // the person in the bot's DM; "" in channels
	messages []*storedMessage
}

func (c *conversation) hasMember(user string) bool { return slices.Contains(c.Members, user) }

// scopeFamily is the first half of the scopes for this conversation.
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

// findPerson finds a person who can act in a channel: active, human and, in a
// private channel, a member. Callers hold s.lock.
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

// findByName finds a channel by its name. DMs have none.
func (s *Server) findByName(name string) *conversation {
	for _, c := range s.channels {
		if name != "" && c.Name == name {
			return c
		}
	}
	return nil
}

// findVisible finds a conversation that the bot may know: a public one, or one
// of its own.
func (s *Server) findVisible(id string) (*conversation, error) {
	c := s.channels[id]
	if c == nil || (c.Private && !c.hasMember(s.ids.botUser)) {
		return nil, apiError("channel_not_found")
	}
	return c, nil
}
