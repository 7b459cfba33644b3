package bot

import (
	"encoding/json"
	"strings"
	"testing"

	"licensebot/bot/socket"
	"licensebot/internal/fakeslack"
)

// TestTooBusyForAForm is told where it is submitted, and a type-ahead gets
// nothing to choose.
func TestTooBusyForAForm(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	for payload, want := range map[string]string{
		`{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"allocate_form"}}`: "submit the form again",
		`{"type":"block_suggestion","user":{"id":"U1"},"action_id":"group"}`:                   `{"options":[]}`,
		`{"type":"block_actions","user":{"id":"U1"}}`:                                          "null",
		`7`: "null",
	} {
		raw, err := json.Marshal(r.bot.intake.DeclineBusy(socket.Envelope{ID: "1", Type: "interactive", AcceptsPayload: true, Payload: json.RawMessage(payload)}))
		if err != nil || !strings.Contains(string(raw), want) {
			t.Errorf("%s: %s, %v", payload, raw, err)
		}
	}
}
