package judge

import (
	"regexp"
	"slices"
	"strings"
)

// The event types of the bot's messages.
const (
	CardEvent       = "allocation_requested"
	approvedEvent   = "allocation_approved"
	doneEvent       = "allocation_done"
	failedEvent     = "allocation_failed"
	supersededEvent = "allocation_superseded"
	deniedEvent     = "allocation_denied"
	cancelledEvent  = "allocation_cancelled"
	expiredEvent    = "allocation_expired"
	reminderEvent   = "allocation_reminder"
	reopenedEvent   = "allocation_reopened"
	foundEvent      = "allocation_found"           // corrects an outcome that is not done
	outsideEvent    = "allocation_changed_outside" // a change by hand
	doubleEvent     = "allocation_double"          // a message posted twice, which could not be deleted

	// In the thread of a grant, after its request is done.
	warningEvent = "allocation_ending"
	overdueEvent = "allocation_overdue"
	revokedEvent = "allocation_ended"
)

var (
	// progressEvents are replies before the outcome.
	progressEvents = []string{approvedEvent, reminderEvent, reopenedEvent}
	// grantEvents are replies after a grant was made.
	grantEvents = []string{warningEvent, overdueEvent, revokedEvent}
)

// IsOutcome reports whether a reply with this event type tells how a request
// ended.
func IsOutcome(event string) bool { return statuses[event] != "" }

// A payload is the metadata of a message.
type payload map[string]any

func (p payload) text(name string) string {
	text, _ := p[name].(string)
	return text
}

// number is the ordinal of a message. It tells apart what a thread says more
// than once.
func (p payload) number() string { return p.text("number") }

var licenseCode = regexp.MustCompile("^" + codePattern + "$")

// codes are a list of codes. It is not told if the payload lacks it, or has a
// count and a hash instead.
func (p payload) codes(name string) (codes []string, told bool) {
	list, ok := p[name].(string)
	codes = strings.Fields(list)
	told = ok && !slices.ContainsFunc(codes, func(code string) bool { return !licenseCode.MatchString(code) })
	return codes, told
}

// removedCodes are the codes a card asks to remove, or the codes a revocation
// reports as removed. Where metadata lacks them, the words have them.
func removedCodes(p payload, fromWords func() []string) []string {
	if removed, told := p.codes("removed"); told {
		return removed
	}
	return fromWords()
}

// allocationsTold are what a reply says that the group's allocation is now, by
// metadata and in words.
func (r Reply) allocationsTold() [][]string {
	var told [][]string
	if codes, ok := r.payload.codes("allocation"); ok {
		told = append(told, codes)
	}
	if codes := codesIn(allocationNow, r.Text); len(codes) > 0 || emptyNow.MatchString(r.Text) {
		told = append(told, codes)
	}
	return told
}

// allocationsAfterwards are what a revocation says that the group's allocation
// is now, by metadata and in words.
func (r Reply) allocationsAfterwards() [][]string {
	var told [][]string
	if codes, ok := r.payload.codes("allocation"); ok {
		told = append(told, codes)
	}
	if strings.Contains(r.Text, saysNow) {
		told = append(told, codesIn(allocationNow, r.Text))
	}
	return told
}

// removed are the codes that a revocation says it removed.
func (r Reply) removed() []string {
	return removedCodes(r.payload, func() []string { return codesIn(codesRemoved, r.Text) })
}
