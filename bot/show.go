package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"licensebot/approvals"
)

// maxRows is how many codes are shown of a group or of the organisation; no
// organisation is known to own more kinds of user licences than this.
const maxRows = 60

// Rule shows a group's rule, its limits and seats, and what is asked about it.
func (w Phrases) ShowAllocation(name string, g approvals.Group, now approvals.Allocation, open []approvals.Request) string {
	lines := []string{"*The rule of " + nameGroup(g) + "*"}
	for _, c := range now.Codes {
		lines = append(lines, "• "+w.allocationRow(c, now))
	}
	if len(now.Codes) == 0 {
		lines = append(lines, "It is empty: the group's members get no licence by it.")
	}
	lines = truncateRows(lines)
	if now.UseExternalLicense {
		lines = append(lines, "The group also uses licences that are managed elsewhere (external licences).")
	}
	for i, r := range open {
		if i == PageSize {
			lines = append(lines, "… and more; see "+quoteCodeWithin(name+" pending", maxCopied)+".")
			break
		}
		lines = append(lines, fmt.Sprintf("Open request %s by %s: %s · %s", quoteCode(r.ID), mentionUser(r.Requester), summarizeAsk(r.Ask, "the group", maxAskCodes), describeState(r)))
	}
	if len(open) == 0 {
		lines = append(lines, "No request about it is open.")
	}
	return strings.Join(lines, "\n")
}

// row tells of a code its name, the group's limit, and the seats.
func (w Phrases) allocationRow(c string, now approvals.Allocation) string {
	text := w.nameCode(c)
	for _, q := range now.Quotas {
		if q.Code == c {
			text += fmt.Sprintf(" · at most %s for this group, %d in use", countSeats(q.Limit), q.Used)
		}
	}
	i := slices.IndexFunc(now.Owned, func(s approvals.Seats) bool { return s.Code == c })
	switch {
	case i >= 0:
		text += " · " + seatUsage(now.Owned[i])
	case now.Owned != nil:
		text += " · the organisation does not own it any more"
	}
	return text
}

// Owned lists what can be asked for.
func (w Phrases) ListOwnedCodes(name string, seats []approvals.Seats) string {
	if len(seats) == 0 {
		return "Your organisation owns no user licences, or UiPath does not tell which."
	}
	lines := []string{"*The user licences that your organisation owns*"}
	for _, s := range seats {
		lines = append(lines, fmt.Sprintf("• %s · %s, %d free", w.nameCode(s.Code), seatUsage(s), s.Free()))
	}
	return strings.Join(truncateRows(lines), "\n") + "\nA code is asked for like this: " +
		quoteCodeWithin(Suggest(approvals.Ask{Command: name, Group: ExampleGroup, Codes: []string{seats[0].Code}}), maxCopied)
}

func truncateRows(lines []string) []string {
	if len(lines) > maxRows {
		lines = append(lines[:maxRows:maxRows], fmt.Sprintf("… and %d more", len(lines)-maxRows))
	}
	return lines
}

// Looking acknowledges a question that UiPath is asked for.
func LookingUp() string { return "Looking it up…" }

// NotFound says why UiPath could not be asked.
func ExplainLookupError(name, ref string, err error) string {
	var none *approvals.GroupError
	var refusal *approvals.RefusedError
	var delay *approvals.DelayError
	switch {
	case errors.As(err, &none) && none.Ambiguous:
		return capitalize(explainAmbiguousGroup(ref, none.Candidates)) + suggestShow(name, none.Candidates)
	case errors.As(err, &none):
		return explainUnknownGroup(ref, none.Candidates) + suggestShow(name, none.Candidates)
	case errors.As(err, &refusal):
		return fmt.Sprintf("UiPath refused to tell (%s). Whoever runs licensebot has to mend that.", quoteCode(refusal.Answer))
	case errors.As(err, &delay):
		return fmt.Sprintf("I could not look that up: %s. Please type it again in a minute.", escapeLine(delay.Reason))
	}
	return "I could not look that up: no clear answer came back in time. Please type it again in a minute."
}

func suggestShow(name string, candidates []string) string {
	if len(candidates) == 0 {
		return ""
	}
	return offerCommands(name + " show " + QuoteGroup(candidates[0]))
}
