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

// Room for the codes of a group or an organization, and for the open requests about a
// group, in characters.
const (
	roomOfCodes = 2200
	roomOfOpen  = 1400
)

// ShowAllocation shows a group's codes, limits and seats, and the open requests
// about it.
func (p Phrases) ShowAllocation(
	name string, g approvals.Group, now approvals.Allocation, open []approvals.Request,
) string {
	lines := []string{"*Licenses allocated to " + nameGroup(g) + "*"}
	for _, c := range now.Codes {
		lines = append(lines, "• "+p.allocationRow(c, now))
	}
	if len(now.Codes) == 0 {
		lines = append(lines, "None: the group gives its members no license.")
	}
	lines = truncateRows(lines, roomOfCodes)
	if now.UseExternalLicense {
		lines = append(lines, "The group also uses licenses that are managed elsewhere (external licenses).")
	}
	room := roomOfOpen
	for i, r := range open {
		row := fmt.Sprintf("Open request %s by %s: %s · %s",
			quoteCode(r.ID), mentionUser(r.Requester), summarizeAsk(r.Ask, "the group", maxAskCodes),
			describeState(r))
		if room -= utf8.RuneCountInString(row); i == PageSize || room < 0 {
			lines = append(lines, "… and more; see "+quoteCodeWithin(name+" pending", maxCopied)+".")
			break
		}
		lines = append(lines, row)
	}
	if len(open) == 0 {
		lines = append(lines, "No request about it is open.")
	}
	return strings.Join(lines, "\n")
}

// allocationRow shows a code with its name, the group's limit and the seats.
func (p Phrases) allocationRow(c string, now approvals.Allocation) string {
	text := p.nameCode(c)
	for _, q := range now.Quotas {
		if q.Code == c {
			text += fmt.Sprintf(" · at most %s for this group, %d in use", countSeats(q.Limit), q.Used)
		}
	}
	i := slices.IndexFunc(now.Owned, func(s approvals.Seats) bool { return s.Code == c })
	switch {
	case i >= 0:
		text += " · " + describeUsage(now.Owned[i])
	case now.Owned != nil:
		text += " · the organization no longer owns it"
	}
	return text
}

// ListOwnedCodes lists the codes that people can ask for.
func (p Phrases) ListOwnedCodes(name string, seats []approvals.Seats) string {
	if len(seats) == 0 {
		return "Your organization owns no user licenses, or UiPath does not show which."
	}
	lines := []string{"*The user licenses that your organization owns*"}
	for _, s := range seats {
		lines = append(lines, fmt.Sprintf("• %s · %s, %d free", p.nameCode(s.Code), describeUsage(s), s.Free()))
	}
	example := command.Suggest(approvals.Ask{
		Command: name, Group: command.ExampleGroup, Codes: []string{seats[0].Code},
	})
	return strings.Join(truncateRows(lines, maxPrivate-command.MaxLength), "\n") +
		"\nTo ask for a code, type " + quoteCodeWithin(example, maxCopied)
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
func LookingUp() string { return "Looking it up…" }

// ExplainLookupError says why UiPath did not answer a question.
func ExplainLookupError(name, ref string, err error) string {
	if none, ok := errors.AsType[*approvals.GroupError](err); ok {
		said := explainUnknownGroup(ref, none.Candidates)
		if none.Ambiguous {
			said = capitalize(explainAmbiguousGroup(ref, none.Candidates))
		}
		return said + suggestShow(name, none.Candidates)
	}
	if fault, ok := approvals.NeedsOperator(err); ok {
		return fmt.Sprintf("I could not look that up: %s. Please type it again after that.",
			escapeLine(approvals.DelayReason(fault)))
	}
	if refusal, ok := errors.AsType[*approvals.RefusedError](err); ok {
		return fmt.Sprintf("UiPath refused to show that (%s).", quoteCode(refusal.Answer))
	}
	if delay, ok := errors.AsType[*approvals.DelayError](err); ok {
		return fmt.Sprintf("I could not look that up: %s. Please type it again in a minute.",
			escapeLine(delay.Reason))
	}
	return "I could not look that up: no clear answer came back in time. Please type it again in a minute."
}

// suggestShow suggests to show the nearest group.
func suggestShow(name string, candidates []string) string {
	if len(candidates) == 0 {
		return ""
	}
	return offerCommands(name + " show " + command.QuoteGroup(candidates[0]))
}
