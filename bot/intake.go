package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/bot/socket"
	"licensebot/internal/guard"
	"licensebot/internal/outside"
)

// maxEmojiName is the length above which an emoji's name is not one of Slack's.
const maxEmojiName = 200

// An intake handles envelopes: it has them stored, and only then says what to
// acknowledge them with.
type intake struct {
	store     DeliveryStore
	identity  slackapi.Identity
	channel   *currentChannel
	shared    atomic.Bool // the newest event of the channel says that another organization is in it
	directory *slackapi.Directory
	phrases   message.Phrases
	now       func() time.Time // the clock of dates that people type
	policy    func() approvals.Policy
	log       zerolog.Logger

	channelChanged func()

	understanding *understanding

	filing     *filing
	changes    *changes
	queries    *queries
	lookups    *lookups
	form       *form
	home       *home
	doubles    *doubles
	canary     *canary // nil: it is off
	presses    *presses
	posts      *slackapi.Messenger
	background *backgroundQueue
}

// Handle deals with one envelope; see [socket.Handler]. A panic harms only the
// envelope that caused it.
func (in *intake) Handle(ctx context.Context, env socket.Envelope) (payload any, ok bool) {
	log := in.log.With().Str("envelope", env.ID).Logger()
	defer guard.Catch(logPanic(log, "handling an envelope failed", func(cause any) {
		payload, ok = in.recordBroken(ctx, env, fmt.Sprint("panic: ", cause))
	}))
	switch ownershipOf(in.identity, env) {
	case foreign:
		log.Warn().Str("type", outside.OneLine(env.Type, 60)).
			Msg("refused a delivery from another workspace; the Slack app is installed there as well")
		return decline(env, message.CommandForeign(), message.FormForeign()), true
	case unnamed:
		return in.recordBroken(ctx, env, "it names no workspace")
	}
	switch env.Type {
	case socket.TypeCommand:
		in.canary.noteOther()
		return in.handleCommand(ctx, env)
	case socket.TypeEvent:
		return nil, in.handleEvent(ctx, env)
	case socket.TypeInteraction:
		in.canary.noteOther()
		return in.handleInteraction(ctx, env), true
	}
	return nil, in.setAside(ctx, env, "unknown envelope type "+outside.OneLine(env.Type, 60))
}

// recordBroken records an envelope that the bot cannot handle. Delivering it
// again would change nothing, so it is acknowledged once it is recorded.
func (in *intake) recordBroken(ctx context.Context, env socket.Envelope, why string) (payload any, ok bool) {
	isKept := in.setAside(ctx, env, why)
	if env.IsDeliveredOnce() {
		return decline(env, message.CommandBroken(), message.FormBroken()), true
	}
	return nil, isKept
}

// setAside records a delivery that the bot does not understand, and reports
// whether it may be acknowledged. Otherwise Slack delivers it again and again.
func (in *intake) setAside(ctx context.Context, env socket.Envelope, why string) bool {
	in.log.Warn().Str("envelope", env.ID).Str("type", outside.OneLine(env.Type, 60)).Str("why",
		why).Msg("set a delivery aside")
	if err := in.store.DeadLetter(ctx, env.ID, why, redactDelivery(env.Payload)); err != nil {
		in.log.Error().Str("envelope", env.ID).Err(err).Msg("could not record a delivery")
		return false
	}
	return true
}

// ackText is the payload that acknowledges a slash command.
type ackText struct {
	ResponseType string        `json:"response_type"`
	Text         string        `json:"text"`
	Blocks       []slack.Block `json:"blocks,omitempty"` // they say the same, with buttons
}

// ephemeralAck acknowledges a command with a text that only its author sees.
func ephemeralAck(env socket.Envelope, text string, blocks ...slack.Block) any {
	if !env.AcceptsPayload || text == "" {
		return nil
	}
	return ackText{ResponseType: "ephemeral", Text: text, Blocks: blocks}
}

