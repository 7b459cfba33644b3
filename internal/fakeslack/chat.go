package fakeslack

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The limits of message text, in characters.
const (
	slackMaxText       = 40000
	slackMaxUpdateText = 4000
	slackMaxMarkdown   = 12000
)

func slackLength(text string) int { return utf8.RuneCountInString(text) }

// slackContent is what a call wants a message to say.
type slackContent struct {
	text        string
	blocks      json.RawMessage // nil: not given; "[]": none
	attachments json.RawMessage
	metadata    *Metadata
	noMetadata  bool // {} was given: remove it
}

// readContent checks the arguments that say what a message says.
func readContent(c *slackCall) (slackContent, error) {
	content := slackContent{text: c.args["text"]}
	if markdown := c.args["markdown_text"]; markdown != "" {
		if content.text != "" || c.args["blocks"] != "" {
			return content, slackError("markdown_text_conflict")
		}
		if slackLength(markdown) > slackMaxMarkdown {
			return content, slackError("msg_too_long")
		}
		content.text = markdown
	}
	blocks, err := checkSlackBlocks(c.args["blocks"], slackMessageBlocks)
	if err != nil {
		return content, err
	}
	if c.args["blocks"] != "" {
		content.blocks = json.RawMessage(c.args["blocks"])
	}
	attachments, err := checkSlackAttachments(c.args["attachments"])
	if err != nil {
		return content, err
	}
	content.attachments = attachments
	if content.text == "" && len(blocks) == 0 && attachments == nil {
		return content, slackError("no_text")
	}
	content.metadata, content.noMetadata, err = checkSlackMetadata(c.args["metadata"])
	return content, err
}

// missText notes blocks without text: Slack takes them, and notifications and
// screen readers have nothing to say.
func (s *Server) missText(call *slackCall, content slackContent) {
	if content.text == "" && content.blocks != nil {
		s.note(Entry{Kind: EntryOddity, Type: call.method, Detail: "blocks without text"})
	}
}

// postMessage is chat.postMessage.
func (s *Server) postMessage(call *slackCall) (slackReply, error) {
	c, err := s.postable(call.args["channel"])
	if err != nil {
		return nil, err
	}
	if call.args.on("as_user") {
		return nil, slackError("as_user_not_supported") // for classic apps only
	}
	content, err := readContent(call)
	if err != nil {
		return nil, err
	}
	s.missText(call, content)
	if thread := call.args["thread_ts"]; thread != "" {
		if err := c.checkParent(thread); err != nil {
			return nil, err
		}
	}
	if err := s.paced(c.ID); err != nil {
		return nil, err
	}
	if slackLength(content.text) > slackMaxText {
		content.text = string([]rune(content.text)[:slackMaxText])
		call.warnings = append(call.warnings, "message_truncated")
	}
	m := &slackMessage{attachments: content.attachments, Message: Message{
		User: s.ids.botUser, BotID: s.ids.bot, Text: content.text, Blocks: content.blocks, Metadata: content.metadata,
		ThreadTS: call.args["thread_ts"], Broadcast: call.args["thread_ts"] != "" && call.args.on("reply_broadcast"),
	}}
	s.append(c, m)
	return slackReply{"channel": c.ID, "ts": m.TS, "message": s.render(c, m, slackView{metadata: true})}, nil
}

// postable finds the conversation to post to: an id, a #name, or a person.
func (s *Server) postable(id string) (*slackChannel, error) {
	if strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W") {
		return s.openDM(id)
	}
	c := s.channels[id]
	for _, other := range s.channels {
		if c == nil && other.Name != "" && other.Name == strings.TrimPrefix(id, "#") {
			c = other
		}
	}
	switch {
	case c == nil || (c.Private && !c.has(s.ids.botUser)):
		return nil, slackError("channel_not_found")
	case c.Archived:
		return nil, slackError("is_archived")
	case !c.has(s.ids.botUser) && !s.granted("chat:write.public"):
		return nil, slackError("not_in_channel")
	}
	return c, nil
}

// visible finds a conversation that the bot may know of: public ones and its
// own.
func (s *Server) visible(id string) (*slackChannel, error) {
	c := s.channels[id]
	if c == nil || (c.Private && !c.has(s.ids.botUser)) {
		return nil, slackError("channel_not_found")
	}
	return c, nil
}

