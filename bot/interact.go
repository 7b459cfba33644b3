package bot

import (
	"cmp"
	"context"
	"errors"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// interactive deals with shortcuts, clicks, type-aheads and forms. Slack
// delivers them once and people wait for the answer, so every one is
// acknowledged, understood or not.
func (in *Intake) handleInteraction(ctx context.Context, env Envelope) any {
	x, err := decodeInteraction(env.Payload)
	if err != nil {
		in.setAside(ctx, env, err.Error())
		return nil
	}
	switch {
	case x.Type == "block_suggestion" && x.ActionID == FieldGroup:
		return in.Form.suggestGroups(ctx, x.Value)
	case x.Type == "view_submission" && x.View.CallbackID == FormCallback:
		return in.submitForm(ctx, env, x)
	case x.Type == "view_closed":
		return nil
	case x.Type == "shortcut" && x.CallbackID == ShortcutOpen:
		in.openFromShortcut(ctx, x)
		return nil
	case x.Type == "block_actions" && in.handleClick(ctx, x):
		return nil
	}
	in.setAside(ctx, env, "unknown interaction "+OneLine(x.Type, 60)+" "+OneLine(x.CallbackID+x.View.CallbackID+x.ActionID, 60))
	return in.declineWith(env, CommandBroken(), FormBroken())
}

// clicked reports whether there was a button of ours among the actions.
func (in *Intake) handleClick(ctx context.Context, x interaction) bool {
	for _, a := range x.Actions {
		switch {
		case a.ActionID == ShortcutOpen:
			in.openFromShortcut(ctx, x)
			return true
		case in.Home.turnPage(x.User.ID, x.View.Hash, a):
			return true
		}
	}
	return false
}

// openFor opens the form where no command was typed, so that a failure can be
// told in a direct message only.
func (in *Intake) openFromShortcut(ctx context.Context, x interaction) {
	if err := in.Form.openForm(ctx, x.TriggerID, opening{}); err != nil {
		in.Log.Error().Err(err).Msg("could not open the form")
		in.tellLater("", x.User.ID, in.Words.FormNotOpened(DefaultName))
	}
}

// opened opens the form for a command without words, and is what the command
// is answered with: nothing, or how to do without the form.
func (in *Intake) openFromCommand(ctx context.Context, typed slashCommand, name string) string {
	if err := in.Form.openForm(ctx, typed.TriggerID, opening{Channel: typed.ChannelID, Command: name}); err != nil {
		in.Log.Error().Err(err).Msg("could not open the form")
		return in.Words.FormNotOpened(name)
	}
	return ""
}

// submitted files the request of a form. Without a payload the form closes, so
// it closes only when the request is durable.
func (in *Intake) submitForm(ctx context.Context, env Envelope, x interaction) any {
	by := decodeOpening(x.View.PrivateMetadata)
	ask, wrong := readForm(x.View).parseAsk(cmp.Or(by.Command, DefaultName))
	if len(wrong) > 0 {
		return FieldErrors(wrong)
	}
	request, again, err := in.recordRequest(ctx, env, x.User.ID, by.Channel, ask)
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return FieldErrors(map[string]string{FieldGroup: CommandUncertain()})
	}
	if err != nil {
		return FieldErrors(map[string]string{FieldGroup: FormNotStored()})
	}
	if !again {
		in.tellLater(by.Channel, x.User.ID, in.Words.ConfirmReceipt(request, in.countAhead(ctx)))
	}
	return nil
}

// record makes a request durable, once for each envelope.
func (in *Intake) recordRequest(ctx context.Context, env Envelope, requester, origin string, ask approvals.Ask) (approvals.Request, bool, error) {
	request, again, err := in.Store.FileRequest(ctx, approvals.Request{
		ID: approvals.NewID(), EnvelopeID: env.ID, Requester: requester, OriginChannel: origin,
		Channel: in.Words.Channel, Ask: ask, Terms: approvals.Terms{TTL: in.TTL},
	})
	if err != nil {
		in.Log.Error().Str("envelope", env.ID).Err(err).Msg("could not record a request")
		return request, again, err
	}
	in.Log.Info().Str("request", request.ID).Str("requester", request.Requester).Strs("codes", ask.Codes).Bool("again", again).Msg("request recorded")
	return request, again, nil
}

// whisper tells a person something after the acknowledgement: in the channel
// where they asked, or directly.
func (in *Intake) tellLater(channel, user, text string) {
	in.Errands.Add(func(ctx context.Context) {
		if err := in.Speaker.Whisper(ctx, channel, user, text); err != nil {
			in.Log.Warn().Str("user", user).Err(err).Msg("could not tell somebody what became of their form")
		}
	})
}

// excuse tells a person in the acknowledgement that nothing came of what they
// did: command to whom typed a command, form to whom submitted the form. Other
// interactions have no place for words; a type-ahead gets nothing to choose.
func (in *Intake) declineWith(env Envelope, command, form string) any {
	if env.Type != "interactive" {
		return ephemeralAck(env, command)
	}
	x, err := decodeInteraction(env.Payload)
	switch {
	case err != nil:
	case x.Type == "block_suggestion":
		return Options{Options: []*slack.OptionBlockObject{}}
	case x.Type == "view_submission" && x.View.CallbackID == FormCallback:
		return FieldErrors(map[string]string{FieldGroup: form})
	}
	return nil
}

// busy is the acknowledgement of what came when too much else waited.
func (in *Intake) DeclineBusy(env Envelope) any {
	return in.declineWith(env, CommandBusy(), FormBusy())
}

// once reports whether Slack delivers an envelope one time only, and somebody
// waits for what becomes of it.
func (e Envelope) IsDeliveredOnce() bool {
	return e.Type == "slash_commands" || e.Type == "interactive"
}
