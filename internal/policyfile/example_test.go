package policyfile_test

import (
	"fmt"

	"licensebot/approvals"
	"licensebot/internal/groupname"
	"licensebot/internal/policyfile"
)

const examplePolicy = `version: 1
people:
  leads: [U0ANNA, U0BEN]
rules:
  - name: production
    groups: prod-*
    approvers: leads
    quorum: 2
    longest_grant: 30d
  - name: everyone else
    auto_approve: true
`

// Load a policy and ask it what a request needs.
func Example() {
	policy, err := policyfile.Load("policy.yaml", []byte(examplePolicy), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	request := approvals.PolicyInput{
		Requester: "U0ROBIN",
		Group:     groupname.Group("8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f", "Prod-Robots"),
		Change:    approvals.Change{Add: []string{"RPADEVPRONU"}},
	}
	if _, violation := policy.Decide(request); violation != nil {
		fmt.Printf("rule %s: %s\n", violation.Rule, violation.Kind)
	}
	request.Duration, err = approvals.ParseDuration("2w")
	if err != nil {
		fmt.Println(err)
		return
	}
	terms, violation := policy.Decide(request)
	fmt.Println(violation == nil, terms.Rule, terms.Stages[0].Quorum, "of", terms.Stages[0].Approvers)
	// Output:
	// rule production: must_end
	// true production 2 of [U0ANNA U0BEN]
}

// A file's problems come all at once, each with its line and a remedy.
func ExampleLoad() {
	_, err := policyfile.Load("policy.yaml", []byte(`version: 1
rules:
  - name: finance
    group: finance-*
    approvers: U0ANNA
    quorum: 2
`), nil)
	fmt.Println(err)
	// Output:
	// policy.yaml:4: a rule has no key "group"; did you mean groups?
}
