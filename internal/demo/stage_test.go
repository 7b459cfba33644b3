package demo

import (
	"encoding/json"
	"testing"
)

func TestCardState(t *testing.T) {
	blocks := json.RawMessage(`[{"type":"section","text":{"type":"mrkdwn","text":"one"},
		"fields":[{"type":"mrkdwn","text":"*Asked by*\nRobin"}]},{"type":"divider"},
		{"type":"section","text":{"type":"mrkdwn","text":"state"}},
		{"type":"context","elements":[{"type":"mrkdwn","text":"small"}]}]`)
	if got := cardState(blocks); got != "state" {
		t.Errorf("the state is %q", got)
	}
	if got := cardState(nil) + cardState(json.RawMessage(`{`)); got != "" {
		t.Errorf("the state of nothing is %q", got)
	}
}
