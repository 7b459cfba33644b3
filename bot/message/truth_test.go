package message

import (
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
)

// Who ends a grant whose end is under way reads that, and what it waits for.
func TestExplainNotRevokedWhileItEnds(t *testing.T) {
	r := grantedRequest()
	r.Grant.DelayReason = "UiPath does not answer"
	if got := ExplainNotRevoked(r, approvals.ErrNoTransition); !strings.Contains(got, "I am removing its codes") ||
		!strings.Contains(got, "UiPath does not answer") {
		t.Error(got)
	}
	r.Grant.Revocation = &approvals.Revocation{At: testTime}
	if got := ExplainNotRevoked(r, approvals.ErrNoTransition); !strings.Contains(got, "its thread says what was removed") {
		t.Error(got)
	}
}

// What waits for an operator does not fail at its deadline.
func TestExplainWhatWaitsForAnOperator(t *testing.T) {
	r := grantedRequest()
	r.State, r.Grant, r.Outcome = approvals.Approved, nil, nil
	r.Deadline = testTime.Add(time.Hour)
	for fault, want := range map[bool]string{true: "until an operator has acted", false: "the request fails"} {
		r.OperatorFault = fault
		if got := phrases().ExplainRequest(r, ""); !strings.Contains(got, want) {
			t.Errorf("%v: %s", fault, got)
		}
	}
}
