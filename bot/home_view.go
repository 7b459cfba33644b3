package bot

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// perPage is how many requests of each list a home shows at a time.
const perPage = 10

// pages are the pages that a home shows of its two lists, counted from zero.
type pages struct{ waiting, mine int }

// maxPage bounds what a click may ask for.
const maxPage = 100000

// turnPage is the beginning of the action ids of buttons that turn pages. What
// they turn to is in their value.
const turnPage = "home_page_"

func pagesOf(a action) (at pages, ok bool) {
	if !strings.HasPrefix(a.ActionID, turnPage) {
		return pages{}, false
	}
	n, err := fmt.Sscanf(a.Value, "%d %d", &at.waiting, &at.mine)
	if n != 2 || err != nil || min(at.waiting, at.mine) < 0 || max(at.waiting, at.mine) > maxPage {
		return pages{}, true // a page that there is not: the first
	}
	return at, true
}

func (p pages) String() string { return fmt.Sprintf("%d %d", p.waiting, p.mine) }

// last is the page, or the last one that there is.
func last(page, all int) int { return max(0, min(page, (all-1)/perPage)) }

// cut is one page of a list.
func cut(all []approvals.Request, page int) []approvals.Request {
	from := last(page, len(all)) * perPage
	return all[from:min(from+perPage, len(all))]
}

// homeContent is what one person's home shows.
type homeContent struct {
	at                  pages
	waiting, mine       []approvals.Request
	waitingAll, mineAll int
	unsure              bool     // more may wait than could be found out
	unwell              []string // what is wrong with the bot
}

// home draws a home, in some thirty of the hundred blocks that it may have.
func (w Messages) home(self Self, c homeContent) slack.HomeTabViewRequest {
	blocks := []slack.Block{heading(titled("Waiting for you", c.waitingAll))}
	blocks = append(blocks, w.homeList(self, c.waiting, w.noneWaiting(c.unsure))...)
	blocks = append(blocks, turns("waiting", c.at.waiting, c.waitingAll, func(page int) pages { return pages{page, c.at.mine} })...)
	blocks = append(blocks, slack.NewDividerBlock(), heading(titled("Your requests", c.mineAll)))
	blocks = append(blocks, w.homeList(self, c.mine, "You have not asked for any licences yet.")...)
	blocks = append(blocks, turns("mine", c.at.mine, c.mineAll, func(page int) pages { return pages{c.at.waiting, page} })...)
	blocks = append(blocks, slack.NewDividerBlock(), heading("Ask for licences"), section(w.homeHelp()),
		slack.NewActionBlock("ask", button(ShortcutOpen, "", "Open the form")),
		slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, wellness(c.unwell), false, false)))
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}

func heading(text string) slack.Block { return slack.NewHeaderBlock(label(text)) }

func titled(title string, all int) string {
	if all == 0 {
		return title
	}
	return fmt.Sprintf("%s (%d)", title, all)
}

func (w Messages) noneWaiting(unsure bool) string {
	if unsure {
		return "Slack did not let me look up who may approve what, so I cannot tell whether a request waits for you. Look into <#" + idOnly(w.Channel) + ">."
	}
	return "No request waits for your approval."
}

func (w Messages) homeList(self Self, requests []approvals.Request, none string) []slack.Block {
	if len(requests) == 0 {
		return []slack.Block{section(none)}
	}
	blocks := make([]slack.Block, len(requests))
	for i, r := range requests {
		blocks[i] = section(w.homeLine(self, r))
	}
	return blocks
}

// homeLine tells of one request: which, what, whose, and where it stands.
func (w Messages) homeLine(self Self, r approvals.Request) string {
	id := code(r.ID)
	if r.CardTS != "" {
		id = "<" + self.link(r.Channel, r.CardTS) + "|" + idOnly(r.ID) + ">"
	}
	return fmt.Sprintf("*%s*  %s, asked by %s on %s\n%s",
		id, wished(r), user(r.Requester), moment(r.FiledAt), w.stands(r))
}

// stands says where a request stands, also one that never got a card.
func (w Messages) stands(r approvals.Request) string {
	switch {
	case r.State == approvals.Filed && r.DelayReason != "":
		return ":hourglass_flowing_sand: *Recorded*; not checked yet: " + plain(r.DelayReason) + "."
	case r.State == approvals.Filed:
		return ":hourglass_flowing_sand: *Recorded*; it is being checked with UiPath."
	case r.State == approvals.Refused:
		return ":x: *Not put before an approver*; nothing was changed at UiPath."
	case r.State == approvals.Pending && r.CardTS == "":
		return ":hourglass_flowing_sand: *Recorded*; its card is about to be posted."
	case r.State == approvals.Pending:
		return w.Status(r) + " Deadline: " + moment(r.Deadline) + "."
	}
	return w.Status(r)
}

// turns are the buttons to the pages before and after, where there are any.
func turns(list string, page, all int, to func(page int) pages) []slack.Block {
	var buttons []slack.BlockElement
	if page > 0 {
		buttons = append(buttons, button(turnPage+list+"_back", to(page-1).String(), "Previous page"))
	}
	if end := last(maxPage, all); page < end {
		buttons = append(buttons, button(turnPage+list+"_on", to(page+1).String(), "Next page"))
	}
	if len(buttons) == 0 {
		return nil
	}
	where := fmt.Sprintf("Page %d of %d", page+1, last(maxPage, all)+1)
	return []slack.Block{
		slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, where, false, false)),
		slack.NewActionBlock("pages_"+list, buttons...),
	}
}

func button(actionID, value, shown string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(actionID, value, label(shown))
}

func (w Messages) homeHelp() string {
	return fmt.Sprintf("Open the form here or with the shortcut, or type %s anywhere; %s explains the command. "+
		"Each request becomes a card in <#%s>; approvers react on it with %s or %s.",
		code(usualName+" group-01 RPADEVPRONU IDU"), code(usualName+" help"), idOnly(w.Channel), w.approve(), w.deny())
}

func wellness(problems []string) string {
	if len(problems) == 0 {
		return ":white_check_mark: licensebot is well: it reaches UiPath and Slack."
	}
	shown := make([]string, len(problems))
	for i, p := range problems {
		shown[i] = plain(p)
	}
	return ":warning: licensebot is not well: " + within(maxListed, shown) + "."
}

// helps reports whether one more approval, by this person, brings a request
// nearer to its quorum.
func helps(r approvals.Request, user string, stages []int) bool {
	more := append([]approvals.Vote{{User: user, Stages: stages}}, r.Votes...)
	return sum(r.Terms.MissingVotes(more)) < sum(r.Terms.MissingVotes(r.Votes))
}

func sum(all []int) int {
	n := 0
	for _, one := range all {
		n += one
	}
	return n
}
