package approvals_test

import (
	"slices"
	"testing"
	"time"

	. "licensebot/approvals"
)

// A confirmation takes over the limits of the one before while reads may still lack them, unless
// it says otherwise itself.
func TestLimitsOfTheConfirmationBefore(t *testing.T) {
	t.Parallel()
	at := time.Unix(1780000000, 0)
	limit := func(n int) []QuotaChange { return []QuotaChange{{Code: "A", From: 2, To: n}} }
	earlier := Confirmation{Codes: []string{"A"}, Limits: limit(5), At: at}
	for name, c := range map[string]struct {
		now   Confirmation
		after time.Duration
		want  []QuotaChange
	}{
		"fresh":              {Confirmation{Codes: []string{"A", "B"}}, ReadLag - time.Second, limit(5)},
		"old":                {Confirmation{Codes: []string{"A", "B"}}, ReadLag, nil},
		"set anew":           {Confirmation{Codes: []string{"A"}, Limits: limit(7)}, time.Second, limit(7)},
		"the code is gone":   {Confirmation{Codes: []string{"B"}}, time.Second, nil},
		"a setting was lost": {Confirmation{Codes: []string{"A"}, Dropped: true}, time.Second, nil},
	} {
		if got := c.now.After(earlier, at.Add(c.after)).Limits; !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
