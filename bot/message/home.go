package message

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// HomePageSize is how many requests of each list a Home tab shows at a time.
const HomePageSize = 10

// HomeOutcomes is how many requests that were closed lately a Home tab shows.
const HomeOutcomes = 5

// HomePages are the pages that a Home tab shows of its two lists, from zero.
type HomePages struct{ Waiting, Own int }

// MaxHomePage bounds what a click may ask for.
const MaxHomePage = 100000

// turnPagePrefix begins the action ids of the buttons that turn pages. The pages
// they turn to are in their value.
const turnPagePrefix = "home_page_"

// The buttons of a grant on the Home tab. Their value is the request.
const (
	ExtendAction = "grant_extend"
	EndAction    = "grant_end"
)

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

// HomeContent is what one person's Home tab shows. It shows of each list as much as
// there is room for.
type HomeContent struct {
	Pages    HomePages
	Waiting  []approvals.Request             // for this person
	Approved []approvals.Request             // by this person, and others are missing
	Own      []approvals.Request             // open
	Grants   []approvals.Request             // of this person, with an end
	Closed   []approvals.Request             // lately
	Unsure   bool                            // Slack did not tell about every request whether it waits
	Problems []string                        // of the bot, see [ExplainUiPathProblem]
	Link     func(channel, ts string) string // to a message
}

// RenderHome draws a Home tab, in at most eighty of the hundred blocks that it may have.
func (p Phrases) RenderHome(c HomeContent) slack.HomeTabViewRequest {
	c.Pages = HomePages{ClampHomePage(c.Pages.Waiting, len(c.Waiting)), ClampHomePage(c.Pages.Own, len(c.Own))}
	blocks := p.homeWaiting(c)
	blocks = append(blocks, slack.NewDividerBlock(), headerBlock(titleWithCount("Your open requests", len(c.Own))))
	blocks = append(blocks, homeSections(c.Link, HomePage(c.Own, c.Pages.Own), "No request of yours is open.")...)
	blocks = append(blocks, pageButtons("mine", c.Pages.Own, len(c.Own),
		func(page int) HomePages { return HomePages{c.Pages.Waiting, page} })...)
	blocks = append(blocks, homeGrants(c)...)
	if len(c.Closed) > 0 {
		blocks = append(blocks, slack.NewDividerBlock(), headerBlock("Your recent outcomes"))
		blocks = append(blocks, homeSections(c.Link, c.Closed, "")...)
		blocks = append(blocks, contextBlock(quoteCode(command.DefaultName+" mine")+" lists all your requests."))
	}
	blocks = append(blocks, slack.NewDividerBlock(), headerBlock("Ask for licenses"), sectionBlock(p.homeHelp()),
		slack.NewActionBlock("ask", newButton(ShortcutOpen, "", "Open the form")),
		contextBlock(describeHealth(c.Problems)))
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}

// homeWaiting shows what a person can decide, and what they have approved.
func (p Phrases) homeWaiting(c HomeContent) []slack.Block {
	blocks := []slack.Block{headerBlock(titleWithCount("Waiting for you", len(c.Waiting)))}
	if len(c.Waiting) == 0 {
		blocks = append(blocks, sectionBlock(p.explainNoneWaiting(c.Unsure)))
	}
	for _, r := range HomePage(c.Waiting, c.Pages.Waiting) {
		blocks = append(blocks, p.homeDecision(c.Link, r)...)
	}
	blocks = append(blocks, pageButtons("waiting", c.Pages.Waiting, len(c.Waiting),
		func(page int) HomePages { return HomePages{page, c.Pages.Own} })...)
	if len(c.Approved) == 0 {
		return blocks
	}
	blocks = append(blocks, headerBlock(titleWithCount("You approved, and others are missing", len(c.Approved))))
	for _, r := range c.Approved[:min(len(c.Approved), HomeOutcomes)] {
		blocks = append(blocks, sectionBlock(homeLine(c.Link, r)))
		blocks = append(blocks, voteBlocks(r, approvals.PressWithdraw)...)
	}
	return blocks
}

