package fakeslack

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// slackView says how much of a message is shown.
type slackView struct {
	metadata bool // the event_payload too, not only its event_type
	full     bool // every user of a reaction
}

// slackShownReactors is how many users of a reaction are listed unless all
// are asked for. Slack does not say how many it lists.
const slackShownReactors = 3

// render is the JSON of a message. Callers hold s.lock.
func (s *Server) render(c *slackChannel, m *slackMessage, view slackView) slackReply {
	if m.Deleted {
		return s.renderTombstone(c, m)
	}
	out := slackReply{"type": "message", "ts": m.TS, "text": m.Text, "team": s.ids.team}
	if m.User != "" {
		out["user"] = m.User
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
		out["edited"] = slackReply{"user": m.User, "ts": fmt.Sprintf("%d.000000", m.EditedAt.Unix())}
	}
	s.renderMetadata(out, m, view)
	if len(m.Reactions) > 0 {
		out["reactions"] = s.renderReactions(m, view)
	}
	s.renderThread(out, c, m)
	return out
}

func (s *Server) renderMetadata(out slackReply, m *slackMessage, view slackView) {
	switch {
	case m.Metadata == nil:
	case view.metadata:
		out["metadata"] = m.Metadata
	default:
		out["metadata"] = slackReply{"event_type": m.Metadata.EventType}
	}
}

// renderReactions lists users up to a limit. The count is always right, and
// the bot is always listed where it reacted.
func (s *Server) renderReactions(m *slackMessage, view slackView) []slackReply {
	var out []slackReply
	for _, r := range m.Reactions {
		users := slices.Clone(r.Users) // the answer is written when others may react already
		if !view.full && len(users) > slackShownReactors {
			users = users[:slackShownReactors]
			if slices.Contains(r.Users, s.ids.botUser) && !slices.Contains(users, s.ids.botUser) {
				users[slackShownReactors-1] = s.ids.botUser
			}
		}
		out = append(out, slackReply{"name": r.Name, "users": users, "count": len(r.Users)})
	}
	return out
}

func (s *Server) renderThread(out slackReply, c *slackChannel, m *slackMessage) {
	if m.isReply() {
		out["thread_ts"] = m.ThreadTS
		return
	}
	replies := c.thread(m.TS)
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

// renderTombstone is what stays of a deleted message that has replies.
func (s *Server) renderTombstone(c *slackChannel, m *slackMessage) slackReply {
	out := slackReply{
		"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": true, "ts": m.TS,
		"text": "This message was deleted.",
	}
	s.renderThread(out, c, m)
	return out
}

// readable finds a conversation whose messages the bot may read.
func (s *Server) readable(id string) (*slackChannel, error) {
	c, err := s.visible(id)
	if err != nil {
		return nil, err
	}
	if err := s.needScope(c.scopeFamily() + ":history"); err != nil {
		return nil, err
	}
	if !c.has(s.ids.botUser) {
		return nil, slackError("not_in_channel")
	}
	return c, nil
}

// slackRange is a part of a conversation: oldest and latest, in microseconds,
// and the place where a page starts.
type slackRange struct {
	oldest, latest int64 // latest 0: now
	inclusive      bool
	cursor         int64
	limit          int
}

// The sizes of a page.
const (
	slackPage    = 100
	slackMaxPage = 999
)

func readRange(args slackArgs) (slackRange, error) {
	r := slackRange{inclusive: args.on("inclusive"), limit: slackPage}
	var ok bool
	if ts := args["oldest"]; ts != "" {
		if r.oldest, ok = slackMicros(ts); !ok {
			return r, slackError("invalid_ts_oldest")
		}
	}
	if ts := args["latest"]; ts != "" {
		if r.latest, ok = slackMicros(ts); !ok {
			return r, slackError("invalid_ts_latest")
		}
	}
	if limit, _ := strconv.Atoi(args["limit"]); limit > 0 {
		r.limit = min(limit, slackMaxPage)
	}
	if cursor := args["cursor"]; cursor != "" {
		if r.cursor, ok = decodeSlackCursor(cursor); !ok {
			return r, slackError("invalid_cursor")
		}
	}
	return r, nil
}

func (r slackRange) has(m *slackMessage) bool {
	at, _ := slackMicros(m.TS)
	switch {
	case at == r.oldest || (r.latest != 0 && at == r.latest):
		return r.inclusive
	case at < r.oldest:
		return false
	}
	return r.latest == 0 || at < r.latest
}

// encodeSlackCursor makes cursors in Slack's own way, "next_ts:" in base64.
func encodeSlackCursor(micros int64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "next_ts:%d", micros))
}

func decodeSlackCursor(cursor string) (int64, bool) {
	raw, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	micros, err := strconv.ParseInt(strings.TrimPrefix(string(raw), "next_ts:"), 10, 64)
	return micros, err == nil
}

// page cuts found, which is in the order of the answer, to one page.
func (s *Server) page(c *slackChannel, found []*slackMessage, r slackRange, view slackView) slackReply {
	start := 0
	if r.cursor != 0 {
		start = slices.IndexFunc(found, func(m *slackMessage) bool {
			at, _ := slackMicros(m.TS)
			return at == r.cursor
		})
		if start < 0 { // deleted since
			start = len(found)
		}
	}
	end := min(start+r.limit, len(found))
	messages := []slackReply{}
	for _, m := range found[start:end] {
		messages = append(messages, s.render(c, m, view))
	}
	reply := slackReply{"messages": messages, "has_more": end < len(found)}
	if end < len(found) {
		next, _ := slackMicros(found[end].TS)
		reply["response_metadata"] = slackReply{"next_cursor": encodeSlackCursor(next)}
	}
	return reply
}

// history is conversations.history: newest first, without replies.
func (s *Server) history(call *slackCall) (slackReply, error) {
	c, err := s.readable(call.args["channel"])
	if err != nil {
		return nil, err
	}
	r, err := readRange(call.args)
	if err != nil {
		return nil, err
	}
	var found []*slackMessage
	for _, m := range slices.Backward(c.messages) {
		shown := (!m.isReply() || m.Broadcast) && (!m.Deleted || len(c.thread(m.TS)) > 0)
		if shown && r.has(m) {
			found = append(found, m)
		}
	}
	reply := s.page(c, found, r, slackView{metadata: call.args.on("include_all_metadata")})
	reply["pin_count"] = 0
	return reply, nil
}

// replies is conversations.replies: oldest first, the parent in front of the
// first page whatever the range.
func (s *Server) replies(call *slackCall) (slackReply, error) {
	c, err := s.readable(call.args["channel"])
	if err != nil {
		return nil, err
	}
	r, err := readRange(call.args)
	if err != nil {
		return nil, err
	}
	ts := call.args["ts"]
	at := slices.IndexFunc(c.messages, func(m *slackMessage) bool { return m.TS == ts })
	if at < 0 || (c.messages[at].Deleted && len(c.thread(ts)) == 0) {
		return nil, slackError("thread_not_found")
	}
	found := []*slackMessage{c.messages[at]}
	for _, m := range c.thread(ts) {
		if r.has(m) {
			found = append(found, m)
		}
	}
	return s.page(c, found, r, slackView{metadata: call.args.on("include_all_metadata")}), nil
}
