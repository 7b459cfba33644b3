package approvals_test

import (
	"testing"

	. "licensebot/approvals"
)

// An answer shows the limits that had to stay if it tells any, or if there were none of
// the codes that the write asked for.
func TestShowsLimits(t *testing.T) {
	limit := func(code string, n int) []Quota { return []Quota{{Code: code, Limit: n}} }
	for _, c := range []struct {
		answered, asked []Quota
		want            bool
	}{
		{nil, nil, true}, {nil, []Quota{}, true}, {nil, limit("A", 2), false}, {nil, limit("GONE", 2), true},
		{nil, limit("A", 0), true}, {[]Quota{}, limit("A", 2), true}, {limit("A", 2), limit("A", 2), true},
	} {
		answer, asked := Allocation{Quotas: c.answered}, Allocation{Codes: []string{"A"}, Quotas: c.asked}
		if got := answer.ShowsLimits(asked); got != c.want {
			t.Errorf("%v asked, %v answered: %t", c.asked, c.answered, got)
		}
	}
}
