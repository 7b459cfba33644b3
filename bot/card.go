package bot

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// Room on a card, in characters as Slack counts them. A message that is updated
// may have a text of 4,000, and the text says everything that the blocks say:
// so it is the narrowest place. A section may have 3,000 and a field 2,000.
const (
	maxFixedText = 2950 // for what never changes; its status and how to vote take the rest
	maxName      = 80   // a name of a group, a stage or a rule, and a group's id
	maxKept      = 500  // the codes that stay
	maxRemoved   = 200  // the codes that go, at the least, and the limits that stay
	maxTerse     = 100  // what stays, or the people of a stage, where there is no room

	maxStages  = 1900 // who may approve, stage by stage, in a field
	maxMissing = 250  // the stages that still miss somebody

	maxSection = 2900 // the codes that go, in a section of their own
)

// A Card is the message that asks for consent. What it asks never changes
// after it is posted; only Status does.
type Card struct {
	Text   string
	Blocks []slack.Block
}

// Card draws the card of a request as it stands now. Where many codes leave no
// room, the names and seats that explain them are left out, from the beginning:
// it depends on nothing that changes later. What goes is named in full in the
// blocks, whatever room the text has for it.
func (w Phrases) RenderCard(r approvals.Request) Card {
	room := maxFixedText - utf8.RuneCountInString(w.fixedCardText(r, 0))
	if room < removalLength(r) {
		w, r = withoutExplanations(w, r)
		room = max(maxFixedText-utf8.RuneCountInString(w.fixedCardText(r, 0)), maxRemoved)
	}
	status, how := cardStatus(r), w.explainVoting(r)
	blocks := []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, cardTitle(r), false, false)),
		sectionBlock(introduceRequest(r)),
		sectionBlock(w.describeChange(r)),
	}
	if gone := describeRemoval(r, maxSection); gone != "" {
		blocks = append(blocks, sectionBlock(gone))
	}
	return Card{
		Text: strings.Join([]string{w.fixedCardText(r, room), status, how}, "\n"),
		Blocks: append(blocks,
			sectionBlock(w.describeUnchanged(r)),
			slack.NewSectionBlock(nil, w.termFields(r), nil),
			slack.NewDividerBlock(),
			sectionBlock(status),
			slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, how, false, false)),
		),
	}
}

// asked is the part of the text that stays as it was posted. room is for the
// codes that go; at zero they are left out, to see how much room there is.
func (w Phrases) fixedCardText(r approvals.Request, room int) string {
	lines := []string{cardTitle(r), introduceRequest(r), w.describeChange(r)}
	if gone := describeRemoval(r, room); gone != "" && room > 0 {
		lines = append(lines, gone)
	}
	return strings.Join(append(lines, w.describeUnchanged(r), w.termsText(r)), "\n")
}

func removalLength(r approvals.Request) int {
	return utf8.RuneCountInString(describeRemoval(r, maxSection)) + 1
}

func withoutExplanations(w Phrases, r approvals.Request) (Phrases, approvals.Request) {
	w.CodeName = func(string) (string, bool) { return "", false }
	w.terse = true
	proposal := *r.Proposal
	proposal.Seats = nil
	r.Proposal = &proposal
	return w, r
}

func cardTitle(r approvals.Request) string { return "Licence request " + r.ID }

func sectionBlock(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, false), nil, nil)
}

func introduceRequest(r approvals.Request) string {
	text := fmt.Sprintf("%s asks to change the licences of %s.", mentionUser(r.Requester), nameGroup(r.Proposal.Group))
	if r.Proposal.Group.Name == "" {
		text += " UiPath does not tell its name: make sure that it is not the group of everybody or of the administrators."
	}
	if r.Ask.Reason != "" {
		text += "\nReason given: " + quoteCode(r.Ask.Reason)
	}
	return text
}

// change shows the difference, one code a line: what consent is asked for.
func (w Phrases) describeChange(r approvals.Request) string {
	c := r.Proposal.Change
	lines := []string{"*Change to the group's allocation rule*"}
	for _, added := range c.Add {
		lines = append(lines, "• "+w.signedCode("+", added)+describeSeats(r, added)+w.describeLimit(c, added))
	}
	for _, q := range c.Quotas {
		shown := slices.Contains(c.Add, q.Code) || w.terse && slices.Contains(c.Extend, q.Code)
		if !shown {
			lines = append(lines, "• "+w.nameCode(q.Code)+describeSeats(r, q.Code)+w.describeLimit(c, q.Code))
		}
	}
	for _, renewed := range c.Extend {
		lines = append(lines, "• "+w.describeExtension(r, renewed))
	}
	for _, gone := range c.Remove {
		if !w.terse {
			lines = append(lines, "• "+w.signedCode("-", gone)+describeSeats(r, gone))
		}
	}
	if term := describeTerm(r); term != "" {
		lines = append(lines, term)
	}
	return strings.Join(lines, "\n")
}

