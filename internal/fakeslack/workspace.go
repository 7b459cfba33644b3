package fakeslack

import (
	"slices"
	"strings"
)

// AddUser adds a person or replaces the one with that id.
func (s *Server) AddUser(u User) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if u.TeamID == "" {
		u.TeamID = s.ids.team
	}
	s.users[u.ID] = &u
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "user", User: u.ID})
}

// UpdateUser changes a person; an unknown id is left alone.
func (s *Server) UpdateUser(id string, change func(*User)) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if u := s.users[id]; u != nil {
		change(u)
		s.addEntry(Entry{Kind: EntryWorkspace, Type: "user", User: id, Detail: map[bool]string{true: "deactivated"}[u.Deleted]})
	}
}

// AddChannel adds a channel or replaces the one with that id, messages
// included.
func (s *Server) AddChannel(c Channel) {
	s.lock.Lock()
	defer s.lock.Unlock()
	c.Members = slices.Clone(c.Members)
	s.channels[c.ID] = &conversation{Channel: c}
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "channel", Channel: c.ID})
}

// UpdateChannel changes a channel. Archiving sends channel_archive or
// group_archive, a new ID sends channel_id_changed; messages move along.
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

// Leave takes a user out of a channel and sends member_left_channel if the
// bot is, or was, in it.
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
			"type": "member_left_channel", "user": user, "channel": channel, "channel_type": kind, "team": s.ids.team,
		}, c)
	}
}

// SetUserGroup sets the members of a user group. A change of an existing one
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

// listWithout is a without the elements of b; never nil, for JSON.
func listWithout(a, b []string) []string {
	rest := []string{}
	for _, id := range a {
		if !slices.Contains(b, id) {
			rest = append(rest, id)
		}
	}
	return rest
}

// DisableUserGroups makes this a workspace on the free plan, where user
// groups answer plan_upgrade_required.
func (s *Server) DisableUserGroups() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.noGroups = true
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "user groups disabled"})
}
