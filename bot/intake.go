package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
)

// A Filer makes what arrives durable. What it says is recorded is on the disk;
// after an error nothing was, unless it is approvals.ErrUncertain.
type RequestStore interface {
	// File records a request, once for each envelope: for one that filed a
	// request before, it returns that one, and again is true. It sets the times.
	FileRequest(ctx context.Context, r approvals.Request) (filed approvals.Request, again bool, err error)
	// React records that somebody gave a reaction or took it back, in whatever
	// order that is heard, and owes a weighing where it is on an open card.
	RecordReaction(ctx context.Context, heard approvals.Reaction) error
	// Request reads one request; approvals.ErrNoRequest if there is none.
	Request(ctx context.Context, id string) (approvals.Request, error)
	// Step applies an event, as approvals.Store does. done is nil here.
	ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error)
	// DeadLetter keeps a delivery that was not understood, once for each
	// envelope. The caller has taken secrets out of raw and bounded it.
	DeadLetter(ctx context.Context, envelope, why string, raw []byte) error
	// Ahead counts the requests whose card is still to be posted, up to most.
	CountUnposted(ctx context.Context, most int) (int, error)
	// Mine and Waiting read a part of a list, and count all of it.
	ListByRequester(ctx context.Context, requester string, limit, offset int) ([]approvals.Request, int, error)
	ListPending(ctx context.Context, limit, offset int) ([]approvals.Request, int, error)
	ListByGroup(ctx context.Context, groupID string, limit int) ([]approvals.Request, error)
	CountOpen(ctx context.Context) (map[approvals.State]int, error)
}

// An Intake understands envelopes, has them made durable, and only then says
// what to acknowledge them with.
type Intake struct {
	Store     RequestStore
	Words     Phrases
	TTL       time.Duration // life of a request that has no card yet
	Self      Identity
	Receipts  *ResponseURLs
	Directory *Directory
	Lookups   *Lookups
	Form      *Form
	Home      *Home
	Speaker   *Messenger
	Errands   *BackgroundQueue
	Now       func() time.Time // the clock of dates that are typed; nil: time.Now
	Log       zerolog.Logger
}

// ackText is the payload that a slash command is acknowledged with.
type ackText struct {
	ResponseType string `json:"response_type"`
	Text         string `json:"text"`
}

// Handle deals with one envelope. ok is false if it must not be acknowledged,
// so that Slack delivers it again; payload is nil if there is nothing to say.
// A panic harms only the envelope that caused it.
func (in *Intake) Handle(ctx context.Context, env Envelope) (payload any, ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			in.Log.Error().Str("envelope", env.ID).Interface("panic", cause).Bytes("stack", debug.Stack()).Msg("handling an envelope failed")
			payload, ok = in.recordBroken(ctx, env, fmt.Sprint("panic: ", cause))
		}
	}()
	switch env.Type {
	case "slash_commands":
		return in.handleCommand(ctx, env)
	case "events_api":
		return nil, in.handleEvent(ctx, env)
	case "interactive":
		return in.handleInteraction(ctx, env), true
	}
	return nil, in.setAside(ctx, env, "unknown envelope type "+OneLine(env.Type, 60))
}

// broken records an envelope that made the handler panic. Delivering it again
// would do the same, so it is acknowledged once it is recorded.
func (in *Intake) recordBroken(ctx context.Context, env Envelope, why string) (any, bool) {
	kept := in.setAside(ctx, env, why)
	if env.IsDeliveredOnce() {
		return in.declineWith(env, CommandBroken(), FormBroken()), true
	}
	return nil, kept
}

// setAside records a delivery that nothing here understands, so that it can be
// acknowledged: unacknowledged, Slack would deliver it again and again.
func (in *Intake) setAside(ctx context.Context, env Envelope, why string) bool {
	in.Log.Warn().Str("envelope", env.ID).Str("type", OneLine(env.Type, 60)).Str("why", why).Msg("set a delivery aside")
	if err := in.Store.DeadLetter(ctx, env.ID, why, redactDelivery(env.Payload)); err != nil {
		in.Log.Error().Str("envelope", env.ID).Err(err).Msg("could not record a delivery")
		return false
	}
	return true
}

// say is an acknowledgement that only the person who typed the command sees.
func ephemeralAck(env Envelope, text string) any {
	if !env.AcceptsPayload || text == "" {
		return nil
	}
	return ackText{ResponseType: "ephemeral", Text: text}
}

