package worker

import (
	"context"
	"errors"
	"time"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// channelEvery is how often the workers renew their claim to the approvals channel, and
// look for cards that were left behind in another one.
const channelEvery = 30 * time.Second

// keepChannel follows the approvals channel until ctx ends.
func (w *Runner) keepChannel(ctx context.Context) {
	for {
		w.tryToFollow(ctx)
		if !sleep.For(ctx, channelEvery) {
			return
		}
	}
}

func (w *Runner) tryToFollow(ctx context.Context) {
	if w.Channel == "" {
		return
	}
	if err := w.followChannel(ctx); err != nil && ctx.Err() == nil {
		w.OnError(Problem{During: FollowingChannel, Err: err})
	}
}

// followChannel renews the claim, and files the requests anew whose cards are in another
// channel than the one of today.
func (w *Runner) followChannel(ctx context.Context) error {
	use, err := w.Store.ClaimChannel(ctx, w.Channel)
	if err != nil {
		return err
	}
	if w.OnChannel != nil {
		w.OnChannel(use)
	}
	unusable := w.Messenger.CheckPostable(ctx, use.Today)
	if err := w.noteClosed(ctx, use.Today, unusable); err != nil {
		return err
	}
	left, err := w.Store.ListLeftBehind(ctx)
	if err != nil || len(left) == 0 {
		return err
	}
	if unusable != nil {
		return unusable // it may be set by mistake: no card is given up for it
	}
	var failed error
	for _, r := range left {
		failed = errors.Join(failed, w.leaveChannel(ctx, r, use.Today))
	}
	return failed
}

// closedLooks is how many looks in a row find the approvals channel closed to the bot until
// the requesters of what waits there are told: for half a minute.
const closedLooks = 2

// noteClosed tells the requesters of what waits in the approvals channel of today, once, that
// the channel stays closed to the bot: it hears no approver there.
func (w *Runner) noteClosed(ctx context.Context, today string, unusable error) error {
	delay, ok := errors.AsType[*approvals.DelayError](unusable)
	switch {
	case unusable == nil:
		w.closedLooks.Store(0)
		return nil
	case !ok || !delay.Closed || w.closedLooks.Add(1) < closedLooks:
		return nil
	}
	unfinished, err := w.Store.ListUnfinished(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, r := range unfinished {
		if r.Channel == today && r.DelayReason == "" && w.awaitsChannel(r) {
			failed = errors.Join(failed, w.applyIfNew(ctx, r.ID, approvals.Delayed{Reason: delay.Reason}))
		}
	}
	return failed
}

// awaitsChannel reports whether a request cannot go on without its channel. Until that was
// read after the start, no open request can.
func (w *Runner) awaitsChannel(r approvals.Request) bool {
	return r.State == approvals.Pending || r.State.Open() && w.unread.check(r) != nil
}

// leaveChannel files a request anew in the approvals channel of today, unless that is the
// channel of its card under a new id. What its channel tells is adopted before, by two looks.
func (w *Runner) leaveChannel(ctx context.Context, r approvals.Request, today string) error {
	if mustWait := r.CheckTarget(w.Target) != nil || len(w.unread.awaitedBy(r)) > 0; mustWait {
		return nil
	}
	page, err := w.Directory.ReadHistory(ctx, today, r.CardTS, r.CardTS)
	if err != nil {
		return err
	}
	if card, found := page.Find(r.CardTS); found && card.RequestID == r.ID { // Slack's event was missed
		now, err := w.Store.Now(ctx)
		if err != nil {
			return err
		}
		return w.Store.MoveChannel(ctx, approvals.ChannelMove{
			From: r.Channel, To: today, EventTS: approvals.TimestampAt(now),
		})
	}
	return w.applyIfNew(ctx, r.ID, approvals.ChannelReplaced{Channel: today, NewID: approvals.NewID()})
}

// redirectCard gives a request without a card the approvals channel of today. A card
// that an earlier attempt may have posted is looked for first. In a channel that stays
// closed to the bot, such a card is given up: no vote on it counts.
func (w *Runner) redirectCard(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request,
) (approvals.LeasedJob, approvals.Request, error) {
	today, err := w.Store.Channel(ctx)
	if err != nil || today == "" || today == r.Channel || r.State != approvals.Pending {
		return t, r, err
	}
	if t.WasTried() {
		ts, found, err := w.findEarlier(ctx, t, r)
		switch {
		case found:
			err = w.recordCard(ctx, t, r, ts, time.Time{})
			if err == nil {
				err = approvals.ErrNoTransition // the job is over
			}
			return t, r, err
		case err != nil && !t.IsShutOut(err):
			return t, r, err
		}
	}
	r, err = w.Store.ApplyEvent(ctx, r.ID, approvals.CardRedirected{Channel: today}, t.KeepLeased())
	t.TriedAt = time.Time{} // nothing was tried in this channel
	return t, r, err
}

// replaceUnreadable files an approved request anew if its card is in a former channel that
// stays closed to the bot. It reports false where that is not so.
func (w *Runner) replaceUnreadable(
	ctx context.Context, t approvals.LeasedJob, r approvals.Request, tried bool, cause error,
) (replaced bool, err error) {
	if tried || r.WriteAttempted || !t.IsShutOut(cause) {
		return false, nil
	}
	today, err := w.Store.Channel(ctx)
	if err != nil || today == "" || today == r.Channel {
		return false, err
	}
	return true, w.applyEvent(ctx, r, approvals.ChannelReplaced{
		Channel: today, NewID: approvals.NewID(), Untried: true,
	}, &t)
}
