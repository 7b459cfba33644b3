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
// knows, and what it tells is adopted. Until then the requests of that channel wait. What one
// look does not show, the channel may have all the same, so a second one follows. Until then
// no write and no message rests on its absence.

// readRetry is the pause after a channel could not be read.
const readRetry = 5 * time.Second

// An unreadChannel is a channel that is still to be read, or to be read again.
type unreadChannel struct {
	approvals.ChannelToRead
	seenAt time.Time     // when the first look succeeded; zero: it is to come
	read   chan struct{} // closed after the second look
}

// unreadChannels are the channels that are still to be read.
type unreadChannels struct {
	mu    sync.Mutex
	all   map[string]unreadChannel
	today string        // the approvals channel at the start: all requests wait for it
	ended chan struct{} // closed when nothing is read any more

	unfinished []approvals.Request // at the start; the channels may tell more of them
	closed     map[string]int      // how often each was found closed to the bot
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

// check is a *DelayError while no look at a channel of a request has succeeded. An unknown
// request in the channel of today may be about the same group.
func (u *unreadChannels) check(r approvals.Request) error {
	for _, c := range u.awaitedBy(r) {
		if c.seenAt.IsZero() {
			return errUnread()
		}
	}
	return nil
}

func errUnread() error {
	return &approvals.DelayError{
		After: readRetry, Reason: "Slack does not show the approvals channel", Err: approvals.ErrChannelUnread,
	}
}

// awaitedBy lists the channels that are still to be read, once or twice, for a request.
func (u *unreadChannels) awaitedBy(r approvals.Request) []unreadChannel {
	u.mu.Lock()
	defer u.mu.Unlock()
	var awaited []unreadChannel
	for _, channel := range slices.Compact([]string{r.Channel, u.today}) {
		if c, isUnread := u.all[channel]; isUnread {
			awaited = append(awaited, c)
		}
	}
	return awaited
}

// awaitSecondLook waits until a request that was known at the start has two looks that agree.
// The second one is soon after the start.
func (u *unreadChannels) awaitSecondLook(ctx context.Context, r approvals.Request) error {
	wasKnown := slices.ContainsFunc(u.unfinished, func(known approvals.Request) bool { return known.ID == r.ID })
	if !wasKnown {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, approvals.SecondLookAfter+readRetry)
	defer stop()
	for _, c := range u.awaitedBy(r) {
		select {
		case <-c.read:
		case <-u.ended:
		case <-ctx.Done():
		}
	}
	if len(u.awaitedBy(r)) > 0 {
		return errUnread()
	}
	return nil
}

func (u *unreadChannels) list() map[string]unreadChannel {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.all)
}

// see notes that a look at a channel succeeded. After the second one the channel is read.
func (u *unreadChannels) see(c unreadChannel) {
	if !c.seenAt.IsZero() {
		u.remove(c)
		return
	}
	c.seenAt = time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all[c.Channel] = c
}

func (u *unreadChannels) remove(c unreadChannel) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.all, c.Channel)
	close(c.read)
}

