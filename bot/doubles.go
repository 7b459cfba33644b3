package bot

import (
	"context"
	"errors"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
)

// A DoubleStore knows cards, and records what people say on their doubles.
type DoubleStore interface {
	// FindByCard reads the request of a card. The error is approvals.ErrNotFound if
	// the message is no card that the store knows.
	FindByCard(ctx context.Context, channel, ts string) (approvals.Request, error)
	Request(ctx context.Context, id string) (approvals.Request, error)
	ApplyEvent(ctx context.Context, id string, e approvals.Event, done *approvals.LeasedJob) (approvals.Request, error)
}

// doubles hears what people react on a message that shows a card once more, as
// happens if Slack stores a post late.
type doubles struct {
	store DoubleStore
	posts *slackapi.Messenger
}

// recordDenial records a deny emoji on a message that the store does not know, if it
// is a double of an open request's card. The reaction counts as on the card.
func (d *doubles) recordDenial(ctx context.Context, heard approvals.Reaction) error {
	_, err := d.store.FindByCard(ctx, heard.Channel, heard.TS)
	if !errors.Is(err, approvals.ErrNotFound) {
		return err // the message is a card, or the store failed
	}
	post, found, err := d.posts.ReadPost(ctx, heard.Channel, heard.TS)
	if err != nil || !found || !message.IsCard(post.Metadata) {
		return err
	}
	denial := approvals.Denial{
		TS: heard.TS, User: heard.User, Name: heard.Name, EventTS: heard.EventTS, Withdrawn: !heard.Present,
	}
	return d.apply(ctx, message.RequestIDOf(post.Metadata), approvals.DeniedOnDouble{Denial: denial})
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
