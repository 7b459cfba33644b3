package bot

import (
	"fmt"
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
	maxNamed = 80   // a group's name, and its id
	maxKept  = 500  // the codes that stay
	maxGone  = 200  // the codes that go, and the quotas that stay
)

// A Card is the message that asks for consent. What it asks never changes
// after it is posted; only Status does.
type Card struct {
	Text   string
	Blocks []slack.Block
}

// Card draws the card of a request as it stands now. Where twenty codes leave
// no room, the names and seats that explain them are left out, from the
// beginning: it depends on nothing that changes later.
func (w Words) Card(r approvals.Request) Card {
	if utf8.RuneCountInString(w.asked(r)) > maxAsked {
		w, r = unexplained(w, r)
	}
	status, how := w.Status(r), w.how(r)
	return Card{
		Text: strings.Join([]string{w.asked(r), status, how}, "\n"),
		Blocks: []slack.Block{
			slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, title(r), false, false)),
			section(w.who(r)),
			section(w.change(r)),
			section(w.untouched(r)),
			slack.NewSectionBlock(nil, w.terms(r), nil),
			slack.NewDividerBlock(),
			section(status),
			slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, how, false, false)),
		},
	}
}

// asked is the part of the text that stays as it was posted.
func (w Words) asked(r approvals.Request) string {
	return strings.Join([]string{title(r), w.who(r), w.change(r), w.untouched(r), w.termsText(r)}, "\n")
}

func unexplained(w Words, r approvals.Request) (Words, approvals.Request) {
	w.CodeName = func(string) (string, bool) { return "", false }
	proposal := *r.Proposal
	proposal.Seats = nil
	r.Proposal = &proposal
	return w, r
}

func title(r approvals.Request) string { return "Licence request " + r.ID }

func section(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, false), nil, nil)
}

func (w Words) who(r approvals.Request) string {
	text := fmt.Sprintf("%s asks to change the licences of %s.", user(r.Requester), group(r.Proposal.Group))
	if r.Ask.Why != "" {
		text += "\nReason given: " + code(r.Ask.Why)
	}
	return text
}

// change shows the difference, one code a line: what consent is asked for.
func (w Words) change(r approvals.Request) string {
	lines := []string{"*Change to the group's allocation rule*"}
	for _, c := range r.Proposal.Change.Add {
		lines = append(lines, "• "+w.signed("+", c)+w.seats(r, c))
	}
	for _, c := range r.Proposal.Change.Remove {
		lines = append(lines, "• "+w.signed("-", c))
	}
	for _, c := range r.Proposal.Change.Renew {
		lines = append(lines, "• "+w.extends(r, c))
	}
	for _, q := range r.Proposal.Change.Quotas {
		lines = append(lines, "• "+quotaChange(q))
	}
	if term := w.term(r); term != "" {
		lines = append(lines, term)
	}
	return strings.Join(lines, "\n")
}

// quotaChange shows the seat limit of a code before and after.
func quotaChange(q approvals.QuotaChange) string {
	if q.From == 0 {
		return fmt.Sprintf("%s: at most %d seats for this group; no limit before", code(q.String()), q.To)
	}
	return fmt.Sprintf("%s: at most %d seats for this group instead of %d", code(q.String()), q.To, q.From)
}

func (w Words) signed(sign, c string) string {
	text := code(sign + " " + c)
	if name, ok := w.CodeName(c); ok {
		text += " " + plain(name)
	}
	return text
}

func (w Words) seats(r approvals.Request, c string) string {
	for _, s := range r.Proposal.Seats {
		if s.Code == c {
			return fmt.Sprintf(" · %d of %d seats allocated", s.Allocated, s.Total)
		}
	}
	return ""
}

// untouched says what stays, what goes, and what an allocation means.
func (w Words) untouched(r approvals.Request) string {
	stays := "nothing, the rule is empty now"
	if keep := r.Proposal.Change.Keep; len(keep) > 0 {
		named := make([]string, len(keep))
		for i, c := range keep {
			named[i] = w.named(c)
		}
		stays = within(maxKept, named)
	}
	goes := "nothing"
	if remove := r.Proposal.Change.Remove; len(remove) > 0 {
		goes = within(maxGone, ticked(remove))
	}
	lines := []string{"Stays: " + stays + ".", "Goes: " + goes + "."}
	if quotas := r.Proposal.Quotas; len(quotas) > 0 {
		lines = append(lines, "Quotas stay: "+quotaList(quotas)+".")
	}
	return strings.Join(lines, "\n")
}

func quotaList(quotas []approvals.Quota) string {
	shown := make([]string, len(quotas))
	for i, q := range quotas {
		shown[i] = fmt.Sprintf("%s at most %d", code(q.Code), q.Limit)
	}
	return within(maxGone, shown)
}

func (w Words) terms(r approvals.Request) []*slack.TextBlockObject {
	field := func(title, text string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.MarkdownType, "*"+title+"*\n"+text, false, false)
	}
	return []*slack.TextBlockObject{
		field("May approve", mayApprove(r.Terms)),
		field("Approvals needed", needs(r.Terms)),
		field("Deadline", moment(r.Deadline)),
		field("Request", code(r.ID)),
	}
}

// mayApprove names the approvers, stage by stage where there are several.
func mayApprove(t approvals.Terms) string {
	switch {
	case t.Auto:
		return "nobody has to; the policy grants it"
	case len(t.Stages) <= 1:
		return people(t.Approvers())
	}
	lines := make([]string, len(t.Stages))
	for i, stage := range t.Stages {
		lines[i] = fmt.Sprintf("%s: %d of %s", stageName(stage, i), stage.Quorum, people(stage.Approvers))
	}
	return strings.Join(lines, "\n")
}

func stageName(s approvals.Stage, i int) string {
	if s.Name != "" {
		return plain(s.Name)
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
		text += fmt.Sprintf(" (rule %s)", code(t.Rule))
	}
	return text
}

func (w Words) termsText(r approvals.Request) string {
	return fmt.Sprintf("May approve: %s. Approvals needed: %s. Deadline: %s.", mayApprove(r.Terms), needs(r.Terms), moment(r.Deadline))
}

func (w Words) how(r approvals.Request) string {
	switch {
	case !r.State.Open():
		return "This request has ended; reactions on it have no effect any more. The thread tells what happened."
	case r.Terms.Auto:
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
func (w Words) waiting(r approvals.Request) string {
	missing := r.Terms.Missing(r.Votes)
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
		text += "; still missing: " + list(lacking)
	}
	return text + "."
}

// Status says in one line where the request stands.
func (w Words) Status(r approvals.Request) string {
	voters := people(approvals.Voters(r.Votes))
	switch r.State {
	case approvals.Pending:
		return w.waiting(r)
	case approvals.Approved:
		if r.Stalled != "" {
			return fmt.Sprintf(":arrows_counterclockwise: *Approved* by %s, *not done yet*: %s.", voters, plain(r.Stalled))
		}
		return fmt.Sprintf(":arrows_counterclockwise: *Approved* by %s; UiPath is being asked to make the change.", voters)
	case approvals.Done:
		return fmt.Sprintf(":white_check_mark: *Done*, approved by %s; UiPath's rule shows the change.", voters) + w.tenure(r)
	case approvals.Failed:
		return ":warning: *Failed* after approval; the thread tells why."
	case approvals.Superseded:
		return ":warning: *Superseded*: the group's rule changed meanwhile; nothing was done."
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