// homeDecision shows a request that a person can decide. The buttons stand only below
// the whole change, because a person consents to what they see.
func (p Phrases) homeDecision(link func(channel, ts string) string, r approvals.Request) []slack.Block {
	buttons := voteBlocks(r, approvals.PressApprove, approvals.PressDeny, approvals.PressWithdraw)
	if len(buttons) == 0 {
		return []slack.Block{sectionBlock(homeLine(link, r))}
	}
	whole, ok := p.describeWhole(r)
	whole = fmt.Sprintf("*%s*  %s\n%s", linkRequest(link, r), whole, homeState(r))
	if !ok || utf8.RuneCountInString(whole) > maxSection {
		return []slack.Block{sectionBlock(homeLine(link, r) +
			"\nThe change is too large for this page. Read it on its card, and decide there.")}
	}
	return append([]slack.Block{sectionBlock(whole)}, buttons...)
}

// homeGrants shows what a person has for a time.
func homeGrants(c HomeContent) []slack.Block {
	if len(c.Grants) == 0 {
		return nil
	}
	blocks := []slack.Block{
		slack.NewDividerBlock(), headerBlock(titleWithCount("Your licenses with an end", len(c.Grants))),
	}
	for _, r := range c.Grants[:min(len(c.Grants), HomePageSize)] {
		text := fmt.Sprintf("*%s*  %s for %s.%s", linkRequest(c.Link, r), joinWithin(maxAskCodes, quoteCodes(r.Grant.Codes)),
			nameGroup(r.Proposal.Group), describeGrantStatus(r))
		blocks = append(append(blocks, sectionBlock(text)), grantButtons(r)...)
	}
	if n := len(c.Grants) - HomePageSize; n > 0 {
		blocks = append(blocks, contextBlock(fmt.Sprintf("… and %d more, which end later. %s lists all your requests.",
			n, quoteCode(command.DefaultName+" mine"))))
	}
	return blocks
}

// grantButtons extend a grant or end it. One whose end goes on has none.
func grantButtons(r approvals.Request) []slack.Block {
	if r.Grant.Revocation == nil && r.Grant.EndedBy != "" {
		return nil
	}
	end := newButton(EndAction, r.ID, "End now")
	end.Style = slack.StyleDanger
	end.Confirm = slack.NewConfirmationBlockObject(plainText("End this grant now?"),
		plainText("licensebot then removes its codes from the group, unless another request holds them."),
		plainText("End it"), plainText("Back"))
	buttons := []slack.BlockElement{end}
	if r.AwaitsRevocation() {
		buttons = []slack.BlockElement{newButton(ExtendAction, r.ID, "Extend"), end}
	}
	return []slack.Block{slack.NewActionBlock("grant_"+r.ID, buttons...)}
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
	return fmt.Sprintf("*%s*  %s, asked by %s on %s\n%s",
		linkRequest(link, r), describeAsk(r), mentionUser(r.Requester), formatTime(r.FiledAt), homeState(r))
}

// linkRequest is the id of a request, with a link to its card if it has one.
func linkRequest(link func(channel, ts string) string, r approvals.Request) string {
	if r.CardTS == "" {
		return quoteCode(r.ID)
	}
	return "<" + link(r.Channel, r.CardTS) + "|" + sanitizeID(r.ID) + ">"
}

// homeState says where a request stands, with or without a card.
func homeState(r approvals.Request) string {
	switch {
	case r.State == approvals.Filed && r.DelayReason != "":
		return ":hourglass_flowing_sand: *Recorded*; not checked yet: " + escapeLine(r.DelayReason) + "."
	case r.State == approvals.Filed:
		return ":hourglass_flowing_sand: *Recorded*; it is being checked with UiPath."
	case r.State == approvals.Refused:
		return ":x: *Not put before an approver*; nothing was changed at UiPath. " +
			quoteCode(command.NameOf(r.Ask)+" status "+r.ID) + " says why."
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
