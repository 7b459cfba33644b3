package bot

import (
	"cmp"
	"context"
	"time"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/message"
	"licensebot/bot/socket"
	"licensebot/internal/outside"
)

// handleInteraction deals with shortcuts, clicks, type-aheads and forms, and
// returns what to acknowledge with. Slack delivers them once while a person
// waits, so each is acknowledged, whether the bot understands it or not.
func (in *intake) handleInteraction(ctx context.Context, env socket.Envelope) any {
	x, err := decodeInteraction(env.Payload)
	if err != nil {
		in.setAside(ctx, env, err.Error())
		return nil
	}
	switch {
	case x.Type == "block_suggestion" && x.ActionID == message.FieldGroup:
		return in.form.suggestGroups(ctx, x.Value)
	case x.Type == "view_submission" && x.View.CallbackID == message.FormCallback:
		return in.submitForm(ctx, env, x)
	case x.Type == "view_submission" && x.View.CallbackID == message.DenyCallback:
		return in.submitDenial(ctx, x)
	case x.Type == "view_closed":
		return nil
	case x.Type == "shortcut" && x.CallbackID == ShortcutOpen:
		in.openFromShortcut(ctx, x)
		return nil
	case x.Type == "block_actions" && in.handleClick(ctx, env.ID, x):
		return nil
	}
	id := outside.OneLine(x.CallbackID+x.View.CallbackID+x.ActionID, 60)
	in.setAside(ctx, env, "unknown interaction "+outside.OneLine(x.Type, 60)+" "+id)
	return decline(env, message.CommandBroken(), message.FormBroken())
}

// handleClick reports whether a button of the bot was among the actions.
func (in *intake) handleClick(ctx context.Context, envelope string, x interaction) bool {
	for _, a := range x.Actions {
		if a.ActionID == ShortcutOpen {
			in.openFromShortcut(ctx, x)
			return true
		}
		if a.ActionID == message.PutBackAction {
			in.putBack(ctx, envelope, x, a)
			return true
		}
		if button, ok := message.ParsePress(a.ActionID); ok {
			in.press(ctx, x, a, button)
			return true
		}
		if pages, ok := message.ParseHomePages(a.ActionID, a.Value); ok {
			in.home.turnPages(x.User.ID, x.View.Hash, pages)
			return true
		}
	}
	return false
}

// putBack files the request of a button below a change outside, as the command would by the
// person who pressed it.
func (in *intake) putBack(ctx context.Context, envelope string, x interaction, a action) {
	in.tellLater(x.Channel.ID, x.User.ID, in.filePutBack(ctx, envelope, x, a))
}

func (in *intake) filePutBack(ctx context.Context, envelope string, x interaction, a action) string {
	asked, err := command.Parse(command.DefaultName, a.Value, in.now())
	if err != nil || asked.Verb != command.VerbAsk {
		return message.CommandBroken()
	}
	requester, err := in.findAsker(ctx, x.User.ID)
	if err != nil {
		return message.CommandOfUnknown()
	}
	request, _, err := in.filing.fileRequest(ctx, envelope, requester, x.Channel.ID, asked.Ask)
	if err != nil {
		return explainNotFiled(command.DefaultName, err, message.CommandNotStored())
	}
	return in.filing.confirmReceipt(ctx, request)
}

// press deals with a button of a card. A denial counts once its form is submitted.
func (in *intake) press(ctx context.Context, x interaction, a action, button approvals.PressButton) {
	var answer string
	if button == approvals.PressDeny {
		answer = in.presses.askWhy(ctx, x.TriggerID, a.Value)
	} else {
		answer = in.presses.record(ctx, a.Value, approvals.Press{User: x.User.ID, Button: button, At: a.At})
	}
	if answer != "" {
		in.tellLater(x.Channel.ID, x.User.ID, answer)
	}
}

// submitDenial records a denial with its comment. Slack tells no time of a submission.
func (in *intake) submitDenial(ctx context.Context, x interaction) any {
	problem := in.presses.record(ctx, x.View.PrivateMetadata, approvals.Press{
		User: x.User.ID, Button: approvals.PressDeny,
		Comment: outside.OneLine(x.View.inputOf(message.FieldComment).Value, message.MaxComment),
	})
	if problem == "" {
		return nil
	}
	return message.FieldErrors(map[string]string{message.FieldComment: problem})
}

