package bot

import (
	"context"
	"errors"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
)

// A DoubleStore knows cards, and records what people react on messages of the bot.
type DoubleStore interface {
	// FindByCard reads the request of a card. The error is approvals.ErrNotFound if
	// the message is no card that the store knows.
	FindByCard(ctx context.Context, channel, ts string) (approvals.Request, error)
	// RecordReaction records that a person gave a reaction or took it back, in
	// whatever order these are heard. On an open card it enqueues a count of the
	// votes.
	RecordReaction(ctx context.Context, heard approvals.Reaction) error
	ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error)
}

// doubles hears what people react on messages about a request other than its card:
// replies, and a card that is shown once more, as happens if Slack stores a post late.
type doubles struct {
	store DoubleStore
	posts *slackapi.Messenger
}

// errNotShown says that Slack tells of a message that it does not show.
var errNotShown = errors.New("Slack does not show the message yet")

// recordReaction records a reaction on a card, or a denial on another message about an
// open request. isHere says that it is in the approvals channel of today, where the
// message may be a card and its timestamp not stored yet.
func (d *doubles) recordReaction(ctx context.Context, heard approvals.Reaction, isHere bool) error {
	if isHere { // before anything else, because the count of votes begins with it
		if err := d.store.RecordReaction(ctx, heard); err != nil {
			return err
		}
	}
	switch _, err := d.store.FindByCard(ctx, heard.Channel, heard.TS); {
	case errors.Is(err, approvals.ErrNotFound):
		return d.recordDenial(ctx, heard)
	case err != nil || isHere:
		return err
	}
	return d.store.RecordReaction(ctx, heard)
}

// recordDenial records a reaction on a message that the store does not know, if the
// message names an open request and the emoji denies it: what it means, the request
// says. It counts as on the card. The error is errNotShown if Slack lags.
func (d *doubles) recordDenial(ctx context.Context, heard approvals.Reaction) error {
	post, shown, err := d.posts.ReadPost(ctx, heard.Channel, heard.TS)
	id := message.RequestIDOf(post.Metadata)
	switch {
	case err != nil:
		return err
	case !shown:
		return errNotShown
	case id == "":
		return nil
	}
	denial := approvals.Denial{
		TS: heard.TS, User: heard.User, Name: heard.Name, EventTS: heard.EventTS, Withdrawn: !heard.Present,
	}
	if message.IsCard(post.Metadata) {
		if err := d.store.RecordReaction(ctx, heard); err != nil { // it may be the card, in a former channel
			return err
		}
		return d.apply(ctx, id, approvals.DeniedOnDouble{Denial: denial})
	}
	return d.apply(ctx, id, approvals.DeniedOnReply{Denial: denial})
}

// noteDeletion records Slack's word that a message was deleted, if it is a card. It
// is one of the two looks that prove it.
func (d *doubles) noteDeletion(ctx context.Context, channel, ts string) error {
	r, err := d.store.FindByCard(ctx, channel, ts)
	if err != nil {
		return ignoreUnknown(err)
	}
	return d.apply(ctx, r.ID, approvals.CardMissed{})
}

func (d *doubles) apply(ctx context.Context, id string, e approvals.Event) error {
	_, err := d.store.ApplyEvent(ctx, id, e, nil)
	return ignoreUnknown(err)
}

// ignoreUnknown leaves out that an event is about a request that is closed, or that
// the store does not know.
func ignoreUnknown(err error) error {
	if errors.Is(err, approvals.ErrNotFound) || errors.Is(err, approvals.ErrNoTransition) {
		return nil
	}
	return err
}
