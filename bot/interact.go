package bot

import (
	"cmp"
	"context"
	"errors"
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
		in.openForm(ctx, x, message.FormDraft{})
		return nil
	case x.Type == "block_actions" && in.handleClick(ctx, env.ID, x):
		return nil
	}
	id := outside.OneLine(x.CallbackID+x.View.CallbackID+x.ActionID, 60)
	in.setAside(ctx, env, "unknown interaction "+outside.OneLine(x.Type, 60)+" "+id)
	return decline(env, message.CommandBroken(), message.FormBroken())
}

// clicks are what the buttons do besides votes and pages, by their actions.
var clicks = map[string]func(in *intake, ctx context.Context, envelope string, x interaction, a action){
	ShortcutOpen: func(in *intake, ctx context.Context, _ string, x interaction, _ action) {
		in.openForm(ctx, x, message.FormDraft{})
	},
	message.PutBackAction:  (*intake).putBack,
	message.ExtendAction:   (*intake).extendGrant,
	message.EndAction:      (*intake).endGrant,
	message.AskAgainAction: (*intake).askAgain,
	message.FillAction: func(in *intake, ctx context.Context, _ string, x interaction, a action) {
		in.openForm(ctx, x, message.ReadDraft(a.Value))
	},
	message.FillRequestAction: (*intake).openRefused,
}

