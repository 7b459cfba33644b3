package bot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"licensebot/internal/sandbox"
)

// TestTooBusyForAForm is told where it is submitted, and a type-ahead gets
// nothing to choose.
func TestTooBusyForAForm(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	s := r.newSocket(r.store)
	for payload, want := range map[string]string{
		`{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"allocate_form"}}`: "submit the form again",
		`{"type":"block_suggestion","user":{"id":"U1"},"action_id":"group"}`:                   `{"options":[]}`,
		`{"type":"block_actions","user":{"id":"U1"}}`:                                          "null",
		`7`: "null",
	} {
		raw, err := json.Marshal(s.intake.DeclineBusy(Envelope{ID: "1", Type: "interactive", AcceptsPayload: true, Payload: json.RawMessage(payload)}))
		if err != nil || !strings.Contains(string(raw), want) {
			t.Errorf("%s: %s, %v", payload, raw, err)
		}
	}
}

// TestFormThatWaitedTooLong is told so while there is time, and files nothing.
func TestFormThatWaitedTooLong(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	s := r.listen(r.store)
	payload := `{"type":"view_submission","user":{"id":"U0ROBIN"},"view":{"callback_id":"allocate_form","state":{"values":{
		"group":{"group":{"value":"group-01"}},"codes":{"codes":{"value":"IDU"}}}}}}`
	for id, age := range map[string]time.Duration{"late": startLimit + time.Millisecond, "timely": 0} {
		env := Envelope{ID: id, Type: "interactive", AcceptsPayload: true, Payload: json.RawMessage(payload)}
		s.handleJob(r.ctx, job{env: env, client: s.clients[0], arrived: time.Now().Add(-age)})
		r.await("the acknowledgement", func() bool { return r.entries(sandbox.EntryAckRefused, id) == 1 })
	}
	for _, e := range r.slack.Journal() {
		if e.Kind == sandbox.EntryAckRefused && strings.Contains(string(e.Payload), "submit the form again") != (e.Envelope == "late") {
			t.Errorf("%s was answered with %s", e.Envelope, e.Payload)
		}
	}
	if _, all, err := r.store.ListByRequester(r.ctx, robin, 1, 0); err != nil || all != 1 {
		t.Errorf("%d requests were filed, %v", all, err)
	}
}
