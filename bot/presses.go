package bot

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
)

// presses records what people do with the buttons of cards.
type presses struct {
	store  ChangeStore
	voters voters
	views  *slackapi.Views
	log    zerolog.Logger
}

// record records a press and returns what to tell the presser; empty if the thread or
// the count of the votes tells it.
func (p *presses) record(ctx context.Context, id string, press approvals.Press) string {
	ctx, cancel := context.WithTimeout(ctx, askerLimit)
	defer cancel()
	r, err := p.store.Request(ctx, id)
	var voter approvals.Voter
	var after approvals.Request
	if err == nil {
		voter, err = p.voters.findVoter(ctx, r, press.User, 0)
	}
	if err == nil {
		press.User = voter.Person.ID
		authorized := voter.Eligibility(r) == approvals.Counts
		after, err = p.store.ApplyEvent(ctx, id, approvals.Pressed{Press: press, Authorized: authorized}, nil)
	}
	switch {
	case err == nil && press.Button == approvals.PressWithdraw:
		return message.ConfirmWithdrawal(after)
	case err == nil:
		return ""
	case errors.Is(err, approvals.ErrNotFound):
		return message.ExplainUnknownRequest(id)
	case errors.Is(err, approvals.ErrNotPermitted):
		return message.ExplainVoteIgnored(r, voter.Eligibility(r))
	case errors.Is(err, approvals.ErrAlreadyPressed):
		return message.AlreadyPressed(id)
	case errors.Is(err, approvals.ErrNoTransition):
		return message.PressTooLate(command.DefaultName, id)
	}
	if foreign, ok := errors.AsType[*approvals.ForeignError](err); ok {
		return message.ExplainForeign(id, foreign)
	}
	p.log.Error().Str("request", id).Err(err).Msg("could not record a press of a button")
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return message.ChangeUncertain(command.DefaultName, id)
	}
	return message.PressAgain(id)
}

// A denialForm is what the form that asks why a request is denied knows: the request, and
// Slack's time of the press that opened it.
type denialForm struct {
	Request string `json:"request"`
	At      string `json:"at"`
}

// decodeDenialForm reads what a form knows. One of an earlier version has the request alone.
func decodeDenialForm(metadata string) denialForm {
	var form denialForm
	if json.Unmarshal([]byte(metadata), &form) != nil {
		form = denialForm{Request: metadata}
	}
	return form
}

// askWhy opens the form that asks why a request is denied.
func (p *presses) askWhy(ctx context.Context, trigger string, form denialForm) (problem string) {
	metadata, err := json.Marshal(form)
	if err == nil {
		err = p.views.Open(ctx, trigger, message.RenderDenyForm(form.Request, string(metadata)))
	}
	if err != nil {
		p.log.Error().Str("request", form.Request).Err(err).Msg("could not open the form for a denial")
		return message.PressAgain(form.Request)
	}
	return ""
}
