package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The judge goes by message metadata. This file holds every phrase it reads
// besides: metadata lacks the fact, or the words themselves are in question. A
// reworded sentence must change here too.

// Lasting phrases: other programs read them as well.
const (
	saysRecorded   = "is recorded"    // a receipt
	saysNotCounted = "does not count" // a notice about a vote
	showsAdded     = "`+ CODE`"       // a line of a card
	showsRemoved   = "`- CODE`"       // a line of a card
	showsPeriod    = "Granted for: "  // a card, of a grant for a time
	showsDone      = "*Done*"         // the status of a card, like those that follow
	showsFailed    = "*Failed*"       //
	showsReplaced  = "*Superseded*"   //
	showsDenied    = "*Denied*"       //
	showsCancelled = "*Cancelled*"    //
	showsExpired   = "*Expired*"      //
	showsRevoked   = "*Ended*"        // a card after its grant
	requestID      = `R-[0-9A-Z]{8}`  //
	quotedCode     = "`([^`]+)`"      // a code in a sentence
	codePattern    = `([A-Z0-9]+)`    //
	ticketPattern  = `ask-\d+-\d+`    // of the suite's own, in the reason of a command
	reasonWord     = " because "      // between a command and its reason
	periodPattern  = ` for (\w+)` + reasonWord
)

// Answers to a command. They carry no metadata.
const (
	saysCancelled     = "is cancelled"
	saysNoRecord      = "othing was recorded" // Nothing or nothing
	saysNoRequest     = "nothing was asked and nothing will happen"
	saysRecordUnknown = "cannot tell whether it was recorded"
)

// Why a request was superseded, where the name of its group is the reason.
var saysOtherName = regexp.MustCompile("UiPath no longer shows the name `|the group with id `[^`]+` is called `")

// Private words about a request. They carry no metadata.
const (
	saysNotPosted   = "was not put before an approver"
	saysUncheckable = "did not let me check" // a notice about a vote that may count later
	saysNotNamed    = "policy of today does not name you"
	saysDeleted     = "was deleted, and the approvals on it"
	saysSameAsk     = "asks for the very same"
	saysDone        = "is done: "
	saysCorrection  = "Correction to request"
	saysFailed      = " failed after it was "
)

// privateOutcomes are private words by which a requester learns how a request
// ended: it has no card, or the card was deleted and its thread with it.
var privateOutcomes = regexp.MustCompile(saysNotPosted +
	"| expired|(is|was) cancelled|was denied|failed after|was not carried out|" + saysDone)

// Words of a card. Approvers consent to them.
const (
	changeHeading = "*Change to the group's allocation*"
	termsHeading  = "May approve:"
	quorumShown   = `Approvals needed: (\d+)`
	emojiShown    = `React with :([^:]+): to approve`
	approverShown = `<(?:@|!subteam\^)(\w+)>`
	nameShown     = "the group `([^`]+)` \\(id `([^`]+)`\\)"
	unchangedLine = `(?m)^Unchanged: (.*?)(?: Removed: .*)?$`
	removedLine   = `(?m)^\*Removed: (.*)\*$`
	extendedLine  = "Extends `CODE`"
)

// Words of an outcome or a revocation in a card's thread.
const (
	saysApprovers  = `[Aa]pproved by ((?:<@\w+>(?:, | and )?)+)`
	saysAllocation = `[Tt]he group now has (.*?)\.`
	saysEmpty      = `[Tt]he group now has no codes\.`
	saysNow        = " now has "
	saysReadBack   = "UiPath did not confirm the write" // success was found by a later read
	saysUnchanged  = `Nothing (?:was|had been) changed at UiPath|The change was not made`
	saysRemoved    = "UiPath confirmed that (.*?) (?:was|were) removed from "
	saysKept       = `Unchanged: (.*?)\. (?:The group now has|UiPath|Remove)`
	saysByHand     = "in UiPath by hand" // a revocation that left something
	saysLeftOut    = "<@%s> is no approver of it by the policy of today"
)

// hedges are words of an outcome that leaves open whether something was changed.
var hedges = []string{
	"took effect is unknown", "may have taken effect", "does not show the change to",
	"shows a part of the change all the same",
	"shows the change after all", "shows a part of the change after all",
	"although the card says that this stays",
}

// statuses are what a card shows once its request has this outcome.
var statuses = map[string]string{
	doneEvent: showsDone, failedEvent: showsFailed, supersededEvent: showsReplaced,
	deniedEvent: showsDenied, cancelledEvent: showsCancelled, expiredEvent: showsExpired,
}

// A Period is how long people ask for a grant.
type Period struct {
	Typed string // in a command
	Shown string // on a card
	Lasts time.Duration
}

// Periods are those that people of the suite type.
var Periods = []Period{
	{"1m", "1 minute", time.Minute},
	{"20m", "20 minutes", 20 * time.Minute},
	{"2h", "2 hours", 2 * time.Hour},
}

