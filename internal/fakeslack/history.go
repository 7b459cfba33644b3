package fakeslack

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// renderOptions say how much of a message is shown.
type renderOptions struct {
	metadata bool // also the event_payload
	full     bool // all users of a reaction
}

// shownReactors is how many users of a reaction are listed by default. Slack
// does not publish its own number.
const shownReactors = 3

// renderMessage is the JSON of a message. Callers hold s.lock.
func (s *Server) renderMessage(c *conversation, m *storedMessage, view renderOptions) jsonObject {
	if m.Deleted {
		return s.renderTombstone(c, m)
	}
	out := jsonObject{"type": "message", "ts": m.TS, "text": m.Text, "team": s.ids.team}
	if m.User != "" {
		out["user"] = s.shownID(SurfaceAuthors, m.User)
	} else {
		out["subtype"] = "bot_message"
	}
	if m.BotID != "" {
		out["bot_id"], out["app_id"] = m.BotID, s.ids.app
	}
	if m.Broadcast {
		out["subtype"] = "thread_broadcast"
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if m.attachments != nil {
		out["attachments"] = m.attachments
	}
	if m.Edited {
		out["edited"] = jsonObject{"user": m.User, "ts": fmt.Sprintf("%d.000000", m.EditedAt.Unix())}
	}
	s.renderMetadata(out, m, view)
	if len(m.Reactions) > 0 {
		out["reactions"] = s.renderReactions(m, view)
	}
	s.renderThread(out, c, m)
	return out
}

func (s *Server) renderMetadata(out jsonObject, m *storedMessage, view renderOptions) {
	switch {
	case m.Metadata == nil:
	case view.metadata:
		out["metadata"] = m.Metadata
	default:
		out["metadata"] = jsonObject{"event_type": m.Metadata.EventType}
	}
}

// renderReactions lists users up to a limit. The count is always right, and the
// bot is always in the list of its own reaction.
func (s *Server) renderReactions(m *storedMessage, view renderOptions) []jsonObject {
	var out []jsonObject
	for _, r := range m.Reactions {
		users := slices.Clone(r.Users) // the answer is written later, without the lock
		if !view.full && len(users) > shownReactors {
			users = users[:shownReactors]
			if slices.Contains(r.Users, s.ids.botUser) && !slices.Contains(users, s.ids.botUser) {
				users[shownReactors-1] = s.ids.botUser
			}
		}
		users = s.shownIDs(SurfaceReactions, users)
		out = append(out, jsonObject{"name": r.Name, "users": users, "count": len(r.Users)})
	}
	return out
}

func (s *Server) renderThread(out jsonObject, c *conversation, m *storedMessage) {
	if m.isReply() {
		out["thread_ts"] = m.ThreadTS
		return
	}
	replies := c.liveReplies(m.TS)
	if len(replies) == 0 {
		return
	}
	var people []string
	for _, reply := range replies {
		if reply.User != "" && !slices.Contains(people, reply.User) {
			people = append(people, reply.User)
		}
	}
	out["thread_ts"] = m.TS
	out["reply_count"] = len(replies)
	out["reply_users"] = people
	out["reply_users_count"] = len(people)
	out["latest_reply"] = replies[len(replies)-1].TS
}

// renderTombstone is what stays of a deleted message with replies.
func (s *Server) renderTombstone(c *conversation, m *storedMessage) jsonObject {
	out := jsonObject{
		"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": true, "ts": m.TS,
		"text": "This message was deleted.",
	}
	s.renderThread(out, c, m)
	return out
}

// findReadable finds a conversation that the bot may read.
func (s *Server) findReadable(id string) (*conversation, error) {
	c, err := s.findVisible(id)
	if err != nil {
		return nil, err
	}
	if err := s.requireScope(c.scopeFamily() + ":history"); err != nil {
		return nil, err
	}
	if !c.hasMember(s.ids.botUser) {
		return nil, apiError("not_in_channel")
	}
	return c, nil
}

// messageRange is a part of a conversation: oldest and latest, in microseconds,
// and where a page starts.
type messageRange struct {
	oldest, latest int64 // latest 0: now
	inclusive      bool
	cursor         int64
	limit          int
}

// The sizes of a page.
const (
	pageSize    = 100
	maxPageSize = 999
)

func parseRange(args callArgs) (messageRange, error) {
	r := messageRange{inclusive: args.isTrue("inclusive"), limit: pageSize}
	var ok bool
	if ts := args["oldest"]; ts != "" {
		if r.oldest, ok = timestampMicros(ts); !ok {
			return r, apiError("invalid_ts_oldest")
		}
	}
	if ts := args["latest"]; ts != "" {
		if r.latest, ok = timestampMicros(ts); !ok {
			return r, apiError("invalid_ts_latest")
		}
	}
	if limit, _ := strconv.Atoi(args["limit"]); limit > 0 {
		r.limit = min(limit, maxPageSize)
	}
	if cursor := args["cursor"]; cursor != "" {
		if r.cursor, ok = decodeCursor(cursor); !ok {
			return r, apiError("invalid_cursor")
		}
	}
	return r, nil
}

func (r messageRange) includesMessage(m *storedMessage) bool {
	at, _ := timestampMicros(m.TS)
	switch {
	case at == r.oldest || (r.latest != 0 && at == r.latest):
		return r.inclusive
	case at < r.oldest:
		return false
	}
	return r.latest == 0 || at < r.latest
}

// encodeCursor makes a cursor in Slack's own form: "next_ts:" in base64.
func encodeCursor(micros int64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "next_ts:%d", micros))
}

