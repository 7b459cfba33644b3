package message

import (
	"encoding/json"
	"testing"

	"licensebot/approvals"
)

// TestActors are those who brought about what a message tells.
func TestActors(t *testing.T) {
	votes := []approvals.Vote{{User: "U0KIM"}, {User: "U0ALEX"}}
	for _, c := range []struct {
		state approvals.State
		by    string
		votes []approvals.Vote
		want  string
	}{
		{approvals.Done, "", votes, "U0ALEX"}, {approvals.Failed, "", votes, "U0ALEX"}, {approvals.Denied, "U0KIM", votes[:1], "U0KIM"},
		{approvals.Cancelled, "U0ROBIN", nil, "U0ROBIN"}, {approvals.Expired, "", votes[:1], approvals.Bot},
	} {
		r := approvals.Request{State: c.state, Requester: "U0ROBIN", Outcome: &approvals.Outcome{By: c.by}, Votes: c.votes}
		if got := actorOf(r, approvals.Job{Kind: approvals.JobPostOutcome}); got != c.want {
			t.Errorf("%s: %s instead of %s", c.state, got, c.want)
		}
	}
}

// TestActorOfAnEarlyEnd is the person who ended the grant.
func TestActorOfAnEarlyEnd(t *testing.T) {
	r := approvals.Request{Requester: "U0ROBIN", Grant: &approvals.Grant{EndedBy: "U0ALEX"}}
	if got := actorOf(r, approvals.Job{Kind: approvals.JobPostRevocation}); got != "U0ALEX" {
		t.Errorf("an early end is %s's", got)
	}
}

// Metadata tells an allocation that was read, also one without codes, and none that was not read
// or that a later look made untrue.
func TestMetadataTellsTheAllocationThatWasRead(t *testing.T) {
	for name, c := range map[string]struct {
		state         approvals.State
		reason        approvals.Reason
		read          []string
		found, isTold bool
		want          string
	}{
		"not read":            {approvals.Superseded, approvals.ReasonChannelReplaced, nil, false, false, ""},
		"read, without codes": {approvals.Superseded, approvals.ReasonAllocationChanged, []string{}, false, true, ""},
		"read":                {approvals.Superseded, approvals.ReasonAllocationChanged, []string{"PMD"}, false, true, "PMD"},
		"changed since":       {approvals.Superseded, approvals.ReasonAllocationChanged, []string{"PMD"}, true, false, ""},
		"refused, then read":  {approvals.Failed, approvals.ReasonUiPathRefused, []string{"PMD"}, false, true, "PMD"},
		"refused, not read":   {approvals.Failed, approvals.ReasonUiPathRefused, nil, false, false, ""},
		"its end has passed":  {approvals.Failed, approvals.ReasonEndPassed, []string{"PMD"}, false, true, "PMD"},
		"incomplete":          {approvals.Failed, approvals.ReasonIncomplete, []string{"PMD"}, false, true, "PMD"},
		"done":                {approvals.Done, approvals.ReasonReadBack, []string{"PMD"}, false, true, "PMD"},
	} {
		raw, err := json.Marshal(approvals.Outcome{Reason: c.reason, Allocation: c.read})
		if err != nil {
			t.Fatal(err)
		}
		var stored approvals.Outcome // as the store gives it back
		if err := json.Unmarshal(raw, &stored); err != nil {
			t.Fatal(err)
		}
		r := goldenRequest(c.state, withOutcome(stored))
		r.EffectFound = c.found
		m := RenderMetadata(r, approvals.Job{Kind: approvals.JobPostOutcome})
		if told, isTold := m.EventPayload["allocation"]; isTold != c.isTold || isTold && told != c.want {
			t.Errorf("%s: told %q, %t", name, told, isTold)
		}
	}
}

// A request that is filed anew in another channel closes without a read, and tells no allocation.
func TestMetadataOfAReplacedChannel(t *testing.T) {
	r := goldenRequest(approvals.Pending)
	step, err := approvals.Next(r, approvals.ChannelReplaced{Channel: "C0OTHER", NewID: "R-ABCDEFGH"}, testTime)
	if err != nil {
		t.Fatal(err)
	}
	m := RenderMetadata(step.Request, approvals.Job{Kind: approvals.JobPostOutcome})
	if told, isTold := m.EventPayload["allocation"]; isTold {
		t.Errorf("tells the allocation %q, and nothing was read: %v", told, m.EventPayload)
	}
}