func (in *intake) handleCommand(ctx context.Context, env socket.Envelope) (payload any, ok bool) {
	typed, err := decodeSlashCommand(env.Payload)
	if err != nil {
		return in.recordBroken(ctx, env, err.Error())
	}
	name := outside.OneLine(typed.Command, command.MaxNameLength)
	understood, err := in.understanding.read(ctx, name, typed, in.now())
	if problem, ok := errors.AsType[*command.Error](err); ok {
		return ephemeralAck(env, message.ExplainCommandError(problem), message.CommandErrorBlocks(problem)...), true
	}
	return ephemeralAck(env, in.runCommand(ctx, env, name, typed, understood)), true
}

// runCommand does what a command asks, and returns the answer. What depends on who
// asks needs to know the person by the one id that the bot compares.
func (in *intake) runCommand(
	ctx context.Context, env socket.Envelope, name string, typed slashCommand, c command.Command,
) string {
	switch c.Verb {
	case command.VerbForm:
		return in.openFromCommand(ctx, typed, name)
	case command.VerbHelp:
		return in.phrases.CommandHelp(name)
	case command.VerbShow, command.VerbCodes:
		return in.lookups.beginLookup(ctx, env.ID, name, typed, c) // ctx ends when the acknowledgment is out
	}
	var err error
	if typed.UserID, err = in.findAsker(ctx, typed.UserID); err != nil {
		return message.CommandOfUnknown()
	}
	switch c.Verb {
	case command.VerbCancel:
		return in.changes.cancelRequest(ctx, name, c, typed.UserID)
	case command.VerbEnd:
		return in.changes.revokeGrant(ctx, name, c.ID, typed.UserID)
	case command.VerbMine, command.VerbPending, command.VerbStatus, command.VerbWhy:
		return in.queries.answerQuery(ctx, name, typed.UserID, c)
	}
	return in.filing.fileCommand(ctx, env, name, typed, c.Ask)
}

// askerLimit bounds the look-up of a person who waits for an answer.
const askerLimit = 1200 * time.Millisecond

// findAsker is the canonical id of a person who asks for something. It is an error if
// Slack does not tell it now: under another id, a requester could approve the own
// request.
func (in *intake) findAsker(ctx context.Context, user string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askerLimit)
	defer cancel()
	canonical, err := in.directory.CanonicalID(ctx, user)
	if err != nil {
		in.log.Error().Str("user", user).Err(err).
			Msg("Slack does not tell who a person is; their command or form was refused")
	}
	return canonical, err
}

func (in *intake) handleEvent(ctx context.Context, env socket.Envelope) (ok bool) {
	e, err := decodeEvent(env.Payload)
	if err != nil {
		return in.setAside(ctx, env, err.Error())
	}
	in.noteSharing(e)
	if e.isReaction() {
		return in.recordReaction(ctx, env, e)
	}
	in.canary.noteOther()
	switch e.Type {
	case "message":
		if e.SubType != "message_deleted" {
			return in.setAside(ctx, env, "a message that means nothing to the bot")
		}
		if err := in.doubles.noteDeletion(ctx, e.Channel, e.DeletedTS); err != nil {
			in.log.Error().Str("envelope", env.ID).Err(err).Msg("could not record a deletion; Slack will deliver it again")
			return false
		}
	case "app_home_opened":
		if e.Tab == "home" {
			in.home.noteOpened(e.User, e.View.Hash)
		}
	case "subteam_members_changed":
		in.directory.ForgetGroup(e.SubteamID)
	case "member_left_channel":
		user, _ := in.directory.CanonicalID(ctx, e.User)
		if in.directory.IsSelf(user) {
			in.noteChannelClosed(e.Channel, "the bot was removed from the approvals channel; "+
				"nothing can be asked or told until someone invites it there again with /invite")
		}
	case "channel_archive", "group_archive":
		in.noteChannelClosed(e.Channel, "the approvals channel was archived; "+
			"requests wait until someone unarchives it or LICENSEBOT_CHANNEL is set to another")
	case "channel_id_changed":
		if err := in.noteChannelMoved(ctx, e); err != nil {
			in.log.Error().Str("envelope", env.ID).Err(err).
				Msg("could not record the new id of a channel; Slack will deliver it again")
			return false
		}
	case "app_uninstalled", "tokens_revoked":
		in.log.Error().Str("event", e.Type).
			Msg("the Slack app was removed or its tokens revoked; install it again, and set SLACK_BOT_TOKEN to its new token")
	default:
		return in.setAside(ctx, env, "unknown event type "+outside.OneLine(e.Type, 60))
	}
	return true
}

