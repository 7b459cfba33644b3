package message

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// maxAskCodes is the room for one request's codes in a list.
const maxAskCodes = 160

// PageSize is how many requests a list shows at a time. Slack silently drops an
// acknowledgment of 20 KB; ten of the longest requests take half of that.
const PageSize = 10

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
	lines := []string{"*Your requests, the newest first*" + p.countLabel()}
	for _, r := range p.Requests {
		lines = append(lines, fmt.Sprintf("• %s asked %s: %s · %s",
			quoteCode(r.ID), formatTime(r.FiledAt), describeAsk(r), describeState(r)))
	}
	return p.appendPaging(name+" mine", lines)
}

// ListPending lists the requests that wait for approval.
func ListPending(name string, p Page) string {
	if p.Total == 0 {
		return "No request waits for approval."
	}
	lines := []string{"*Requests that wait for approval, the oldest first*" + p.countLabel()}
	for _, r := range p.Requests {
		line := fmt.Sprintf("• %s by %s: %s · %s",
			quoteCode(r.ID), mentionUser(r.Requester), describeAsk(r), describeState(r))
		if p.Approvable[r.ID] {
			line += " · *you may approve it*"
		}
		lines = append(lines, line)
	}
	return p.appendPaging(name+" pending", lines)
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
func describeAsk(r approvals.Request) string {
	named := "the group " + quoteCodeWithin(r.Ask.Group, maxName)
	if r.Proposal != nil {
		named = nameGroup(r.Proposal.Group)
	}
	return summarizeAsk(r.Ask, named, maxAskCodes)
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
		return "No request is open." + offerCommands(name+" help")
	}
	return "*Open requests*\n" + strings.Join(lines, "\n") +
		fmt.Sprintf("\n%s lists those that wait, %s your own.",
			quoteCodeWithin(name+" pending", maxCopied), quoteCodeWithin(name+" mine", maxCopied))
}

// DescribeRequest tells where one request stands. The link to its card may be
// empty.
func (p Phrases) DescribeRequest(name string, r approvals.Request, link string) string {
	text := requestHeader(r, link) + "\n" + p.describeProgress(r)
	if r.State.Open() {
		text += fmt.Sprintf(" %s says who has to approve and what happens then.",
			quoteCodeWithin(name+" why "+r.ID, maxCopied))
	}
	return text
}

// requestHeader says who made a request, what it asks, and where its card is.
func requestHeader(r approvals.Request, link string) string {
	text := fmt.Sprintf("Request %s by %s, %s: %s.",
		quoteCode(r.ID), mentionUser(r.Requester), formatTime(r.FiledAt), describeAsk(r))
	if link != "" {
		text += fmt.Sprintf(" <%s|Its card>.", link)
	}
	if r.Ask.Reason != "" {
		text += "\nReason given: " + quoteCode(r.Ask.Reason)
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
		return formatTime(r.ClosedAt) + ": " + p.outcomeSentence(r) + describeEnded(r)
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
