package fakeslack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// responseURL is one response_url: its person, its channel, and how many posts
// it still takes.
type responseURL struct {
	user, channel string
	expires       time.Time
	left          int
}

// The limits of a response_url.
const (
	responsePosts = 5
	responseLife  = 30 * time.Minute
)

// newResponseURL makes a response_url. Callers hold s.lock.
func (s *Server) newResponseURL(kind, user, channel string) string {
	path := fmt.Sprintf("/%s/%s/%s/%s", kind, s.ids.team, randomDigits(13), randomHex(12))
	s.answers[path] = &responseURL{
		user: user, channel: channel, left: responsePosts, expires: s.cfg.Now().Add(responseLife),
	}
	if s.answersAt != "" {
		return s.answersAt + path
	}
	return s.base + path
}

// AnswerAt makes the response_urls of later deliveries begin with another address, at
// which nothing of this Server listens. Empty: its own.
func (s *Server) AnswerAt(base string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.answersAt = base
}

// responseMessage is a message that came as an ack payload or by a
// response_url.
type responseMessage struct {
	ResponseType    string          `json:"response_type"`
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	ThreadTS        string          `json:"thread_ts"`
	ReplaceOriginal bool            `json:"replace_original"`
	DeleteOriginal  bool            `json:"delete_original"`
}

func parseResponse(payload []byte) (responseMessage, error) {
	var r responseMessage
	if err := json.Unmarshal(payload, &r); err != nil {
		return r, apiError("invalid_payload")
	}
	switch r.ResponseType {
	case "":
		r.ResponseType = "ephemeral"
	case "ephemeral", "in_channel":
	default:
		return r, apiError("invalid_response_type")
	}
	if !hasContent(r.Blocks) {
		r.Blocks = nil
	}
	if r.DeleteOriginal {
		return r, nil
	}
	if textLength(r.Text) > maxText {
		return r, apiError("msg_too_long")
	}
	blocks, err := checkBlocks(string(r.Blocks), messageSurface)
	if err == nil && r.Text == "" && len(blocks) == 0 {
		err = apiError("no_text")
	}
	return r, err
}

// showResponse makes a response visible. It needs no posting rights, so it also
// works in channels without the bot. Callers hold s.lock.
func (s *Server) showResponse(r responseMessage, user, channel, via string) error {
	c := s.channels[channel]
	if c == nil {
		return apiError("channel_not_found")
	}
	if r.DeleteOriginal {
		s.addEntry(Entry{Kind: EntryEphemeral, Type: via, Channel: channel, User: user, Detail: "(original deleted)"})
		return nil
	}
	if r.ResponseType == "in_channel" {
		return s.showInChannel(r, c)
	}
	s.private = append(s.private, Ephemeral{
		Channel: channel, User: user, Text: r.Text, Blocks: r.Blocks, Via: via, Replaced: r.ReplaceOriginal,
		ThreadTS: r.ThreadTS, At: s.cfg.Now(),
	})
	s.addEntry(Entry{Kind: EntryEphemeral, Type: via, Channel: channel, User: user, Detail: r.Text})
	return nil
}

func (s *Server) showInChannel(r responseMessage, c *conversation) error {
	if c.Archived {
		return apiError("is_archived")
	}
	if r.ThreadTS != "" {
		if err := c.checkParent(r.ThreadTS); err != nil {
			return err
		}
	}
	// User stays empty: such a message lacks an author, and its reactions an item_user.
	s.appendMessage(c, &storedMessage{Message: Message{
		BotID: s.ids.bot, Text: r.Text, Blocks: r.Blocks, ThreadTS: r.ThreadTS,
	}})
	return nil
}

// serveResponseURL takes a post to a response_url.
func (s *Server) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	call := s.recordCall("response_url", map[string]string{"payload": string(body), "path": r.URL.Path})
	s.answerCall(call, w, r, func(time.Duration) httpAnswer {
		if err := s.postResponse(r, body); err != nil {
			return httpAnswer{status: responseURLStatus(err), problem: errorName(err), reply: refusalBody(err)}
		}
		return httpAnswer{status: http.StatusOK, plain: "ok"}
	})
}

func responseURLStatus(err error) int {
	switch errorName(err) {
	case "expired_url", "used_url":
		return http.StatusNotFound
	case "is_archived":
		return http.StatusGone
	default:
		return http.StatusBadRequest
	}
}

func (s *Server) postResponse(r *http.Request, body []byte) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	target := s.answers[r.URL.Path]
	switch {
	case r.Method != http.MethodPost || target == nil:
		return apiError("invalid_url")
	case !s.cfg.Now().Before(target.expires):
		return apiError("expired_url")
	case target.left == 0:
		return apiError("used_url")
	}
	response, err := parseResponse(body)
	if err != nil {
		return err
	}
	if err := s.showResponse(response, target.user, target.channel, "response_url"); err != nil {
		return err
	}
	target.left--
	return nil
}
