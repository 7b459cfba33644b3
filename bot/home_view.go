package bot

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// perPage is how many requests of each list a home shows at a time.
const HomePageSize = 10

// pages are the pages that a home shows of its two lists, counted from zero.
type HomePages struct{ Waiting, Own int }

// maxPage bounds what a click may ask for.
const maxHomePage = 100000

// turnPage is the beginning of the action ids of buttons that turn pages. What
// they turn to is in their value.
const turnPagePrefix = "home_page_"

func ParseHomePages(a action) (at HomePages, ok bool) {
	if !strings.HasPrefix(a.ActionID, turnPagePrefix) {
		return HomePages{}, false
	}
	n, err := fmt.Sscanf(a.Value, "%d %d", &at.Waiting, &at.Own)
	if n != 2 || err != nil || min(at.Waiting, at.Own) < 0 || max(at.Waiting, at.Own) > maxHomePage {
		return HomePages{}, true // a page that there is not: the first
	}
	return at, true
}

func (p HomePages) String() string { return fmt.Sprintf("%d %d", p.Waiting, p.Own) }

// last is the page, or the last one that there is.
func LastHomePage(page, all int) int { return max(0, min(page, (all-1)/HomePageSize)) }

// cut is one page of a list.
func HomePage(all []approvals.Request, page int) []approvals.Request {
	from := LastHomePage(page, len(all)) * HomePageSize
	return all[from:min(from+HomePageSize, len(all))]
}

// homeContent is what one person's home shows.
type HomeContent struct {
	Pages                  HomePages
	Waiting, Own           []approvals.Request
	WaitingTotal, OwnTotal int
	Unsure                 bool     // more may wait than could be found out
	Problems               []string // what is wrong with the bot
}

// home draws a home, in some thirty of the hundred blocks that it may have.
func (w Phrases) RenderHome(self Identity, c HomeContent) slack.HomeTabViewRequest {
	blocks := []slack.Block{headerBlock(titleWithCount("Waiting for you", c.WaitingTotal))}
	blocks = append(blocks, homeSections(self, c.Waiting, w.explainNoneWaiting(c.Unsure))...)
	blocks = append(blocks, pageButtons("waiting", c.Pages.Waiting, c.WaitingTotal, func(page int) HomePages { return HomePages{page, c.Pages.Own} })...)
	blocks = append(blocks, slack.NewDividerBlock(), headerBlock(titleWithCount("Your requests", c.OwnTotal)))
	blocks = append(blocks, homeSections(self, c.Own, "You have not asked for any licences yet.")...)
	blocks = append(blocks, pageButtons("mine", c.Pages.Own, c.OwnTotal, func(page int) HomePages { return HomePages{c.Pages.Waiting, page} })...)
	blocks = append(blocks, slack.NewDividerBlock(), headerBlock("Ask for licences"), sectionBlock(w.homeHelp()),
		slack.NewActionBlock("ask", newButton(ShortcutOpen, "", "Open the form")),
		slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, describeHealth(c.Problems), false, false)))
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}

func headerBlock(text string) slack.Block { return slack.NewHeaderBlock(plainText(text)) }

func titleWithCount(title string, all int) string {
	if all == 0 {
		return title
	}
	return fmt.Sprintf("%s (%d)", title, all)
}

func (w Phrases) explainNoneWaiting(unsure bool) string {
	if unsure {
		return "Slack did not let me look up who may approve what, so I cannot tell whether a request waits for you. Look into <#" + sanitizeID(w.Channel) + ">."
	}
	return "No request waits for your approval."
}

func homeSections(self Identity, requests []approvals.Request, none string) []slack.Block {
	if len(requests) == 0 {
		return []slack.Block{sectionBlock(none)}
	}
	blocks := make([]slack.Block, len(requests))
	for i, r := range requests {
		blocks[i] = sectionBlock(homeLine(self, r))
	}
	return blocks
}

// homeLine tells of one request: which, what, whose, and where it stands.
func homeLine(self Identity, r approvals.Request) string {
	id := quoteCode(r.ID)
	if r.CardTS != "" {
		id = "<" + self.MessageLink(r.Channel, r.CardTS) + "|" + sanitizeID(r.ID) + ">"
	}
	return fmt.Sprintf("*%s*  %s, asked by %s on %s\n%s",
		id, describeAsk(r), mentionUser(r.Requester), formatTime(r.FiledAt), homeState(r))
}

// stands says where a request stands, also one that never got a card.
func homeState(r approvals.Request) string {
	switch {
	case r.State == approvals.Filed && r.DelayReason != "":
		return ":hourglass_flowing_sand: *Recorded*; not checked yet: " + escapeLine(r.DelayReason) + "."
	case r.State == approvals.Filed:
		return ":hourglass_flowing_sand: *Recorded*; it is being checked with UiPath."
	case r.State == approvals.Refused:
		return ":x: *Not put before an approver*; nothing was changed at UiPath."
	case r.State == approvals.Pending && r.CardTS == "":
		return ":hourglass_flowing_sand: *Recorded*; its card is about to be posted."
	case r.State == approvals.Pending:
		return cardStatus(r) + " Deadline: " + formatTime(r.Deadline) + "."
	}
	return cardStatus(r)
}

// turns are the buttons to the pages before and after, where there are any.
func pageButtons(list string, page, all int, to func(page int) HomePages) []slack.Block {
	var buttons []slack.BlockElement
	if page > 0 {
		buttons = append(buttons, newButton(turnPagePrefix+list+"_back", to(page-1).String(), "Previous page"))
	}
	if end := LastHomePage(maxHomePage, all); page < end {
		buttons = append(buttons, newButton(turnPagePrefix+list+"_on", to(page+1).String(), "Next page"))
	}
	if len(buttons) == 0 {
		return nil
	}
	where := fmt.Sprintf("Page %d of %d", page+1, LastHomePage(maxHomePage, all)+1)
	return []slack.Block{
		slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, where, false, false)),
		slack.NewActionBlock("pages_"+list, buttons...),
	}
}

func newButton(actionID, value, shown string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(actionID, value, plainText(shown))
}

func (w Phrases) homeHelp() string {
	return fmt.Sprintf("Open the form here or with the shortcut, or type %s anywhere; %s explains the command. "+
		"Each request becomes a card in <#%s>; approvers react on it with %s or %s.",
		quoteCode(DefaultName+" group-01 RPADEVPRONU IDU"), quoteCode(DefaultName+" help"), sanitizeID(w.Channel), w.approveEmoji(), w.denyEmoji())
}

func describeHealth(problems []string) string {
	if len(problems) == 0 {
		return ":white_check_mark: licensebot is well: it reaches UiPath and Slack."
	}
	shown := make([]string, len(problems))
	for i, p := range problems {
		shown[i] = escapeLine(p)
	}
	return ":warning: licensebot is not well: " + joinWithin(maxListed, shown) + "."
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
