package message

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// Room on a card, in characters as Slack counts them. A message that is updated
// may have a text of 4,000. The text says everything that the blocks say, so it
// is the narrowest place: a section may have 3,000 and a field 2,000.
const (
	maxFixedText = 2950 // for what never changes; the status and how to vote take the rest
	maxAsked     = 300  // the codes that are asked for, in the first line
	maxName      = 80   // a name of a group, a stage or a rule, and a group's id
	maxKept      = 500  // the codes that stay
	maxRemoved   = 200  // the codes that go, at the least, and the limits that stay
	maxShort     = 300  // the codes with too few seats, for each kind of shortage
	maxTerse     = 100  // the codes that stay, or the people of a stage, on a terse card

	maxStages  = 1900 // who may approve, stage by stage, in a field
	maxMissing = 250  // the stages that still lack approvals

	maxSection = 2900 // the codes that go, in a section of their own
)

// A Card is the message that asks for consent. What it asks never changes after
// it is posted. Only its status and the line on how to vote do.
type Card struct {
	Text   string
	Blocks []slack.Block
}

// A cardWriter phrases one card. A terse card leaves out what only explains.
type cardWriter struct {
	Phrases
	terse bool
	short []approvals.SeatShortage
}

// RenderCard draws the card of a request as it stands now. If many codes leave
// no room, the names and seats that explain them are left out. That depends only
// on what is fixed when the card is posted, so a card stays terse or stays full.
// The blocks name every code that goes, also if the text has room for fewer.
func (p Phrases) RenderCard(r approvals.Request) Card {
	w, room := p.cardWriter(r), p.roomForRemoval(r)
	if room <= utf8.RuneCountInString(describeRemoval(r, maxSection)) {
		w, r = w.withoutExplanations(r)
		room = max(maxFixedText-utf8.RuneCountInString(w.fixedText(r, 0)), maxRemoved)
	}
	status, how := CardStatus(r), p.explainVoting(r)
	votes := voteBlocks(r, approvals.PressApprove, approvals.PressDeny, approvals.PressWithdraw)
	blocks := []slack.Block{
		sectionBlock(w.introduceRequest(r)),
		sectionBlock(w.describeChange(r)),
	}
	if removal := describeRemoval(r, maxSection); removal != "" {
		blocks = append(blocks, sectionBlock(removal))
	}
	return Card{
		Text: strings.Join([]string{w.fixedText(r, room), status, how}, "\n"),
		Blocks: slices.Concat(blocks, []slack.Block{
			sectionBlock(w.describeUnchanged(r)),
			slack.NewSectionBlock(nil, w.termFields(r), nil),
			slack.NewDividerBlock(),
			sectionBlock(status),
		}, votes, []slack.Block{contextBlock(how)}),
	}
}

// roomForRemoval is the room on a full card for the codes that go.
func (p Phrases) roomForRemoval(r approvals.Request) int {
	return maxFixedText - utf8.RuneCountInString(p.cardWriter(r).fixedText(r, 0))
}

// cardWriter writes the card of a request in full.
func (p Phrases) cardWriter(r approvals.Request) cardWriter {
	return cardWriter{Phrases: p, short: r.Proposal.Change.Shortages(r.Proposal.Seats)}
}

// describeWhole is all that the card says of the change. It is not ok if the card has
// no room for it without leaving something out.
func (p Phrases) describeWhole(r approvals.Request) (text string, ok bool) {
	w, removal := p.cardWriter(r), describeRemoval(r, maxSection)
	lines := []string{w.introduceRequest(r), w.describeChange(r)}
	if removal != "" {
		lines = append(lines, removal)
	}
	lines = append(lines, w.describeUnchanged(r))
	return strings.Join(lines, "\n"), p.roomForRemoval(r) > utf8.RuneCountInString(removal)
}

// fixedText is the part of the text that stays as it was posted. The room is for
// the codes that go. Without room they are left out, to measure the rest.
func (w cardWriter) fixedText(r approvals.Request, room int) string {
	lines := []string{w.introduceRequest(r), w.describeChange(r)}
	if removal := describeRemoval(r, room); removal != "" && room > 0 {
		lines = append(lines, removal)
	}
	return strings.Join(append(lines, w.describeUnchanged(r), w.describeTerms(r)), "\n")
}

