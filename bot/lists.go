package bot

import (
	"fmt"
	"strings"

	"licensebot/approvals"
)

// maxWished is how much of one request's codes a list shows.
const maxWished = 160

// Mine lists a person's own requests.
func (w Messages) Mine(name string, p page) string {
	if p.all == 0 {
		return "You have asked for nothing yet." + try(name+" help")
	}
	lines := []string{"*Your requests, the newest first*" + p.counted()}
	for _, r := range p.requests {
		lines = append(lines, fmt.Sprintf("• %s asked %s: %s · %s", code(r.ID), moment(r.FiledAt), wished(r), standing(r)))
	}
	return p.turned(name+" mine", lines)
}

// Waiting lists the requests that wait for consent.
func (w Messages) Waiting(name string, p page) string {
	if p.all == 0 {
		return "No request waits for approval."
	}
	lines := []string{"*Requests that wait for approval, the oldest first*" + p.counted()}
	for _, r := range p.requests {
		line := fmt.Sprintf("• %s by %s: %s · %s", code(r.ID), user(r.Requester), wished(r), standing(r))
		if p.mine[r.ID] {
			line += " · *you may approve it*"
		}
		lines = append(lines, line)
	}
	return p.turned(name+" pending", lines)
}

func (p page) counted() string {
	if p.last() == 1 {
		return fmt.Sprintf(" (%d)", p.all)
	}
	return fmt.Sprintf(" (page %d of %d, %d in all)", p.number, p.last(), p.all)
}

// turned adds how to see more, or that there is no such page.
func (p page) turned(command string, lines []string) string {
	switch {
	case p.number > p.last():
		return fmt.Sprintf("There is no page %d; the last is %d.", p.number, p.last()) + try(fmt.Sprintf("%s %d", command, p.last()))
	case p.number < p.last():
		lines = append(lines, "More: "+codeIn(fmt.Sprintf("%s %d", command, p.number+1), maxCopied))
	}
	return strings.Join(lines, "\n")
}

// wished says what a request asks, about the group as UiPath knows it.
func wished(r approvals.Request) string {
	named := "the group " + codeIn(r.Ask.Group, maxNamed)
	if r.Proposal != nil {
		named = group(r.Proposal.Group)
	}
	return wish(r.Ask, named, maxWished)
}

// standing says in a few words where a request stands.
func standing(r approvals.Request) string {
	switch r.State {
	case approvals.Filed:
		return "being checked with UiPath"
	case approvals.Pending:
		return fmt.Sprintf("waiting with %d of %s, until %s", given(r), counted(r.Terms.Quorum(), "approval"), moment(r.Deadline))
	case approvals.Approved:
		return "approved, not done yet"
	case approvals.Refused:
		return "not put before an approver"
	}
	return fmt.Sprintf("%s %s", r.State, moment(r.ClosedAt))
}

// given is how many approvals a request has of those that it needs.
func given(r approvals.Request) int {
	n := r.Terms.Quorum()
	for _, missing := range r.Terms.MissingVotes(r.Votes) {
		n -= missing
	}
	return n
}

// Overview tells how many requests are open.
func (w Messages) Overview(name string, counts map[approvals.State]int) string {
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
		return "No request is open." + try(name+" help")
	}
	return "*Open requests*\n" + strings.Join(lines, "\n") +
		fmt.Sprintf("\n%s lists those that wait, %s your own.", codeIn(name+" pending", maxCopied), codeIn(name+" mine", maxCopied))
}

// Where tells where one request stands.
func (w Messages) Where(name string, r approvals.Request, link string) string {
	text := about(r, link) + "\n" + w.now(r)
	if r.State.Open() {
		text += fmt.Sprintf(" %s tells who has to agree and what happens then.", codeIn(name+" why "+r.ID, maxCopied))
	}
	return text
}

// about says whose request it is, what it asks, and where its card is.
func about(r approvals.Request, link string) string {
	text := fmt.Sprintf("Request %s by %s, %s: %s.", code(r.ID), user(r.Requester), moment(r.FiledAt), wished(r))
	if link != "" {
		text += fmt.Sprintf(" <%s|Its card>.", link)
	}
	if r.Ask.Reason != "" {
		text += "\nReason given: " + code(r.Ask.Reason)
	}
	return text
}

// now tells where a request stands, or how it ended.
func (w Messages) now(r approvals.Request) string {
	switch {
	case r.State.Open() && w.Notice(r) != "": // it is held up before anyone was asked
		return w.Notice(r)
	case r.State == approvals.Filed:
		return "I am checking it with UiPath; if it holds, its card comes next."
	case r.State == approvals.Refused:
		return w.refused(r)
	case !r.State.Open():
		return w.ending(r) + " That was " + moment(r.ClosedAt) + "."
	}
	return w.Status(r)
}

// Unanswered is for a question that could not be answered.
func (w Messages) Unanswered() string {
	return "I could not look that up: the database does not answer. Please type it again in a minute; if this goes on, tell whoever runs licensebot."
}
