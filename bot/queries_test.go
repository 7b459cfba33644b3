package bot

import (
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// TestReasonsAreForTheirReaders hides what was written for approvers.
func TestReasonsAreForTheirReaders(t *testing.T) {
	t.Parallel()
	r := approvals.Request{
		ID: command.ExampleID, State: approvals.Cancelled, Requester: robin, Channel: channel,
		Ask:      approvals.Ask{Group: "group-01", Codes: []string{"IDU"}, Reason: "secret plan"},
		Terms:    approvals.Terms{Stages: []approvals.Stage{{Approvers: []string{alex}, Quorum: 1}}, TTL: time.Hour},
		Proposal: &approvals.Proposal{Group: approvals.Group{ID: "group-01"}, Change: approvals.Change{Add: []string{"IDU"}}},
		Outcome:  &approvals.Outcome{Reason: approvals.ReasonCancelledByApprover, By: alex},
	}
	r.Outcome.Comment = "secret doubt"
	for reader, shown := range map[string]bool{r.Requester: true, "U0KIM": false} {
		theirs := hideReasons(r, reader)
		for _, said := range []string{phrases().DescribeRequest("/allocate", theirs, ""), phrases().ExplainRequest(theirs, "")} {
			if strings.Contains(said, "secret plan") != shown || strings.Contains(said, "secret doubt") != shown {
				t.Errorf("%s reads: %s", reader, said)
			}
		}
	}
	if r.Outcome.Comment == "" {
		t.Error("the request itself was changed")
	}
}
