package message

import (
	"strings"

	"licensebot/approvals"
	"licensebot/bot/command"
)

// A FormDraft is what stands in the fields of a form when it opens. What is not known is
// empty.
type FormDraft struct {
	Notice string // why the form opens, above its fields; with markup of the bot

	Action       approvals.Action
	Group        string // as a command names it
	GroupName    string // as people know it
	Codes        []string
	Seats, Until string // as people type them
	Term         string // one of the choices
	Reason       string
}

// DraftOf fills a form with an ask, as far as the ask is known.
func DraftOf(ask approvals.Ask) FormDraft {
	d := FormDraft{Action: ask.Action, Group: ask.Group, Codes: ask.Codes, Reason: ask.Reason}
	var limits []string
	for _, q := range ask.Quotas {
		limits = append(limits, command.FormatCode(q.Code, ask.Quotas))
	}
	d.Seats = strings.Join(limits, " ")
	if d.Until = command.FormatPeriod(ask); d.Until == "" {
		return d
	}
	d.Term = TermBelow
	for _, choice := range termChoices {
		if choice.length > 0 && choice.length == ask.For {
			d.Term, d.Until = choice.value, ""
		}
	}
	return d
}

// DraftExtension fills a form with the codes of a grant, for as long once more.
func DraftExtension(r approvals.Request) FormDraft {
	d := DraftOf(extensionAsk(r, r.Grant.Codes))
	d.GroupName = r.Proposal.Group.Name
	d.Notice = "*Extend the grant of request " + quoteCode(r.ID) + "*, which ends " + formatTime(r.Grant.Until) +
		". The new time counts from when UiPath confirms it. It needs approval like any other request."
	return d
}
