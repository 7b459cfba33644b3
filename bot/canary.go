package bot

import (
	"context"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/bot/socket"
	"licensebot/internal/sleep"
)

// How often the canary sings. All replicas look whether a round is due; one begins it.
const (
	canaryEvery = 30 * time.Second
	canaryPoll  = 10 * time.Second
	canaryPause = 10 * time.Minute // after Slack refused it, as in a channel where the bot may not post
	canaryLimit = 20 * time.Second // for one round; less than canaryEvery
	canaryEmoji = "satellite_antenna"
	// canaryPatience is how many rounds in a row fail until an operator is told.
	canaryPatience = 2
)

// A CanaryStore keeps the running round for all replicas.
type CanaryStore interface {
	// BeginCanary begins the next round if one is due.
	BeginCanary(ctx context.Context, channel string, every time.Duration) (
		last, next approvals.Canary, begun bool, err error)
	SetCanaryMessage(ctx context.Context, number int, ts string) error
	FailCanary(ctx context.Context, number int, pause time.Duration) error
	RecordCanary(ctx context.Context, c approvals.Canary) error
}

// A canary notices connections that live and deliver nothing: it reacts to a status
// message of the bot, and expects the event.
type canary struct {
	store   CanaryStore
	posts   *slackapi.Messenger
	phrases message.Phrases
	channel *currentChannel
	replica string
	report  func(approvals.Canary, approvals.CanaryResult) // may be nil
	now     func() time.Time
	log     zerolog.Logger

	failed int // rounds in a row
}

// run begins rounds until ctx ends.
func (c *canary) run(ctx context.Context) {
	for sleep.For(ctx, canaryPoll) {
		if err := c.beginRound(ctx); err != nil && ctx.Err() == nil {
			c.log.Warn().Err(err).Msg("could not check whether Slack delivers; trying again")
		}
	}
}

// beginRound begins a round if one is due, and judges the one before.
func (c *canary) beginRound(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, canaryLimit)
	defer cancel()
	last, next, begun, err := c.store.BeginCanary(ctx, c.channel.get(), canaryEvery)
	if err != nil || !begun {
		return err
	}
	c.judge(last, next.At)
	if next.TS == "" {
		return c.postMessage(ctx, next)
	}
	return c.react(ctx, last, next)
}

// judge reports how a round ended.
func (c *canary) judge(last approvals.Canary, now time.Time) {
	result := last.Judge(now, canaryEvery)
	if result == approvals.CanaryNone {
		return
	}
	if c.report != nil {
		c.report(last, result)
	}
	if result != approvals.CanaryLost && result != approvals.CanaryRetried {
		c.failed = 0
		return
	}
	if c.failed++; c.failed == canaryPatience {
		c.log.Error().Str("result", string(result)).Int("rounds", c.failed).
			Msg("Slack does not deliver what it should: the bot's own reaction came back on no connection, or only " +
				"as a repetition; look at the app's event subscriptions, and restart")
	}
}

// postMessage posts the status message. The next round reacts to it.
func (c *canary) postMessage(ctx context.Context, next approvals.Canary) error {
	text, metadata := c.phrases.Status()
	ts, err := c.posts.PostMessage(ctx, slackapi.Post{Channel: next.Channel, Text: text, Metadata: metadata})
	if err != nil {
		c.log.Warn().Err(err).Msg("could not post the status message")
		return c.store.FailCanary(ctx, next.Number, canaryPause)
	}
	if err := c.store.SetCanaryMessage(ctx, next.Number, ts); err != nil {
		return err
	}
	return c.react(ctx, approvals.Canary{}, next.On(ts))
}

// react gives or takes back the reaction. A message that is gone twice is posted anew.
func (c *canary) react(ctx context.Context, last, next approvals.Canary) error {
	err := c.posts.AwaitPace(ctx, approvals.PaceEmoji)
	if err == nil {
		err = c.posts.SetReaction(ctx, next.Channel, next.TS, canaryEmoji, next.Present)
	}
	if err == nil {
		return nil
	}
	isGone := approvals.IsRefused(err)
	if isGone && last.Unable {
		if err := c.store.SetCanaryMessage(ctx, next.Number, ""); err != nil {
			return err
		}
	}
	c.log.Debug().Err(err).Msg("Slack did not take the reaction on the status message")
	return c.store.FailCanary(ctx, next.Number, canaryEvery)
}

// isOwnEvent reports whether an event may be about the reaction of the canary.
func (c *canary) isOwnEvent(e event) bool {
	return c != nil && e.Reaction == canaryEmoji
}

// recordArrival notes that an event came back. It is no reason to have it delivered
// again if it cannot be noted.
func (c *canary) recordArrival(ctx context.Context, env socket.Envelope, e event) {
	err := c.store.RecordCanary(ctx, approvals.Canary{
		Channel: e.Item.Channel, TS: e.Item.TS, Present: e.Type == "reaction_added",
		Retried: env.RetryAttempt > 0, By: c.replica + "/" + strconv.Itoa(env.Connection),
	})
	if err != nil {
		c.log.Warn().Err(err).Msg("could not note that a reaction came back")
	}
}
