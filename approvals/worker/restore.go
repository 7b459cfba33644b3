package worker

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// An operator may have restored a copy of the database, so that the channel tells more
// than the store. At the start each channel is read from the newest card that the store
// knows, and what it tells is adopted. Until then the requests of that channel wait.

// readRetry is the pause after a channel could not be read.
const readRetry = 5 * time.Second

// unreadChannels are the channels that are still to be read, each with its unfinished
// requests.
type unreadChannels struct {
	mu  sync.Mutex
	all map[string][]approvals.Request

	closed map[string]int // how often each was found closed to the bot
}

// countClosed counts that a channel was found closed to the bot.
func (u *unreadChannels) countClosed(channel string) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed == nil {
		u.closed = make(map[string]int)
	}
	u.closed[channel]++
	return u.closed[channel]
}

// isClosed reports whether a channel stays closed to the bot: for about half a minute.
func (u *unreadChannels) isClosed(channel string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.closed[channel] >= leftAfter
}

// check is a *DelayError while a channel is unread.
func (u *unreadChannels) check(channel string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, unread := u.all[channel]; !unread {
		return nil
	}
	return &approvals.DelayError{
		After: readRetry, Reason: "Slack does not show the approvals channel", Err: approvals.ErrChannelUnread,
	}
}

func (u *unreadChannels) list() map[string][]approvals.Request {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.all)
}

func (u *unreadChannels) remove(channel string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.all, channel)
}

// awaitReading is a *DelayError while the channel of a request is unread. Where the channel
// stays closed to the bot, the requester is told privately that a request waits for it, or how
// it has ended: the channel cannot know better about that.
func (w *Runner) awaitReading(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	err := w.unread.check(r.Channel)
	if err == nil || t.Kind == approvals.JobTellDelay {
		return nil
	}
	if !w.unread.isClosed(r.Channel) {
		return err
	}
	switch t.Kind {
	case approvals.JobTellRequester:
		return nil
	case approvals.JobPostOutcome, approvals.JobPostDelay:
		return errors.Join(err, w.applyIfNew(ctx, r.ID, approvals.ShutOut{Said: t.Job}))
	}
	return err
}

// readFirst finds the channels to read and tries each once. It reports false if ctx
// ended.
func (w *Runner) readFirst(ctx context.Context) bool {
	for {
		all, err := w.listUnread(ctx)
		if err == nil {
			w.unread.all = all
			w.readUnread(ctx)
			return ctx.Err() == nil
		}
		if ctx.Err() == nil {
			w.OnError(Problem{During: ClaimingJobs, Err: err})
		}
		if !sleep.For(ctx, errorPause) {
			return false
		}
	}
}

// listUnread lists the channels with news about unfinished requests, and the one of today: a
// restored copy may have no such request, and its watch takes what the bot did since for changes
// outside of it.
func (w *Runner) listUnread(ctx context.Context) (map[string][]approvals.Request, error) {
	unfinished, err := w.Store.ListUnfinished(ctx)
	if err != nil {
		return nil, err
	}
	all := byChannel(unfinished)
	today, err := w.Store.Channel(ctx)
	if err != nil || today == "" || all[today] != nil {
		return all, err
	}
	newest, err := w.Store.NewestCard(ctx, today)
	if newest != "" { // else the bot is new there
		all[today] = nil
	}
	return all, err
}

func byChannel(requests []approvals.Request) map[string][]approvals.Request {
	channels := make(map[string][]approvals.Request)
	for _, r := range requests {
		channels[r.Channel] = append(channels[r.Channel], r)
	}
	return channels
}

// keepReading tries the unread channels until all are read or ctx ends.
func (w *Runner) keepReading(ctx context.Context) {
	for len(w.unread.list()) > 0 && sleep.For(ctx, readRetry) {
		w.readUnread(ctx)
	}
}

// leftAfter is how often a former channel is found closed to the bot until its requests
// go on without what it may tell: for about half a minute.
const leftAfter = 5

