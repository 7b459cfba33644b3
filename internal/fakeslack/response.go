package fakeslack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Ephemeral is a message that one person saw.
type Ephemeral struct {
	Channel, User, Text, ThreadTS string
	Blocks                        json.RawMessage
	Via                           string // "ack", "response_url" or "chat.postEphemeral"
	Replaced                      bool   // it took the place of the one before
	At                            time.Time
}

// Ephemerals are the messages that only this person saw, oldest first.
func (s *Server) Ephemerals(user string) []Ephemeral {
	s.lock.Lock()
	defer s.lock.Unlock()
	var seen []Ephemeral
	for _, e := range s.private {
		if e.User == user {
			seen = append(seen, e)
		}
	}
	return seen
}

// slackResponseURL is one response_url and what is left of it.
type slackResponseURL struct {
	user, channel string
	expires       time.Time
	left          int
}

// The life of a response_url.
const (
	slackResponsePosts = 5
	slackResponseLife  = 30 * time.Minute
)

// newResponseURL makes a response_url. Callers hold s.lock.
func (s *Server) newResponseURL(kind, user, channel string) string {
	path := fmt.Sprintf("/%s/%s/%s/%s", kind, s.ids.team, slackDigits(13), slackSecret(12))
	s.answers[path] = &slackResponseURL{
		user: user, channel: channel, left: slackResponsePosts, expires: s.cfg.Now().Add(slackResponseLife),
	}
	return s.base + path
}

// slackResponse is a message given as an ack payload or to a response_url.
type slackResponse struct {
	ResponseType    string          `json:"response_type"`
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	ThreadTS        string          `json:"thread_ts"`
	ReplaceOriginal bool            `json:"replace_original"`
	DeleteOriginal  bool            `json:"delete_original"`
}

func parseSlackResponse(payload []byte) (slackResponse, error) {
	var r slackResponse
	if err := json.Unmarshal(payload, &r); err != nil {
		return r, slackError("invalid_payload")
	}
	switch r.ResponseType {
	case "":
		r.ResponseType = "ephemeral"
	case "ephemeral", "in_channel":
	default:
		return r, slackError("invalid_response_type")
	}
	if !meaningful(r.Blocks) {
		r.Blocks = nil
	}
	if r.DeleteOriginal {
		return r, nil
	}
	if slackLength(r.Text) > slackMaxText {
		return r, slackError("msg_too_long")
	}
	blocks, err := checkSlackBlocks(string(r.Blocks), slackMessageBlocks)
	if err == nil && r.Text == "" && len(blocks) == 0 {
		err = slackError("no_text")
	}
	return r, err
}

// show makes a response visible. Posting rights do not matter here: it goes
// to channels that the bot is not in. Callers hold s.lock.
func (s *Server) show(r slackResponse, user, channel, via string) error {
	c := s.channels[channel]
	if c == nil {
		return slackError("channel_not_found")
	}
	if r.DeleteOriginal {
		s.note(Entry{Kind: EntryEphemeral, Type: via, Channel: channel, User: user, Detail: "(original deleted)"})
		return nil
	}
	if r.ResponseType == "in_channel" {
		return s.showInChannel(r, c)
	}
	s.private = append(s.private, Ephemeral{
		Channel: channel, User: user, Text: r.Text, Blocks: r.Blocks, Via: via, Replaced: r.ReplaceOriginal,
		ThreadTS: r.ThreadTS, At: s.cfg.Now(),
	})
	s.note(Entry{Kind: EntryEphemeral, Type: via, Channel: channel, User: user, Detail: r.Text})
	return nil
}

func (s *Server) showInChannel(r slackResponse, c *slackChannel) error {
	if c.Archived {
		return slackError("is_archived")
	}
	if r.ThreadTS != "" {
		if err := c.checkParent(r.ThreadTS); err != nil {
			return err
		}
	}
	// No User: such messages have no author, and reactions no item_user.
	s.append(c, &slackMessage{Message: Message{BotID: s.ids.bot, Text: r.Text, Blocks: r.Blocks, ThreadTS: r.ThreadTS}})
	return nil
}

// serveResponseURL takes a post to a response_url.
func (s *Server) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, slackMaxBody))
	if err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	call := s.arrived("response_url", map[string]string{"payload": string(body), "path": r.URL.Path})
	s.answerCall(call, w, r, func() slackAnswer {
		if err := s.respond(r, body); err != nil {
			return slackAnswer{status: responseURLStatus(err), problem: slackErrorName(err), reply: refusalBody(err)}
		}
		return slackAnswer{status: http.StatusOK, plain: "ok"}
	})
}

func responseURLStatus(err error) int {
	switch slackErrorName(err) {
	case "expired_url", "used_url":
		return http.StatusNotFound
	case "is_archived":
		return http.StatusGone
	default:
		return http.StatusBadRequest
	}
}

func (s *Server) respond(r *http.Request, body []byte) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	target := s.answers[r.URL.Path]
	switch {
	case r.Method != http.MethodPost || target == nil:
		return slackError("invalid_url")
	case !s.cfg.Now().Before(target.expires):
		return slackError("expired_url")
	case target.left == 0:
		return slackError("used_url")
	}
	response, err := parseSlackResponse(body)
	if err != nil {
		return err
	}
	if err := s.show(response, target.user, target.channel, "response_url"); err != nil {
		return err
	}
	target.left--
	return nil
}
