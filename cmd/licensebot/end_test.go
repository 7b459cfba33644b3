package main

import (
	"fmt"
	"strings"
	"testing"
)

// A grant for thirty days is ended early: by nobody who has no say in it, and
// by the requester at once, with only its own code taken out.
func TestEndEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.ask("group-01 IDU for 30d")
	id := fmt.Sprint(w.card().Metadata.EventPayload["request_id"])
	if said := w.says(requester, "end "+id); !strings.Contains(said, "not granted yet") {
		t.Errorf("before it was granted: %s", said)
	}
	w.react(approver, "white_check_mark")
	w.awaitEnd("allocation_done", "Granted until")
	if said := w.says(bystander, "end "+id); !strings.Contains(said, "Only the requester and the approvers of request") {
		t.Errorf("a bystander: %s", said)
	}
	w.expectRule(1, "ATTUNU", "IDU")
	if said := w.says(requester, "end "+id); !strings.Contains(said, "I remove `IDU` from") {
		t.Errorf("the requester: %s", said)
	}
	w.await("the end in the thread", func() bool {
		thread := w.slack.Thread(approvalsChannel, w.card().TS)
		return thread[len(thread)-1].Metadata.EventType == "allocation_ended"
	})
	w.awaitNothingOwed()
	w.expectRule(2, "ATTUNU")
	if said := w.says(requester, "end "+id); !strings.Contains(said, "is over already") {
		t.Errorf("once more: %s", said)
	}
}
