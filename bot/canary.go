package bot

import (
	"context"
	"strconv"
	"sync/atomic"
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
	// canaryPatience is how many rounds in a row fail until the connections are replaced,
	// an operator is told, and the bot is not ready.
	canaryPatience = 2
	// canaryKindPatience is how many reactions given, or taken back, are lost in a row until
	// the app does not seem to subscribe to that event.
	canaryKindPatience = 3
	// canaryReplaceEvery is after how many more of them the connections are replaced again.
	canaryReplaceEvery = 10
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
	replace func()                                         // opens new connections
	now     func() time.Time
	log     zerolog.Logger

	seen   approvals.Canary // the running round, as this replica last saw it
	failed atomic.Int32     // rounds in a row
	given  atomic.Int32     // reactions given and lost in a row
	taken  atomic.Int32     // reactions taken back and lost in a row
	others atomic.Int64     // deliveries of Slack to this process that are no reactions
	before atomic.Int64     // others, when the last reaction came back
}

const (
	subscribeToBoth    = "subscribe the Slack app to the bot events reaction_added and reaction_removed"
	subscribeToAdded   = "subscribe the Slack app to the bot event reaction_added"
	subscribeToRemoved = "subscribe the Slack app to the bot event reaction_removed"
)

// deafness says what Slack does not deliver to any replica, or only as a repetition; ""
// if it delivers.
func (c *canary) deafness() string {
	switch {
	case c == nil:
	case c.failed.Load() >= canaryPatience && c.others.Load() > c.before.Load():
		return "Slack delivers commands or other events and no reactions: " + subscribeToBoth
	case c.failed.Load() >= canaryPatience:
		return "Slack delivers nothing: the bot's own reaction does not come back; " +
			"if new connections do not help, " + subscribeToBoth
	case c.given.Load() >= canaryKindPatience:
		return "Slack does not deliver reactions: " + subscribeToAdded
	}
	return ""
}

// noteOther notes that Slack delivered something else than a reaction.
func (c *canary) noteOther() {
	if c != nil {
		c.others.Add(1)
	}
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
	if err != nil {
		return err
	}
	if !begun {
		c.follow(last)
		return nil
	}
	c.seen = next
	result := last.Judge(next.At, canaryEvery)
	if result != approvals.CanaryNone && c.report != nil {
		c.report(last, result)
	}
	c.count(last, result)
	if next.TS == "" {
		return c.postMessage(ctx, next)
	}
	return c.react(ctx, last, next)
}

// follow looks at the running round, which another replica may have begun. That replica
// reports how the round before ended; this one goes by what it last saw of it.
func (c *canary) follow(running approvals.Canary) {
	if c.seen.Number != 0 && running.Number > c.seen.Number {
		c.count(c.seen, c.seen.Judge(running.At, canaryEvery))
	}
	c.seen = running
}

// count counts rounds that failed in a row. Of a round that could not be made nothing is
// known.
func (c *canary) count(round approvals.Canary, result approvals.CanaryResult) {
	switch result {
	case approvals.CanaryArrived:
		c.kindOf(round).Store(0)
		c.before.Store(c.others.Load())
		if c.failed.Swap(0) >= canaryPatience {
			c.log.Info().Msg("Slack delivers again")
		}
		return
	case approvals.CanaryNone, approvals.CanaryUnable:
		return
	}
	failed := c.failed.Add(1)
	if failed == canaryPatience {
		c.log.Error().Str("result", string(result)).Int32("rounds", failed).Str("problem", c.deafness()).
			Msg("Slack does not deliver what it should: the bot's own reaction came back on no connection, or only " +
				"as a repetition; the bot opens new connections; look at the app's event subscriptions if this goes on")
	}
	c.countKind(round, result)
	if failed >= canaryPatience && (failed-canaryPatience)%canaryReplaceEvery == 0 {
		c.replace()
	}
}

// countKind counts the rounds of one kind that were lost while those of the other kind
// arrived. The app subscribes to each kind by itself.
func (c *canary) countKind(round approvals.Canary, result approvals.CanaryResult) {
	if result != approvals.CanaryLost || c.kindOf(round).Add(1) != canaryKindPatience {
		return
	}
	if c.failed.Load() >= canaryPatience {
		return // those of the other kind are lost as well
	}
	missing := subscribeToRemoved
	if round.Present {
		missing = subscribeToAdded
	}
	c.log.Error().Msg("Slack delivers only one of two events: " + missing)
}

func (c *canary) kindOf(round approvals.Canary) *atomic.Int32 {
	if round.Present {
		return &c.given
	}
	return &c.taken
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
