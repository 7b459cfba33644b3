package message

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/internal/outside"
)

// A FormDraft is what stands in the fields of a form when it opens. What is not known is
// empty.
type FormDraft struct {
	Notice string `json:"-"` // why the form opens, above its fields; with markup of the bot

	Action    approvals.Action `json:"action,omitempty"`
	Group     string           `json:"group,omitempty"` // as a command names it
	GroupName string           `json:"-"`               // as people know it
	Codes     []string         `json:"codes,omitempty"`
	Seats     string           `json:"seats,omitempty"` // as people type them
	Until     string           `json:"until,omitempty"` // as people type it
	Term      string           `json:"term,omitempty"`  // one of the choices
	Reason    string           `json:"reason,omitempty"`
	Problem   string           `json:"problem,omitempty"` // what was not understood, as plain text
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

// The buttons that open a form with something in it. The value of the first is the draft
// itself, and that of the second is a request.
const (
	FillAction        = "fill_form"
	FillRequestAction = "fill_form_request"
)

// maxValue is Slack's bound of a button's value, in characters.
const maxValue = 2000

// encode writes a draft for a button. What has no room is left out.
func (d FormDraft) encode() string {
	for _, leave := range []*string{nil, &d.Problem, &d.Reason, &d.Seats, &d.Group} {
		if leave != nil {
			*leave = ""
		}
		var text bytes.Buffer
		plain := json.NewEncoder(&text)
		plain.SetEscapeHTML(false)
		if err := plain.Encode(d); err == nil && utf8.RuneCount(text.Bytes()) <= maxValue {
			return strings.TrimSpace(text.String())
		}
	}
	return "{}"
}

// ReadDraft reads the draft of a button. Without one the form opens empty.
func ReadDraft(value string) FormDraft {
	var d FormDraft
	if json.Unmarshal([]byte(value), &d) != nil {
		return FormDraft{}
	}
	return d
}

// CommandErrorBlocks is the answer to a request that was not understood, with a button
// for the form. It is empty if the form would have nothing in it.
func CommandErrorBlocks(e *command.Error) []slack.Block {
	if e.Understood == nil {
		return nil
	}
	d := DraftOf(*e.Understood)
	d.Problem = outside.OneLine(PlainProblem(e), maxShown)
	if e.EndUnclear {
		d.Term = TermBelow
	}
	return withButton(ExplainCommandError(e), newButton(FillAction, d.encode(), "Fill in the form"))
}

// NoticeBlocks is a private notice, with a button for the form if the request was not put
// before approvers and can be asked otherwise.
func (p Phrases) NoticeBlocks(r approvals.Request, text string) []slack.Block {
	if r.State != approvals.Refused || r.Outcome.Reason == approvals.ReasonDuplicate {
		return nil
	}
	return withButton(text, newButton(FillRequestAction, r.ID, "Change it in the form"))
}

// DraftRefused fills a form with a request that was not put before approvers.
func DraftRefused(r approvals.Request) FormDraft {
	d := DraftOf(r.Ask)
	d.Notice = "Request " + quoteCode(r.ID) + " was not put before an approver. Change what is wrong, and ask anew."
	return d
}

// withButton is a text with a button below it. It is empty if the text is too long for a
// block.
func withButton(text string, button *slack.ButtonBlockElement) []slack.Block {
	if utf8.RuneCountInString(text) > maxSection {
		return nil
	}
	return append(PlainBlocks(text), slack.NewActionBlock("", button))
}
