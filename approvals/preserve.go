package approvals

import (
	"errors"
	"slices"
	"time"
)

// Preserves reports whether an answer to a write left the settings beside the
// codes as asked, as far as the answer shows them. Quotas are nil where it
// shows none.
func (a Allocation) Preserves(asked Allocation) bool {
	otherLimit := func(code string) bool { return a.Quotas != nil && a.limitOf(code) != asked.limitOf(code) }
	return a.UseExternalLicense == asked.UseExternalLicense &&
		!slices.ContainsFunc(Common(asked.Codes, a.Codes), otherLimit)
}

// ShowsLimits reports whether an answer to a write shows the seat limits that the write
// had to keep or set. What it does not show is unknown, and only a read tells.
func (a Allocation) ShowsLimits(asked Allocation) bool {
	return a.Quotas != nil || !slices.ContainsFunc(asked.Quotas, func(q Quota) bool {
		return q.Limit > 0 && slices.Contains(asked.Codes, q.Code)
	})
}

// quotasUnknownFor is how long the end of a grant waits for seat limits that
// UiPath does not show.
const quotasUnknownFor = 24 * time.Hour

// errQuotasUnknown delays a write: UiPath showed seat limits before and shows none now,
// so a write would lift those that exist.
var errQuotasUnknown = &DelayError{Reason: QuotasUnknownReason, Err: ErrQuotasUnknown}

// QuotasUnknownReason is what people are told while seat limits are unknown.
const QuotasUnknownReason = "UiPath does not show the seat limits that have to stay"

func quotasAreUnknown(err error) bool { return errors.Is(err, ErrQuotasUnknown) }

// CheckLimits returns an error where a read lacks the seat limits of the group, and UiPath
// has shown them before.
func CheckLimits(shownBefore bool, now Allocation) error {
	if shownBefore && now.Quotas == nil {
		return errQuotasUnknown
	}
	return nil
}
