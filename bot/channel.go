package bot

import (
	"context"
	"sync/atomic"

	"licensebot/approvals"
)

// A currentChannel is the approvals channel of today, as far as this process knows. What
// must be exact asks the store.
type currentChannel struct{ id atomic.Pointer[string] }

func newCurrentChannel(id string) *currentChannel {
	c := new(currentChannel)
	c.set(id)
	return c
}

func (c *currentChannel) get() string { return *c.id.Load() }

func (c *currentChannel) set(id string) { c.id.Store(&id) }

// SetChannel tells the bot which channel is the approvals channel of today.
func (b *Bot) SetChannel(channel string) { b.channel.set(channel) }

// A ChannelStore keeps which ids a channel has had.
type ChannelStore interface {
	// MoveChannel records that Slack gave a channel another id. What is kept of the
	// channel follows.
	MoveChannel(ctx context.Context, move approvals.ChannelMove) error
}

// noteChannelMoved records that Slack gave a channel another id.
func (in *intake) noteChannelMoved(ctx context.Context, e event) error {
	if e.OldChannel == "" || e.NewChannel == "" {
		return nil
	}
	move := approvals.ChannelMove{From: e.OldChannel, To: e.NewChannel, EventTS: e.EventTS}
	if err := in.store.MoveChannel(ctx, move); err != nil {
		return err
	}
	if in.channel.get() == e.OldChannel {
		in.channel.set(e.NewChannel)
		in.log.Warn().Str("old", e.OldChannel).Str("new", e.NewChannel).
			Msg("Slack gave the approvals channel another id, and the bot follows; set LICENSEBOT_CHANNEL to the new one")
	}
	return nil
}

// noteChannelClosed tells the operator that the bot cannot use the approvals channel.
func (in *intake) noteChannelClosed(channel, what string) {
	if channel == in.channel.get() {
		in.log.Error().Str("channel", channel).Msg(what)
		in.channelChanged()
	}
}

// noteSharing follows whether another organization is in the approvals channel. Slack says
// so around each event of the channel, and the bot's own emoji on a new card is one.
func (in *intake) noteSharing(e event) {
	if e.place() == in.channel.get() && in.shared.Swap(e.Shared) != e.Shared {
		in.channelChanged()
	}
}
