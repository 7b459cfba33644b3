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
	for _, start := range []string{"xoxb-", "xoxp-", "xoxe-", "xapp-", "hooks.slack", "wss://", "ticket="} {
		if strings.Contains(strings.ToLower(string(kept)), start) {
			t.Fatalf("%s is kept: %s", start, kept)
		}
	}
	for _, name := range capabilities {
		if left := strings.Count(string(kept), `"`+name+`":`); left != strings.Count(string(kept), `"`+name+`":"removed"`) {
			t.Fatalf("%s is kept: %s", name, kept)
		}
	}
}

// TestRedactedByKind has a secret in each place where a delivery may carry one.
func TestRedactedByKind(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`{"a":"https://hooks.slack.com/commands/T1/123/secret"}`,
		`{"a":"https:\/\/HOOKS.slack-gov.com\/commands\/T1\/secret"}`,
		`{"text":"see https%3A%2F%2Fhooks.slack-gov.com%2Fservices%2Fsecret"}`,
		`{"incoming_webhook":{"url":"https://hooks.slack-gov.com/services/T/B/secret"}}`,
		`{"Response_URL":"https://gateway.example/secret"}`, `{"TOKEN":"secret"}`, `{"trigger_ID":"1.secret"}`,
		`{"to\u212aen":"secret"}`, `{"Response_URLs":[{"response_url":"https://gateway.example/secret"}]}`,
		`{"a":"wss://wss-primary.slack.com/link/?ticket=secret&app_id=1"}`, `{"a":["ws://gateway.example/secret"]}`,
		`{"a":"/link/?app_id=1&ticket=secret"}`, `{"https://hooks.slack-gov.com/secret":1}`,
		`{"a":"xoxe.xoxp-1-secret"}`, `{"a":"xoxe-1-secret"}`, `{"a":"xwfp-secret"}`,
	} {
		checkRedacted(t, []byte(raw))
		if kept := string(redactDelivery([]byte(raw))); strings.Contains(kept, "secret") {
			t.Errorf("%s is kept as %s", raw, kept)
		}
	}
	const harmless = `{"news":"Slack hooks, a ticket, xapps","ticket_id":7}`
	if kept := string(redactDelivery([]byte(harmless))); kept != harmless {
		t.Errorf("%s is kept as %s", harmless, kept)
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
