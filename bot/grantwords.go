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
func (w Words) term(r approvals.Request) string {
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
func (w Words) extends(r approvals.Request, c string) string {
	text := "Extends " + w.named(c)
	switch {
	case !r.Ask.Timed():
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
func (w Words) tenure(r approvals.Request) string {
	g := r.Grant
	switch {
	case g == nil:
		return ""
	case g.Ending == nil && g.Stalled != "":
		return fmt.Sprintf(" Its time is over since %s, but the codes are not taken out yet: %s.", moment(g.Until), plain(g.Stalled))
	case g.Ending == nil && g.By != "":
		return fmt.Sprintf(" Ended early by %s; UiPath is being asked to take the codes out.", user(g.By))
	case g.Ending == nil:
		return fmt.Sprintf(" Granted until %s.", moment(g.Until))
	case len(g.Ending.Left) > 0:
		return fmt.Sprintf(" :warning: Its time is over since %s, but *not all codes could be taken out*; the thread tells which.", moment(g.Until))
	}
	by := ""
	if g.By != "" {
		by = " early, by " + user(g.By)
	}
	return fmt.Sprintf(" :checkered_flag: *Ended* %s%s; the thread tells what was taken out.", moment(g.Ending.At), by)
}

// lasting ends the reply that a request is done: how long it holds.
func (w Words) lasting(r approvals.Request) string {
	if r.Grant == nil {
		return ""
	}
	return fmt.Sprintf(" It ends %s: then I take out %s. To end it before, type %s.",
		moment(r.Grant.Until), codes(r.Grant.Codes), code(commandOf(r.Ask)+" end "+r.ID))
}

// extended says in the past tense what a done request let stay.
func (w Words) extended(r approvals.Request) string {
	if r.Grant == nil {
		return fmt.Sprintf("%s stay in %s for good", codes(r.Proposal.Change.Renew), group(r.Proposal.Group))
	}
	return fmt.Sprintf("%s extended for %s until %s", codes(r.Proposal.Change.Renew), group(r.Proposal.Group), moment(r.Grant.Until))
}

// Warning says that codes are about to be taken out, and what to do about it.
func (w Words) Warning(r approvals.Request, going []string) string {
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
		ask.For, ask.Until = rounded(r.Grant.Until.Sub(r.Ended)), time.Time{}
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
func (w Words) Overdue(r approvals.Request) string {
	return fmt.Sprintf("%s The time of request %s is over since %s, but its end could not be carried out yet: %s. "+
		"%s may still be in the rule of %s. I keep trying; nothing needs to be typed.",
		user(r.Requester), code(r.ID), moment(r.Grant.Until), plain(r.Grant.Stalled), codes(r.Grant.Codes), group(r.Proposal.Group))
}

// Ended tells what the end of a grant did: what was taken out, what stays and
// why, and what UiPath's rule is now.
func (w Words) Ended(r approvals.Request) string {
	e, g := r.Grant.Ending, group(r.Proposal.Group)
	why := "its time is over"
	if r.Grant.By != "" {
		why = user(r.Grant.By) + " ended it early"
	}
	parts := []string{fmt.Sprintf("%s The grant of request %s has ended: %s.", user(r.Requester), code(r.ID), why)}
	if len(e.Took) > 0 {
		parts = append(parts, fmt.Sprintf("UiPath confirmed that %s %s taken out of the rule of %s.", codes(e.Took), was(e.Took), g))
	}
	if len(e.Gone) > 0 {
		parts = append(parts, vanished(e))
	}
	if len(e.Kept) > 0 {
		parts = append(parts, "Left in: "+within(maxStays, kept(e.Kept))+".")
	}
	if len(e.Left) > 0 {
		parts = append(parts, left(r, e))
	}
	if e.Unkept {
		parts = append(parts, "Though it said yes, UiPath did not keep what was to stay besides: limits of seats, or that external licences are used. Have that put right in UiPath.")
	}
	if !e.Uncertain && (len(e.Codes) > 0 || len(e.Left) == 0 && e.Said == "") {
		parts = append(parts, fmt.Sprintf("UiPath's rule of %s is now %s.", g, rule(e.Codes)))
	}
	return strings.Join(parts, " ")
}

func was(codes []string) string {
	if len(codes) == 1 {
		return "was"
	}
	return "were"
}

func vanished(e *approvals.Ending) string {
	if e.ReadBack {
		return fmt.Sprintf("An answer of UiPath was lost, but its rule, read again, no longer has %s.", codes(e.Gone))
	}
	return fmt.Sprintf("%s %s no longer in the rule.", codes(e.Gone), was(e.Gone))
}

// kept says of each request that lets codes stay, which and until when.
func kept(holdings []approvals.Holding) []string {
	var parts []string
	for i, h := range holdings {
		same := func(other approvals.Holding) bool { return other.Request == h.Request }
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
func left(r approvals.Request, e *approvals.Ending) string {
	how := "UiPath answered that all is well, but its rule still has " + codes(e.Left)
	switch {
	case e.Untold:
		how = fmt.Sprintf("UiPath does not tell any more which limits of seats the group has, and a write without them would lift them: %s %s left in the rule", codes(e.Left), was(e.Left))
	case e.Uncertain:
		how = fmt.Sprintf("UiPath never confirmed that %s %s taken out, and refuses to show the rule (%s): whether it took effect is unknown", codes(e.Left), was(e.Left), code(e.Said))
	case e.Said != "":
		how = fmt.Sprintf("UiPath refused to have %s taken out and said %s", codes(e.Left), code(e.Said))
	}
	return fmt.Sprintf("%s. Take %s out in UiPath by hand, or type %s to have me try again once that is mended.",
		how, them(e.Left), code(commandOf(r.Ask)+" end "+r.ID))
}

func them(codes []string) string {
	if len(codes) == 1 {
		return "it"
	}
	return "them"
}

// untimely says why a request was refused because of the time it asks for.
func (w Words) untimely(r approvals.Request) string {
	switch r.Outcome.Reason {
	case approvals.ReasonEndPassed:
		return w.passed(r) + "."
	case approvals.ReasonNothingToEnd:
		return w.nothingToEnd(r.Outcome)
	}
	return ""
}

// unextended says that codes were gone before they could be extended; empty
// where that is not what superseded the request.
func (w Words) unextended(r approvals.Request) string {
	missing := approvals.Without(r.Proposal.Change.Renew, r.Outcome.Codes)
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("Request %s was not carried out: %s, which it was to extend, %s no longer in the rule of %s when it was approved. %s The rule is now %s. Ask again if it is still needed.",
		code(r.ID), codes(missing), was(missing), group(r.Proposal.Group), w.untouchedAt(r), rule(r.Outcome.Codes))
}

// passed says that a time was over before it began.
func (w Words) passed(r approvals.Request) string {
	return fmt.Sprintf("the time asked for, until %s, was over before it began. Ask again with a later end if it is still needed", moment(r.Ask.Until))
}

// nothingToEnd says why a time was asked for in vain.
func (w Words) nothingToEnd(o *approvals.Outcome) string {
	return fmt.Sprintf("it asks for %s for a limited time but puts no code in, so that nothing could be taken out at the end. Ask again without a time.", codes(o.Subject))
}
