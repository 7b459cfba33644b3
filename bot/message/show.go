package message

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// ShowAllocation shows a page of a group's codes, limits and seats, and of the open
// requests about it.
func (p Phrases) ShowAllocation(
	name string, g approvals.Group, now approvals.Allocation, open []approvals.Request, page int,
) string {
	var rows []string
	for _, c := range now.Codes {
		rows = append(rows, "• "+p.allocationRow(c, now))
	}
	if len(now.Codes) == 0 {
		rows = append(rows, "None: the group gives its members no license.")
	}
	if now.UseExternalLicense {
		rows = append(rows, "The group also uses licenses that are managed elsewhere (external licenses).")
	}
	for i, r := range open {
		if i == PageSize {
			rows = append(rows, "… and more; see "+quoteCodeWithin(name+" pending", maxCopied)+".")
			break
		}
		rows = append(rows, fmt.Sprintf("Open request %s by %s: %s · %s",
			quoteCode(r.ID), mentionUser(r.Requester), summarizeAsk(r.Ask, "the group", maxAskCodes),
			describeState(r)))
	}
	if len(open) == 0 {
		rows = append(rows, "No request about it is open.")
	}
	return renderRows("*Licenses allocated to "+nameGroup(g)+"*", rows, page, "",
		name+" show "+command.QuoteGroup(g.ID)+" page")
}

// renderRows shows a page of rows between a title and a last line, which may be empty. The
// next page is at next and its number.
func renderRows(title string, rows []string, page int, last, next string) string {
	page = max(page, 1)
	frame := title + " (page 9999 of 9999)\n" + last + "\nMore: " + quoteCodeWithin(next+" 9999", maxCopied)
	pages := splitPages(rows, maxPrivate-utf8.RuneCountInString(frame))
	if page > len(pages) {
		return fmt.Sprintf("There is no page %d; the last is %d.", page, len(pages)) +
			offerCommands(fmt.Sprintf("%s %d", next, len(pages)))
	}
	if len(pages) > 1 {
		title += fmt.Sprintf(" (page %d of %d)", page, len(pages))
	}
	lines := append([]string{title}, pages[page-1]...)
	if page < len(pages) {
		lines = append(lines, "More: "+quoteCodeWithin(fmt.Sprintf("%s %d", next, page+1), maxCopied))
	}
	if last != "" {
		lines = append(lines, last)
	}
	return strings.Join(lines, "\n")
}

// splitPages splits rows into pages of this room. It loses none.
func splitPages(rows []string, room int) [][]string {
	var pages [][]string
	left := 0
	for _, row := range rows {
		length := utf8.RuneCountInString(row) + 1
		if len(pages) == 0 || length > left {
			pages, left = append(pages, nil), room
		}
		pages[len(pages)-1] = append(pages[len(pages)-1], row)
		left -= length
	}
	return pages
}

// allocationRow shows a code with its name, the group's limit and the seats.
func (p Phrases) allocationRow(c string, now approvals.Allocation) string {
	text := p.nameCode(c) + limitOf(c, now)
	i := slices.IndexFunc(now.Owned, func(s approvals.Seats) bool { return s.Code == c })
	switch {
	case i >= 0:
		text += " · " + describeUsage(now.Owned[i])
	case now.Owned != nil:
		text += " · the organization no longer owns it"
	}
	return text
}

// limitOf is what a row says of a group's limit of a code; empty if there is none.
func limitOf(code string, now approvals.Allocation) string {
	i := slices.IndexFunc(now.Quotas, func(q approvals.Quota) bool { return q.Code == code })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf(" · at most %s for this group, %d in use", countSeats(now.Quotas[i].Limit), now.Quotas[i].Used)
}

// ListOwnedCodes lists a page of what people can ask for: the packs, then the codes.
func (p Phrases) ListOwnedCodes(name string, seats []approvals.Seats, packs []approvals.Pack, page int) string {
	if len(seats) == 0 {
		return "Your organization owns no user licenses, or UiPath does not show which."
	}
	var rows []string
	for _, pack := range packs {
		rows = append(rows, fmt.Sprintf("• the pack %s is %s", quoteCode(pack.Name), joinCodes(pack.Codes)))
	}
	for _, s := range seats {
		row := fmt.Sprintf("• %s · %s", p.nameCode(s.Code), describeUsage(s))
		if s.IsKnown() {
			row += fmt.Sprintf(", %d free", s.Free())
		}
		rows = append(rows, row)
	}
	example := command.Suggest(approvals.Ask{
		Command: name, Group: command.ExampleGroup, Codes: []string{seats[0].Code},
	})
	return renderRows("*The user licenses that your organization owns*", rows, page,
		"To ask for a code, type "+quoteCodeWithin(example, maxCopied), name+" codes")
}

// ListHolders lists a page of the groups that have a license.
func (p Phrases) ListHolders(name, code string, all []approvals.GroupAllocation, page int) string {
	var rows []string
	untold := 0
	for _, one := range all {
		switch {
		case one.Untold:
			untold++
		case slices.Contains(one.Allocation.Codes, code):
			rows = append(rows, "• "+nameGroup(one.Group)+limitOf(code, one.Allocation))
		}
	}
	slices.Sort(rows)
	if len(rows) == 0 {
		rows = append(rows, "None.")
	}
	last := ""
	if untold > 0 {
		last = fmt.Sprintf("UiPath does not tell the licenses of %s.", pluralize(untold, "group"))
	}
	return renderRows("*The groups that have "+p.nameCode(code)+"*", rows, page, last, name+" show "+code+" page")
}

// truncateRows keeps the first rows, as many as there is room for, and counts the
// others.
func truncateRows(lines []string, room int) []string {
	for i, line := range lines {
		if room -= utf8.RuneCountInString(line) + 1; room < 0 {
			return append(lines[:i:i], fmt.Sprintf("… and %d more", len(lines)-i))
		}
	}
	return lines
}

// LookingUp acknowledges a question that only UiPath can answer.
func LookingUp() string { return "I am asking UiPath about the licenses…" }

// ExplainLookupError says why UiPath did not answer a question.
func ExplainLookupError(name, ref string, err error) string {
	if none, ok := errors.AsType[*approvals.GroupError](err); ok {
		said := explainUnknownGroup(ref, none.Candidates)
		if none.Ambiguous {
			said = capitalize(explainAmbiguousGroup(ref, none.Candidates))
		}
		return said + suggestShow(name, none.Candidates)
	}
	what := "the licenses"
	if ref != "" {
		what += " of the group " + quoteCode(ref)
	}
	if fault, ok := approvals.NeedsOperator(err); ok {
		return fmt.Sprintf("I could not look up %s: %s. Please type it again after that.",
			what, escapeLine(approvals.DelayReason(fault)))
	}
	if refusal, ok := errors.AsType[*approvals.RefusedError](err); ok {
		return fmt.Sprintf("UiPath refused to show that (%s).", quoteCode(refusal.Answer))
	}
	if delay, ok := errors.AsType[*approvals.DelayError](err); ok {
		return fmt.Sprintf("I could not look up %s: %s. Please type it again in a minute.",
			what, escapeLine(delay.Reason))
	}
	return fmt.Sprintf("I could not look up %s: no clear answer came back in time. Please type it again in a minute.",
		what)
}

// suggestShow suggests to show the nearest group.
func suggestShow(name string, candidates []string) string {
	if len(candidates) == 0 {
		return ""
	}
	return offerCommands(name + " show " + command.QuoteGroup(candidates[0]))
}