// openFromShortcut opens the form for a person who typed no command. A failure
// can only be told in a direct message.
func (in *intake) openFromShortcut(ctx context.Context, x interaction) {
	if err := in.form.open(ctx, x.TriggerID, formOrigin{}); err != nil {
		in.log.Error().Err(err).Msg("could not open the form")
		in.tellLater("", x.User.ID, in.phrases.FormNotOpened(command.DefaultName))
	}
}

// openFromCommand opens the form for a command without words. The answer is
// empty, or says how to do without the form.
func (in *intake) openFromCommand(ctx context.Context, typed slashCommand, name string) string {
	if err := in.form.open(ctx, typed.TriggerID, formOrigin{Channel: typed.ChannelID, Command: name}); err != nil {
		in.log.Error().Err(err).Msg("could not open the form")
		return in.phrases.FormNotOpened(name)
	}
	return ""
}

// submitForm stores the request of a form. Without a payload the form closes, so
// it closes only once the request is stored.
func (in *intake) submitForm(ctx context.Context, env socket.Envelope, x interaction) any {
	origin := decodeOrigin(x.View.PrivateMetadata)
	name := cmp.Or(origin.Command, command.DefaultName)
	known := command.Known{Now: in.timeOf(ctx, x.User.ID), Packs: in.policy().Packs}
	ask, wrong := readForm(x.View).parseAsk(name, known)
	if len(wrong) > 0 {
		return message.FieldErrors(wrong)
	}
	requester, err := in.findAsker(ctx, x.User.ID)
	if err != nil {
		return message.FieldErrors(map[string]string{message.FieldGroup: message.FormOfUnknown()})
	}
	if unknown := in.understanding.findUnknown(ctx, x.User.ID, ask, known.Now); unknown != nil {
		return message.FieldErrors(map[string]string{fieldOfUnknown(unknown): message.PlainProblem(unknown)})
	}
	if problem := in.foreseeReason(ctx, ask, requester); problem != "" {
		return message.FieldErrors(map[string]string{message.FieldReason: problem})
	}
	request, again, err := in.filing.fileRequest(ctx, env.ID, requester, origin.Channel, ask)
	if err != nil {
		why := explainNotFiled(name, err, message.FormNotStored())
		return message.FieldErrors(map[string]string{message.FieldGroup: why})
	}
	if !again {
		in.tellLater(origin.Channel, x.User.ID, in.filing.confirmReceipt(ctx, request))
	}
	return nil
}

// fieldOfUnknown is the field that names what UiPath does not have.
func fieldOfUnknown(problem *command.Error) string {
	if problem.Group != "" {
		return message.FieldGroup
	}
	return message.FieldCodes
}

// foreseeReason says what the policy asks of the reason and does not get, if that is
// sure already. Later it would be a refusal after the form has closed.
func (in *intake) foreseeReason(ctx context.Context, ask approvals.Ask, requester string) string {
	policy := in.policy()
	if !policy.ConcernsReason() {
		return ""
	}
	group, ok := in.understanding.findGroup(ctx, ask.Group)
	if !ok {
		return ""
	}
	violation := policy.ForeseeReason(ask, requester, group)
	if violation == nil {
		return ""
	}
	return message.PlainReasonProblem(violation)
}

// timeOf is the time on a person's clock, so that a day in a form ends there.
func (in *intake) timeOf(ctx context.Context, user string) time.Time {
	ctx, cancel := context.WithTimeout(ctx, knownLimit)
	defer cancel()
	return in.now().In(in.understanding.findZone(ctx, user))
}

// tellLater tells a person something after the acknowledgment: in the channel
// where they asked, or directly.
func (in *intake) tellLater(channel, user, text string) {
	in.background.add(func(ctx context.Context) {
		err := in.posts.AwaitPace(ctx, approvals.PacePrivate)
		if err == nil {
			err = in.posts.TellWaiting(ctx, channel, user, text)
		}
		if err != nil {
			in.log.Warn().Str("user", user).Err(err).Msg("could not tell somebody what became of their form")
		}
	})
}
