package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
)

// maxStays is the room, in characters, for what stays at the end of a grant.
const maxStays = 1000

// term says on the card how long the licences are asked for; empty: for good.
// It depends on nothing that changes after the card was posted.
func (w Messages) term(r approvals.Request) string {
	switch {
	case r.Ask.For > 0:
		return fmt.Sprintf("Granted for: %s from when UiPath confirms it; then the codes are taken out again.", lasts(r.Ask.For))
	case !r.Ask.Until.IsZero():
		return fmt.Sprintf("Granted until: %s; then the codes are taken out again.", moment(r.Ask.Until))
	}
	return ""
}

// extends shows a code that is in the rule for a time and is to stay longer.
// Where there is no room, term alone tells how long, and a limit that changes
// has no line of its own.
func (w Messages) extends(r approvals.Request, c string) string {
	text := "Extends " + w.named(c)
	switch {
	case !r.Ask.IsTimed():
		text += " for good"
	case w.terse:
	case r.Ask.For > 0:
		text += " for " + lasts(r.Ask.For) + " from when it is approved"
	default:
		text += " until " + moment(r.Ask.Until)
	}
	if w.terse {
		return text + w.limit(r.Proposal.Change, c)
	}
	if end, ok := r.Proposal.Ends[c]; ok {
		text += "; without that it goes " + moment(end)
	}
	return text
}

// lasts says how long something lasts, in the largest units that fit.
func lasts(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := d / unit.of; n > 0 {
			parts = append(parts, counted(int(n), unit.name))
			d %= unit.of
		}
	}
	if len(parts) == 0 {
		return "less than a minute"
	}
	return list(parts)
}

// tenure ends the status of a done request's card with what its grant is at.
func (w Messages) tenure(r approvals.Request) string {
	g := r.Grant
	switch {
	case g == nil:
		return ""
	case g.Revocation == nil && g.DelayReason != "":
		return fmt.Sprintf(" Its time is over since %s, but the codes are not taken out yet: %s.", moment(g.Until), plain(g.DelayReason))
	case g.Revocation == nil && g.EndedBy != "":
		return fmt.Sprintf(" Ended early by %s; UiPath is being asked to take the codes out.", user(g.EndedBy))
	case g.Revocation == nil:
		return fmt.Sprintf(" Granted until %s.", moment(g.Until))
	case len(g.Revocation.Remaining) > 0:
		return fmt.Sprintf(" :warning: Its time is over since %s, but *not all codes could be taken out*; the thread tells which.", moment(g.Until))
	}
	by := ""
	if g.EndedBy != "" {
		by = " early, by " + user(g.EndedBy)
	}
	return fmt.Sprintf(" :checkered_flag: *Ended* %s%s; the thread tells what was taken out.", moment(g.Revocation.At), by)
}

// lasting ends the reply that a request is done: how long it holds.
func (w Messages) lasting(r approvals.Request) string {
	if r.Grant == nil {
		return ""
	}
	return fmt.Sprintf(" It ends %s: then I take out %s. To end it before, type %s.",
		moment(r.Grant.Until), codes(r.Grant.Codes), code(commandOf(r.Ask)+" end "+r.ID))
}

// extended says in the past tense what a done request let stay.
func (w Messages) extended(r approvals.Request) string {
	if r.Grant == nil {
		return fmt.Sprintf("%s stay in %s for good", codes(r.Proposal.Change.Extend), group(r.Proposal.Group))
	}
	return fmt.Sprintf("%s extended for %s until %s", codes(r.Proposal.Change.Extend), group(r.Proposal.Group), moment(r.Grant.Until))
}

// Warning says that codes are about to be taken out, and what to do about it.
func (w Messages) Warning(r approvals.Request, going []string) string {
	return fmt.Sprintf("%s The time of request %s ends %s: then I take %s out of the rule of %s. "+
		"To extend it, which needs a new approval, type %s. To end it now, type %s.",
		user(r.Requester), code(r.ID), moment(r.Grant.Until), codes(going), group(r.Proposal.Group),
		codeIn(extension(r, going), maxCopied), code(commandOf(r.Ask)+" end "+r.ID))
}

// extension is the command that asks for the same once more.
func extension(r approvals.Request, codes []string) string {
	ask := r.Ask
	ask.Action, ask.Group, ask.Codes, ask.Quotas = approvals.Add, r.Proposal.Group.ID, codes, nil
	if ask.For == 0 {
		ask.For, ask.Until = rounded(r.Grant.Until.Sub(r.ClosedAt)), time.Time{}
	}
	return suggestion(ask)
}

// rounded is a length of time rounded up to the next day, or for less than
// that to the next hour. Times are kept to the microsecond: what is less does
// not count.
func rounded(d time.Duration) time.Duration {
	d = d.Truncate(time.Second)
	unit := 24 * time.Hour
	if d < unit {
		unit = time.Hour
	}
	return max(1, (d+unit-1)/unit) * unit
}

// Overdue says that a grant's time is over and its codes are not out yet.
func (w Messages) Overdue(r approvals.Request) string {
	return fmt.Sprintf("%s The time of request %s is over since %s, but its end could not be carried out yet: %s. "+
		"%s may still be in the rule of %s. I keep trying; nothing needs to be typed.",
		user(r.Requester), code(r.ID), moment(r.Grant.Until), plain(r.Grant.DelayReason), codes(r.Grant.Codes), group(r.Proposal.Group))
}

