package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestEndEarly ends a grant for thirty days early. A bystander may not. The
// requester may at once, and only the grant's own code goes.
func TestEndEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.typeRequest("group-01 IDU for 30d")
	id := fmt.Sprint(w.awaitCard().Metadata.EventPayload["request_id"])
	if said := w.answerTo(requester, "end "+id); !strings.Contains(said, "not granted yet") {
		t.Errorf("before it was granted: %s", said)
	}
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "Granted until")
	if said := w.answerTo(bystander, "end "+id); !strings.Contains(said, "Only the requester and the approvers of request") {
		t.Errorf("a bystander: %s", said)
	}
	w.wantAllocation(1, "ATTUNU", "IDU")
	if said := w.answerTo(requester, "end "+id); !strings.Contains(said, "I remove `IDU` from") {
		t.Errorf("the requester: %s", said)
	}
	w.awaitCondition("the end in the thread", func() bool {
		thread := w.slack.Thread(approvalsChannel, w.awaitCard().TS)
		return thread[len(thread)-1].Metadata.EventType == "allocation_ended"
	})
	w.awaitNoJobs()
	w.wantAllocation(2, "ATTUNU")
	if said := w.answerTo(requester, "end "+id); !strings.Contains(said, "is over already") {
		t.Errorf("once more: %s", said)
	}
}