// handleClick reports whether a button of the bot was among the actions.
func (in *intake) handleClick(ctx context.Context, envelope string, x interaction) bool {
	for _, a := range x.Actions {
		if click, ok := clicks[a.ActionID]; ok {
			click(in, ctx, envelope, x, a)
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

// extendGrant opens the form with what a grant has, for as long once more.
func (in *intake) extendGrant(ctx context.Context, _ string, x interaction, a action) {
	r, err := in.queries.store.Request(ctx, a.Value)
	switch {
	case err == nil && r.AwaitsRevocation():
		in.openForm(ctx, x, message.DraftExtension(r))
	case err == nil:
		in.tellLater(x.Channel.ID, x.User.ID, message.ExplainNotExtended(r))
	default:
		in.tellLater(x.Channel.ID, x.User.ID, in.explainUnread(a.Value, err))
	}
}

// explainUnread says why the request of a button could not be read.
func (in *intake) explainUnread(id string, err error) string {
	if errors.Is(err, approvals.ErrNotFound) {
		return message.ExplainUnknownRequest(id)
	}
	in.log.Error().Str("request", id).Err(err).Msg("could not read the request of a button")
	return message.QueryFailed()
}

// openRefused opens the form with a request that was not put before approvers.
func (in *intake) openRefused(ctx context.Context, _ string, x interaction, a action) {
	r, err := in.queries.store.Request(ctx, a.Value)
	if err != nil {
		in.tellLater(x.Channel.ID, x.User.ID, in.explainUnread(a.Value, err))
		return
	}
	in.openForm(ctx, x, message.DraftRefused(r))
}

// askAgain files what a closed request asked, as the person who pressed the button. If
// its end has passed, the form opens to say another.
func (in *intake) askAgain(ctx context.Context, envelope string, x interaction, a action) {
	r, err := in.queries.store.Request(ctx, a.Value)
	ask, ok := message.AskAgain(r)
	switch {
	case errors.Is(err, approvals.ErrNotFound), err == nil && (!ok || r.Target != in.filing.target):
		in.tellLater(x.Channel.ID, x.User.ID, message.CannotAskAgain(a.Value))
	case err != nil:
		in.tellLater(x.Channel.ID, x.User.ID, in.explainUnread(a.Value, err))
	case !ask.Until.IsZero() && !ask.Until.After(in.now()):
		in.openForm(ctx, x, message.DraftAgain(r))
	default:
		in.tellLater(x.Channel.ID, x.User.ID, in.fileFor(ctx, envelope, x, ask))
	}
}

// endGrant does what the command end does.
func (in *intake) endGrant(ctx context.Context, _ string, x interaction, a action) {
	answer := message.CommandOfUnknown()
	if user, err := in.findAsker(ctx, x.User.ID); err == nil {
		answer = in.changes.revokeGrant(ctx, command.DefaultName, a.Value, user)
	}
	in.tellLater(x.Channel.ID, x.User.ID, answer)
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
	return in.fileFor(ctx, envelope, x, asked.Ask)
}

// fileFor files an ask for the person who pressed a button, and returns the answer.
func (in *intake) fileFor(ctx context.Context, envelope string, x interaction, ask approvals.Ask) string {
	requester, err := in.findAsker(ctx, x.User.ID)
	if err != nil {
		return message.CommandOfUnknown()
	}
	request, receipt, err := in.filing.fileRequest(ctx, envelope, requester, x.Channel.ID, ask)
	if err != nil {
		return explainNotFiled(command.DefaultName, err, message.CommandNotStored())
	}
	return in.filing.confirmReceipt(ctx, request, receipt)
}

// press deals with a button of a card. A denial counts once its form is submitted.
func (in *intake) press(ctx context.Context, x interaction, a action, button approvals.PressButton) {
	var answer string
	if button == approvals.PressDeny {
		answer = in.presses.askWhy(ctx, x.TriggerID, denialForm{Request: a.Value, At: a.At})
	} else {
		answer = in.presses.record(ctx, a.Value, approvals.Press{User: x.User.ID, Button: button, At: a.At})
	}
	if answer != "" {
		in.tellLater(x.Channel.ID, x.User.ID, answer)
	}
}

// submitDenial records a denial with its comment. Slack tells no time of a submission, so it
// has that of the button: a press on its way since before then is older.
func (in *intake) submitDenial(ctx context.Context, x interaction) any {
	form := decodeDenialForm(x.View.PrivateMetadata)
	problem := in.presses.record(ctx, form.Request, approvals.Press{
		User: x.User.ID, Button: approvals.PressDeny, At: form.At,
		Comment: outside.OneLine(x.View.inputOf(message.FieldComment).Value, message.MaxComment),
	})
	if problem == "" {
		return nil
	}
	return message.FieldErrors(map[string]string{message.FieldComment: problem})
}

// openForm opens the form for a person who typed no command. A failure is told
// privately.
func (in *intake) openForm(ctx context.Context, x interaction, draft message.FormDraft) {
	if err := in.form.open(ctx, x.TriggerID, formOrigin{Channel: x.Channel.ID}, draft); err != nil {
		in.log.Error().Err(err).Msg("could not open the form")
		in.tellLater(x.Channel.ID, x.User.ID, in.phrases.FormNotOpened(command.DefaultName))
	}
}

// openFromCommand opens the form for a command without words. The answer is
// empty, or says how to do without the form.
func (in *intake) openFromCommand(ctx context.Context, typed slashCommand, name string) string {
	origin := formOrigin{Channel: typed.ChannelID, Command: name}
	if err := in.form.open(ctx, typed.TriggerID, origin, message.FormDraft{}); err != nil {
		in.log.Error().Err(err).Msg("could not open the form")
		return in.phrases.FormNotOpened(name)
	}
	return ""
}

// submitForm stores the request of a form. Without a payload the form closes, so
// it closes only once the request is stored.
func (in *intake) submitForm(ctx context.Context, env socket.Envelope, x interaction) any {
	origin := decodeOrigin(x.View.PrivateMetadata)
	if origin.Version != formVersion {
		return in.form.openAnew(ctx, origin, x.View)
	}
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
	request, receipt, err := in.filing.fileRequest(ctx, env.ID, requester, origin.Channel, ask)
	if err != nil {
		why := explainNotFiled(name, err, message.FormNotStored())
		return message.FieldErrors(map[string]string{message.FieldGroup: why})
	}
	if !receipt.Again {
		in.tellLater(origin.Channel, x.User.ID, in.filing.confirmReceipt(ctx, request, receipt))
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
