package approvals_test

import (
	"testing"

	. "licensebot/approvals"
)

// A reading that leaves out a setting counts unless UiPath has shown the setting before. A
// group without codes has no limits.
func TestCheckShown(t *testing.T) {
	codes := []string{"A"}
	for name, c := range map[string]struct {
		before ShownBefore
		now    Allocation
		late   bool
	}{
		"nothing is left out":  {ShownBefore{true, true, true}, Allocation{Codes: codes, Quotas: []Quota{}}, false},
		"no list":              {ShownBefore{Quotas: true}, Allocation{Codes: codes}, true},
		"no list, as always":   {ShownBefore{}, Allocation{Codes: codes}, false},
		"no limits":            {ShownBefore{Limits: true}, Allocation{Codes: codes, Quotas: []Quota{}, LimitsLeftOut: true}, true},
		"no limits, as always": {ShownBefore{Quotas: true}, Allocation{Codes: codes, Quotas: []Quota{}, LimitsLeftOut: true}, false},
		"no codes":             {ShownBefore{true, true, true}, Allocation{LimitsLeftOut: true}, false},
		"external":             {ShownBefore{External: true}, Allocation{ExternalLeftOut: true}, true},
		"no field, as always":  {ShownBefore{Quotas: true}, Allocation{Quotas: []Quota{}, ExternalLeftOut: true}, false},
	} {
		if err := CheckShown(c.before, c.now); IsDelay(err) != c.late || (err != nil) != c.late {
			t.Errorf("%s: %v", name, err)
		}
	}
}

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
