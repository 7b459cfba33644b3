package bot

import (
	"encoding/json"
	"strings"
	"testing"

	"licensebot/bot/socket"
)

// FuzzPayload gives the decoders of payloads anything. None panics, and what is
// kept of a delivery holds no credential and is not long.
func FuzzPayload(f *testing.F) {
	for _, frame := range []string{
		`{"envelope_id":"1","type":"slash_commands","accepts_response_payload":true,"payload":{"command":"/allocate","text":"g A","user_id":"U1","response_url":"https://hooks.slack.com/commands/1"}}`,
		`{"envelope_id":"1","type":"events_api","retry_attempt":"2","payload":{"token":"t","type":"event_callback","event":{"type":"reaction_added","user":"U1","item":{"type":"message","channel":"C1","ts":"1.2"}}}}`,
		`{"envelope_id":"1","payload":{"event":{"type":"x","channel":{"id":1}},"a":["xoxb-1",{"xoxp-2":3}],"é":"XAPP-1-A"}}`,
		`{"envelope_id":5}`, `{"payload":`, `null`, `[]`, `""`, `{"envelope_id":"\ud800\u0000"}`, "\xff", `{"payload":1e999}`,
	} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkRedacted(t, raw)
		var env socket.Envelope
		_ = json.Unmarshal(raw, &env) // what can be read of it
		checkRedacted(t, env.Payload)
		if c, err := decodeSlashCommand(env.Payload); err == nil && (c.UserID == "" || c.Command == "") {
			t.Fatalf("command %+v", c)
		}
		if _, err := decodeEvent(env.Payload); err != nil && len(err.Error()) > 1000 {
			t.Fatalf("the error has %d bytes", len(err.Error()))
		}
	})
}

func checkRedacted(t *testing.T, raw []byte) {
	t.Helper()
	kept := redactDelivery(raw)
	if !json.Valid(kept) || len(kept) > maxDeadLetter {
		t.Fatalf("%d bytes are kept: %.300s", len(kept), kept)
	}
	for _, start := range []string{"xoxb-", "xoxp-", "xoxe-", "xapp-", "hooks.slack.com/"} {
		if strings.Contains(strings.ToLower(string(kept)), start) {
			t.Fatalf("%s is kept: %s", start, kept)
		}
	}
	for name := range capabilities {
		if left := strings.Count(string(kept), `"`+name+`":`); left != strings.Count(string(kept), `"`+name+`":"removed"`) {
			t.Fatalf("%s is kept: %s", name, kept)
		}
	}
}

// TestRedactBounds are the deliveries that are too much to keep.
func TestRedactBounds(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"deep":                     strings.Repeat("[", 20000),
		"long":                     `{"text":"` + strings.Repeat("x", maxDeadLetter) + `"}`,
		"grows when it is written": `"` + strings.Repeat("<", maxDeadLetter/2) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			checkRedacted(t, []byte(raw))
			if kept := redactDelivery([]byte(raw)); len(kept) > 100 {
				t.Errorf("%d bytes are kept", len(kept))
			}
		})
	}
}
