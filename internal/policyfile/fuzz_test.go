package policyfile

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// Whatever stands in a file, reading it ends with problems that name a line of
// it, or with a policy that can be asked.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/wrong/*.yaml", "testdata/wrongcases/*.yaml", "../../docs/policy/*.yaml"} {
		for _, file := range testFiles(f, pattern) {
			content, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		policy, err := Load("fuzz.yaml", content, nil)
		judge(t, content, err)
		if err == nil {
			sound(t, policy)
		}
		cases, err := LoadCases("fuzz.yaml", content)
		judge(t, content, err)
		for _, c := range cases {
			if len(c.want) == 0 {
				t.Errorf("case %q can only hold", c.Name)
			}
			c.Check(policy)
		}
	})
}

func judge(t *testing.T, content []byte, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var problems Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		t.Fatalf("%T %v", err, err)
	}
	lines := bytes.Count(content, []byte("\n")) + bytes.Count(content, []byte("\r")) + 1
	for _, p := range problems {
		if p.Line < 1 || p.Line > lines || p.File == "" || p.Wrong == "" || p.Remedy == "" {
			t.Errorf("of %d lines: %+v", lines, p)
		}
	}
}

// sound holds a policy to what the loader promises of it.
func sound(t *testing.T, p approvals.Policy) {
	t.Helper()
	for i, rule := range p.Rules {
		ways := 0
		for _, way := range []bool{rule.Deny, rule.AutoApprove, len(rule.Stages) > 0} {
			if way {
				ways++
			}
		}
		if ways != 1 || rule.Name == "" || rule.Line < 1 || rule.Deny == (rule.Message == "") {
			t.Errorf("%+v", rule)
		}
		for _, stage := range rule.Stages {
			if len(stage.Approvers) == 0 || stage.Quorum < 1 {
				t.Errorf("%+v", stage)
			}
		}
		for _, earlier := range p.Rules[:i] {
			if earlier.LeavesNothing() && earlier.Match.Covers(rule.Match) || earlier.Name == rule.Name {
				t.Errorf("%+v is never reached after %+v", rule, earlier)
			}
		}
	}
	p.Decide(approvals.PolicyInput{Requester: "U0ROBIN", Group: groupname.Group("", "finance"), Change: approvals.Change{Add: []string{"IDU"}}})
}
