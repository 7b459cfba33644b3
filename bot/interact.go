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
func (in *Intake) interactive(ctx context.Context, env envelope) any {
	x, err := decodeInteraction(env.Payload)
	if err != nil {
		in.setAside(ctx, env, err.Error())
		return nil
	}
	switch {
	case x.Type == "block_suggestion" && x.ActionID == fieldGroup:
		return in.Form.suggest(ctx, x.Value)
	case x.Type == "view_submission" && x.View.CallbackID == formCallback:
		return in.submitted(ctx, env, x)
	case x.Type == "view_closed":
		return nil
	case x.Type == "shortcut" && x.CallbackID == ShortcutOpen:
		in.openFor(ctx, x)
		return nil
	case x.Type == "block_actions" && in.clicked(ctx, x):
		return nil
	}
	in.setAside(ctx, env, "unknown interaction "+bounded(x.Type, 60)+" "+bounded(x.CallbackID+x.View.CallbackID+x.ActionID, 60))
	return in.excuse(env, in.Words.Broken(), in.Words.FormBroken())
}

// clicked reports whether there was a button of ours among the actions.
func (in *Intake) clicked(ctx context.Context, x interaction) bool {
	for _, a := range x.Actions {
		switch {
		case a.ActionID == ShortcutOpen:
			in.openFor(ctx, x)
			return true
		case in.Home.turned(x.User.ID, x.View.Hash, a):
			return true
		}
	}
	return false
}

// openFor opens the form where no command was typed, so that a failure can be
// told in a direct message only.
func (in *Intake) openFor(ctx context.Context, x interaction) {
	if err := in.Form.open(ctx, x.TriggerID, opening{}); err != nil {
		in.Log.Error().Err(err).Msg("could not open the form")
		in.whisper("", x.User.ID, in.Words.FormNotOpened(usualName))
	}
}

// opened opens the form for a command without words, and is what the command
// is answered with: nothing, or how to do without the form.
func (in *Intake) opened(ctx context.Context, typed slashCommand, name string) string {
	if err := in.Form.open(ctx, typed.TriggerID, opening{Channel: typed.ChannelID, Command: name}); err != nil {
		in.Log.Error().Err(err).Msg("could not open the form")
		return in.Words.FormNotOpened(name)
	}
	return ""
}

// submitted files the request of a form. Without a payload the form closes, so
// it closes only when the request is durable.
func (in *Intake) submitted(ctx context.Context, env envelope, x interaction) any {
	by := openingOf(x.View.PrivateMetadata)
	ask, wrong := filledIn(x.View).ask(cmp.Or(by.Command, usualName))
	if len(wrong) > 0 {
		return fieldErrors(wrong)
	}
	request, again, err := in.record(ctx, env, x.User.ID, by.Channel, ask)
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return fieldErrors(map[string]string{fieldGroup: in.Words.Uncertain()})
	}
	if err != nil {
		return fieldErrors(map[string]string{fieldGroup: in.Words.FormNotStored()})
	}
	if !again {
		in.whisper(by.Channel, x.User.ID, in.Words.Receipt(request, in.ahead(ctx)))
	}
	return nil
}

// record makes a request durable, once for each envelope.
func (in *Intake) record(ctx context.Context, env envelope, requester, origin string, ask approvals.Ask) (approvals.Request, bool, error) {
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
func (in *Intake) whisper(channel, user, text string) {
	in.Errands.Add(func(ctx context.Context) {
		if err := in.Speaker.Whisper(ctx, channel, user, text); err != nil {
			in.Log.Warn().Str("user", user).Err(err).Msg("could not tell somebody what became of their form")
		}
	})
}

// excuse tells a person in the acknowledgement that nothing came of what they
// did: command to whom typed a command, form to whom submitted the form. Other
// interactions have no place for words; a type-ahead gets nothing to choose.
func (in *Intake) excuse(env envelope, command, form string) any {
	if env.Type != "interactive" {
		return say(env, command)
	}
	x, err := decodeInteraction(env.Payload)
	switch {
	case err != nil:
	case x.Type == "block_suggestion":
		return options{Options: []*slack.OptionBlockObject{}}
	case x.Type == "view_submission" && x.View.CallbackID == formCallback:
		return fieldErrors(map[string]string{fieldGroup: form})
	}
	return nil
}

// busy is the acknowledgement of what came when too much else waited.
func (in *Intake) busy(env envelope) any {
	return in.excuse(env, in.Words.Busy(), in.Words.FormBusy())
}

// once reports whether Slack delivers an envelope one time only, and somebody
// waits for what becomes of it.
func (e envelope) once() bool { return e.Type == "slash_commands" || e.Type == "interactive" }
