package fakeslack

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// maxMetadata limits metadata in bytes. Slack has a limit but does not publish
// it.
const maxMetadata = 8 << 10

var (
	eventTypePattern   = regexp.MustCompile(`^[a-z0-9_]{1,50}$`)
	metadataKeyPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// checkMetadata parses and checks a metadata argument. none is true for {}:
// it removes metadata.
func checkMetadata(raw string) (m *Metadata, none bool, err error) {
	if raw == "" {
		return nil, false, nil
	}
	if len(raw) > maxMetadata {
		return nil, false, apiError("metadata_too_large")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &fields); err != nil || fields == nil {
		return nil, false, invalidError("invalid_metadata_format", "[ERROR] must provide an object [json-pointer:/metadata]")
	}
	if len(fields) == 0 {
		return nil, true, nil
	}
	m = &Metadata{}
	if json.Unmarshal([]byte(raw), m) != nil || m.EventType == "" || m.EventPayload == nil {
		return nil, false, invalidError("invalid_metadata_format",
			"[ERROR] must provide event_type and event_payload [json-pointer:/metadata]")
	}
	if problem := m.findProblem(); problem != "" {
		return nil, false, invalidError("invalid_metadata_schema", problem)
	}
	return m, false, nil
}

// findProblem is the first thing wrong with metadata: its payload must be flat.
func (m *Metadata) findProblem() string {
	if !eventTypePattern.MatchString(m.EventType) {
		return "[ERROR] event_type must be lower case letters, digits and _ [json-pointer:/metadata/event_type]"
	}
	for key, value := range m.EventPayload {
		at := "[json-pointer:/metadata/event_payload/" + key + "]"
		if !metadataKeyPattern.MatchString(key) {
			return "[ERROR] invalid property name " + at
		}
		if !isFlat(value) {
			return fmt.Sprintf("[ERROR] unsupported value of type %T %s", value, at)
		}
	}
	return ""
}

// isFlat accepts scalars and arrays of scalars.
func isFlat(value any) bool {
	items, isArray := value.([]any)
	if !isArray {
		return isScalar(value)
	}
	for _, item := range items {
		if !isScalar(item) {
			return false
		}
	}
	return true
}

func isScalar(value any) bool {
	switch value.(type) {
	case string, float64, bool:
		return true
	}
	return false
}

// checkAttachments parses an attachments argument, nil if there is none. It
// limits the number of legacy attachments and leaves their content alone.
func checkAttachments(raw string) (json.RawMessage, error) {
	if raw == "" {
		return nil, nil
	}
	var attachments []map[string]any
	if err := json.Unmarshal([]byte(raw), &attachments); err != nil {
		return nil, apiError("invalid_attachments")
	}
	switch {
	case len(attachments) > 100:
		return nil, apiError("too_many_attachments")
	case len(attachments) == 0:
		return nil, nil
	}
	return json.RawMessage(raw), nil
}
