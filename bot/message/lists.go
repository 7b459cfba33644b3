package message

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"licensebot/approvals"
)

// maxAskCodes is the room for one request's codes in a list.
const maxAskCodes = 160

// PageSize is how many requests a list shows at a time.
const PageSize = 10

// maxPrivate is how many characters a private answer has at most. Slack cuts or
// splits longer ones.
const maxPrivate = 4000

// A Page is one page of a list of requests.
type Page struct {
	Requests   []approvals.Request
	Total      int             // requests on all pages
	Number     int             // of the page, from 1
	Approvable map[string]bool // ids of the requests that wait for the reader
}

func (p Page) lastNumber() int { return max(1, (p.Total+PageSize-1)/PageSize) }

// ListOwn lists a person's own requests.
func ListOwn(name string, p Page) string {
	if p.Total == 0 {
		return "You have not asked for any licenses yet." + offerCommands(name+" help")
	}
	return p.render(name+" mine", "*Your requests, the newest first*", func(r approvals.Request, ask string) string {
		return fmt.Sprintf("• %s asked %s%s · %s", quoteCode(r.ID), formatTime(r.FiledAt), ask, describeState(r))
	})
}

// ListPending lists the requests that wait for approval.
func ListPending(name string, p Page) string {
	if p.Total == 0 {
		return "No request waits for approval."
	}
	title := "*Requests that wait for approval, the oldest first*"
	return p.render(name+" pending", title, func(r approvals.Request, ask string) string {
		line := fmt.Sprintf("• %s by %s%s · %s", quoteCode(r.ID), mentionUser(r.Requester), ask, describeState(r))
		if p.Approvable[r.ID] {
			line += " · *you may approve it*"
		}
		return line
	})
}

// render writes the page. Where it would be too long, it has fewer codes of each
// request, and at last says only where each stands.
func (p Page) render(command, title string, row func(r approvals.Request, ask string) string) string {
	write := func(describe func(approvals.Request) string) string {
		lines := []string{title + p.countLabel()}
		for _, r := range p.Requests {
			lines = append(lines, row(r, describe(r)))
		}
		return p.appendPaging(command, lines)
	}
	for _, room := range []int{maxAskCodes, maxAskCodes / 4} {
		text := write(func(r approvals.Request) string { return ": " + describeAskWithin(r, room) })
		if utf8.RuneCountInString(text) <= maxPrivate {
			return text
		}
	}
	return write(func(approvals.Request) string { return "" })
}

// countLabel says how many requests there are, and which page this is.
func (p Page) countLabel() string {
	if p.lastNumber() == 1 {
		return fmt.Sprintf(" (%d)", p.Total)
	}
	return fmt.Sprintf(" (page %d of %d, %d in all)", p.Number, p.lastNumber(), p.Total)
}

// appendPaging adds how to see more, or says that there is no such page.
func (p Page) appendPaging(command string, lines []string) string {
	switch {
	case p.Number > p.lastNumber():
		return fmt.Sprintf("There is no page %d; the last is %d.",
			p.Number, p.lastNumber()) + offerCommands(fmt.Sprintf("%s %d", command, p.lastNumber()))
	case p.Number < p.lastNumber():
		lines = append(lines, "More: "+quoteCodeWithin(fmt.Sprintf("%s %d", command, p.Number+1), maxCopied))
	}
	return strings.Join(lines, "\n")
}

// describeAsk says what a request asks, with the group as UiPath names it.
func describeAsk(r approvals.Request) string { return describeAskWithin(r, maxAskCodes) }

// describeAskWithin is describeAsk with so much room for the codes.
func describeAskWithin(r approvals.Request, room int) string {
	named := "the group " + quoteCodeWithin(r.Ask.Group, maxName)
	if r.Proposal != nil {
		named = nameGroup(r.Proposal.Group)
	}
	return summarizeAsk(r.Ask, named, room)
}

// describeState says in a few words where a request stands.
func describeState(r approvals.Request) string {
	switch r.State {
	case approvals.Filed:
		return "being checked with UiPath"
	case approvals.Pending:
		given, _ := countApprovals(r)
		return fmt.Sprintf("waiting with %d of %s, until %s",
			given, pluralize(r.Terms.Quorum(), "approval"), formatTime(r.Deadline))
	case approvals.Approved:
		return "approved, not done yet"
	case approvals.Refused:
		return "not put before an approver"
	}
	text := fmt.Sprintf("%s %s", r.State, formatTime(r.ClosedAt))
	if r.Grant != nil && r.Grant.Revocation != nil {
		text += ", its time ended " + formatTime(r.Grant.Revocation.At)
	}
	return text
}

