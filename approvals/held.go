package approvals

import (
	"slices"
	"time"
)

// A GrantSpan is when one timed grant of the bot gave a code to a group.
type GrantSpan struct {
	Code     string
	From, To time.Time
}

// GrantSpans lists when timed grants gave codes to a group, as its done requests
// tell. A running grant gives its codes until now. So does a grant after an end with
// a code left behind.
func GrantSpans(done []Request, now time.Time) []GrantSpan {
	var spans []GrantSpan
	for _, r := range done {
		if r.Grant == nil {
			continue
		}
		for _, code := range r.Grant.Codes {
			if to := r.Grant.heldUntil(code, now); r.ClosedAt.Before(to) {
				spans = append(spans, GrantSpan{Code: code, From: r.ClosedAt, To: to})
			}
		}
	}
	return spans
}

// heldUntil is when the grant stopped giving a code; now if it still does.
func (g Grant) heldUntil(code string, now time.Time) time.Time {
	if g.Revocation == nil || slices.Contains(g.Revocation.Remaining, code) || g.Revocation.At.After(now) {
		return now
	}
	return g.Revocation.At
}

// HeldInARow is for how long a group has held a code up to now through grants that
// follow one another. A gap shorter than the given one continues the row. The time in
// gaps is not counted.
func HeldInARow(spans []GrantSpan, code string, now time.Time, gap time.Duration) time.Duration {
	var of []GrantSpan
	for _, s := range spans {
		if s.Code == code {
			of = append(of, s)
		}
	}
	slices.SortFunc(of, func(a, b GrantSpan) int { return b.To.Compare(a.To) }) // the last to end first
	var held time.Duration
	start := now // of the row, as far as it is known
	for _, s := range of {
		to := s.To
		if to.After(start) {
			to = start // another span has the rest
		}
		if start.Sub(to) >= gap {
			break
		}
		if s.From.Before(to) {
			held += to.Sub(s.From)
			start = s.From
		}
	}
	return held
}

// CountsHeldTime reports whether a rule asks how long a group has held a code.
func (p Policy) CountsHeldTime() bool {
	return slices.ContainsFunc(p.Rules, func(r PolicyRule) bool { return r.AutoApprove && r.MaxDuration > 0 })
}
