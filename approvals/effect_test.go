package approvals

import (
	"slices"
	"testing"
	"time"
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

// A write waits for one in doubt that closed a moment ago, also by a clock that was put back
// since.
func TestAwaitLateEffect(t *testing.T) {
	closed := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	other := Request{
		ID: "R-BBBBBBBB", State: Failed, ClosedAt: closed, Outcome: &Outcome{Reason: ReasonUiPathRefused},
		Proposal: &Proposal{Change: Change{Add: []string{"IDU"}}},
	}
	for after, want := range map[time.Duration]time.Duration{
		0: time.Minute, 20 * time.Second: 40 * time.Second, time.Minute: 0, -5 * time.Second: time.Minute, -5 * time.Minute: time.Minute,
		-time.Hour: 0,
	} {
		if got := AwaitLateEffect(Request{ID: "R-AAAAAAAA"}, other, Allocation{}, closed.Add(after)); got != want {
			t.Errorf("after %v: %v, want %v", after, got, want)
		}
	}
	if got := AwaitLateEffect(other, other, Allocation{Codes: []string{"IDU"}}, closed); got != 0 {
		t.Errorf("its own: %v", got)
	}
}