// withoutExplanations is the terse writer, and the request without seats.
func (w cardWriter) withoutExplanations(r approvals.Request) (cardWriter, approvals.Request) {
	w.CodeName = func(string) (string, bool) { return "", false }
	w.terse = true
	proposal := *r.Proposal
	proposal.Seats = nil
	r.Proposal = &proposal
	return w, r
}

// introduceRequest says who asks for what, for which group, and why. Its first
// line is all that a notification shows.
func (w cardWriter) introduceRequest(r approvals.Request) string {
	room := maxAsked
	if w.terse {
		room = maxTerse
	}
	text := fmt.Sprintf("%s asks to %s.",
		mentionUser(r.Requester), summarizeAsk(r.Ask, nameGroup(r.Proposal.Group), room)+sayForGood(r.Ask)+sayPacks(r.Ask))
	if r.Proposal.Group.Name == "" {
		text += " UiPath does not show its name. Make sure that it is not the group of all users or of the " +
			"administrators."
	}
	if r.Ask.Reason != "" {
		text += "\nReason given: " + quoteCode(r.Ask.Reason)
	}
	return text
}

// termFields say who may approve, how many approvals are needed and until when.
func (w cardWriter) termFields(r approvals.Request) []*slack.TextBlockObject {
	field := func(title, text string) *slack.TextBlockObject {
		return markdownText("*" + title + "*\n" + text)
	}
	return []*slack.TextBlockObject{
		field("May approve", w.describeApprovers(r.Terms)),
		field("Approvals needed", describeQuorum(r.Terms)),
		field("Deadline", formatTime(r.Deadline)),
		field("Request", quoteCode(r.ID)),
	}
}

// describeTerms says the same as termFields, for the text.
func (w cardWriter) describeTerms(r approvals.Request) string {
	return fmt.Sprintf("May approve: %s. Approvals needed: %s. Deadline: %s. Request: %s.",
		w.describeApprovers(r.Terms), describeQuorum(r.Terms), formatTime(r.Deadline), quoteCode(r.ID))
}

// describeApprovers names as many approvers as there is room for, stage by stage
// if there are several.
func (w cardWriter) describeApprovers(t approvals.Terms) string {
	room, roomOfStage := maxStages, maxPeople
	if w.terse {
		room, roomOfStage = maxPeople, maxTerse
	}
	switch {
	case t.AutoApprove:
		return "no approver is needed; the policy grants it"
	case len(t.Stages) <= 1:
		return mentionPeople(t.Approvers())
	}
	lines := make([]string, len(t.Stages))
	for i, stage := range t.Stages {
		lines[i] = fmt.Sprintf("%s: %d of %s",
			stageName(stage, i), stage.Quorum, mentionPeopleWithin(stage.Approvers, roomOfStage))
	}
	text := strings.Join(lines, "\n")
	for n := len(lines) - 1; n > 0 && utf8.RuneCountInString(text) > room; n-- {
		text = fmt.Sprintf("%s\nand %s more", strings.Join(lines[:n], "\n"), pluralize(len(lines)-n, "stage"))
	}
	return text
}

func stageName(s approvals.Stage, i int) string {
	if s.Name != "" {
		return escapeWithin(s.Name, maxName)
	}
	return fmt.Sprintf("stage %d", i+1)
}

// describeQuorum says how many approvals are needed, and which rule asks for them.
func describeQuorum(t approvals.Terms) string {
	text := fmt.Sprint(t.Quorum())
	if t.Escalated {
		text += fmt.Sprintf("; asked later: %s", mentionPeopleWithin(t.Escalation.Approvers, maxTerse))
	}
	if len(t.Stages) > 1 {
		text += fmt.Sprintf(", by different people, in %d stages", len(t.Stages))
	}
	if t.Rule != "" {
		text += fmt.Sprintf(" (rule %s)", quoteCodeWithin(t.Rule, maxName))
	}
	return text
}

