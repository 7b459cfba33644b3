package bot

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// maxWished is how much of one request's codes a list shows.
const maxAskCodes = 160

// Mine lists a person's own requests.
func ListOwn(name string, p Page) string {
	if p.Total == 0 {
		return "You have asked for nothing yet." + offerCommands(name+" help")
	}
	lines := []string{"*Your requests, the newest first*" + p.countLabel()}
	for _, r := range p.Requests {
		lines = append(lines, fmt.Sprintf("• %s asked %s: %s · %s", quoteCode(r.ID), formatTime(r.FiledAt), describeAsk(r), describeState(r)))
	}
	return p.appendPaging(name+" mine", lines)
}

// Waiting lists the requests that wait for consent.
func ListPending(name string, p Page) string {
	if p.Total == 0 {
		return "No request waits for approval."
	}
	lines := []string{"*Requests that wait for approval, the oldest first*" + p.countLabel()}
	for _, r := range p.Requests {
		line := fmt.Sprintf("• %s by %s: %s · %s", quoteCode(r.ID), mentionUser(r.Requester), describeAsk(r), describeState(r))
		if p.Approvable[r.ID] {
			line += " · *you may approve it*"
		}
		lines = append(lines, line)
	}
	return p.appendPaging(name+" pending", lines)
}

func (p Page) countLabel() string {
	if p.lastNumber() == 1 {
		return fmt.Sprintf(" (%d)", p.Total)
	}
	return fmt.Sprintf(" (page %d of %d, %d in all)", p.Number, p.lastNumber(), p.Total)
}

// turned adds how to see more, or that there is no such page.
func (p Page) appendPaging(command string, lines []string) string {
	switch {
	case p.Number > p.lastNumber():
		return fmt.Sprintf("There is no page %d; the last is %d.", p.Number, p.lastNumber()) + offerCommands(fmt.Sprintf("%s %d", command, p.lastNumber()))
	case p.Number < p.lastNumber():
		lines = append(lines, "More: "+quoteCodeWithin(fmt.Sprintf("%s %d", command, p.Number+1), maxCopied))
	}
	return strings.Join(lines, "\n")
}

// wished says what a request asks, about the group as UiPath knows it.
func describeAsk(r approvals.Request) string {
	named := "the group " + quoteCodeWithin(r.Ask.Group, maxName)
	if r.Proposal != nil {
		named = nameGroup(r.Proposal.Group)
	}
	return summarizeAsk(r.Ask, named, maxAskCodes)
}

// standing says in a few words where a request stands.
func describeState(r approvals.Request) string {
	switch r.State {
	case approvals.Filed:
		return "being checked with UiPath"
	case approvals.Pending:
		return fmt.Sprintf("waiting with %d of %s, until %s", countGiven(r), pluralize(r.Terms.Quorum(), "approval"), formatTime(r.Deadline))
	case approvals.Approved:
		return "approved, not done yet"
	case approvals.Refused:
		return "not put before an approver"
	}
	return fmt.Sprintf("%s %s", r.State, formatTime(r.ClosedAt))
}

// given is how many approvals a request has of those that it needs.
func countGiven(r approvals.Request) int {
	n := r.Terms.Quorum()
	for _, missing := range r.Terms.MissingVotes(r.Votes) {
		n -= missing
	}
	return n
}

// Overview tells how many requests are open.
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
		fmt.Sprintf("\n%s lists those that wait, %s your own.", quoteCodeWithin(name+" pending", maxCopied), quoteCodeWithin(name+" mine", maxCopied))
}

// Where tells where one request stands.
func (w Phrases) DescribeRequest(name string, r approvals.Request, link string) string {
	text := requestHeader(r, link) + "\n" + w.describeProgress(r)
	if r.State.Open() {
		text += fmt.Sprintf(" %s tells who has to agree and what happens then.", quoteCodeWithin(name+" why "+r.ID, maxCopied))
	}
	return text
}

// about says whose request it is, what it asks, and where its card is.
func requestHeader(r approvals.Request, link string) string {
	text := fmt.Sprintf("Request %s by %s, %s: %s.", quoteCode(r.ID), mentionUser(r.Requester), formatTime(r.FiledAt), describeAsk(r))
	if link != "" {
		text += fmt.Sprintf(" <%s|Its card>.", link)
	}
	if r.Ask.Reason != "" {
		text += "\nReason given: " + quoteCode(r.Ask.Reason)
	}
	return text
}

// now tells where a request stands, or how it ended.
func (w Phrases) describeProgress(r approvals.Request) string {
	switch {
	case r.State.Open() && w.RequesterNotice(r) != "": // it is held up before anyone was asked
		return w.RequesterNotice(r)
	case r.State == approvals.Filed:
		return "I am checking it with UiPath; if it holds, its card comes next."
	case r.State == approvals.Refused:
		return w.explainRefusal(r)
	case !r.State.Open():
		return w.outcomeSentence(r) + " That was " + formatTime(r.ClosedAt) + "."
	}
	return cardStatus(r)
}

// Unanswered is for a question that could not be answered.
func QueryFailed() string {
	return "I could not look that up: the database does not answer. Please type it again in a minute; if this goes on, tell whoever runs licensebot."
}
