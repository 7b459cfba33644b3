package message

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// maxKeptCodes is the room, in characters, for what stays at the end of a grant.
const maxKeptCodes = 1000

// describeTerm says on the card how long the licenses are asked for. It is empty
// for a request for good. It depends only on what never changes.
func describeTerm(r approvals.Request) string {
	switch {
	case r.Ask.For > 0:
		return fmt.Sprintf("Granted for: %s from when UiPath confirms it; %s.", formatLength(r.Ask.For), atTheEnd)
	case !r.Ask.Until.IsZero():
		return fmt.Sprintf("Granted until: %s; %s.", formatTime(r.Ask.Until), atTheEnd)
	}
	return ""
}

// atTheEnd says what happens at the end of a grant.
const atTheEnd = "then the codes are removed again, unless another request holds them"

// formatLength writes a length of time in words, in the largest units that fit.
func formatLength(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := d / unit.of; n > 0 {
			parts = append(parts, pluralize(int(n), unit.name))
			d %= unit.of
		}
	}
	if len(parts) == 0 {
		return "less than a minute"
	}
	return joinList(parts)
}

// describeGrantStatus ends the status of a done request: where its grant stands.
func describeGrantStatus(r approvals.Request) string {
	g := r.Grant
	switch {
	case g == nil:
		return ""
	case g.Revocation == nil && g.DelayReason != "":
		return fmt.Sprintf(" Its time ended %s, but it is not confirmed yet that the codes are removed: %s.",
			formatTime(g.Until), escapeLine(g.DelayReason))
	case g.Revocation == nil && g.EndedBy != "":
		return fmt.Sprintf(" Ended early by %s; UiPath is being asked to remove the codes that "+
			"no other request holds.",
			mentionUser(g.EndedBy))
	case g.Revocation == nil:
		return fmt.Sprintf(" Granted until %s.", formatTime(g.Until))
	case len(g.Revocation.Remaining) > 0:
		return fmt.Sprintf(" :warning: Its time ended %s, but *some codes could not be removed*; "+
			"the thread says which.", formatTime(g.Until))
	}
	by := ""
	if g.EndedBy != "" {
		by = " early, by " + mentionUser(g.EndedBy)
	}
	return fmt.Sprintf(" :checkered_flag: *Ended* %s%s; the thread says what was removed.",
		formatTime(g.Revocation.At), by)
}

// describeGrantEnd ends the reply that a request is done: when its grant ends, or
// that it has ended by the time at which this is said.
func describeGrantEnd(r approvals.Request, at time.Time) string {
	switch g := r.Grant; {
	case g == nil:
		return ""
	case g.Revocation != nil:
		return fmt.Sprintf(" Its time ended %s.", formatTime(g.Revocation.At))
	case g.EndedBy != "" || g.DelayReason != "":
		return describeGrantStatus(r)
	case !at.Before(g.Until):
		return fmt.Sprintf(" It was granted until %s, which is over: I remove %s now, unless another request holds %s.",
			formatTime(g.Until), joinCodes(g.Codes), itOrThem(g.Codes))
	}
	return fmt.Sprintf(" Granted until %s; then I remove %s, unless another request holds %s. "+
		"To end it earlier, type %s.", formatTime(r.Grant.Until), joinCodes(r.Grant.Codes), itOrThem(r.Grant.Codes),
		quoteCode(command.NameOf(r.Ask)+" end "+r.ID))
}

// describeExtended says in the past tense what a done request extended.
func describeExtended(r approvals.Request) string {
	if r.Grant == nil {
		return fmt.Sprintf("%s kept in %s for good",
			joinCodes(r.Proposal.Change.Extend), nameGroup(r.Proposal.Group))
	}
	return fmt.Sprintf("%s extended for %s until %s",
		joinCodes(r.Proposal.Change.Extend), nameGroup(r.Proposal.Group), formatTime(r.Grant.Until))
}

// WarnExpiry says that codes are about to be taken out, and what to do about it.
func WarnExpiry(r approvals.Request, going []string) string {
	return fmt.Sprintf("%s The time of request %s ends %s: then I remove %s from %s, unless another request "+
		"holds %s by then. "+
		"To extend it, which needs a new approval, type %s. To end it now, type %s.",
		mentionUser(r.Requester), quoteCode(r.ID), formatTime(r.Grant.Until), joinCodes(going),
		nameGroup(r.Proposal.Group), itOrThem(going),
		quoteCodeWithin(extensionCommand(r, going), maxCopied), quoteCode(command.NameOf(r.Ask)+" end "+r.ID))
}