func (in *Intake) handleCommand(ctx context.Context, env Envelope) (any, bool) {
	typed, err := decodeSlashCommand(env.Payload)
	if err != nil {
		return in.recordBroken(ctx, env, err.Error())
	}
	name := OneLine(typed.Command, MaxNameLength)
	command, err := Parse(name, typed.Text, in.currentTime())
	var malformed *Error
	if errors.As(err, &malformed) {
		return ephemeralAck(env, ExplainCommandError(malformed)), true
	}
	return ephemeralAck(env, in.runCommand(ctx, env, name, typed, command)), true
}

// obey does what a command asks and returns what to acknowledge it with.
func (in *Intake) runCommand(ctx context.Context, env Envelope, name string, typed slashCommand, c Command) string {
	switch c.Verb {
	case VerbForm:
		return in.openFromCommand(ctx, typed, name)
	case VerbHelp:
		return in.Words.CommandHelp(name)
	case VerbCancel:
		return in.cancelRequest(ctx, name, c, typed.UserID)
	case VerbEnd:
		return in.revokeGrant(ctx, name, c.ID, typed.UserID)
	case VerbMine, VerbPending, VerbStatus, VerbWhy:
		return in.answerQuery(ctx, name, typed.UserID, c)
	case VerbShow, VerbCodes:
		return in.Lookups.beginLookup(ctx, env.ID, name, typed, c) // ctx ends when the acknowledgement is out
	}
	return in.fileRequest(ctx, env, typed, c.Ask)
}

func (in *Intake) currentTime() time.Time {
	if in.Now == nil {
		return time.Now()
	}
	return in.Now()
}

// file makes the request durable; what it returns may say so.
func (in *Intake) fileRequest(ctx context.Context, env Envelope, typed slashCommand, ask approvals.Ask) string {
	request, _, err := in.recordRequest(ctx, env, typed.UserID, typed.ChannelID, ask)
	if errors.Is(err, approvals.ErrCommitUnknown) {
		return CommandUncertain()
	}
	if err != nil {
		return CommandNotStored()
	}
	in.Receipts.Keep(request.ID, typed.ResponseURL, time.Now())
	return in.Words.ConfirmReceipt(request, in.countAhead(ctx))
}

// maxAhead bounds the count of those who wait: beyond it the wait is an hour.
const maxAhead = 3600

// ahead is how many cards are to be posted before a new one, as far as known.
func (in *Intake) countAhead(ctx context.Context) int {
	n, err := in.Store.CountUnposted(ctx, maxAhead)
	if err != nil {
		in.Log.Warn().Err(err).Msg("could not count the cards that wait")
		return 0
	}
	return max(n-1, 0) // the new one is counted as well
}

func (in *Intake) handleEvent(ctx context.Context, env Envelope) bool {
	e, err := decodeEvent(env.Payload)
	if err != nil {
		return in.setAside(ctx, env, err.Error())
	}
	switch e.Type {
	case "reaction_added", "reaction_removed":
		return in.recordReaction(ctx, env, e)
	case "app_home_opened":
		if e.Tab == "home" {
			in.Home.noteOpened(e.User, e.View.Hash)
		}
	case "subteam_members_changed":
		in.Directory.ForgetGroup(e.SubteamID)
	case "member_left_channel":
		if e.User == in.Self.UserID && e.Channel == in.Words.Channel {
			in.Log.Error().Msg("the bot was removed from the approvals channel; nothing can be asked or told until someone invites it there again with /invite")
		}
	case "app_uninstalled", "tokens_revoked":
		in.Log.Error().Str("event", e.Type).Msg("the Slack app was removed or its tokens revoked; install it again and restart with its new tokens")
	default:
		return in.setAside(ctx, env, "unknown event type "+OneLine(e.Type, 60))
	}
	return true
}

// reaction records a vote for weighing. Other emoji, other channels and
// messages that somebody else wrote are none of its business; whether it is on
// a card is told by the card's timestamp alone.
func (in *Intake) recordReaction(ctx context.Context, env Envelope, e event) bool {
	name, deny, ok := in.Words.vote(e.Reaction)
	if !ok || e.User == "" || e.User == in.Self.UserID || e.Item.Type != "message" ||
		e.Item.Channel != in.Words.Channel || e.ItemUser != "" && e.ItemUser != in.Self.UserID {
		return true
	}
	err := in.Store.RecordReaction(ctx, approvals.Reaction{
		Channel: e.Item.Channel, TS: e.Item.TS, User: e.User, Name: name, Deny: deny,
		EventTS: e.EventTS, Present: e.Type == "reaction_added",
	})
	if err != nil {
		in.Log.Error().Str("envelope", env.ID).Err(err).Msg("could not record a reaction; Slack will deliver it again")
		return false
	}
	return true
}
