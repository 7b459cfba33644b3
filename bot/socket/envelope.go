package socket

import (
	"encoding/json"
	"errors"
	"fmt"
)

// An Envelope is one delivery over Socket Mode. Its payload is kept raw, because
// a delivery with one unknown block still has to be acknowledged.
type Envelope struct {
	ID             string          `json:"envelope_id"`
	Type           string          `json:"type"`
	Payload        json.RawMessage `json:"payload"`
	AcceptsPayload bool            `json:"accepts_response_payload"`
	RetryAttempt   int             `json:"retry_attempt"`

	Connection int `json:"-"` // by which it came, counted from zero
}

// The types of envelopes.
const (
	TypeCommand     = "slash_commands"
	TypeEvent       = "events_api"
	TypeInteraction = "interactive"
)

// IsDeliveredOnce reports whether Slack delivers the envelope one time only,
// while a person waits for the answer.
func (e Envelope) IsDeliveredOnce() bool { return e.Type == TypeCommand || e.Type == TypeInteraction }

var (
	errNoEnvelope = errors.New("a delivery without an envelope id cannot be acknowledged")
	errLongFrame  = errors.New("it is longer than any delivery that means something to the bot")
)

// The types of the other frames.
const (
	typeHello      = "hello"
	typeDisconnect = "disconnect"
)

// A frame is what Slack sends: an envelope, or a word about the connection.
type frame struct {
	Envelope
	Reason         string `json:"reason"`
	NumConnections int    `json:"num_connections"`
}

// decodeFrame reads a raw frame. A field of the wrong type is left out: an envelope
// with an id can still be acknowledged.
func decodeFrame(raw []byte) (frame, error) {
	var f frame
	if err := json.Unmarshal(raw, &f); err != nil {
		if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); !mistyped {
			return frame{}, fmt.Errorf("decode a frame: %w", err)
		}
	}
	return f, nil
}
