package policyfile

import (
	"fmt"
	"strconv"
	"strings"

	"licensebot/approvals"
)

// An answer is one part of what a policy decides, in words.
type answer struct{ what, value string }

// A Mismatch is one part of an answer that differs from what a case expects.
type Mismatch struct{ What, Expected, Got string }

// String says what was expected and what the policy answered.
func (m Mismatch) String() string {
	return fmt.Sprintf("%s: expected %s, got %s", m.What, m.Expected, m.Got)
}

// Check puts the case to the policy. It returns where the answer differs from
// what the case expects, and the rule that decided.
func (c Case) Check(p approvals.Policy) (mismatches []Mismatch, rule string) {
	got := decisionAnswers(p.Decide(c.Input))
	for _, want := range c.want {
		if value := got[want.what]; value != want.value {
			mismatches = append(mismatches, Mismatch{want.what, want.value, describeAnswer(got, want.what)})
		}
	}
	return mismatches, got["rule"]
}

// describeAnswer says, of a part that the answer lacks, what it has instead.
func describeAnswer(got map[string]string, what string) string {
	switch value, said := got[what]; {
	case what == "verdict" && value == verdictDeny:
		return fmt.Sprintf("%s (%s)", value, got["refusal"])
	case said:
		return value
	case got["refusal"] != "":
		return fmt.Sprintf("none (%s)", got["refusal"])
	}
	return "none"
}

func decisionAnswers(terms approvals.Terms, violation *approvals.Violation) map[string]string {
	if violation != nil {
		got := map[string]string{"verdict": verdictDeny, "refusal": string(violation.Kind)}
		if violation.Rule != "" {
			got["rule"] = violation.Rule
		}
		return got
	}
	got := map[string]string{"rule": terms.Rule, "verdict": verdictAsk}
	if terms.TTL > 0 {
		got["expires_after"] = shortDuration(terms.TTL)
	}
	if terms.AutoApprove {
		got["verdict"] = verdictAuto
		return got
	}
	quorum, approvers := 0, []string{}
	for _, stage := range terms.Stages {
		quorum += stage.Quorum
		approvers = approvals.Union(approvers, stage.Approvers)
	}
	got["quorum"], got["approvers"] = strconv.Itoa(quorum), strings.Join(approvers, " ")
	got["stages"], got["self_approval"] = stagesInWords(terms.Stages), strconv.FormatBool(terms.SelfApproval)
	return got
}

func stagesInWords(stages []approvals.Stage) string {
	var words []string
	for i, s := range stages {
		name := s.Name
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		approvers := strings.Join(approvals.Union(s.Approvers, nil), " ")
		words = append(words, fmt.Sprintf("%s: %d of %s", name, s.Quorum, approvers))
	}
	return strings.Join(words, ", ")
}
