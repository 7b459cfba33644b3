package worker

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// Slack never repeats missed events, so every card is looked at now and then. A
// survey takes one call for up to 999 messages. A look at one card takes one call, of
// which Slack allows fifty a minute, shared with the looks before each write.
const (
	surveyEvery   = 90 * time.Second // and up to a quarter more or less: a missed vote is found within two minutes
	surveyRetry   = 30 * time.Second // after a survey that failed
	missRetry     = 8 * time.Second  // after a card was not shown; with surveyPause, late enough for a second look
	surveyPause   = 5 * time.Second  // between two surveys, however often Slack reconnects
	cardLookPause = 2 * time.Second  // between two looks at one card
)

// keepSurveying looks at the cards of all pending requests after every reconnect
// and on a timer, until ctx ends. Events were missed before a reconnect, so the threads
// are looked at as well then, until that succeeds.
func (w *Runner) keepSurveying(ctx context.Context) {
	next, threads := surveyEvery, false
	for {
		reconnected, goesOn := sleep.AwaitAlarm(ctx, next*3/4+rand.N(next/2), w.Reconnected)
		if !goesOn {
			return
		}
		threads = threads || reconnected
		next = surveyEvery
		err := w.survey(ctx, threads)
		if err != nil && ctx.Err() == nil {
			w.OnError(Problem{During: SurveyingCards, Err: err})
			next = max(surveyRetry, delayOf(err))
			if errors.Is(err, approvals.ErrCardNotShown) {
				next = max(missRetry, delayOf(err))
			}
		}
		threads = threads && err != nil
		if !sleep.For(ctx, surveyPause) {
			return
		}
	}
}

// CatchUp brings what the store knows of the cards of pending requests in line with
// what Slack shows: votes and withdrawals without an event, denials on replies, and
// deleted cards. If Slack interrupts it, the next call goes on from there.
func (w *Runner) CatchUp(ctx context.Context) error { return w.survey(ctx, true) }

// survey is CatchUp; threads says whether the replies are looked at as well.
func (w *Runner) survey(ctx context.Context, threads bool) error {
	w.surveys.Lock()
	defer w.surveys.Unlock()
	cards, err := w.Store.ListPendingCards(ctx)
	if err != nil {
		return err
	}
	var failed error
	for channel, group := range groupByChannel(cards) {
		failed = errors.Join(failed, w.catchUpIn(ctx, channel, group, threads))
	}
	return failed
}

// surveyPositions has the last inspected card of each channel with an interrupted
// survey.
type surveyPositions struct {
	sync.Mutex
	last map[string]string
}

func (p *surveyPositions) keep(channel, ts string) {
	if p.last == nil {
		p.last = make(map[string]string)
	}
	p.last[channel] = ts
}

func groupByChannel(cards []approvals.PendingCard) map[string][]approvals.PendingCard {
	channels := make(map[string][]approvals.PendingCard)
	for _, card := range cards {
		channels[card.Channel] = append(channels[card.Channel], card)
	}
	return channels
}

// catchUpIn catches up with the cards of one channel, page by page. It goes on after
// a failing card, because the card may fail every time. When Slack asks for time, it
// stops until the next round.
func (w *Runner) catchUpIn(ctx context.Context, channel string, cards []approvals.PendingCard, threads bool) error {
	survey := approvals.NewSurvey(cards, w.surveys.last[channel])
	var failed error
	for {
		oldest, latest, more := survey.NextPage()
		if !more {
			delete(w.surveys.last, channel)
			return failed
		}
		asOf, err := w.Store.Now(ctx)
		if err != nil {
			return errors.Join(failed, err)
		}
		page, err := w.Directory.ReadHistory(ctx, channel, oldest, latest)
		if err != nil {
			return errors.Join(failed, err)
		}
		failed = errors.Join(failed, w.reportDoubles(ctx, approvals.SurveyDoubles(cards, page.Sightings)))
		for _, card := range survey.TakeShown(page) {
			shown, found := page.Find(card.TS)
			err := w.catchUpOn(ctx, card, shown, found, asOf)
			if err == nil && threads && shown.Replied {
				err = w.catchUpOnThread(ctx, card)
			}
			failed = errors.Join(failed, err)
			if ctx.Err() != nil || delayOf(err) > 0 {
				return failed
			}
			w.surveys.keep(channel, card.TS)
		}
	}
}

// catchUpOn brings one card in line with a survey that began at asOf, if it found the card. A
// missing one, or that a vote was taken back, is believed only of a look at the card itself,
// because a survey may cut the list of people.
func (w *Runner) catchUpOn(
	ctx context.Context, card approvals.PendingCard, s approvals.Sighting, found bool, asOf time.Time,
) error {
	isCut, err := w.isVoteCut(ctx, card, s)
	switch {
	case err != nil:
		return err
	case !found, isCut, card.Missed, len(approvals.Without(reactionKeys(card.Known), reactionKeys(s.Shown))) > 0:
		return w.inspectCard(ctx, card)
	case !sameReactions(s.Shown, card.Known):
		return w.Store.ReplaceReactions(ctx, card.Channel, card.TS, asOf, s.Shown)
	}
	return nil
}

// isVoteCut reports whether Slack did not name all people with an emoji that is a vote on
// the card. The card's own terms say so: the emoji of today may be others.
func (w *Runner) isVoteCut(ctx context.Context, card approvals.PendingCard, s approvals.Sighting) (bool, error) {
	if len(s.Cut) == 0 {
		return false, nil
	}
	r, err := w.Store.Request(ctx, card.RequestID)
	return slices.ContainsFunc(s.Cut, r.IsVote), err
}

