package fakeslack

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// slackMaxMetadata is the size limit of metadata in bytes. Slack has one and
// does not say which.
const slackMaxMetadata = 8 << 10

var (
	slackEventType   = regexp.MustCompile(`^[a-z0-9_]{1,50}$`)
	slackMetadataKey = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// checkSlackMetadata parses and judges a metadata argument. none is true for
// {}, which removes metadata.
func checkSlackMetadata(raw string) (m *Metadata, none bool, err error) {
	if raw == "" {
		return nil, false, nil
	}
	if len(raw) > slackMaxMetadata {
		return nil, false, slackError("metadata_too_large")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &fields); err != nil || fields == nil {
		return nil, false, slackInvalid("invalid_metadata_format", "[ERROR] must provide an object [json-pointer:/metadata]")
	}
	if len(fields) == 0 {
		return nil, true, nil
	}
	m = &Metadata{}
	if json.Unmarshal([]byte(raw), m) != nil || m.EventType == "" || m.EventPayload == nil {
		return nil, false, slackInvalid("invalid_metadata_format",
			"[ERROR] must provide event_type and event_payload [json-pointer:/metadata]")
	}
	if problem := m.problem(); problem != "" {
		return nil, false, slackInvalid("invalid_metadata_schema", problem)
	}
	return m, false, nil
}

// problem is the first thing wrong with metadata: the payload must be flat.
func (m *Metadata) problem() string {
	if !slackEventType.MatchString(m.EventType) {
		return "[ERROR] event_type must be lower case letters, digits and _ [json-pointer:/metadata/event_type]"
	}
	for key, value := range m.EventPayload {
		at := "[json-pointer:/metadata/event_payload/" + key + "]"
		if !slackMetadataKey.MatchString(key) {
			return "[ERROR] invalid property name " + at
		}
		if !flat(value) {
			return fmt.Sprintf("[ERROR] unsupported value of type %T %s", value, at)
		}
	}
	return ""
}

// flat tells scalars and arrays of scalars from all else.
func flat(value any) bool {
	items, isArray := value.([]any)
	if !isArray {
		return scalar(value)
	}
	for _, item := range items {
		if !scalar(item) {
			return false
		}
	}
	return true
}

func scalar(value any) bool {
	switch value.(type) {
	case string, float64, bool:
		return true
	}
	return false
}

// checkSlackAttachments parses an attachments argument; nil when there is
// none. Legacy attachments may say anything, but not too often.
func checkSlackAttachments(raw string) (json.RawMessage, error) {
	if raw == "" {
		return nil, nil
	}
	var attachments []map[string]any
	if err := json.Unmarshal([]byte(raw), &attachments); err != nil {
		return nil, slackError("invalid_attachments")
	}
	switch {
	case len(attachments) > 100:
		return nil, slackError("too_many_attachments")
	case len(attachments) == 0:
		return nil, nil
	}
	return json.RawMessage(raw), nil
}