// explainVoting says what reactions on the card do.
func (p Phrases) explainVoting(r approvals.Request) string {
	switch {
	case !r.State.Open():
		return "This request is closed. Reactions no longer have an effect; the thread says what happened."
	case r.Terms.AutoApprove:
		return "Reactions have no effect on this request. " + seatsNotTaken
	}
	own := "The requester's own reaction does not count. "
	if r.Terms.SelfApproval {
		own = "The requester may approve too, if they are an approver. "
	}
	withdraw := "Remove your reaction to withdraw it while the request waits. "
	if r.Terms.Buttons {
		withdraw = "The buttons do the same; Withdraw takes back both. "
	}
	return fmt.Sprintf("React with %s to approve or %s to deny. ", p.of(r).approveEmoji(), p.of(r).denyEmoji()) +
		withdraw + own + seatsNotTaken
}

const seatsNotTaken = "An allocation lets the group's members use seats, first come, first served. " +
	"It takes no seat by itself."

// CardStatus says in one line where a request stands.
func CardStatus(r approvals.Request) string {
	if isFromChannel(r) {
		return fromChannelStatus(r)
	}
	consent := describeConsent(r)
	bold := strings.Replace(capitalize(consent), " ", "* ", 1)
	switch r.State {
	case approvals.Pending:
		return describeWaiting(r)
	case approvals.Approved:
		if r.DelayReason != "" {
			return fmt.Sprintf(":arrows_counterclockwise: *%s, *not done yet*: %s.",
				bold, escapeLine(r.DelayReason))
		}
		return fmt.Sprintf(":arrows_counterclockwise: *%s; UiPath is being asked to make the change.", bold)
	case approvals.Done:
		return fmt.Sprintf(":white_check_mark: *Done*, %s; UiPath's allocation shows the change.",
			consent) + describeGrantStatus(r)
	case approvals.Failed:
		return ":warning: *Failed* after approval; the thread says why."
	case approvals.Superseded:
		return ":warning: *Superseded*: " + supersededBy(r) + describeNoEffect(r) + "."
	case approvals.Denied:
		return fmt.Sprintf(":x: *Denied* by %s%s.", mentionUser(r.Outcome.By), describeNoEffect(r))
	case approvals.Cancelled:
		return ":x: *Cancelled*" + describeNoEffect(r) + "."
	case approvals.Expired:
		return ":zzz: *Expired* without enough approvals" + describeNoEffect(r) + "."
	}
	return string(r.State)
}

// supersededBy says what changed after the card was posted.
func supersededBy(r approvals.Request) string {
	switch r.Outcome.Reason {
	case approvals.ReasonGroupRenamed:
		return "the group has another name now"
	case approvals.ReasonChannelReplaced:
		return "approvers decide in " + mentionChannel(r.Outcome.Channel) + " now, where it was filed anew"
	case approvals.ReasonForbiddenNow, approvals.ReasonStricterNow:
		return "the policy changed meanwhile"
	}
	return "the group's allocation changed meanwhile"
}

// describeWaiting says how many approved, who, and which stages lack approvals
// if there are several.
func describeWaiting(r approvals.Request) string {
	if r.Terms.AutoApprove {
		return ":hourglass_flowing_sand: *Waiting*: the policy grants it; UiPath is asked next."
	}
	given, lacking := countApprovals(r)
	text := fmt.Sprintf(":hourglass_flowing_sand: *Waiting*: %d of %s", given, approvalsNeeded(r.Terms.Quorum()))
	if len(r.Votes) > 0 {
		text += ", given by " + mentionPeople(approvals.Voters(r.Votes))
	}
	if len(r.Terms.Stages) > 1 && len(lacking) > 0 {
		text += "; still missing: " + joinWithin(maxMissing, lacking)
	}
	return text + "."
}

// countApprovals tells how many of the approvals needed are given, and for each
// stage that lacks some, how many.
func countApprovals(r approvals.Request) (given int, lacking []string) {
	given = r.Terms.Quorum()
	for i, n := range r.Terms.MissingVotes(r.Votes) {
		given -= n
		if n > 0 {
			lacking = append(lacking, fmt.Sprintf("%d from %s", n, stageName(r.Terms.Stages[i], i)))
		}
	}
	return given, lacking
}

// describeNoEffect says that UiPath was left alone, if that is known.
func describeNoEffect(r approvals.Request) string {
	if r.Outcome.Uncertain {
		return "; an earlier write may have taken effect"
	}
	return "; nothing was changed"
}
