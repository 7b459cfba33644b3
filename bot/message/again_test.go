package message

import (
	"testing"

	"licensebot/approvals"
)

// TestAskAgainOnlyWhereItHelps: not of what was decided, done, or is asked elsewhere.
func TestAskAgainOnlyWhereItHelps(t *testing.T) {
	outcome := approvals.Job{Kind: approvals.JobPostOutcome}
	for _, state := range approvals.States() {
		r := goldenRequest(state, func(r *approvals.Request) { r.Ask.Group = "Finance Robots" })
		want := state == approvals.Expired || state == approvals.Failed || state == approvals.Superseded
		ask, ok := AskAgain(r)
		if has := len(phrases().ReplyBlocks(r, outcome)) == 2; ok != want || has != want || ok && ask.Group != "group-01" {
			t.Errorf("%s: ask %+v, %t; a button: %t", state, ask, ok, has)
		}
	}
	for _, reason := range []approvals.Reason{approvals.ReasonChannelReplaced, approvals.ReasonFromChannel} {
		if _, ok := AskAgain(goldenRequest(approvals.Superseded, withReason(reason))); ok {
			t.Errorf("it is asked again after %s", reason)
		}
	}
	if _, ok := AskAgain(goldenRequest(approvals.Expired, func(r *approvals.Request) { r.Proposal = nil })); ok {
		t.Error("a request without a change is asked again")
	}
}
