package socket

import "testing"

// FuzzEnvelope gives the decoder anything. It never panics, and reads nothing of
// what is not JSON.
func FuzzEnvelope(f *testing.F) {
	for _, frame := range []string{
		`{"envelope_id":"1","type":"slash_commands","accepts_response_payload":true,"payload":{"command":"/allocate"}}`,
		`{"envelope_id":"1","type":"events_api","retry_attempt":"2","payload":{"token":"t","type":"event_callback"}}`,
		`{"envelope_id":5}`, `{"payload":`, `null`, `[]`, `""`, `{"envelope_id":"\ud800\u0000"}`, "\xff", `{"payload":1e999}`,
	} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if f, err := decodeFrame(raw); err != nil && f.ID != "" {
			t.Fatalf("envelope %q, %v", f.ID, err)
		}
	})
}
