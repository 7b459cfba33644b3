package demo

import (
	"encoding/json"
	"testing"
)

func TestStatusOf(t *testing.T) {
	blocks := json.RawMessage(`[{"type":"section","text":{"type":"mrkdwn","text":"one"},
		"fields":[{"type":"mrkdwn","text":"*Asked by*\nRobin"}]},{"type":"divider"},
		{"type":"section","text":{"type":"mrkdwn","text":"state"}},{"type":"context","elements":[{"type":"mrkdwn","text":"small"}]}]`)
	if got := statusOf(blocks); got != "state" {
		t.Errorf("the state is %q", got)
	}
	if got := statusOf(nil) + statusOf(json.RawMessage(`{`)); got != "" {
		t.Errorf("the state of nothing is %q", got)
	}
}
