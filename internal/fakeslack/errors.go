package fakeslack

import (
	"errors"
	"fmt"
)

// apiError is a refusal by name alone.
type apiError string

// Error is the name in Slack's answer.
func (e apiError) Error() string { return string(e) }

// detailedError is a refusal with more than a name.
type detailedError struct {
	name       string
	fields     jsonObject
	retryAfter int // seconds; makes the status 429
}

// Error is the name, with the details for the journal.
func (e *detailedError) Error() string {
	if len(e.fields) == 0 {
		return e.name
	}
	return fmt.Sprintf("%s: %v", e.name, e.fields)
}

func errorName(err error) string {
	if refusal, ok := errors.AsType[*detailedError](err); ok {
		return refusal.name
	}
	return err.Error()
}

// invalidError is a refusal with the messages that Slack gives to developers.
func invalidError(name string, messages ...string) error {
	return &detailedError{name: name, fields: jsonObject{"response_metadata": jsonObject{"messages": messages}}}
}

// jsonObject is the JSON object of an answer.
type jsonObject = map[string]any