// awaitReading is a *DelayError while a channel of a request is unread. Where its channel
// stays closed to the bot, the requester is told privately that a request waits for it, or how
// it has ended: the channel cannot know better about that.
func (w *Runner) awaitReading(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	err := w.unread.check(r)
	if t.Kind == approvals.JobTellDelay {
		return nil
	}
	if err == nil && t.RestsOnAbsence() {
		return w.unread.awaitSecondLook(ctx, r)
	}
	if err == nil || !w.unread.isClosed(r.Channel) {
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
		err := w.listUnread(ctx)
		if err == nil {
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

// listUnread lists the channels with news about unfinished requests, and the one of today:
// requests that a restored copy does not know have their cards there, and its watch takes what the
// bot did since for changes outside of it.
func (w *Runner) listUnread(ctx context.Context) error {
	unfinished, err := w.Store.ListUnfinished(ctx)
	if err != nil {
		return err
	}
	today, err := w.Store.Channel(ctx)
	if err != nil {
		return err
	}
	all := make(map[string]unreadChannel)
	for _, channel := range channelsOf(unfinished, today) {
		newest, err := w.Store.NewestCard(ctx, channel)
		if err != nil {
			return err
		}
		if newest != "" || len(unfinished) > 0 { // else the bot is new there
			all[channel] = unreadChannel{
				ChannelToRead: approvals.ChannelToRead{Channel: channel, Newest: newest, OfToday: channel == today},
				read:          make(chan struct{}),
			}
		}
	}
	w.unread.all, w.unread.today, w.unread.unfinished = all, today, unfinished
	w.unread.ended = make(chan struct{})
	return nil
}

func channelsOf(requests []approvals.Request, today string) []string {
	var channels []string
	for _, r := range requests {
		channels = append(channels, r.Channel)
	}
	if today != "" {
		channels = append(channels, today)
	}
	slices.Sort(channels)
	return slices.Compact(channels)
}

// keepReading tries the unread channels until all are read or ctx ends.
func (w *Runner) keepReading(ctx context.Context) {
	defer close(w.unread.ended)
	for len(w.unread.list()) > 0 && sleep.For(ctx, readRetry) {
		w.readUnread(ctx)
	}
}

// leftAfter is how often such a channel is found closed to the bot until its requests
// go on without what it may tell: for about half a minute.
const leftAfter = 5

// isLeft reports whether a channel stays closed that is a former one, or in which the database
// knows no card: it may have been set by mistake, and must not hold up the others.
func (w *Runner) isLeft(ctx context.Context, c unreadChannel, err error) bool {
	delay, ok := errors.AsType[*approvals.DelayError](err)
	if !ok || !delay.Closed || w.unread.countClosed(c.Channel) < leftAfter {
		return false
	}
	today, err := w.Store.Channel(ctx)
	return err == nil && today != "" && (today != c.Channel || c.Newest == "")
}

func (w *Runner) readUnread(ctx context.Context) {
	for _, c := range w.unread.list() {
		if isSoon := !c.seenAt.IsZero() && time.Since(c.seenAt) < approvals.SecondLookAfter; isSoon {
			continue
		}
		err := w.adoptFrom(ctx, c.ChannelToRead)
		switch {
		case err == nil:
			w.unread.see(c)
		case w.isLeft(ctx, c, err):
			w.unread.remove(c)
			w.OnError(Problem{During: LeavingChannel, Err: err})
			w.tryToFollow(ctx)
		case ctx.Err() == nil:
			w.OnError(Problem{During: ReadingChannel, Err: err})
		}
	}
}

// adoptFrom reads a channel and adopts what it tells. It reads all before it records
// any, because a record moves the next start's first place to read.
func (w *Runner) adoptFrom(ctx context.Context, channel approvals.ChannelToRead) error {
	reading := approvals.NewReading(channel, w.unread.unfinished)
	if !w.Policy().Watch.Off {
		reading.Watch()
	}
	cards, err := w.readCards(ctx, channel.Channel, reading.Oldest())
	if err != nil {
		return err
	}
	for _, card := range cards {
		if err := w.readThreadOf(ctx, card, reading); err != nil {
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

// readThreadOf reads the thread of a card, if it may tell something new. If Slack does not show it,
// the other look decides whether the card was deleted.
func (w *Runner) readThreadOf(ctx context.Context, card approvals.ToldCard, reading *approvals.Reading) error {
	if !reading.MayTell(card) {
		return nil
	}
	known, err := w.isKnown(ctx, card.RequestID)
	if err != nil {
		return err
	}
	var thread []approvals.Told
	err = w.readPatiently(ctx, func() (err error) {
		thread, err = w.Messenger.ReadThread(ctx, reading.Channel, card.TS)
		return err
	})
	if approvals.IsRefused(err) {
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