// isLeft reports whether a channel that cannot be read is a former one that stays closed.
func (w *Runner) isLeft(ctx context.Context, channel string, err error) bool {
	delay, ok := errors.AsType[*approvals.DelayError](err)
	if !ok || !delay.Closed || w.unread.countClosed(channel) < leftAfter {
		return false
	}
	today, err := w.Store.Channel(ctx)
	return err == nil && today != "" && today != channel
}

func (w *Runner) readUnread(ctx context.Context) {
	for channel, unfinished := range w.unread.list() {
		err := w.adoptFrom(ctx, channel, unfinished)
		switch {
		case err == nil:
			w.unread.remove(channel)
		case w.isLeft(ctx, channel, err):
			w.unread.remove(channel)
			w.OnError(Problem{During: LeavingChannel, Err: err})
			w.tryToFollow(ctx)
		case ctx.Err() == nil:
			w.OnError(Problem{During: ReadingChannel, Err: err})
		}
	}
}

// adoptFrom reads a channel and adopts what it tells. It reads all before it records
// any, because a record moves the next start's first place to read.
func (w *Runner) adoptFrom(ctx context.Context, channel string, unfinished []approvals.Request) error {
	newest, err := w.Store.NewestCard(ctx, channel)
	if err != nil {
		return err
	}
	reading := approvals.NewReading(newest, unfinished)
	if !w.Policy().Watch.Off {
		reading.Watch()
	}
	cards, err := w.readCards(ctx, channel, reading.Oldest())
	if err != nil {
		return err
	}
	for _, card := range cards {
		if err := w.readThreadOf(ctx, channel, card, reading); err != nil {
			return err
		}
	}
	adoptions := reading.Adoptions()
	if len(adoptions) == 0 {
		return nil
	}
	adopted, err := w.Store.Adopt(ctx, adoptions)
	for _, id := range adopted {
		w.OnError(Problem{During: Adopting, RequestID: id})
	}
	return err
}

// readThreadOf reads the thread of a card, if it may tell something new.
func (w *Runner) readThreadOf(
	ctx context.Context, channel string, card approvals.ToldCard, reading *approvals.Reading,
) error {
	if !reading.MayTell(card) {
		return nil
	}
	known, err := w.isKnown(ctx, card.RequestID)
	if err != nil {
		return err
	}
	var thread []approvals.Told
	err = w.readPatiently(ctx, func() (err error) {
		thread, err = w.Messenger.ReadThread(ctx, channel, card.TS)
		return err
	})
	if approvals.IsRefused(err) { // the card was deleted meanwhile
		return nil
	}
	reading.Add(card, thread, known)
	return err
}

// isKnown reports whether the store has a request. It is asked after the channel showed
// the card, because another replica may have posted it meanwhile.
func (w *Runner) isKnown(ctx context.Context, id string) (bool, error) {
	_, err := w.Store.Request(ctx, id)
	if errors.Is(err, approvals.ErrNotFound) {
		return false, nil
	}
	return true, err
}

// readCards reads the cards of a channel, the oldest first.
func (w *Runner) readCards(ctx context.Context, channel, oldest string) ([]approvals.ToldCard, error) {
	var all []approvals.ToldCard
	for cursor := ""; ; {
		err := w.readPatiently(ctx, func() error {
			page, next, err := w.Messenger.ReadCards(ctx, channel, oldest, cursor)
			if err == nil {
				all, cursor = append(all, page...), next
			}
			return err
		})
		if err != nil || cursor == "" {
			slices.SortFunc(all, func(a, b approvals.ToldCard) int { return cmp.Compare(a.TS, b.TS) })
			return all, err
		}
	}
}

// readPatiently repeats a call while Slack asks for a pause, so that a long channel is
// read on from where it was.
func (w *Runner) readPatiently(ctx context.Context, read func() error) error {
	for {
		err := read()
		pause := delayOf(err)
		if pause == 0 || !sleep.For(ctx, pause) {
			return err
		}
		w.OnError(Problem{During: ReadingChannel, Err: err})
	}
}
