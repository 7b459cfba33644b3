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
	showsLimits := a.Quotas != nil && !a.LimitsLeftOut
	otherLimit := func(code string) bool { return showsLimits && a.limitOf(code) != asked.limitOf(code) }
	return (a.ExternalLeftOut || a.UseExternalLicense == asked.UseExternalLicense) &&
		!slices.ContainsFunc(Common(asked.Codes, a.Codes), otherLimit)
}

// ShowsLimits reports whether an answer to a write shows the seat limits that the write
// had to keep or set. What it does not show is unknown, and only a read tells.
func (a Allocation) ShowsLimits(asked Allocation) bool {
	return a.Quotas != nil || !slices.ContainsFunc(asked.Quotas, func(q Quota) bool {
		return q.Limit > 0 && slices.Contains(asked.Codes, q.Code)
	})
}

// lost reports whether a read lacks a setting that an earlier write had to keep. What that
// write asked for is nil if it is unknown.
func (a Allocation) lost(asked *Allocation) bool { return asked != nil && !a.Preserves(*asked) }

// settingUnknownFor is how long the end of a grant waits for a setting of the group that
// UiPath does not show.
const settingUnknownFor = 24 * time.Hour

// errQuotasUnknown delays a write: UiPath showed seat limits before and shows none now,
// so a write would lift those that exist.
var errQuotasUnknown = &DelayError{Reason: QuotasUnknownReason, Err: ErrQuotasUnknown}

// QuotasUnknownReason is what people are told while seat limits are unknown.
const QuotasUnknownReason = "UiPath does not show the seat limits that have to stay"

func quotasAreUnknown(err error) bool { return errors.Is(err, ErrQuotasUnknown) }

func externalIsUnknown(err error) bool { return errors.Is(err, ErrExternalUnknown) }

// ExternalUnknownReason is what people are told while UiPath does not show useExternalLicense.
const ExternalUnknownReason = "UiPath does not show whether the group uses external licenses"

// LimitedCodes lists the codes with a seat limit: those of the card, and those that the change
// in effect has set.
func (r Request) LimitedCodes() []string {
	codes := quotaCodes(r.Proposal.Quotas)
	if r.IsInEffect() {
		codes = append(codes, limitedBy(r.Proposal.Change.Quotas)...)
	}
	return Union(codes, nil)
}

// LimitedCodes lists the codes with a seat limit that the change has set.
func (c Confirmation) LimitedCodes() []string { return limitedBy(c.Limits) }

func limitedBy(changes []QuotaChange) []string {
	var codes []string
	for _, q := range changes {
		if q.To > 0 {
			codes = append(codes, q.Code)
		}
	}
	return codes
}

// ShownBefore is what UiPath has shown of a group to requests that are open or in effect.
type ShownBefore struct {
	Quotas   bool // the list of limits, if only an empty one
	Limits   bool // a limit, or it was set by a change in effect
	External bool // that external licenses are used
}

// LeavesOut reports whether a reading lacks a setting that a write has to preserve. What
// UiPath showed before decides about it then: see CheckShown. A group without codes has no
// limits.
func (a Allocation) LeavesOut() bool {
	return a.ExternalLeftOut || len(a.Codes) > 0 && (a.Quotas == nil || a.LimitsLeftOut)
}

// CheckShown returns a delay where a reading leaves out a setting that UiPath has shown before,
// because a write would reset it.
func CheckShown(before ShownBefore, now Allocation) error {
	hasLimits := before.Quotas && now.Quotas == nil || before.Limits && now.LimitsLeftOut
	switch {
	case hasLimits && len(now.Codes) > 0:
		return errQuotasUnknown
	case before.External && now.ExternalLeftOut:
		return &DelayError{Reason: ExternalUnknownReason, Err: ErrExternalUnknown}
	}
	return nil
}