// catchUpOnThread records the denials that the replies to one card show. Then it pauses.
func (w *Runner) catchUpOnThread(ctx context.Context, card approvals.PendingCard) error {
	_, err := w.recordThread(ctx, card.RequestID, card.Channel, card.TS)
	if !sleep.For(ctx, cardLookPause) {
		err = errors.Join(err, ctx.Err())
	}
	return err
}

// recordThread records the denials that the replies to a card show, and returns all reactions
// on them.
func (w *Runner) recordThread(ctx context.Context, id, channel, cardTS string) (shown []approvals.Denial, err error) {
	given, cut, err := w.Directory.ReplyReactions(ctx, channel, cardTS)
	if err == nil {
		err = w.checkCut(ctx, id, cut)
	}
	if approvals.IsRefused(err) { // the thread went with its card, which is looked at by itself
		err = nil
	}
	for _, reaction := range given {
		denial := approvals.Denial{TS: reaction.TS, User: reaction.User, Name: reaction.Name}
		shown = append(shown, denial)
		err = errors.Join(err, w.applyIfNew(ctx, id, approvals.DeniedOnReply{Denial: denial}))
	}
	return shown, err
}

// lookAtThread looks for denials in the thread of a request, whose events may have been missed,
// and returns the request with them.
func (w *Runner) lookAtThread(ctx context.Context, r approvals.Request) (approvals.Request, error) {
	if !r.HasReplies() {
		return r, nil
	}
	shown, err := w.recordThread(ctx, r.ID, r.Channel, r.CardTS)
	if err != nil || len(shown) == 0 {
		return r, err
	}
	now, err := w.Store.Now(ctx)
	if err != nil {
		return r, err
	}
	latest, err := w.Store.Request(ctx, r.ID)
	switch {
	case err != nil:
		return r, err
	case latest.IsInDispute(shown, now):
		return r, errVotesDiffer
	}
	return latest, nil
}

// inspectCard looks at one card missing or incomplete in the survey. Then it pauses,
// so that many looks leave room for other calls.
func (w *Runner) inspectCard(ctx context.Context, card approvals.PendingCard) error {
	asOf, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	shown, err := w.readCard(ctx, card.RequestID, card.Channel, card.TS, card.Missed)
	switch {
	case errors.Is(err, approvals.ErrCardNotShown):
		err = approvals.ErrCardNotShown // no delay: the other cards are looked at
	case errors.Is(err, approvals.ErrCardDeleted):
		err = w.applyIfNew(ctx, card.RequestID, approvals.CardDeleted{Waiting: true})
	case err == nil:
		err = w.Store.ReplaceReactions(ctx, card.Channel, card.TS, asOf, shown)
	}
	if !sleep.For(ctx, cardLookPause) {
		err = errors.Join(err, ctx.Err())
	}
	return err
}

// expire closes a request after its deadline and one more look at its card. If
// Slack does not answer, the request waits for it as long again as its life. A
// clock that was fast, or a lease taken back, brings it here too early.
func (w *Runner) expire(ctx context.Context, t approvals.LeasedJob, r approvals.Request) error {
	now, err := w.Store.Now(ctx)
	if err != nil {
		return err
	}
	if early := r.LastLookFrom().Sub(now); early > 0 && (r.State == approvals.Filed || r.State == approvals.Pending) {
		return &approvals.DelayError{After: early, Reason: "the deadline is still to come"}
	}
	if r.State != approvals.Pending || r.CardTS == "" {
		return w.applyEvent(ctx, r, approvals.Expire{}, &t)
	}
	look, err := w.lookAgain(ctx, r)
	switch {
	case errors.Is(err, approvals.ErrCardDeleted):
		return w.applyEvent(ctx, r, approvals.CardDeleted{Waiting: true}, &t)
	case err != nil && now.Before(r.Deadline.Add(r.Terms.TTL)):
		return err
	}
	if err == nil {
		t.Guard = look.Weighed()
	}
	return w.applyLooked(ctx, r, approvals.Expire{Ballots: look.Ballots, Unseen: err != nil}, &t)
}

// applyLooked applies what rests on a look at the card. If a vote of the job's guard came or
// went since, it is tried again.
func (w *Runner) applyLooked(
	ctx context.Context, r approvals.Request, e approvals.Event, t *approvals.LeasedJob,
) error {
	err := w.applyEvent(ctx, r, e, t)
	if errors.Is(err, approvals.ErrVotedSince) {
		return errBeingVotedOn
	}
	return err
}

// sameReactions reports whether two looks show the same people with the same
// emoji.
func sameReactions(a, b []approvals.Reaction) bool {
	return approvals.SameSet(reactionKeys(a), reactionKeys(b))
}

func reactionKeys(reactions []approvals.Reaction) []string {
	all := make([]string, len(reactions))
	for i, r := range reactions {
		all[i] = r.User + " " + r.Name
	}
	return all
}

// delayOf is how long an error asks to be left alone; of several, the longest.
func delayOf(err error) time.Duration {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var longest time.Duration
		for _, one := range several.Unwrap() {
			longest = max(longest, delayOf(one))
		}
		return longest
	}
	if delay, ok := errors.AsType[*approvals.DelayError](err); ok {
		return delay.After
	}
	return 0
}
