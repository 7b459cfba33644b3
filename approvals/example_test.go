package approvals_test

import (
	"fmt"
	"time"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// One ✅ of an approver carries a request with a quorum of one. The write becomes
// due in the same step.
func ExampleNext() {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	request := approvals.Request{
		ID: "R-7K3F9QXA", State: approvals.Pending, Requester: "U0ROBIN", CardTS: "1772442000.000100",
		Terms: approvals.Terms{
			Stages: []approvals.Stage{{Approvers: []string{"U0ALEX"}, Quorum: 1}},
			TTL:    24 * time.Hour,
		},
		Proposal: &approvals.Proposal{
			Group:  approvals.Group{ID: "1b9a2f60", Name: "Finance Robots"},
			Change: approvals.Change{Add: []string{"IDU"}},
		},
		Deadline: now.Add(24 * time.Hour),
	}
	vote := approvals.Ballot{User: "U0ALEX", Eligibility: approvals.Counts, Stages: []int{0}}
	step, err := approvals.Next(request, approvals.VotesCounted{Ballots: []approvals.Ballot{vote}}, now)
	if err != nil {
		panic(err)
	}
	fmt.Println(step.Request.State)
	for _, job := range step.Enqueue {
		fmt.Println("due:", job.Kind)
	}
	// Output:
	// approved
	// due: apply
	// due: update_card
}

// The first rule that matches a code governs it.
func ExamplePolicy_Decide() {
	policy := approvals.Policy{Rules: []approvals.PolicyRule{
		{
			Name: "no test codes in production", Deny: true, Message: "Ask the platform team.",
			Match: approvals.Match{Groups: []approvals.GroupPattern{groupname.Pattern("prod-*")}, Codes: []string{"TST*"}},
		},
		{Name: "all other requests", Stages: []approvals.Stage{{Approvers: []string{"S0ADMINS"}, Quorum: 2}}},
	}}
	terms, violation := policy.Decide(approvals.PolicyInput{
		Requester: "U0ROBIN", Group: groupname.Group("1b9a2f60", "prod-db"), Change: approvals.Change{Add: []string{"TSTNU"}},
	})
	fmt.Println(terms.Rule == "", violation.Kind, violation.Message)
	terms, violation = policy.Decide(approvals.PolicyInput{
		Requester: "U0ROBIN", Group: groupname.Group("1b9a2f60", "prod-db"), Change: approvals.Change{Add: []string{"IDU"}},
	})
	fmt.Println(terms.Rule, terms.Quorum(), violation == nil)
	// Output:
	// true denied Ask the platform team.
	// all other requests 2 true
}
