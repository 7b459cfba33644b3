package message

import (
	"fmt"
	"time"

	"licensebot/approvals"
)

// isFromChannel reports whether only the channel tells how a request ended: its
// database was restored from an older copy.
func isFromChannel(r approvals.Request) bool {
	return r.Outcome != nil && r.Outcome.Reason == approvals.ReasonFromChannel
}

// describeFromChannel tells how a request ended, as far as the channel tells.
func (p Phrases) describeFromChannel(r approvals.Request, at time.Time) string {
	if r.Proposal == nil {
		return fmt.Sprintf("I do nothing more for request %s: my database was restored from an older copy, which "+
			"does not have what its card in %s says. The card's thread tells whether the change was made. "+
			"Ask again if it is still needed.", quoteCode(r.ID), mentionChannel(r.Channel))
	}
	return fmt.Sprintf("Request %s ended as *%s*; the thread of its card says what happened. My database was "+
		"restored from an older copy and has no more than that.", quoteCode(r.ID), r.State) + describeGrantEnd(r, at)
}

// fromChannelStatus is the status on the card of such a request.
func fromChannelStatus(r approvals.Request) string {
	icon := ":x:"
	if r.State == approvals.Done {
		icon = ":white_check_mark:"
	}
	return fmt.Sprintf("%s *%s*; the thread says what happened.", icon, capitalize(string(r.State))) +
		describeGrantStatus(r)
}

// describeForeign says which request may hold codes, of which only the channel tells.
func describeForeign(codes []string, h approvals.KeptCode) string {
	until := ""
	if !h.Until.IsZero() {
		until = ", until " + formatTime(h.Until)
	}
	return fmt.Sprintf("%s (request %s, which is in the channel and not in my database, may need it%s)",
		joinCodes(codes), quoteCode(h.Request), until)
}