// takenAway names what goes, in bold and on lines of its own, so that nobody
// takes one kind of request for the other. It is empty where nothing goes.
func describeRemoval(r approvals.Request, room int) string {
	c := r.Proposal.Change
	if len(c.Remove) == 0 {
		return ""
	}
	gone := make([]string, len(c.Remove))
	for i, removed := range c.Remove {
		gone[i] = quoteCode(removed)
		for _, q := range r.Proposal.Quotas {
			if q.Code == removed {
				gone[i] += fmt.Sprintf(" (and its limit of %s)", countSeats(q.Limit))
			}
		}
	}
	text := "*Takes away: " + joinWithin(room, gone) + ".*"
	if len(c.Keep) == 0 && len(c.Add) == 0 {
		text += "\n*The rule will be EMPTY.*"
	}
	return text
}

// limit shows the seat limit of a code before and after, if it changes.
func (w Phrases) describeLimit(c approvals.Change, of string) string {
	for _, q := range c.Quotas {
		switch {
		case q.Code != of:
		case w.terse:
			return fmt.Sprintf(" · at most %d", q.To)
		case q.From == 0:
			return fmt.Sprintf(" · at most %s for this group, no limit before", countSeats(q.To))
		default:
			return fmt.Sprintf(" · at most %s for this group instead of %d", countSeats(q.To), q.From)
		}
	}
	return ""
}

func countSeats(n int) string { return pluralize(n, "seat") }

func pluralize(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (w Phrases) signedCode(sign, c string) string {
	text := quoteCode(sign + " " + c)
	if name, ok := w.CodeName(c); ok {
		text += " " + escapeLine(name)
	}
	return text
}

func describeSeats(r approvals.Request, c string) string {
	for _, s := range r.Proposal.Seats {
		if s.Code == c {
			return " · " + seatUsage(s)
		}
	}
	return ""
}

func seatUsage(s approvals.Seats) string {
	return fmt.Sprintf("%d of %s allocated", s.Allocated, countSeats(s.Total))
}

// untouched says what stays.
func (w Phrases) describeUnchanged(r approvals.Request) string {
	c := r.Proposal.Change
	room := maxKept
	if w.terse {
		room = maxTerse
	}
	stays := "nothing, the rule is empty now"
	switch {
	case len(c.Keep) > 0:
		named := make([]string, len(c.Keep))
		for i, kept := range c.Keep {
			named[i] = w.nameCode(kept)
		}
		stays = joinWithin(room, named)
	case len(c.Remove) > 0:
		stays = "nothing"
	}
	lines := []string{"Stays: " + stays + "."}
	if len(c.Remove) == 0 {
		lines = append(lines, "Goes: nothing.")
	}
	if quotas := unchangedQuotas(r.Proposal); len(quotas) > 0 {
		lines = append(lines, "Limits that stay: "+joinWithin(min(room, maxRemoved), quotas)+".")
	}
	return strings.Join(lines, "\n")
}

// keptQuotas are the limits that the change leaves as they are.
func unchangedQuotas(p *approvals.Proposal) []string {
	var kept []string
	for _, q := range p.Quotas {
		changed := slices.ContainsFunc(p.Change.Quotas, func(c approvals.QuotaChange) bool { return c.Code == q.Code })
		if !changed && !slices.Contains(p.Change.Remove, q.Code) {
			kept = append(kept, fmt.Sprintf("%s at most %d", quoteCode(q.Code), q.Limit))
		}
	}
	return kept
}

func (w Phrases) termFields(r approvals.Request) []*slack.TextBlockObject {
	field := func(title, text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.MarkdownType, "*"+title+"*\n"+text, false, false)
	}
	return []*slack.TextBlockObject{
		field("May approve", w.describeApprovers(r.Terms)),
		field("Approvals needed", describeQuorum(r.Terms)),
		field("Deadline", formatTime(r.Deadline)),
		field("Request", quoteCode(r.ID)),
	}
}