// extensionCommand asks for the same codes once more.
func extensionCommand(r approvals.Request, codes []string) string {
	return command.Suggest(extensionAsk(r, codes))
}

// extensionAsk asks for codes of a grant for as long once more.
func extensionAsk(r approvals.Request, codes []string) approvals.Ask {
	ask := r.Ask
	ask.Action, ask.Group, ask.Codes, ask.Quotas = approvals.Add, r.Proposal.Group.ID, codes, nil
	if ask.For == 0 {
		ask.For, ask.Until = roundUpTerm(r.Grant.Until.Sub(r.ClosedAt)), time.Time{}
	}
	return ask
}

// roundUpTerm rounds a length of time up to the next day, or to the next hour if
// it is less than a day. Fractions of a second do not count, because the store
// cuts times to the microsecond.
func roundUpTerm(d time.Duration) time.Duration {
	d = d.Truncate(time.Second)
	unit := 24 * time.Hour
	if d < unit {
		unit = time.Hour
	}
	return max(1, (d+unit-1)/unit) * unit
}

// ExplainRevocationDelay says that a grant's time is over and that its codes are
// still there.
func ExplainRevocationDelay(r approvals.Request) string {
	return fmt.Sprintf("%s The time of request %s ended %s, but the codes could not be removed yet: %s. "+
		"%s may still be allocated to %s. I keep trying; you need not type anything.",
		mentionUser(r.Requester), quoteCode(r.ID), formatTime(r.Grant.Until), escapeLine(r.Grant.DelayReason),
		joinCodes(r.Grant.Codes), nameGroup(r.Proposal.Group))
}

// DescribeRevocation tells what the end of a grant did: which codes were taken
// out, which stay and why, and what UiPath has now.
func DescribeRevocation(r approvals.Request) string {
	return mentionUser(r.Requester) + " " + revocationSentences(r)
}

// revocationSentences is DescribeRevocation without the mention of the requester.
func revocationSentences(r approvals.Request) string {
	e, g := r.Grant.Revocation, nameGroup(r.Proposal.Group)
	why := "its time is over"
	if r.Grant.EndedBy != "" {
		why = mentionUser(r.Grant.EndedBy) + " ended it early"
	}
	parts := []string{fmt.Sprintf("The grant of request %s has ended: %s.", quoteCode(r.ID), why)}
	if len(e.Removed) > 0 {
		parts = append(parts, fmt.Sprintf("UiPath confirmed that %s %s removed from %s.",
			joinCodes(e.Removed), wasOrWere(e.Removed), g))
	}
	if len(e.Absent) > 0 {
		parts = append(parts, describeAbsent(e))
	}
	if len(e.Kept) > 0 {
		parts = append(parts, "Unchanged: "+joinWithin(maxKeptCodes, describeKept(e.Kept))+".")
	}
	if len(e.Remaining) > 0 {
		parts = append(parts, explainRemaining(r, e))
	}
	if e.NotPreserved {
		parts = append(parts, notPreserved)
	}
	if isAllocationKnown(e) {
		parts = append(parts, describeNow(e.Allocation))
	}
	return strings.Join(parts, " ")
}

// isAllocationKnown reports whether a revocation tells what the group has now.
func isAllocationKnown(e *approvals.Revocation) bool {
	return !e.Uncertain && (len(e.Allocation) > 0 || len(e.Remaining) == 0 && e.Answer == "" && !e.HidesSetting())
}

// wasOrWere goes with these codes.
func wasOrWere(codes []string) string {
	if len(codes) == 1 {
		return "was"
	}
	return "were"
}

// describeAbsent names the codes that were gone before they were taken out.
func describeAbsent(e *approvals.Revocation) string {
	if e.ReadBack {
		return fmt.Sprintf("UiPath's allocation, read again, no longer has %s.", joinCodes(e.Absent))
	}
	return fmt.Sprintf("%s %s no longer in the allocation.", joinCodes(e.Absent), wasOrWere(e.Absent))
}

