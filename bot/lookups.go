package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/bot/socket"
	"licensebot/internal/guard"
	"licensebot/internal/sleep"
)

// Bounds of questions that only UiPath can answer.
const (
	lookupLimit   = 30 * time.Second // long enough for a slow UiPath, while a person still waits
	lookupsAtOnce = 16
)

// lookups answers what only UiPath knows, after the command was acknowledged.
// Nothing is stored: if an answer gets lost, the person types the question again.
type lookups struct {
	uipath  GroupReader
	store   GroupStore
	policy  func() approvals.Policy
	posts   *slackapi.Messenger
	phrases message.Phrases
	log     zerolog.Logger

	ctx     context.Context // ends with close
	stop    context.CancelFunc
	slots   chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex
	asking map[string]bool // envelopes: one that is delivered twice is answered once
}

func newLookups(
	uipath GroupReader, store GroupStore, policy func() approvals.Policy, posts *slackapi.Messenger,
	phrases message.Phrases, log zerolog.Logger,
) *lookups {
	l := &lookups{
		uipath: uipath, store: store, policy: policy, posts: posts, phrases: phrases, log: log,
		slots: make(chan struct{}, lookupsAtOnce), asking: make(map[string]bool),
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

// close gives up what is being looked up, and waits until that is over. No lookup
// may begin any more.
func (l *lookups) close() {
	l.stop()
	l.running.Wait()
}

// beginLookup looks up what a command asks, once acknowledged ends, so that the
// answer comes after the acknowledgment. It returns what to acknowledge with.
func (l *lookups) beginLookup(
	acknowledged context.Context, envelope, name string, typed slashCommand, c command.Command,
) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asking[envelope] {
		return message.LookingUp()
	}
	select {
	case l.slots <- struct{}{}:
	default:
		return message.CommandBusy()
	}
	l.asking[envelope] = true
	l.running.Go(func() {
		defer l.finishLookup(envelope)
		if l.awaitAcknowledged(acknowledged) {
			l.sendAnswer(name, typed, c)
		}
	})
	return message.LookingUp()
}

func (l *lookups) finishLookup(envelope string) {
	<-l.slots
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.asking, envelope)
}

// awaitAcknowledged waits until an acknowledgment is out, because Slack shows
// messages in the order in which they arrive. It returns false if the bot stops.
func (l *lookups) awaitAcknowledged(acknowledged context.Context) bool {
	select {
	case <-acknowledged.Done():
	case <-l.ctx.Done():
		return false
	}
	return sleep.For(l.ctx, socket.FlushTime)
}

// sendAnswer looks up what a command asks and tells the person: by the
// response_url of the command, or in another way if Slack refuses that.
func (l *lookups) sendAnswer(name string, typed slashCommand, c command.Command) {
	ctx, cancel := context.WithTimeout(l.ctx, lookupLimit)
	defer cancel()
	text := l.lookUp(ctx, name, c)
	if l.ctx.Err() != nil {
		return
	}
	sending := context.WithoutCancel(ctx)
	if l.posts.Respond(sending, typed.ResponseURL, typed.UserID, text) {
		return
	}
	if err := l.posts.TellWaiting(sending, typed.ChannelID, typed.UserID, text); err != nil {
		l.log.Warn().Err(err).Str("verb", string(c.Verb)).Msg("an answer did not reach whoever asked")
	}
}

// lookUp returns the answer. A panic harms only the question that caused it.
func (l *lookups) lookUp(ctx context.Context, name string, c command.Command) (text string) {
	defer guard.Catch(logPanic(l.log, "looking something up failed", func(cause any) {
		text = message.ExplainLookupError(name, c.Group, fmt.Errorf("panic: %v", cause))
	}))
	switch {
	case c.Verb == command.VerbCodes:
		seats, err := l.uipath.Owned(ctx)
		if err != nil {
			return l.explainError(name, c, err)
		}
		return l.phrases.ListOwnedCodes(name, seats, l.policy().Packs, c.Page)
	case c.Code != "":
		all, err := l.uipath.ListAllocations(ctx)
		if err != nil {
			return l.explainError(name, c, err)
		}
		return l.phrases.ListHolders(name, c.Code, all, c.Page)
	}
	group, err := l.uipath.FindGroup(ctx, c.Group)
	if err != nil {
		return l.explainError(name, c, err)
	}
	allocation, err := l.uipath.ReadAllocation(ctx, group.ID)
	if err != nil {
		return l.explainError(name, c, err)
	}
	open, err := l.store.ListByGroup(ctx, group.ID, message.PageSize+1)
	if err != nil {
		l.log.Error().Err(err).Msg("could not list the requests about a group")
		return message.QueryFailed()
	}
	return l.phrases.ShowAllocation(name, group, allocation, open, c.Page)
}

func (l *lookups) explainError(name string, c command.Command, err error) string {
	l.log.Warn().Err(err).Str("verb", string(c.Verb)).Msg("UiPath did not tell what somebody asked")
	return message.ExplainLookupError(name, c.Group, err)
}
