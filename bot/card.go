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
	maxAsked = 2950 // for what never changes; its status and how to vote take the rest
	maxNamed = 80   // a name of a group, a stage or a rule, and a group's id
	maxKept  = 500  // the codes that stay
	maxGone  = 200  // the codes that go, at the least, and the limits that stay
	maxTerse = 100  // what stays, or the people of a stage, where there is no room

	maxStages = 1900 // who may approve, stage by stage, in a field
	maxLacked = 250  // the stages that still miss somebody

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
func (w Messages) Card(r approvals.Request) Card {
	room := maxAsked - utf8.RuneCountInString(w.asked(r, 0))
	if room < w.goneLength(r) {
		w, r = unexplained(w, r)
		room = max(maxAsked-utf8.RuneCountInString(w.asked(r, 0)), maxGone)
	}
	status, how := w.Status(r), w.how(r)
	blocks := []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, title(r), false, false)),
		section(w.who(r)),
		section(w.change(r)),
	}
	if gone := takenAway(r, maxSection); gone != "" {
		blocks = append(blocks, section(gone))
	}
	return Card{
		Text: strings.Join([]string{w.asked(r, room), status, how}, "\n"),
		Blocks: append(blocks,
			section(w.untouched(r)),
			slack.NewSectionBlock(nil, w.terms(r), nil),
			slack.NewDividerBlock(),
			section(status),
			slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, how, false, false)),
		),
	}
}

// asked is the part of the text that stays as it was posted. room is for the
// codes that go; at zero they are left out, to see how much room there is.
func (w Messages) asked(r approvals.Request, room int) string {
	lines := []string{title(r), w.who(r), w.change(r)}
	if gone := takenAway(r, room); gone != "" && room > 0 {
		lines = append(lines, gone)
	}
	return strings.Join(append(lines, w.untouched(r), w.termsText(r)), "\n")
}

func (w Messages) goneLength(r approvals.Request) int {
	return utf8.RuneCountInString(takenAway(r, maxSection)) + 1
}

func unexplained(w Messages, r approvals.Request) (Messages, approvals.Request) {
	w.CodeName = func(string) (string, bool) { return "", false }
	w.terse = true
	proposal := *r.Proposal
	proposal.Seats = nil
	r.Proposal = &proposal
	return w, r
}

func title(r approvals.Request) string { return "Licence request " + r.ID }

func section(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, false), nil, nil)
}

func (w Messages) who(r approvals.Request) string {
	text := fmt.Sprintf("%s asks to change the licences of %s.", user(r.Requester), group(r.Proposal.Group))
	if r.Proposal.Group.Name == "" {
		text += " UiPath does not tell its name: make sure that it is not the group of everybody or of the administrators."
	}
	if r.Ask.Reason != "" {
		text += "\nReason given: " + code(r.Ask.Reason)
	}
	return text
}

// change shows the difference, one code a line: what consent is asked for.
func (w Messages) change(r approvals.Request) string {
	c := r.Proposal.Change
	lines := []string{"*Change to the group's allocation rule*"}
	for _, added := range c.Add {
		lines = append(lines, "• "+w.signed("+", added)+w.seats(r, added)+w.limit(c, added))
	}
	for _, q := range c.Quotas {
		shown := slices.Contains(c.Add, q.Code) || w.terse && slices.Contains(c.Extend, q.Code)
		if !shown {
			lines = append(lines, "• "+w.named(q.Code)+w.seats(r, q.Code)+w.limit(c, q.Code))
		}
	}
	for _, renewed := range c.Extend {
		lines = append(lines, "• "+w.extends(r, renewed))
	}
	for _, gone := range c.Remove {
		if !w.terse {
			lines = append(lines, "• "+w.signed("-", gone)+w.seats(r, gone))
		}
	}
	if term := w.term(r); term != "" {
		lines = append(lines, term)
	}
	return strings.Join(lines, "\n")
}

// takenAway names what goes, in bold and on lines of its own, so that nobody
// takes one kind of request for the other. It is empty where nothing goes.
func takenAway(r approvals.Request, room int) string {
	c := r.Proposal.Change
	if len(c.Remove) == 0 {
		return ""
	}
	gone := make([]string, len(c.Remove))
	for i, removed := range c.Remove {
		gone[i] = code(removed)
		for _, q := range r.Proposal.Quotas {
			if q.Code == removed {
				gone[i] += fmt.Sprintf(" (and its limit of %s)", seatCount(q.Limit))
			}
		}
	}
	text := "*Takes away: " + within(room, gone) + ".*"
	if len(c.Keep) == 0 && len(c.Add) == 0 {
		text += "\n*The rule will be EMPTY.*"
	}
	return text
}

// limit shows the seat limit of a code before and after, if it changes.
func (w Messages) limit(c approvals.Change, of string) string {
	for _, q := range c.Quotas {
		switch {
		case q.Code != of:
		case w.terse:
			return fmt.Sprintf(" · at most %d", q.To)
		case q.From == 0:
			return fmt.Sprintf(" · at most %s for this group, no limit before", seatCount(q.To))
		default:
			return fmt.Sprintf(" · at most %s for this group instead of %d", seatCount(q.To), q.From)
		}
	}
	return ""
}

func seatCount(n int) string { return counted(n, "seat") }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (w Messages) signed(sign, c string) string {
	text := code(sign + " " + c)
	if name, ok := w.CodeName(c); ok {
		text += " " + plain(name)
	}
	return text
}

func (w Messages) seats(r approvals.Request, c string) string {
	for _, s := range r.Proposal.Seats {
		if s.Code == c {
			return " · " + allocated(s)
		}
	}
	return ""
}

