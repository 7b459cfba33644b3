package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// An envelope is one delivery over Socket Mode. It is decoded here and not by
// slack-go, which rejects a whole delivery for one block it does not know and
// then acknowledges nothing.
type Envelope struct {
	ID             string          `json:"envelope_id"`
	Type           string          `json:"type"`
	Payload        json.RawMessage `json:"payload"`
	AcceptsPayload bool            `json:"accepts_response_payload"`
	RetryAttempt   int             `json:"retry_attempt"`
}

// slashCommand is what the bot reads of a slash_commands payload.
type slashCommand struct {
	Command     string `json:"command"`
	Text        string `json:"text"`
	UserID      string `json:"user_id"`
	ChannelID   string `json:"channel_id"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
}

// eventCallback is what the bot reads of an events_api payload.
type eventCallback struct {
	Type  string          `json:"type"`
	Event json.RawMessage `json:"event"`
}

// event is what the bot reads of the events it subscribes to.
type event struct {
	Type      string `json:"type"`
	User      string `json:"user"`
	Reaction  string `json:"reaction"`
	ItemUser  string `json:"item_user"`
	Item      item   `json:"item"`
	EventTS   string `json:"event_ts"`
	Channel   string `json:"channel"`
	SubteamID string `json:"subteam_id"`
	Tab       string `json:"tab"`
	View      view   `json:"view"`
}

type item struct {
	Type    string `json:"type"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

var errNoEnvelope = errors.New("a delivery without an envelope id cannot be acknowledged")

// decodeEnvelope reads a raw frame. A field of another type than it should be
// costs only itself: with its id an envelope can still be acknowledged.
func decodeEnvelope(raw []byte) (Envelope, error) {
	var env Envelope
	var mistyped *json.UnmarshalTypeError
	if err := json.Unmarshal(raw, &env); err != nil && !errors.As(err, &mistyped) {
		return Envelope{}, fmt.Errorf("decode envelope: %w", err)
	}
	if env.ID == "" {
		return Envelope{}, errNoEnvelope
	}
	return env, nil
}

func decodeSlashCommand(payload []byte) (slashCommand, error) {
	var c slashCommand
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, fmt.Errorf("decode slash command: %w", err)
	}
	if c.UserID == "" || c.Command == "" {
		return c, errors.New("decode slash command: no user or no command in it")
	}
	return c, nil
}

func decodeEvent(payload []byte) (event, error) {
	var outer eventCallback
	if err := json.Unmarshal(payload, &outer); err != nil {
		return event{}, fmt.Errorf("decode event: %w", err)
	}
	var e event
	if len(outer.Event) == 0 {
		return e, fmt.Errorf("decode event: none inside %q", OneLine(outer.Type, 60))
	}
	if err := json.Unmarshal(outer.Event, &e); err != nil {
		// Another event's fields may have other types; its type is enough to
		// tell that it is none of ours.
		var typed struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(outer.Event, &typed) == nil && typed.Type != "" && !strings.HasPrefix(typed.Type, "reaction_") {
			return event{Type: typed.Type}, nil
		}
		return event{}, fmt.Errorf("decode event: %w", err)
	}
	return e, nil
}

// maxDeadLetter is how much of a delivery is kept, in bytes.
const maxDeadLetter = 16 << 10

// redact makes a delivery fit to be kept: without the fields that would let a
// reader act on it, and bounded.
func redactDelivery(raw []byte) []byte {
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return []byte(fmt.Sprintf(`{"undecodable":true,"bytes":%d}`, len(raw)))
	}
	clean, err := json.Marshal(withoutSecrets(tree))
	if err != nil || len(clean) > maxDeadLetter {
		return []byte(fmt.Sprintf(`{"too_long":true,"bytes":%d}`, len(raw)))
	}
	return clean
}

var capabilities = map[string]bool{"token": true, "response_url": true, "response_urls": true, "trigger_id": true, "interactivity_pointer": true, "bot_access_token": true}

// credential is what Slack's tokens and response URLs look like, wherever they
// stand.
var credential = regexp.MustCompile(`(?i)xox[a-z]-|xapp-|xwfp-|hooks\.slack\.com/`)

func withoutSecrets(tree any) any {
	switch t := tree.(type) {
	case map[string]any:
		for key, value := range t {
			switch {
			case credential.MatchString(key):
				delete(t, key)
			case capabilities[key]:
				t[key] = "removed"
			default:
				t[key] = withoutSecrets(value)
			}
		}
	case []any:
		for i, value := range t {
			t[i] = withoutSecrets(value)
		}
	case string:
		if credential.MatchString(t) {
			return "removed"
		}
	}
	return tree
}
