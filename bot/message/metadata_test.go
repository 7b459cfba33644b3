package message

import (
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