// updateMessage is chat.update.
func (s *Server) updateMessage(call *slackCall) (slackReply, error) {
	c, err := s.visible(call.args["channel"])
	if err != nil {
		return nil, err
	}
	m := c.find(call.args["ts"])
	switch {
	case m == nil:
		return nil, slackError("message_not_found")
	case m.User != s.ids.botUser || !c.has(s.ids.botUser):
		return nil, slackError("cant_update_message")
	case c.Archived:
		return nil, slackError("is_inactive")
	}
	content, err := readContent(call)
	if err != nil {
		return nil, err
	}
	if slackLength(content.text) > slackMaxUpdateText {
		return nil, slackError("msg_too_long")
	}
	s.missText(call, content)
	s.rewrite(m, content)
	s.note(Entry{Kind: EntryUpdated, Channel: c.ID, TS: m.TS, User: m.User, Detail: m.Text})
	message := s.render(c, m, slackView{metadata: true})
	return slackReply{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": message}, nil
}

// rewrite gives a message new content. Blocks, attachments and metadata stay
// as they were unless given, so that text alone changes only the fallback of
// a message that has blocks.
func (s *Server) rewrite(m *slackMessage, content slackContent) {
	now := s.cfg.Now()
	m.Revisions = append(m.Revisions, Revision{Text: m.Text, Blocks: m.Blocks, Metadata: m.Metadata, Until: now})
	m.Edited, m.EditedAt = true, now
	m.Text = content.text
	if content.blocks != nil {
		m.Blocks = content.blocks
	}
	if content.attachments != nil {
		m.attachments = content.attachments
	}
	if content.metadata != nil || content.noMetadata {
		m.Metadata = content.metadata
	}
}

// postEphemeral is chat.postEphemeral.
func (s *Server) postEphemeral(call *slackCall) (slackReply, error) {
	c, err := s.postable(call.args["channel"])
	if err != nil {
		return nil, err
	}
	user := call.args["user"]
	if !c.has(user) {
		return nil, slackError("user_not_in_channel")
	}
	content, err := readContent(call)
	if err != nil {
		return nil, err
	}
	if slackLength(content.text) > slackMaxText {
		return nil, slackError("msg_too_long")
	}
	thread := call.args["thread_ts"]
	if m := c.find(thread); m != nil && m.isReply() {
		return nil, slackError("cannot_reply_to_message")
	}
	return slackReply{"message_ts": s.whisper(c, user, thread, content)}, nil
}

// whisper shows a message to one person. In a thread without replies Slack
// shows it to nobody, and answers as if it had.
func (s *Server) whisper(c *slackChannel, user, thread string, content slackContent) (ts string) {
	e := Entry{
		Kind: EntryEphemeral, Type: "chat.postEphemeral", Channel: c.ID, User: user, TS: s.timestamp(), Detail: content.text,
	}
	if thread != "" && len(c.thread(thread)) == 0 {
		e.Kind, e.Detail = EntryOddity, "not shown: nobody has replied in that thread"
		s.note(e)
		return e.TS
	}
	s.private = append(s.private, Ephemeral{
		Channel: c.ID, User: user, Text: content.text, Blocks: content.blocks, ThreadTS: thread,
		Via: e.Type, At: s.cfg.Now(),
	})
	s.note(e)
	return e.TS
}

// getPermalink is chat.getPermalink.
func (s *Server) getPermalink(call *slackCall) (slackReply, error) {
	c, err := s.visible(call.args["channel"])
	if err != nil {
		return nil, err
	}
	m := c.find(call.args["message_ts"])
	if m == nil {
		return nil, slackError("message_not_found")
	}
	return slackReply{"channel": c.ID, "permalink": slackPermalink(c, m)}, nil
}

func slackPermalink(c *slackChannel, m *slackMessage) string {
	link := fmt.Sprintf("https://sandbox.slack.com/archives/%s/p%s", c.ID, strings.Replace(m.TS, ".", "", 1))
	if m.isReply() {
		link += fmt.Sprintf("?thread_ts=%s&cid=%s", m.ThreadTS, c.ID)
	}
	return link
}
