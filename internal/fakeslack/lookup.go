package fakeslack

import (
	"strconv"
	"strings"
	"time"
)

// channelInfo is conversations.info.
func (s *Server) channelInfo(call *apiCall) (jsonObject, error) {
	c, err := s.findVisible(call.args["channel"])
	if err != nil {
		return nil, err
	}
	if err := s.requireScope(c.scopeFamily() + ":read"); err != nil {
		return nil, err
	}
	info := s.renderChannel(c)
	if call.args.isTrue("include_num_members") {
		info["num_members"] = len(c.Members)
	}
	return jsonObject{"channel": info}, nil
}

func (s *Server) renderChannel(c *conversation) jsonObject {
	empty := jsonObject{"value": "", "creator": "", "last_set": 0}
	info := jsonObject{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "created": 1700000000, "creator": "",
		"is_channel": c.dm == "" && !c.Private, "is_group": c.dm == "" && c.Private, "is_im": c.dm != "", "is_mpim": false,
		"is_private": c.Private, "is_archived": c.Archived, "is_general": false, "is_member": c.hasMember(s.ids.botUser),
		"is_shared": c.ExtShared, "is_org_shared": false, "is_ext_shared": c.ExtShared,
		"is_pending_ext_shared": c.PendingExtShared, "pending_shared": []string{},
		"context_team_id": s.ids.team, "shared_team_ids": []string{s.ids.team},
		"topic": empty, "purpose": empty, "previous_names": []string{},
	}
	if c.dm != "" {
		info["user"] = c.dm
	}
	return info
}

// maxMembers is the largest page of conversations.members.
const maxMembers = 1000

// listMembers is conversations.members. A cursor is the number of members before it.
func (s *Server) listMembers(call *apiCall) (jsonObject, error) {
	c, err := s.findVisible(call.args["channel"])
	if err != nil {
		return nil, err
	}
	if err := s.requireScope(c.scopeFamily() + ":read"); err != nil {
		return nil, err
	}
	from, _ := strconv.Atoi(call.args["cursor"])
	limit, err := strconv.Atoi(call.args["limit"])
	if err != nil || limit < 1 {
		limit = 100
	}
	from = min(from, len(c.Members))
	to, next := min(from+min(limit, maxMembers), len(c.Members)), ""
	if to < len(c.Members) {
		next = strconv.Itoa(to)
	}
	return jsonObject{
		"members": s.shownIDs(SurfaceUserInfo, c.Members[from:to]), "response_metadata": jsonObject{"next_cursor": next},
	}, nil
}

// botInfo is bots.info.
func (s *Server) botInfo(call *apiCall) (jsonObject, error) {
	if bot := call.args["bot"]; bot != "" && bot != s.ids.bot {
		return nil, apiError("bot_not_found")
	}
	return jsonObject{"bot": jsonObject{
		"id": s.ids.bot, "deleted": false, "name": s.users[s.ids.botUser].Name, "updated": 1700000000,
		"app_id": s.ids.app, "user_id": s.ids.botUser, "icons": jsonObject{},
	}}, nil
}

// listEmoji is emoji.list: the custom emoji alone.
func (s *Server) listEmoji(*apiCall) (jsonObject, error) {
	all := jsonObject{}
	for _, name := range s.emoji {
		all[name] = "https://emoji.slack-edge.com/" + s.ids.team + "/" + name + "/1.png"
	}
	return jsonObject{"emoji": all, "cache_ts": "1700000000.000000"}, nil
}

// joinChannel is conversations.join.
func (s *Server) joinChannel(call *apiCall) (jsonObject, error) {
	c, err := s.findVisible(call.args["channel"])
	switch {
	case err != nil:
		return nil, err
	case c.Private:
		return nil, apiError("method_not_supported_for_channel_type")
	case c.Archived:
		return nil, apiError("is_archived")
	}
	if c.hasMember(s.ids.botUser) {
		call.warnings = append(call.warnings, "already_in_channel")
	} else {
		c.Members = append(c.Members, s.ids.botUser)
		s.addEntry(Entry{Kind: EntryWorkspace, Type: "join", Channel: c.ID, User: s.ids.botUser})
	}
	return jsonObject{"channel": s.renderChannel(c)}, nil
}

// userInfo is users.info.
func (s *Server) userInfo(call *apiCall) (jsonObject, error) {
	u := s.users[s.localID(call.args["user"])]
	if u == nil {
		return nil, apiError("user_not_found")
	}
	name := u.RealName
	if name == "" {
		name = u.Name
	}
	zone, label, offset := u.timeZone(s.cfg.Now())
	info := jsonObject{
		"id": s.shownID(SurfaceUserInfo, u.ID), "team_id": u.TeamID, "name": u.Name, "real_name": name, "deleted": u.Deleted,
		"tz": zone, "tz_label": label, "tz_offset": offset, "updated": 1700000000,
		"is_bot": u.Bot, "is_app_user": false, "is_workflow_bot": u.WorkflowBot,
		"is_admin": false, "is_owner": false, "is_primary_owner": false,
		"is_restricted": u.Restricted || u.UltraRestricted, "is_ultra_restricted": u.UltraRestricted,
		"is_stranger": u.Stranger, "is_invited_user": u.Invited,
		"profile": jsonObject{"real_name": name, "display_name": u.Name, "team": u.TeamID},
	}
	if s.enterprise != "" && u.GlobalID != "" {
		info["enterprise_user"] = s.renderEnterpriseUser(u)
	}
	if call.args.isTrue("include_locale") {
		info["locale"] = "en-US"
	}
	return jsonObject{"user": info}, nil
}

// groupMembers is usergroups.users.list.
func (s *Server) groupMembers(call *apiCall) (jsonObject, error) {
	if s.noGroups {
		return nil, apiError("plan_upgrade_required")
	}
	members, ok := s.groups[call.args["usergroup"]]
	if !ok || !strings.HasPrefix(call.args["usergroup"], "S") {
		return nil, apiError("no_such_subteam")
	}
	return jsonObject{"users": s.shownIDs(SurfaceUserGroups, members)}, nil
}

// timeZone is a person's time zone as users.info tells it. Slack has one for
// each person. The offset is today's, so it follows daylight saving time.
func (u *User) timeZone(now time.Time) (name, label string, offset int) {
	name, offset = u.TZ, u.TZOffset
	if name == "" {
		name = "Etc/UTC"
	}
	place, err := time.LoadLocation(name)
	if err != nil {
		return name, name, offset
	}
	label, seconds := now.In(place).Zone()
	if offset == 0 {
		offset = seconds
	}
	return name, label, offset
}