var (
	recordedReceipt  = regexp.MustCompile("^Request `(" + requestID + ")` " + saysRecorded)
	cancelledReceipt = regexp.MustCompile("^Request `(" + requestID + ")` " + saysCancelled)
	ticketWord       = regexp.MustCompile(ticketPattern)
	periodWord       = regexp.MustCompile(periodPattern)
	orderCommand     = regexp.MustCompile("^(cancel|end) (" + requestID + ")$")

	addedCode    = regexp.MustCompile("(?m)^• (?:" + codeLine(showsAdded) + "|" + codeLine(extendedLine) + ")")
	removedCode  = regexp.MustCompile("(?m)^• " + codeLine(showsRemoved))
	extendedCode = regexp.MustCompile("• " + codeLine(extendedLine))
	unchanged    = regexp.MustCompile(unchangedLine)
	removedList  = regexp.MustCompile(removedLine)

	approversNamed = regexp.MustCompile(saysApprovers)
	mention        = regexp.MustCompile(`<@(\w+)>`)
	allocationNow  = regexp.MustCompile(saysAllocation)
	emptyNow       = regexp.MustCompile(saysEmpty)
	nothingChanged = regexp.MustCompile(saysUnchanged)
	codesRemoved   = regexp.MustCompile(saysRemoved)
	codesKept      = regexp.MustCompile(saysKept)
	codeInTicks    = regexp.MustCompile(quotedCode)
	quorumWord     = regexp.MustCompile(quorumShown)
	emojiWord      = regexp.MustCompile(emojiShown)
	approverWord   = regexp.MustCompile(approverShown)
	groupWord      = regexp.MustCompile(nameShown)
)

// codeLine makes a pattern of a phrase that shows one code.
func codeLine(phrase string) string {
	return strings.Replace(regexp.QuoteMeta(phrase), "CODE", codePattern, 1)
}

// codesIn are the codes in the part of a text that a pattern finds.
func codesIn(part *regexp.Regexp, text string) []string {
	var codes []string
	if found := part.FindStringSubmatch(text); found != nil {
		for _, code := range codeInTicks.FindAllStringSubmatch(found[1], -1) {
			codes = append(codes, code[1])
		}
	}
	return codes
}

// RecordedID is the request that a receipt says is recorded.
func RecordedID(answer string) (id string, ok bool) {
	if found := recordedReceipt.FindStringSubmatch(answer); found != nil {
		return found[1], true
	}
	return "", false
}

// cancelledID is the request that an answer says is cancelled.
func cancelledID(answer string) (id string, ok bool) {
	if found := cancelledReceipt.FindStringSubmatch(answer); found != nil {
		return found[1], true
	}
	return "", false
}

// Ticket is a word for the reason of a command. It is in one command only, so
// that a card can be traced to the command.
func Ticket(step, n int) string { return fmt.Sprintf("ask-%d-%d", step, n) }

// deniesRecord reports whether an answer says the command has no effect.
func deniesRecord(answer string) bool {
	return strings.Contains(answer, saysNoRecord) || strings.Contains(answer, saysNoRequest)
}

// leavesRecordOpen reports whether an answer leaves open if the command was
// recorded.
func leavesRecordOpen(answer string) bool { return strings.Contains(answer, saysRecordUnknown) }

// periodTyped is how long a command asks for. Zero is for good.
func periodTyped(command string) time.Duration {
	found := periodWord.FindStringSubmatch(command)
	for _, p := range Periods {
		if found != nil && found[1] == p.Typed {
			return p.Lasts
		}
	}
	return 0
}

// periodShown is how long a card asks for. Zero is for good.
func periodShown(ask string) time.Duration {
	for _, p := range Periods {
		if strings.Contains(ask, showsPeriod+p.Shown+" from") {
			return p.Lasts
		}
	}
	return 0
}

// changesShown are the codes a card adds or extends and the codes it removes by its
// own words. Each stands on a line of its own.
func changesShown(card string) (added, removed []string) {
	for _, line := range addedCode.FindAllStringSubmatch(card, -1) {
		added = append(added, line[1]+line[2])
	}
	return added, firstGroups(removedCode, card)
}

// firstGroups are what the first group of a pattern finds, each time.
func firstGroups(pattern *regexp.Regexp, text string) []string {
	var found []string
	for _, one := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, one[1])
	}
	return found
}

// approversIn are the people that an outcome names as approvers.
func approversIn(text string) (named []string, ok bool) {
	found := approversNamed.FindStringSubmatch(text)
	if found == nil {
		return nil, false
	}
	return firstGroups(mention, found[1]), true
}

// hedged reports whether an outcome leaves open whether something was changed.
func hedged(text string) bool {
	return slices.ContainsFunc(hedges, func(hedge string) bool { return strings.Contains(text, hedge) })
}

// askOf is the part of a card's text that consent is given to, above its status.
func askOf(text string) string {
	ask, _, _ := strings.Cut(text, termsHeading)
	return ask
}

// changeOf is the part of a card's text that shows the change.
func changeOf(text string) string {
	_, change, _ := strings.Cut(askOf(text), changeHeading)
	return change
}

// statusOf is the line of a card's text that says where the request stands.
func statusOf(text string) string {
	lines := strings.Split(text, "\n")
	return lines[max(len(lines)-2, 0)]
}
