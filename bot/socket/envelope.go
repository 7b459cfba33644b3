package socket

import (
	"encoding/json"
	"errors"
	"fmt"
)

// An Envelope is one delivery over Socket Mode. Its payload is kept raw, because
// slack-go would reject a whole delivery for one unknown block and leave it without
// an acknowledgment.
type Envelope struct {
	ID             string          `json:"envelope_id"`
	Type           string          `json:"type"`
	Payload        json.RawMessage `json:"payload"`
	AcceptsPayload bool            `json:"accepts_response_payload"`
	RetryAttempt   int             `json:"retry_attempt"`
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

var errNoEnvelope = errors.New("a delivery without an envelope id cannot be acknowledged")

// decodeEnvelope reads a raw frame. A field of the wrong type is left out: an
// envelope with an id can still be acknowledged.
func decodeEnvelope(raw []byte) (Envelope, error) {
	var env Envelope
	if err := json.Unmarshal(raw, &env); err != nil {
		if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); !mistyped {
			return Envelope{}, fmt.Errorf("decode envelope: %w", err)
		}
	}
	if env.ID == "" {
		return Envelope{}, errNoEnvelope
	}
	return env, nil
}