// Ended tells what the end of a grant did: what was taken out, what stays and
// why, and what UiPath's rule is now.
func (w Messages) Ended(r approvals.Request) string {
	e, g := r.Grant.Revocation, group(r.Proposal.Group)
	why := "its time is over"
	if r.Grant.EndedBy != "" {
		why = user(r.Grant.EndedBy) + " ended it early"
	}
	parts := []string{fmt.Sprintf("%s The grant of request %s has ended: %s.", user(r.Requester), code(r.ID), why)}
	if len(e.Removed) > 0 {
		parts = append(parts, fmt.Sprintf("UiPath confirmed that %s %s taken out of the rule of %s.", codes(e.Removed), was(e.Removed), g))
	}
	if len(e.Absent) > 0 {
		parts = append(parts, vanished(e))
	}
	if len(e.Kept) > 0 {
		parts = append(parts, "Left in: "+within(maxStays, kept(e.Kept))+".")
	}
	if len(e.Remaining) > 0 {
		parts = append(parts, left(r, e))
	}
	if e.NotPreserved {
		parts = append(parts, "Though it said yes, UiPath did not keep what was to stay besides: limits of seats, or that external licences are used. Have that put right in UiPath.")
	}
	if !e.Uncertain && (len(e.Allocation) > 0 || len(e.Remaining) == 0 && e.Answer == "") {
		parts = append(parts, fmt.Sprintf("UiPath's rule of %s is now %s.", g, rule(e.Allocation)))
	}
	return strings.Join(parts, " ")
}

func was(codes []string) string {
	if len(codes) == 1 {
		return "was"
	}
	return "were"
}

func vanished(e *approvals.Revocation) string {
	if e.ReadBack {
		return fmt.Sprintf("An answer of UiPath was lost, but its rule, read again, no longer has %s.", codes(e.Absent))
	}
	return fmt.Sprintf("%s %s no longer in the rule.", codes(e.Absent), was(e.Absent))
}

// kept says of each request that lets codes stay, which and until when.
func kept(holdings []approvals.KeptCode) []string {
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
			parts = append(parts, fmt.Sprintf("%s (somebody else put that in since)", codes(stay)))
		case h.Until.IsZero():
			parts = append(parts, fmt.Sprintf("%s (granted again for good by %s)", codes(stay), code(h.Request)))
		default:
			parts = append(parts, fmt.Sprintf("%s (granted again by %s until %s)", codes(stay), code(h.Request), moment(h.Until)))
		}
	}
	return parts
}

// left says what could not be taken out, and what to do.
func left(r approvals.Request, e *approvals.Revocation) string {
	how := "UiPath answered that all is well, but its rule still has " + codes(e.Remaining)
	switch {
	case e.QuotasUnknown:
		how = fmt.Sprintf("UiPath does not tell any more which limits of seats the group has, and a write without them would lift them: %s %s left in the rule", codes(e.Remaining), was(e.Remaining))
	case e.Uncertain:
		how = fmt.Sprintf("UiPath never confirmed that %s %s taken out, and refuses to show the rule (%s): whether it took effect is unknown", codes(e.Remaining), was(e.Remaining), code(e.Answer))
	case e.Answer != "":
		how = fmt.Sprintf("UiPath refused to have %s taken out and said %s", codes(e.Remaining), code(e.Answer))
	}
	return fmt.Sprintf("%s. Take %s out in UiPath by hand, or type %s to have me try again once that is mended.",
		how, them(e.Remaining), code(commandOf(r.Ask)+" end "+r.ID))
}

func them(codes []string) string {
	if len(codes) == 1 {
		return "it"
	}
	return "them"
}

// untimely says why a request was refused because of the time it asks for.
func (w Messages) untimely(r approvals.Request) string {
	switch r.Outcome.Reason {
	case approvals.ReasonEndPassed:
		return w.passed(r) + "."
	case approvals.ReasonNothingToTime:
		return w.nothingToEnd(r.Outcome)
	}
	return ""
}

// unextended says that codes were gone before they could be extended; empty
// where that is not what superseded the request.
func (w Messages) unextended(r approvals.Request) string {
	missing := approvals.Without(r.Proposal.Change.Extend, r.Outcome.Allocation)
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("Request %s was not carried out: %s, which it was to extend, %s no longer in the rule of %s when it was approved. %s The rule is now %s. Ask again if it is still needed.",
		code(r.ID), codes(missing), was(missing), group(r.Proposal.Group), w.untouchedAt(r), rule(r.Outcome.Allocation))
}

// passed says that a time was over before it began.
func (w Messages) passed(r approvals.Request) string {
	return fmt.Sprintf("the time asked for, until %s, was over before it began. Ask again with a later end if it is still needed", moment(r.Ask.Until))
}

// nothingToEnd says why a time was asked for in vain.
func (w Messages) nothingToEnd(o *approvals.Outcome) string {
	return fmt.Sprintf("it asks for %s for a limited time but puts no code in, so that nothing could be taken out at the end. Ask again without a time.", codes(o.ConcernedCodes))
}
