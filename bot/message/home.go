package message

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// HomePageSize is how many requests of each list a Home tab shows at a time.
const HomePageSize = 10

// HomePages are the pages that a Home tab shows of its two lists, from zero.
type HomePages struct{ Waiting, Own int }

// MaxHomePage bounds what a click may ask for.
const MaxHomePage = 100000

// turnPagePrefix begins the action ids of the buttons that turn pages. The pages
// they turn to are in their value.
const turnPagePrefix = "home_page_"

// ParseHomePages reads which pages a button turns to. It is ok only for a button
// that turns pages. An impossible page is the first.
func ParseHomePages(actionID, value string) (pages HomePages, ok bool) {
	if !strings.HasPrefix(actionID, turnPagePrefix) {
		return HomePages{}, false
	}
	n, err := fmt.Sscanf(value, "%d %d", &pages.Waiting, &pages.Own)
	if n != 2 || err != nil || min(pages.Waiting, pages.Own) < 0 || max(pages.Waiting, pages.Own) > MaxHomePage {
		return HomePages{}, true
	}
	return pages, true
}

// String is the form of the pages in a button's value.
func (p HomePages) String() string { return fmt.Sprintf("%d %d", p.Waiting, p.Own) }

// ClampHomePage is the page, or the last page if there are fewer.
func ClampHomePage(page, total int) int { return max(0, min(page, (total-1)/HomePageSize)) }

// HomePage is one page of a list.
func HomePage(all []approvals.Request, page int) []approvals.Request {
	from := ClampHomePage(page, len(all)) * HomePageSize
	return all[from:min(from+HomePageSize, len(all))]
}

// HomeContent is what one person's Home tab shows.
type HomeContent struct {
	Pages                  HomePages
	Waiting, Own           []approvals.Request
	WaitingTotal, OwnTotal int
	Unsure                 bool                            // Slack did not tell about every request whether it waits
	Problems               []string                        // of the bot, see [ExplainUiPathProblem]
	Link                   func(channel, ts string) string // to a message
}

// RenderHome draws a Home tab, in some thirty of the hundred blocks that it may
// have.
func (p Phrases) RenderHome(c HomeContent) slack.HomeTabViewRequest {
	blocks := []slack.Block{headerBlock(titleWithCount("Waiting for you", c.WaitingTotal))}
	blocks = append(blocks, homeSections(c.Link, c.Waiting, p.explainNoneWaiting(c.Unsure))...)
	blocks = append(blocks, pageButtons("waiting", c.Pages.Waiting, c.WaitingTotal,
		func(page int) HomePages { return HomePages{page, c.Pages.Own} })...)
	blocks = append(blocks, slack.NewDividerBlock(), headerBlock(titleWithCount("Your requests", c.OwnTotal)))
	blocks = append(blocks, homeSections(c.Link, c.Own, "You have not asked for any licenses yet.")...)
	blocks = append(blocks, pageButtons("mine", c.Pages.Own, c.OwnTotal,
		func(page int) HomePages { return HomePages{c.Pages.Waiting, page} })...)
	blocks = append(blocks, slack.NewDividerBlock(), headerBlock("Ask for licenses"), sectionBlock(p.homeHelp()),
		slack.NewActionBlock("ask", newButton(ShortcutOpen, "", "Open the form")),
		contextBlock(describeHealth(c.Problems)))
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}

func titleWithCount(title string, all int) string {
	if all == 0 {
		return title
	}
	return fmt.Sprintf("%s (%d)", title, all)
}

func (p Phrases) explainNoneWaiting(unsure bool) string {
	if unsure {
		return "Slack does not show who may approve what, so I cannot tell whether a request waits for " +
			"you. Look into " + p.mentionToday() + "."
	}
	return "No request waits for your approval."
}

// homeSections are the sections of a list, or the one that says that it is empty.
func homeSections(link func(channel, ts string) string, requests []approvals.Request, none string) []slack.Block {
	if len(requests) == 0 {
		return []slack.Block{sectionBlock(none)}
	}
	blocks := make([]slack.Block, len(requests))
	for i, r := range requests {
		blocks[i] = sectionBlock(homeLine(link, r))
	}
	return blocks
}

// homeLine shows one request: its id, what it asks, who asked, and where it
// stands.
func homeLine(link func(channel, ts string) string, r approvals.Request) string {
	id := quoteCode(r.ID)
	if r.CardTS != "" {
		id = "<" + link(r.Channel, r.CardTS) + "|" + sanitizeID(r.ID) + ">"
	}
	return fmt.Sprintf("*%s*  %s, asked by %s on %s\n%s",
		id, describeAsk(r), mentionUser(r.Requester), formatTime(r.FiledAt), homeState(r))
}

// homeState says where a request stands, with or without a card.
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
		return CardStatus(r) + " Deadline: " + formatTime(r.Deadline) + "."
	}
	return CardStatus(r)
}

// pageButtons are the buttons to the page before and the page after.
func pageButtons(list string, page, all int, to func(page int) HomePages) []slack.Block {
	var buttons []slack.BlockElement
	if page > 0 {
		buttons = append(buttons, newButton(turnPagePrefix+list+"_back", to(page-1).String(), "Previous page"))
	}
	if end := ClampHomePage(MaxHomePage, all); page < end {
		buttons = append(buttons, newButton(turnPagePrefix+list+"_on", to(page+1).String(), "Next page"))
	}
	if len(buttons) == 0 {
		return nil
	}
	where := fmt.Sprintf("Page %d of %d", page+1, ClampHomePage(MaxHomePage, all)+1)
	return []slack.Block{
		contextBlock(where),
		slack.NewActionBlock("pages_"+list, buttons...),
	}
}

func (p Phrases) homeHelp() string {
	return fmt.Sprintf("Open the form here or with the shortcut, or type %s anywhere; %s explains the command. "+
		"Each request becomes a card in %s; approvers react on it with %s or %s.",
		quoteCode(command.DefaultName+" group-01 RPADEVPRONU IDU"), quoteCode(command.DefaultName+" help"),
		p.mentionToday(), p.approveEmoji(), p.denyEmoji())
}

// maxProblems is how many problems of the bot a Home tab shows: as many as one
// block has room for.
const maxProblems = 8

// describeHealth says whether the bot is well, or else each of its problems.
func describeHealth(problems []string) string {
	if len(problems) == 0 {
		return ":white_check_mark: licensebot is well: it reaches UiPath and Slack."
	}
	shown := make([]string, len(problems))
	for i, p := range problems {
		shown[i] = "• " + capitalize(escapeLine(p)) + "."
	}
	if n := len(shown) - maxProblems; n > 0 {
		shown = append(shown[:maxProblems], fmt.Sprintf("and %d more", n))
	}
	return ":warning: licensebot is not well:\n" + strings.Join(shown, "\n")
}