// mayApprove names the approvers, stage by stage where there are several, as
// many as there is room for.
func (w Phrases) describeApprovers(t approvals.Terms) string {
	room, crowd := maxStages, maxPeople
	if w.terse {
		room, crowd = maxPeople, maxTerse
	}
	switch {
	case t.AutoApprove:
		return "nobody has to; the policy grants it"
	case len(t.Stages) <= 1:
		return mentionPeople(t.Approvers())
	}
	lines := make([]string, len(t.Stages))
	for i, stage := range t.Stages {
		lines[i] = fmt.Sprintf("%s: %d of %s", stageName(stage, i), stage.Quorum, mentionPeopleWithin(stage.Approvers, crowd))
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

// needs says how many approvals, and which rule asks for them.
func describeQuorum(t approvals.Terms) string {
	text := fmt.Sprint(t.Quorum())
	if len(t.Stages) > 1 {
		text += fmt.Sprintf(", by as many people, in %d stages", len(t.Stages))
	}
	if t.Rule != "" {
		text += fmt.Sprintf(" (rule %s)", quoteCodeWithin(t.Rule, maxName))
	}
	return text
}

func (w Phrases) termsText(r approvals.Request) string {
	return fmt.Sprintf("May approve: %s. Approvals needed: %s. Deadline: %s.", w.describeApprovers(r.Terms), describeQuorum(r.Terms), formatTime(r.Deadline))
}

func (w Phrases) explainVoting(r approvals.Request) string {
	switch {
	case !r.State.Open():
		return "This request has ended; reactions on it have no effect any more. The thread tells what happened."
	case r.Terms.AutoApprove:
		return "Reactions have no effect on this request. A rule lets the group's members use seats, first come, first served; it does not by itself take one."
	}
	own := "The requester's own reaction does not count. "
	if r.Terms.SelfApproval {
		own = "The policy lets the requester approve this as well, if they are an approver. "
	}
	return fmt.Sprintf("React with %s to approve or %s to deny; take the reaction back to withdraw it while the request is waiting. "+
		own+"A rule lets the group's members use seats, first come, first served; it does not by itself take one.",
		w.approveEmoji(), w.denyEmoji())
}

// waiting says how many agreed, who, and whose agreement is missing where
// there are several stages.
func describeWaiting(r approvals.Request) string {
	if r.Terms.AutoApprove {
		return ":hourglass_flowing_sand: *Waiting*: the policy grants it; UiPath is asked next."
	}
	missing := r.Terms.MissingVotes(r.Votes)
	given := r.Terms.Quorum()
	var lacking []string
	for i, n := range missing {
		given -= n
		if n > 0 {
			lacking = append(lacking, fmt.Sprintf("%d from %s", n, stageName(r.Terms.Stages[i], i)))
		}
	}
	text := fmt.Sprintf(":hourglass_flowing_sand: *Waiting*: %d of %s", given, approvalsNeeded(r.Terms.Quorum()))
	if len(r.Votes) > 0 {
		text += ", given by " + mentionPeople(approvals.Voters(r.Votes))
	}
	if len(missing) > 1 && len(lacking) > 0 {
		text += "; still missing: " + joinWithin(maxMissing, lacking)
	}
	return text + "."
}

// Status says in one line where the request stands.
func cardStatus(r approvals.Request) string {
	agreed := describeConsent(r)
	bold := strings.Replace(capitalize(agreed), " ", "* ", 1)
	switch r.State {
	case approvals.Pending:
		return describeWaiting(r)
	case approvals.Approved:
		if r.DelayReason != "" {
			return fmt.Sprintf(":arrows_counterclockwise: *%s, *not done yet*: %s.", bold, escapeLine(r.DelayReason))
		}
		return fmt.Sprintf(":arrows_counterclockwise: *%s; UiPath is being asked to make the change.", bold)
	case approvals.Done:
		return fmt.Sprintf(":white_check_mark: *Done*, %s; UiPath's rule shows the change.", agreed) + grantStatus(r)
	case approvals.Failed:
		return ":warning: *Failed* after approval; the thread tells why."
	case approvals.Superseded:
		return ":warning: *Superseded*: the group's rule changed meanwhile" + describeIdle(r) + "."
	case approvals.Denied:
		return fmt.Sprintf(":x: *Denied* by %s%s.", mentionUser(r.Outcome.By), describeIdle(r))
	case approvals.Cancelled:
		return ":x: *Cancelled*" + describeIdle(r) + "."
	case approvals.Expired:
		return ":zzz: *Expired* without enough approvals" + describeIdle(r) + "."
	}
	return string(r.State)
}

// idle says that nothing was done, where that is known.
func describeIdle(r approvals.Request) string {
	if r.Outcome.Uncertain {
		return "; whether a write that was tried before took effect is not known"
	}
	return "; nothing was done"
}
