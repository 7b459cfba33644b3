package approvals_test

import (
	"slices"
	"testing"

	. "licensebot/approvals"
)

func TestShortfall(t *testing.T) {
	one := []Stage{{Quorum: 1}}
	pair := []Stage{{Quorum: 2}}
	stages := []Stage{{Quorum: 1}, {Quorum: 1}}
	for _, c := range []struct {
		name    string
		rule    PolicyRule
		live    [][]string
		asker   string
		missing []int // nil: no shortfall
	}{
		{name: "one of two", rule: PolicyRule{Stages: one}, live: [][]string{{"anna", "ben"}}},
		{name: "nobody", rule: PolicyRule{Stages: one}, live: [][]string{nil}, missing: []int{1}},
		{name: "two of two, and one of them asks", rule: PolicyRule{Stages: pair}, live: [][]string{{"anna", "ben"}}, asker: "anna", missing: []int{1}},
		{name: "two of two, who may agree to their own", rule: PolicyRule{SelfApproval: true, Stages: pair}, live: [][]string{{"anna", "ben"}}},
		{name: "one of one who is left, and asks", rule: PolicyRule{Stages: one}, live: [][]string{{"anna"}}, asker: "anna", missing: []int{1}},
		{name: "two of one who is left", rule: PolicyRule{SelfApproval: true, Stages: pair}, live: [][]string{{"anna"}}, missing: []int{1}},
		{name: "two stages with different people", rule: PolicyRule{Stages: stages}, live: [][]string{{"anna", "ben"}, {"anna", "cleo"}}},
		{name: "two stages for which one person is left", rule: PolicyRule{SelfApproval: true, Stages: stages}, live: [][]string{{"anna"}, {"anna"}}, missing: []int{0, 1}},
		{name: "two stages, and who asks is in both", rule: PolicyRule{Stages: stages}, live: [][]string{{"anna", "ben"}, {"anna"}}, asker: "anna", missing: []int{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			short, found := c.rule.Shortfall(c.live)
			if found != (c.missing != nil) || short.Requester != c.asker || !slices.Equal(short.Missing, c.missing) {
				t.Errorf("%v, %+v; want %s and %v", found, short, c.asker, c.missing)
			}
		})
	}
}
