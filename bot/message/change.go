package message

import (
	"fmt"
	"slices"
	"strings"

	"licensebot/approvals"
)

// describeChange shows the change that consent is asked for, one code a line.
func (w cardWriter) describeChange(r approvals.Request) string {
	change := r.Proposal.Change
	lines := []string{"*Change to the group's allocation*"}
	for _, added := range change.Add {
		lines = append(lines, "• "+w.signCode("+", added)+describeSeats(r, added)+w.describeLimit(change, added))
	}
	for _, q := range change.Quotas {
		isShown := slices.Contains(change.Add, q.Code) || w.terse && slices.Contains(change.Extend, q.Code)
		if !isShown {
			lines = append(lines, "• "+w.nameCode(q.Code)+describeSeats(r, q.Code)+w.describeLimit(change, q.Code))
		}
	}
	for _, extended := range change.Extend {
		lines = append(lines, "• "+w.describeExtension(r, extended))
	}
	for _, removed := range change.Remove {
		if !w.terse {
			lines = append(lines, "• "+w.signCode("-", removed)+describeSeats(r, removed))
		}
	}
	for _, line := range []string{describeTerm(r), w.warnOfShortages()} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// describeRemoval names the codes that go, in bold and on lines of their own, to
// tell a removal from an addition at a glance. It is empty if none go.
func describeRemoval(r approvals.Request, room int) string {
	change := r.Proposal.Change
	if len(change.Remove) == 0 {
		return ""
	}
	removed := quoteCodes(change.Remove)
	for i, code := range change.Remove {
		for _, q := range r.Proposal.Quotas {
			if q.Code == code {
				removed[i] += fmt.Sprintf(" (and its limit of %s)", countSeats(q.Limit))
			}
		}
	}
	text := "*Removed: " + joinWithin(room, removed) + ".*"
	if len(change.Keep) == 0 && len(change.Add) == 0 {
		text += "\n*The group's allocation will be EMPTY.*"
	}
	return text
}

// describeLimit shows the seat limit of a code before and after, if it changes.
func (w cardWriter) describeLimit(change approvals.Change, code string) string {
	for _, q := range change.Quotas {
		switch {
		case q.Code != code:
		case w.terse:
			return fmt.Sprintf(" · at most %d", q.To)
		case q.From == 0:
			return fmt.Sprintf(" · at most %s for this group, no limit before", countSeats(q.To))
		default:
			return fmt.Sprintf(" · at most %s for this group instead of %d", countSeats(q.To), q.From)
		}
	}
	return ""
}

// describeExtension shows a code that the group has for a time and that is to
// stay longer. On a terse card only the term says how long, and a limit that
// changes has no line of its own.
func (w cardWriter) describeExtension(r approvals.Request, code string) string {
	text := "Extends " + w.nameCode(code)
	switch {
	case !r.Ask.IsTimed():
		text += " for good"
	case w.terse:
	case r.Ask.For > 0:
		text += " for " + formatLength(r.Ask.For) + " from when it is approved"
	default:
		text += " until " + formatTime(r.Ask.Until)
	}
	if w.terse {
		return text + w.describeLimit(r.Proposal.Change, code)
	}
	if end, ok := r.Proposal.Ends[code]; ok {
		text += "; without this it is removed " + formatTime(end)
	}
	return text
}

// describeUnchanged says which codes and limits stay.
func (w cardWriter) describeUnchanged(r approvals.Request) string {
	change := r.Proposal.Change
	room, keptRoom := maxKept, maxKept
	if w.terse {
		room, keptRoom = maxTerse, maxTerse
	}
	if change.Exact { // people consent to all of it; approvals refuses what is too much
		keptRoom = maxSection
	}
	unchanged := "nothing, the allocation is empty now"
	switch {
	case len(change.Keep) > 0:
		kept := make([]string, len(change.Keep))
		for i, code := range change.Keep {
			kept[i] = w.nameCode(code)
		}
		unchanged = joinWithin(keptRoom, kept)
	case len(change.Remove) > 0:
		unchanged = "nothing"
	}
	text := "Unchanged: " + unchanged + "."
	if len(change.Remove) == 0 {
		text += " Removed: nothing."
	}
	if quotas := unchangedQuotas(r.Proposal); len(quotas) > 0 {
		text += "\nUnchanged limits: " + joinWithin(min(room, maxRemoved), quotas) + "."
	}
	return text
}

// unchangedQuotas are the limits that the change leaves as they are.
func unchangedQuotas(p *approvals.Proposal) []string {
	var unchanged []string
	for _, q := range p.Quotas {
		changes := slices.ContainsFunc(p.Change.Quotas, func(c approvals.QuotaChange) bool { return c.Code == q.Code })
		if !changes && !slices.Contains(p.Change.Remove, q.Code) {
			unchanged = append(unchanged, fmt.Sprintf("%s at most %d", quoteCode(q.Code), q.Limit))
		}
	}
	return unchanged
}

// signCode shows a code that is added or removed.
func (p Phrases) signCode(sign, code string) string {
	text := quoteCode(sign + " " + code)
	if name, ok := p.CodeName(code); ok {
		text += " " + escapeLine(name)
	}
	return text
}

// describeSeats shows the organization's seats of a code, if they are known.
func describeSeats(r approvals.Request, code string) string {
	for _, s := range r.Proposal.Seats {
		if s.Code == code {
			return " · " + describeUsage(s)
		}
	}
	return ""
}

func describeUsage(s approvals.Seats) string {
	if !s.IsKnown() {
		return "UiPath does not show its seats"
	}
	return fmt.Sprintf("%d of %s allocated", s.Allocated, countSeats(s.Total))
}
