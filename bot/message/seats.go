package message

import (
	"fmt"
	"slices"

	"licensebot/approvals"
)

// sayShortages says for which codes the organization has too few seats, one sentence for
// each kind of shortage, in this room each.
func sayShortages(short []approvals.SeatShortage, room int) string {
	text := ""
	for _, kind := range []struct {
		kind   approvals.ShortageKind
		format string
		shown  func(approvals.SeatShortage) string
	}{
		{approvals.NoSeatFree, " No free seat: %s.", nameFull},
		{
			approvals.OverAllocated, " More seats are in use than the organization owns: %s; " +
				"UiPath gives 14 days to put that right.", nameFull,
		},
		{approvals.LimitAboveOwned, " The limit is above what the organization owns: %s.", nameLimitAbove},
	} {
		var shown []string
		for _, s := range short {
			if s.Kind == kind.kind {
				shown = append(shown, kind.shown(s))
			}
		}
		if len(shown) > 0 {
			text += fmt.Sprintf(kind.format, joinWithin(room, shown))
		}
	}
	return text
}

func nameFull(s approvals.SeatShortage) string {
	return fmt.Sprintf("%s (%s)", quoteCode(s.Seats.Code), describeUsage(s.Seats))
}

func nameLimitAbove(s approvals.SeatShortage) string {
	return fmt.Sprintf("%s (%s owned)", quoteCode(approvals.QuotaChange{Code: s.Seats.Code, To: s.Limit}.String()),
		countSeats(s.Seats.Total))
}

// warnOfShortages is the line of a card about too few seats. A terse card names the codes
// alone.
func (w cardWriter) warnOfShortages() string {
	switch {
	case len(w.short) == 0:
		return ""
	case !w.terse:
		return ":warning:" + sayShortages(w.short, maxShort)
	}
	return fmt.Sprintf(":warning: The organization has too few seats of %s.",
		joinWithin(maxTerse, quoteCodes(codesShort(w.short))))
}

func codesShort(short []approvals.SeatShortage) []string {
	var codes []string
	for _, s := range short {
		if !slices.Contains(codes, s.Seats.Code) {
			codes = append(codes, s.Seats.Code)
		}
	}
	return codes
}

// shortAfter says for which codes too few seats were left after the change.
func shortAfter(r approvals.Request) string {
	return sayShortages(r.Proposal.Change.Shortages(r.Outcome.Seats), maxChangeMade)
}
