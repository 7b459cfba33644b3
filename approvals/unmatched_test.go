package approvals_test

import (
	"fmt"
	"strings"
	"testing"

	. "licensebot/approvals"
	"licensebot/internal/groupname"
)

func TestUnmatchedNames(t *testing.T) {
	const id, other = "8f3a1c2e-0d4b-4c5a-9e6f-7a8b9c0d1e2f", "11111111-0d4b-4c5a-9e6f-7a8b9c0d1e2f"
	groups := []Group{groupname.Group(id, "Prod DB"), groupname.Group("group-01", "Finance")}
	for pattern, want := range map[string]string{
		"*": "", "prod db": "", "PROD\u2010DB": "prod-db", "prod*": "", "dev*": "dev* star", id: "", strings.ToUpper(id): "",
		other: other + " id", "group-01": "", "group-02": "group-02",
	} {
		policy := Policy{Rules: []PolicyRule{{Match: Match{Groups: []GroupPattern{groupname.Pattern(pattern)}}}}}
		if got := describeUnmatched(policy.UnmatchedGroups(groups)); got != want {
			t.Errorf("group %q: %q instead of %q", pattern, got, want)
		}
	}
	for pattern, want := range map[string]string{"*": "", "idu": "", "ID*": "", "IDUU": "IDUU", "X*": "X* star"} {
		policy := Policy{Rules: []PolicyRule{{Match: Match{Codes: []string{pattern}}}}}
		if got := describeUnmatched(policy.UnmatchedCodes([]string{"IDU", "ATTUNU"})); got != want {
			t.Errorf("code %q: %q instead of %q", pattern, got, want)
		}
	}
}

func describeUnmatched(all []Unmatched) string {
	var words []string
	for _, u := range all {
		words = append(words, u.Text)
		if u.IsID {
			words = append(words, "id")
		}
		if u.Star {
			words = append(words, "star")
		}
	}
	return strings.TrimSpace(fmt.Sprint(strings.Join(words, " ")))
}
