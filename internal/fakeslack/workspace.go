package fakeslack

import (
	"slices"
	"strings"
	"time"
)

// AddUser adds a person, or replaces the person with that id.
func (s *Server) AddUser(u User) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if u.TeamID == "" {
		u.TeamID = s.ids.team
	}
	s.users[u.ID] = &u
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "user", User: u.ID})
}

// UpdateUser changes a person. It ignores an unknown id.
func (s *Server) UpdateUser(id string, change func(*User)) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if u := s.users[id]; u != nil {
		change(u)
		entry := Entry{Kind: EntryWorkspace, Type: "user", User: id}
		if u.Deleted {
			entry.Detail = "deactivated"
		}
		s.addEntry(entry)
	}
}

// AddChannel adds a channel, or replaces the channel with that id and its
// messages.
func (s *Server) AddChannel(c Channel) {
	s.lock.Lock()
	defer s.lock.Unlock()
	c.Members = slices.Clone(c.Members)
	s.channels[c.ID] = &conversation{Channel: c}
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "channel", Channel: c.ID})
}

// UpdateChannel changes a channel. Archiving sends channel_archive or
// group_archive. A new ID sends channel_id_changed, and the messages move
// along.
func (s *Server) UpdateChannel(id string, change func(*Channel)) {
	s.lock.Lock()
	defer s.lock.Unlock()
	c := s.channels[id]
	if c == nil {
		return
	}
	archived := c.Archived
	change(&c.Channel)
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "channel", Channel: c.ID})
	if c.ID != id {
		delete(s.channels, id)
		s.channels[c.ID] = c
		for _, m := range c.messages {
			m.Channel = c.ID
		}
		s.emitToMember(map[string]any{"type": "channel_id_changed", "old_channel_id": id, "new_channel_id": c.ID}, c)
	}
	if c.Archived && !archived {
		kind := map[bool]string{false: "channel_archive", true: "group_archive"}[c.Private]
		s.emitToMember(map[string]any{"type": kind, "channel": c.ID}, c)
	}
}

// Join makes a user a member of a channel.
func (s *Server) Join(channel, user string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if c := s.channels[channel]; c != nil && !c.hasMember(user) {
		c.Members = append(c.Members, user)
		s.addEntry(Entry{Kind: EntryWorkspace, Type: "join", Channel: channel, User: user})
	}
}

// Leave takes a user out of a channel. It sends member_left_channel if the bot
// was a member.
func (s *Server) Leave(channel, user string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	c := s.channels[channel]
	if c == nil || !c.hasMember(user) {
		return
	}
	heard := c.hasMember(s.ids.botUser)
	c.Members = slices.DeleteFunc(c.Members, func(id string) bool { return id == user })
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "leave", Channel: channel, User: user})
	if heard {
		kind := map[bool]string{false: "C", true: "G"}[c.Private]
		s.emitInScope(map[string]any{
			"type": "member_left_channel", "user": s.shownID(SurfaceEvents, user), "channel": channel,
			"channel_type": kind, "team": s.ids.team,
		}, c)
	}
}

// SetUserGroup sets the members of a user group. A change of an existing group
// sends subteam_members_changed.
func (s *Server) SetUserGroup(id string, members ...string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	before, existed := s.groups[id]
	s.groups[id] = slices.Clone(members)
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "user group", Detail: id + ": " + strings.Join(members, " ")})
	added, removed := listWithout(members, before), listWithout(before, members)
	if !existed || len(added)+len(removed) == 0 {
		return
	}
	now := s.cfg.Now().Unix()
	s.emitInScope(map[string]any{
		"type": "subteam_members_changed", "subteam_id": id, "team_id": s.ids.team,
		"date_previous_update": now - 60, "date_update": now,
		"added_users": added, "added_users_count": len(added),
		"removed_users": removed, "removed_users_count": len(removed),
	}, nil)
}

// listWithout is a without the elements of b. It is never nil, because JSON
// shows nil as null.
func listWithout(a, b []string) []string {
	rest := []string{}
	for _, id := range a {
		if !slices.Contains(b, id) {
			rest = append(rest, id)
		}
	}
	return rest
}

// SetCustomEmoji sets the short names of the workspace's own emoji.
func (s *Server) SetCustomEmoji(names ...string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.emoji = slices.Clone(names)
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "custom emoji", Detail: strings.Join(names, " ")})
}

// SetDateAhead makes the Date header of all answers so much later than the clock of
// this machine: to a client on it, its own clock is then behind.
func (s *Server) SetDateAhead(ahead time.Duration) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.ahead = ahead
}

// DisableUserGroups turns this into a workspace on the free plan, where user
// groups answer plan_upgrade_required.
func (s *Server) DisableUserGroups() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.noGroups = true
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "user groups disabled"})
}