// SummarizeOpen tells how many requests are open.
func SummarizeOpen(name string, counts map[approvals.State]int) string {
	var lines []string
	for _, c := range []struct {
		state approvals.State
		says  string
	}{
		{approvals.Filed, "being checked with UiPath"},
		{approvals.Pending, "waiting for approval"},
		{approvals.Approved, "approved and not done yet"},
	} {
		if n := counts[c.state]; n > 0 {
			lines = append(lines, fmt.Sprintf("• %d %s", n, c.says))
		}
	}
	if len(lines) == 0 {
		return fmt.Sprintf("No request is open. %s lists your own, closed ones too.",
			quoteCodeWithin(name+" mine", maxCopied))
	}
	return "*Open requests*\n" + strings.Join(lines, "\n") +
		fmt.Sprintf("\n%s lists those that wait, %s your own.",
			quoteCodeWithin(name+" pending", maxCopied), quoteCodeWithin(name+" mine", maxCopied))
}

// DescribeRequest tells where one request stands. The link to its card may be
// empty.
func (p Phrases) DescribeRequest(name string, r approvals.Request, link string) string {
	progress := p.describeProgress(r)
	if r.State.Open() {
		progress += fmt.Sprintf(" %s says who has to approve and what happens then.",
			quoteCodeWithin(name+" why "+r.ID, maxCopied))
	}
	return withHeader(r, link, progress)
}

// withHeader puts the header of a request above what is said of it. Where both are too
// long together, the header has fewer codes and less of the reason, then only the id,
// and at last only the first lines are said.
func withHeader(r approvals.Request, link, text string) string {
	for _, room := range []int{maxPrivate, maxPrivate / 10, maxPrivate / 50} {
		said := requestHeader(r, link, room) + "\n" + text
		if utf8.RuneCountInString(said) <= maxPrivate {
			return said
		}
	}
	lines := append([]string{"Request " + quoteCode(r.ID) + ":"}, strings.Split(text, "\n")...)
	return strings.Join(truncateRows(lines, maxPrivate-len("… and 9999 more lines")), "\n")
}

// requestHeader says who made a request, what it asks, and where its card is. The codes
// and the reason have this room each.
func requestHeader(r approvals.Request, link string, room int) string {
	text := fmt.Sprintf("Request %s by %s, %s: %s.",
		quoteCode(r.ID), mentionUser(r.Requester), formatTime(r.FiledAt), describeAskWithin(r, min(room, maxAskCodes)))
	switch {
	case link != "":
		text += fmt.Sprintf(" <%s|Its card> is in %s.", link, mentionChannel(r.Channel))
	case r.CardTS != "":
		text += fmt.Sprintf(" Its card is in %s.", mentionChannel(r.Channel))
	}
	if r.Ask.Reason != "" {
		text += "\nReason given: " + quoteCodeWithin(r.Ask.Reason, room)
	}
	return text
}

// describeProgress tells where a request stands, or how it was closed.
func (p Phrases) describeProgress(r approvals.Request) string {
	switch {
	case r.State.Open() && p.RequesterNotice(r) != "": // it is delayed before anyone was asked
		return p.RequesterNotice(r)
	case r.State == approvals.Filed:
		return "I am checking it with UiPath. If it passes, its card comes next."
	case r.State == approvals.Refused:
		return p.explainRefusal(r)
	case !r.State.Open():
		return formatTime(r.ClosedAt) + ": " + p.outcomeSentence(r, time.Time{}) + describeEnded(r)
	}
	return CardStatus(r)
}

// describeEnded tells what the end of a grant did, on a line of its own. It is empty
// if there was none.
func describeEnded(r approvals.Request) string {
	if r.Grant == nil || r.Grant.Revocation == nil {
		return ""
	}
	return "\n" + formatTime(r.Grant.Revocation.At) + ": " + revocationSentences(r)
}

// QueryFailed answers a question if the database does not.
func QueryFailed() string {
	return "I could not look that up: the database does not answer. " +
		"Please type it again in a minute. If this goes on, tell the operator of licensebot."
}
