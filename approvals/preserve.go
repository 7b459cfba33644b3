package approvals

import (
	"slices"
	"time"
)

// keeps reports whether an answer to a write left what stays beside the codes
// as it was to be, as far as it tells: it need not tell quotas, which are nil
// then.
func (r Allocation) Preserves(asked Allocation) bool {
	otherLimit := func(code string) bool { return r.Quotas != nil && r.limitOf(code) != asked.limitOf(code) }
	return r.UseExternalLicense == asked.UseExternalLicense && !slices.ContainsFunc(Common(asked.Codes, r.Codes), otherLimit)
}

// untoldFor is how long the end of a grant waits for limits that are not told.
const QuotasUnknownFor = 24 * time.Hour

// errUntold is a delay where UiPath told the limits of seats with the rule when
// the card was made and does not now: a write would lift those that there are.
var ErrQuotasUnknown = &DelayError{Reason: "UiPath does not tell the limits of seats that are to stay"}

func (p Proposal) QuotasUnknown(rule Allocation) error {
	if p.QuotasKnown && rule.Quotas == nil {
		return ErrQuotasUnknown
	}
	return nil
}