// lastRetry is the last time that Slack delivers an event again, some minutes after the
// first. A message that Slack does not show by then is gone.
const lastRetry = 3

// recordReaction records an emoji. A job counts the votes later. Whether the message
// is a card, the store knows by its timestamp; what the emoji means there, the request
// says.
func (in *intake) recordReaction(ctx context.Context, env socket.Envelope, e event) (ok bool) {
	if e.Reaction == "" || len(e.Reaction) > maxEmojiName || e.User == "" || !in.mayNameRequest(e) {
		return true
	}
	giver, isSkipped, err := in.findGiver(ctx, e, env.RetryAttempt >= lastRetry)
	if isSkipped && in.canary.isOwnEvent(e) && in.directory.IsSelf(giver) {
		in.canary.recordArrival(ctx, env, e)
	}
	if isSkipped {
		return true
	}
	heard := approvals.Reaction{
		Channel: e.Item.Channel, TS: e.Item.TS, User: giver, Name: approvals.GivenEmoji(e.Reaction),
		EventTS: e.EventTS, Present: e.Type == "reaction_added",
	}
	if err == nil {
		err = in.doubles.recordReaction(ctx, heard, e.Item.Channel == in.channel.get())
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, errNotShown) && env.RetryAttempt >= lastRetry:
		in.log.Warn().Str("envelope", env.ID).Str("ts", heard.TS).
			Msg("a person reacted to a message that Slack does not show; ignored the reaction")
		return true
	}
	in.log.Error().Str("envelope", env.ID).Err(err).Msg("could not record a reaction; Slack will deliver it again")
	return false
}

// mayNameRequest reports whether a message may be about a request, as far as its place
// tells: the approvals channel of today, or a former one, where requests may be open.
// Messages without an author come from webhooks, and direct messages ask for no votes.
func (in *intake) mayNameRequest(e event) bool {
	isFormer := e.ItemUser != "" && !strings.HasPrefix(e.Item.Channel, "D")
	return e.Item.Type == "message" && e.Item.TS != "" && (e.Item.Channel == in.channel.get() || isFormer)
}

// findGiver is the person who reacted. Reactions of the bot itself and on messages of
// others are skipped. On Enterprise Grid each may be named by either id. If Slack refuses to
// tell about a giver, it is asked again when it delivers the event again. In the end the id
// that came is kept; such a vote cannot be checked.
func (in *intake) findGiver(ctx context.Context, e event, atLast bool) (user string, isSkipped bool, err error) {
	if e.ItemUser != "" {
		author, err := in.directory.CanonicalID(ctx, e.ItemUser)
		if err == nil && !in.directory.IsSelf(author) {
			return "", true, nil
		}
	}
	user, err = in.directory.CanonicalID(ctx, e.User)
	if approvals.IsRefused(err) && atLast {
		err = nil
	}
	return user, in.directory.IsSelf(user), err
}

// DeclineBusy answers an envelope that came while too many others waited.
func (in *intake) DeclineBusy(env socket.Envelope) (payload any) {
	return decline(env, message.CommandBusy(), message.FormBusy())
}

// decline tells a person in the acknowledgment that their command or their form
// failed. Other interactions have no place for words; a type-ahead gets an empty
// list.
func decline(env socket.Envelope, forCommand, forForm string) any {
	if env.Type != socket.TypeInteraction {
		return ephemeralAck(env, forCommand)
	}
	x, err := decodeInteraction(env.Payload)
	switch {
	case err != nil:
	case x.Type == "block_suggestion":
		return message.NoOptions()
	case x.Type == "view_submission" && x.View.CallbackID == message.FormCallback:
		return message.FieldErrors(map[string]string{message.FieldGroup: forForm})
	case x.Type == "view_submission" && x.View.CallbackID == message.DenyCallback:
		return message.FieldErrors(map[string]string{message.FieldComment: forForm})
	}
	return nil
}
