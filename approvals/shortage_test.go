package approvals

import (
	"fmt"
	"strings"
	"testing"
)

// TestShortages compares changes with the seats of the organization.
func TestShortages(t *testing.T) {
	owned := []Seats{
		{Code: "FREE", Allocated: 9, Total: 10}, {Code: "FULL", Allocated: 10, Total: 10}, {Code: "OVER", Allocated: 12, Total: 10},
		{Code: "NONE"}, {Code: "HIDDEN", Allocated: UnknownSeats, Total: 10}, {Code: "SECRET", Allocated: 3, Total: UnknownSeats},
	}
	limit := func(code string, to int) []QuotaChange { return []QuotaChange{{Code: code, To: to}} }
	for _, c := range []struct {
		change Change
		want   string
	}{
		{Change{Add: []string{"FREE", "HIDDEN", "SECRET", "OTHER"}}, ""},
		{Change{Add: []string{"FULL", "OVER", "NONE"}}, "no_seat_free FULL; over_allocated OVER; no_seat_free NONE"},
		{Change{Remove: []string{"FULL"}, Extend: []string{"OVER"}, Keep: []string{"NONE"}}, ""},
		{Change{Quotas: limit("FREE", 10)}, ""},
		{Change{Quotas: limit("FREE", 11)}, "limit_above_owned FREE 11"},
		{Change{Quotas: limit("SECRET", 99)}, ""},
		{Change{Quotas: limit("HIDDEN", 99)}, ""},
		{Change{Add: []string{"FULL"}, Quotas: limit("FULL", 20)}, "no_seat_free FULL; limit_above_owned FULL 20"},
	} {
		if got := describeShortages(c.change.Shortages(owned)); got != c.want {
			t.Errorf("%+v: %q instead of %q", c.change, got, c.want)
		}
	}
	ask := Ask{Codes: []string{"FULL"}, Quotas: []Quota{{Code: "FREE", Limit: 50}}}
	if got := describeShortages(ask.Shortages(owned)); got != "limit_above_owned FREE 50; no_seat_free FULL" {
		t.Errorf("an ask: %q", got)
	}
	ask.Action = Remove
	if got := describeShortages(ask.Shortages(owned)); got != "" {
		t.Errorf("a removal: %q", got)
	}
}

func describeShortages(all []SeatShortage) string {
	var words []string
	for _, s := range all {
		text := fmt.Sprintf("%s %s", s.Kind, s.Seats.Code)
		if s.Limit > 0 {
			text += fmt.Sprintf(" %d", s.Limit)
		}
		words = append(words, text)
	}
	return strings.Join(words, "; ")
}

// TestRefusedWhenFull lets a rule refuse what another only warns of.
func TestRefusedWhenFull(t *testing.T) {
	full := []SeatShortage{{Kind: NoSeatFree, Seats: Seats{Code: "IDU", Allocated: 1, Total: 1}}}
	for name, c := range map[string]struct {
		refuses  bool
		input    PolicyInput
		violates bool
	}{
		"warn":             {false, PolicyInput{Change: Change{Add: []string{"IDU"}}, Shortages: full}, false},
		"refuse":           {true, PolicyInput{Change: Change{Add: []string{"IDU"}}, Shortages: full}, true},
		"refuse, but free": {true, PolicyInput{Change: Change{Add: []string{"IDU"}}}, false},
	} {
		policy := Policy{Rules: []PolicyRule{{Name: "r", RefuseWhenFull: c.refuses, Stages: []Stage{{Approvers: []string{"U1"}}}}}}
		_, violation := policy.Decide(c.input)
		if (violation != nil) != c.violates || violation != nil && (violation.Kind != ViolationNoSeats || len(violation.Shortages) != 1) {
			t.Errorf("%s: %+v", name, violation)
		}
	}
}
