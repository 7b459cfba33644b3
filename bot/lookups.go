package bot

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
)

// Bounds of questions that UiPath is asked for.
const (
	lookupLimit   = 30 * time.Second // long enough for a slow UiPath, short enough that one still waits
	lookupsAtOnce = 16
)

// An Organisation is UiPath, as far as questions need it. Errors are as
// package approvals' Licences returns them.
type Organization interface {
	// Group and Rule are those of approvals.Licences.
	FindGroup(ctx context.Context, ref string) (approvals.Group, error)
	ReadAllocation(ctx context.Context, groupID string) (approvals.Allocation, error)
	// Owned lists what the organisation owns of each code, as UiPath tells it
	// now; none if it owns nothing.
	Owned(ctx context.Context) ([]approvals.Seats, error)
}

// Lookups answer what only UiPath knows, after the command was acknowledged.
// Nothing durable is owed: a question whose answer does not come is typed again.
type Lookups struct {
	uipath  Organization
	store   RequestStore
	speaker *Messenger
	words   Phrases
	log     zerolog.Logger

	ctx     context.Context
	stop    context.CancelFunc
	slots   chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex
	asking map[string]bool // envelopes; one that is delivered twice is answered once
}

// NewLookups makes lookups that end with Close.
func NewLookups(uipath Organization, filer RequestStore, speaker *Messenger, words Phrases, log zerolog.Logger) *Lookups {
	l := &Lookups{
		uipath: uipath, store: filer, speaker: speaker, words: words, log: log,
		slots: make(chan struct{}, lookupsAtOnce), asking: make(map[string]bool),
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

// Close gives up what is being looked up and waits until that is over. No
// question may begin any more.
func (l *Lookups) Close() {
	l.stop()
	l.running.Wait()
}

// begin looks up what a command asks, once acknowledged ends: the answer is to
// come after the acknowledgement. It returns what to acknowledge with.
func (l *Lookups) beginLookup(acknowledged context.Context, envelope, name string, typed slashCommand, c Command) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asking[envelope] {
		return LookingUp()
	}
	select {
	case l.slots <- struct{}{}:
	default:
		return CommandBusy()
	}
	l.asking[envelope] = true
	l.running.Go(func() {
		defer func() {
			<-l.slots
			l.mu.Lock()
			delete(l.asking, envelope)
			l.mu.Unlock()
		}()
		if l.awaitAcknowledged(acknowledged) {
			l.sendAnswer(name, typed, c)
		}
	})
	return LookingUp()
}

// acknowledged waits until an acknowledgement is out: Slack shows messages in
// the order in which they arrive. It returns false when there is no time left.
func (l *Lookups) awaitAcknowledged(acknowledged context.Context) bool {
	select {
	case <-acknowledged.Done():
	case <-l.ctx.Done():
		return false
	}
	written := time.NewTimer(FlushTime)
	defer written.Stop()
	select {
	case <-written.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}

func (l *Lookups) sendAnswer(name string, typed slashCommand, c Command) {
	ctx, cancel := context.WithTimeout(l.ctx, lookupLimit)
	defer cancel()
	text := l.lookUp(ctx, name, c)
	if l.ctx.Err() != nil {
		return
	}
	if err := l.speaker.whisper(context.WithoutCancel(ctx), typed.ResponseURL, typed.ChannelID, typed.UserID, text); err != nil {
		l.log.Warn().Err(err).Str("verb", string(c.Verb)).Msg("an answer did not reach whoever asked")
	}
}

// find is what to answer. A panic harms only the question that caused it.
func (l *Lookups) lookUp(ctx context.Context, name string, c Command) (text string) {
	defer func() {
		if cause := recover(); cause != nil {
			l.log.Error().Interface("panic", cause).Bytes("stack", debug.Stack()).Msg("looking something up failed")
			text = ExplainLookupError(name, c.Group, fmt.Errorf("panic: %v", cause))
		}
	}()
	if c.Verb == VerbCodes {
		seats, err := l.uipath.Owned(ctx)
		if err != nil {
			return l.explainFailure(name, c, err)
		}
		return l.words.ListOwnedCodes(name, seats)
	}
	group, err := l.uipath.FindGroup(ctx, c.Group)
	if err != nil {
		return l.explainFailure(name, c, err)
	}
	rule, err := l.uipath.ReadAllocation(ctx, group.ID)
	if err != nil {
		return l.explainFailure(name, c, err)
	}
	open, err := l.store.ListByGroup(ctx, group.ID, PageSize+1)
	if err != nil {
		l.log.Error().Err(err).Msg("could not list the requests about a group")
		return QueryFailed()
	}
	return l.words.ShowAllocation(name, group, rule, open)
}

func (l *Lookups) explainFailure(name string, c Command, err error) string {
	l.log.Warn().Err(err).Str("verb", string(c.Verb)).Msg("UiPath did not tell what somebody asked")
	return ExplainLookupError(name, c.Group, err)
}