func decodeCursor(cursor string) (int64, bool) {
	raw, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	micros, err := strconv.ParseInt(strings.TrimPrefix(string(raw), "next_ts:"), 10, 64)
	return micros, err == nil
}

// renderPage cuts the found messages to one page and keeps their order.
func (s *Server) renderPage(c *conversation, found []*storedMessage, r messageRange, view renderOptions) jsonObject {
	start := 0
	if r.cursor != 0 {
		start = slices.IndexFunc(found, func(m *storedMessage) bool {
			at, _ := timestampMicros(m.TS)
			return at == r.cursor
		})
		if start < 0 { // deleted since the last page
			start = len(found)
		}
	}
	end := min(start+r.limit, len(found))
	messages := []jsonObject{}
	for _, m := range found[start:end] {
		messages = append(messages, s.renderMessage(c, m, view))
	}
	reply := jsonObject{"messages": messages, "has_more": end < len(found)}
	if end < len(found) {
		next, _ := timestampMicros(found[end].TS)
		reply["response_metadata"] = jsonObject{"next_cursor": encodeCursor(next)}
	}
	return reply
}

// listHistory is conversations.history: newest first, without replies.
func (s *Server) listHistory(call *apiCall) (jsonObject, error) {
	c, err := s.findReadable(call.args["channel"])
	if err != nil {
		return nil, err
	}
	r, err := parseRange(call.args)
	if err != nil {
		return nil, err
	}
	c = s.lagging(c, call)
	var found []*storedMessage
	for _, m := range slices.Backward(c.messages) {
		shown := (!m.isReply() || m.Broadcast) && (!m.Deleted || len(c.liveReplies(m.TS)) > 0)
		if shown && r.includesMessage(m) {
			found = append(found, m)
		}
	}
	reply := s.renderPage(c, found, r, renderOptions{metadata: call.args.isTrue("include_all_metadata")})
	reply["pin_count"] = 0
	return reply, nil
}

// listReplies is conversations.replies: oldest first. The parent is first on
// the first page, whatever the range.
func (s *Server) listReplies(call *apiCall) (jsonObject, error) {
	c, err := s.findReadable(call.args["channel"])
	if err != nil {
		return nil, err
	}
	r, err := parseRange(call.args)
	if err != nil {
		return nil, err
	}
	c = s.lagging(c, call)
	ts := call.args["ts"]
	at := slices.IndexFunc(c.messages, func(m *storedMessage) bool { return m.TS == ts })
	if at < 0 || (c.messages[at].Deleted && len(c.liveReplies(ts)) == 0) {
		return nil, apiError("thread_not_found")
	}
	found := []*storedMessage{c.messages[at]}
	for _, m := range c.liveReplies(ts) {
		if r.includesMessage(m) {
			found = append(found, m)
		}
	}
	return s.renderPage(c, found, r, renderOptions{metadata: call.args.isTrue("include_all_metadata")}), nil
}