// describeKept says for each request that lets codes stay, which and until when.
func describeKept(holdings []approvals.KeptCode) []string {
	var parts []string
	for i, h := range holdings {
		same := func(other approvals.KeptCode) bool { return other.Request == h.Request }
		if slices.ContainsFunc(holdings[:i], same) {
			continue
		}
		var stay []string
		for _, other := range holdings {
			if same(other) {
				stay = append(stay, other.Code)
			}
		}
		switch {
		case h.Request == "":
			parts = append(parts, fmt.Sprintf("%s (added since, by no request that I know)", joinCodes(stay)))
		case h.Foreign:
			parts = append(parts, describeForeign(stay, h))
		case h.Until.IsZero():
			parts = append(parts, fmt.Sprintf("%s (granted again for good by %s)",
				joinCodes(stay), quoteCode(h.Request)))
		default:
			parts = append(parts, fmt.Sprintf("%s (granted again by %s until %s)",
				joinCodes(stay), quoteCode(h.Request), formatTime(h.Until)))
		}
	}
	return parts
}

// explainRemaining says what could not be taken out, and what to do.
func explainRemaining(r approvals.Request, e *approvals.Revocation) string {
	how := "UiPath accepted the change, but its allocation still has " + joinCodes(e.Remaining)
	fate := fmt.Sprintf("%s %s not removed", joinCodes(e.Remaining), wasOrWere(e.Remaining))
	if e.Uncertain {
		fate = fmt.Sprintf("whether an earlier attempt removed %s is unknown", joinCodes(e.Remaining))
	}
	switch {
	case e.QuotasUnknown:
		how = "UiPath no longer shows the group's seat limits, and a write without them would lift them: " + fate
	case e.ExternalUnknown:
		how = "UiPath no longer shows whether the group uses external licenses, and a write would end that use: " + fate
	case e.Uncertain:
		how = fmt.Sprintf("UiPath never confirmed that %s %s removed, and refuses to show the allocation (%s): "+
			"whether it took effect is unknown",
			joinCodes(e.Remaining), wasOrWere(e.Remaining), quoteCode(e.Answer))
	case e.Answer != "" && len(e.Allocation) == 0: // nothing was read, so nothing was written
		how = fmt.Sprintf("UiPath refused to show the group's allocation and said %s: %s", quoteCode(e.Answer), fate)
	case e.Answer != "":
		how = fmt.Sprintf("UiPath refused to remove %s and said %s",
			joinCodes(e.Remaining), quoteCode(e.Answer))
	}
	return fmt.Sprintf("%s. I keep trying, at growing pauses; to have me try at once, type %s. "+
		"You can also remove %s in UiPath by hand.",
		how, quoteCode(command.NameOf(r.Ask)+" end "+r.ID), itOrThem(e.Remaining))
}

// itOrThem stands for these codes.
func itOrThem(codes []string) string {
	if len(codes) == 1 {
		return "it"
	}
	return "them"
}

// explainBadTerm says why a request was refused because of the time it asks for.
// It is empty if that is not why.
func explainBadTerm(r approvals.Request) string {
	switch r.Outcome.Reason {
	case approvals.ReasonEndPassed:
		return explainPassedEnd(r) + "."
	case approvals.ReasonNothingToTime:
		return explainNothingTimed(r.Outcome)
	}
	return ""
}

// explainLostExtension says that codes were gone before they could be extended.
// It is empty if that is not why the request was superseded.
func explainLostExtension(r approvals.Request) string {
	missing := approvals.Without(r.Proposal.Change.Extend, r.Outcome.Allocation)
	if len(missing) == 0 {
		return ""
	}
	after := explainUnchanged(r)
	if !r.EffectFound {
		after += " " + describeNow(r.Outcome.Allocation)
	}
	return fmt.Sprintf("Request %s was not carried out: %s no longer had %s, which it was to extend. "+
		"%s Ask again if it is still needed.",
		quoteCode(r.ID), nameGroup(r.Proposal.Group), joinCodes(missing), after)
}

// explainPassedEnd says that a grant was to end before it could begin.
func explainPassedEnd(r approvals.Request) string {
	return fmt.Sprintf("the end that was asked for, %s, has passed already. "+
		"Ask again with a later end if it is still needed", formatTime(r.Ask.Until))
}

// explainNothingTimed says that a limited time was asked for codes that the group
// has already.
func explainNothingTimed(o *approvals.Outcome) string {
	return fmt.Sprintf("it asks for %s for a limited time but adds no code, so there would be nothing to "+
		"remove at the end. Ask again without a time.", joinCodes(o.ConcernedCodes))
}
