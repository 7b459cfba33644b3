package approvals

import (
	"slices"
	"testing"
)

// A late look knows a change by its own codes, whatever other requests did with theirs since.
func TestLateEffect(t *testing.T) {
	other := func(c Change) Request { return Request{ID: "R-BBBBBBBB", Proposal: &Proposal{Change: c}} }
	set := Change{Add: []string{"IDU"}, Keep: []string{"ATTUNU"}, Remove: []string{"TSTNU"}, Exact: true}
	for name, c := range map[string]struct {
		change Change
		others []Request
		shown  []string
		found  bool
	}{
		"it is there":           {change: Change{Add: []string{"IDU"}}, shown: []string{"IDU", "PMD"}, found: true},
		"it is not":             {change: Change{Add: []string{"IDU"}}, shown: []string{"PMD"}},
		"another asked for it":  {change: Change{Add: []string{"IDU"}}, others: []Request{other(Change{Add: []string{"IDU"}})}, shown: []string{"IDU"}},
		"exactly the set":       {change: set, shown: []string{"ATTUNU", "IDU"}, found: true},
		"more than the set":     {change: set, shown: []string{"ATTUNU", "IDU", "PMD"}},
		"what another added":    {change: set, others: []Request{other(Change{Add: []string{"PMD"}})}, shown: []string{"ATTUNU", "IDU", "PMD"}, found: true},
		"what another took out": {change: set, others: []Request{other(Change{Remove: []string{"ATTUNU"}})}, shown: []string{"IDU"}, found: true},
		"what nobody took out":  {change: set, shown: []string{"IDU"}},
		"another took it out":   {change: set, others: []Request{other(Change{Remove: []string{"TSTNU"}})}, shown: []string{"ATTUNU", "IDU"}},
	} {
		r := Request{ID: "R-AAAAAAAA", Proposal: &Proposal{Change: c.change}}
		e := r.LateEffect(Allocation{Codes: c.shown}, append(c.others, r))
		if found, ok := e.(EffectFound); ok != c.found || ok && !slices.Equal(found.Codes, c.change.GrantedCodes()) {
			t.Errorf("%s: %+v, want an effect: %t", name, e, c.found)
		}
	}
}