func allocated(s approvals.Seats) string {
	return fmt.Sprintf("%d of %s allocated", s.Allocated, seatCount(s.Total))
}

// untouched says what stays.
func (w Messages) untouched(r approvals.Request) string {
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
			named[i] = w.named(kept)
		}
		stays = within(room, named)
	case len(c.Remove) > 0:
		stays = "nothing"
	}
	lines := []string{"Stays: " + stays + "."}
	if len(c.Remove) == 0 {
		lines = append(lines, "Goes: nothing.")
	}
	if quotas := keptQuotas(r.Proposal); len(quotas) > 0 {
		lines = append(lines, "Limits that stay: "+within(min(room, maxGone), quotas)+".")
	}
	return strings.Join(lines, "\n")
}

// keptQuotas are the limits that the change leaves as they are.
func keptQuotas(p *approvals.Proposal) []string {
	var kept []string
	for _, q := range p.Quotas {
		changed := slices.ContainsFunc(p.Change.Quotas, func(c approvals.QuotaChange) bool { return c.Code == q.Code })
		if !changed && !slices.Contains(p.Change.Remove, q.Code) {
			kept = append(kept, fmt.Sprintf("%s at most %d", code(q.Code), q.Limit))
		}
	}
	return kept
}

func (w Messages) terms(r approvals.Request) []*slack.TextBlockObject {
	field := func(title, text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.MarkdownType, "*"+title+"*\n"+text, false, false)
	}
	return []*slack.TextBlockObject{
		field("May approve", w.mayApprove(r.Terms)),
		field("Approvals needed", needs(r.Terms)),
		field("Deadline", moment(r.Deadline)),
		field("Request", code(r.ID)),
	}
}

// mayApprove names the approvers, stage by stage where there are several, as
// many as there is room for.
func (w Messages) mayApprove(t approvals.Terms) string {
	room, crowd := maxStages, maxPeople
	if w.terse {
		room, crowd = maxPeople, maxTerse
	}
	switch {
	case t.AutoApprove:
		return "nobody has to; the policy grants it"
	case len(t.Stages) <= 1:
		return people(t.Approvers())
	}
	lines := make([]string, len(t.Stages))
	for i, stage := range t.Stages {
		lines[i] = fmt.Sprintf("%s: %d of %s", stageName(stage, i), stage.Quorum, peopleIn(stage.Approvers, crowd))
	}
	text := strings.Join(lines, "\n")
	for n := len(lines) - 1; n > 0 && utf8.RuneCountInString(text) > room; n-- {
		text = fmt.Sprintf("%s\nand %s more", strings.Join(lines[:n], "\n"), counted(len(lines)-n, "stage"))
	}
	return text
}

func stageName(s approvals.Stage, i int) string {
	if s.Name != "" {
		return escaped(s.Name, maxNamed)
	}
	return fmt.Sprintf("stage %d", i+1)
}

// needs says how many approvals, and which rule asks for them.
func needs(t approvals.Terms) string {
	text := fmt.Sprint(t.Quorum())
	if len(t.Stages) > 1 {
		text += fmt.Sprintf(", by as many people, in %d stages", len(t.Stages))
	}
	if t.Rule != "" {
		text += fmt.Sprintf(" (rule %s)", codeIn(t.Rule, maxNamed))
	}
	return text
}

func (w Messages) termsText(r approvals.Request) string {
	return fmt.Sprintf("May approve: %s. Approvals needed: %s. Deadline: %s.", w.mayApprove(r.Terms), needs(r.Terms), moment(r.Deadline))
}

func (w Messages) how(r approvals.Request) string {
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
		w.approve(), w.deny())
}

// waiting says how many agreed, who, and whose agreement is missing where
// there are several stages.
func (w Messages) waiting(r approvals.Request) string {
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
	text := fmt.Sprintf(":hourglass_flowing_sand: *Waiting*: %d of %s", given, needed(r.Terms.Quorum()))
	if len(r.Votes) > 0 {
		text += ", given by " + people(approvals.Voters(r.Votes))
	}
	if len(missing) > 1 && len(lacking) > 0 {
		text += "; still missing: " + within(maxLacked, lacking)
	}
	return text + "."
}

// Status says in one line where the request stands.
func (w Messages) Status(r approvals.Request) string {
	agreed := agreedBy(r)
	bold := strings.Replace(sentence(agreed), " ", "* ", 1)
	switch r.State {
	case approvals.Pending:
		return w.waiting(r)
	case approvals.Approved:
		if r.DelayReason != "" {
			return fmt.Sprintf(":arrows_counterclockwise: *%s, *not done yet*: %s.", bold, plain(r.DelayReason))
		}
		return fmt.Sprintf(":arrows_counterclockwise: *%s; UiPath is being asked to make the change.", bold)
	case approvals.Done:
		return fmt.Sprintf(":white_check_mark: *Done*, %s; UiPath's rule shows the change.", agreed) + w.tenure(r)
	case approvals.Failed:
		return ":warning: *Failed* after approval; the thread tells why."
	case approvals.Superseded:
		return ":warning: *Superseded*: the group's rule changed meanwhile" + idle(r) + "."
	case approvals.Denied:
		return fmt.Sprintf(":x: *Denied* by %s%s.", user(r.Outcome.By), idle(r))
	case approvals.Cancelled:
		return ":x: *Cancelled*" + idle(r) + "."
	case approvals.Expired:
		return ":zzz: *Expired* without enough approvals" + idle(r) + "."
	}
	return string(r.State)
}

// idle says that nothing was done, where that is known.
func idle(r approvals.Request) string {
	if r.Outcome.Uncertain {
		return "; whether a write that was tried before took effect is not known"
	}
	return "; nothing was done"
}
