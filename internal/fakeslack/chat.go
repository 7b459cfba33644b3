package fakeslack

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The limits of message text, in characters.
const (
	maxText       = 40000
	maxUpdateText = 4000
)

// messageContent is what a call wants a message to say.
type messageContent struct {
	text        string
	blocks      json.RawMessage // nil: not given; "[]": none
	attachments json.RawMessage
	metadata    *Metadata
	noMetadata  bool // {} was given: remove it
}

// readContent reads and checks the content arguments of a call.
func readContent(c *apiCall) (messageContent, error) {
	content := messageContent{text: c.args["text"]}
	if markdown := c.args["markdown_text"]; markdown != "" {
		if content.text != "" || c.args["blocks"] != "" {
			return content, apiError("markdown_text_conflict")
		}
		if textLength(markdown) > maxMarkdown {
			return content, apiError("msg_too_long")
		}
		content.text = markdown
	}
	blocks, err := checkBlocks(c.args["blocks"], messageSurface)
	if err != nil {
		return content, err
	}
	if c.args["blocks"] != "" {
		content.blocks = json.RawMessage(c.args["blocks"])
	}
	attachments, err := checkAttachments(c.args["attachments"])
	if err != nil {
		return content, err
	}
	content.attachments = attachments
	if content.text == "" && len(blocks) == 0 && attachments == nil {
		return content, apiError("no_text")
	}
	content.metadata, content.noMetadata, err = checkMetadata(c.args["metadata"])
	return content, err
}

// noteMissingText records blocks without text. Slack takes them, but
// notifications and screen readers then have nothing to say.
func (s *Server) noteMissingText(call *apiCall, content messageContent) {
	if content.text == "" && content.blocks != nil {
		s.addEntry(Entry{Kind: EntryOddity, Type: call.method, Detail: "blocks without text"})
	}
}

// postMessage is chat.postMessage.
func (s *Server) postMessage(call *apiCall) (jsonObject, error) {
	c, err := s.findPostable(call.args["channel"])
	if err != nil {
		return nil, err
	}
	if call.args.isTrue("as_user") {
		return nil, apiError("as_user_not_supported") // for classic apps only
	}
	content, err := readContent(call)
	if err != nil {
		return nil, err
	}
	s.noteMissingText(call, content)
	thread := call.args["thread_ts"]
	if thread != "" && c.findMessage(thread) == nil {
		thread = "" // Slack takes a reply without a parent as a message of the channel
	}
	if thread != "" {
		if err := c.checkParent(thread); err != nil {
			return nil, err
		}
	}
	if err := s.takePace(c.ID); err != nil {
		return nil, err
	}
	if textLength(content.text) > maxText {
		content.text = string([]rune(content.text)[:maxText])
		call.warnings = append(call.warnings, "message_truncated")
	}
	m := &storedMessage{attachments: content.attachments, Message: Message{
		User: s.ids.botUser, BotID: s.ids.bot, Text: content.text, Blocks: content.blocks, Metadata: content.metadata,
		ThreadTS: thread, Broadcast: thread != "" && call.args.isTrue("reply_broadcast"),
	}}
	s.appendMessage(c, m)
	return jsonObject{"channel": c.ID, "ts": m.TS, "message": s.renderMessage(c, m, renderOptions{metadata: true})}, nil
}

// findPostable finds the conversation for a post by id, by #name, or by person.
func (s *Server) findPostable(id string) (*conversation, error) {
	if strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W") {
		return s.openDirectChannel(s.localID(id))
	}
	c := s.channels[id]
	if c == nil {
		c = s.findByName(strings.TrimPrefix(id, "#"))
	}
	switch {
	case c == nil || (c.Private && !c.hasMember(s.ids.botUser)):
		return nil, apiError("channel_not_found")
	case c.Archived:
		return nil, apiError("is_archived")
	case !c.hasMember(s.ids.botUser) && !s.hasScope("chat:write.public"):
		return nil, apiError("not_in_channel")
	}
	return c, nil
}

// updateMessage is chat.update.
func (s *Server) updateMessage(call *apiCall) (jsonObject, error) {
	c, err := s.findVisible(call.args["channel"])
	if err != nil {
		return nil, err
	}
	m := c.findMessage(call.args["ts"])
	switch {
	case m == nil:
		return nil, apiError("message_not_found")
	case m.User != s.ids.botUser || !c.hasMember(s.ids.botUser):
		return nil, apiError("cant_update_message")
	case c.Archived:
		return nil, apiError("is_inactive")
	}
	content, err := readContent(call)
	if err != nil {
		return nil, err
	}
	if textLength(content.text) > maxUpdateText {
		return nil, apiError("msg_too_long")
	}
	s.noteMissingText(call, content)
	s.rewriteMessage(m, content)
	s.addEntry(Entry{Kind: EntryUpdated, Channel: c.ID, TS: m.TS, User: m.User, Detail: m.Text})
	message := s.renderMessage(c, m, renderOptions{metadata: true})
	return jsonObject{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": message}, nil
}

// rewriteMessage gives a message new content. Blocks, attachments and metadata
// stay unless the call gave them. Text alone therefore changes only the
// fallback text of a message with blocks.
func (s *Server) rewriteMessage(m *storedMessage, content messageContent) {
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
func (s *Server) postEphemeral(call *apiCall) (jsonObject, error) {
	c, err := s.findPostable(call.args["channel"])
	if err != nil {
		return nil, err
	}
	user := s.localID(call.args["user"])
	if !c.hasMember(user) {
		return nil, apiError("user_not_in_channel")
	}
	content, err := readContent(call)
	if err != nil {
		return nil, err
	}
	if textLength(content.text) > maxText {
		return nil, apiError("msg_too_long")
	}
	thread := call.args["thread_ts"]
	if m := c.findMessage(thread); m != nil && m.isReply() {
		return nil, apiError("cannot_reply_to_message")
	}
	return jsonObject{"message_ts": s.showEphemeral(c, user, thread, content)}, nil
}

// showEphemeral shows a message to one person. In a thread without replies
// Slack shows nothing, although it answers ok.
func (s *Server) showEphemeral(c *conversation, user, thread string, content messageContent) (ts string) {
	e := Entry{
		Kind: EntryEphemeral, Type: "chat.postEphemeral", Channel: c.ID, User: user, TS: s.nextTimestamp(),
		Detail: content.text,
	}
	if thread != "" && len(c.liveReplies(thread)) == 0 {
		e.Kind, e.Detail = EntryOddity, "not shown: the thread has no replies"
		s.addEntry(e)
		return e.TS
	}
	s.private = append(s.private, Ephemeral{
		Channel: c.ID, User: user, Text: content.text, Blocks: content.blocks, ThreadTS: thread,
		Via: e.Type, At: s.cfg.Now(),
	})
	s.addEntry(e)
	return e.TS
}

// getPermalink is chat.getPermalink.
func (s *Server) getPermalink(call *apiCall) (jsonObject, error) {
	c, err := s.findVisible(call.args["channel"])
	if err != nil {
		return nil, err
	}
	m := c.findMessage(call.args["message_ts"])
	if m == nil {
		return nil, apiError("message_not_found")
	}
	return jsonObject{"channel": c.ID, "permalink": messagePermalink(c, m)}, nil
}

func messagePermalink(c *conversation, m *storedMessage) string {
	link := fmt.Sprintf("https://sandbox.slack.com/archives/%s/p%s", c.ID, strings.Replace(m.TS, ".", "", 1))
	if m.isReply() {
		link += fmt.Sprintf("?thread_ts=%s&cid=%s", m.ThreadTS, c.ID)
	}
	return link
}
