package bot

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"
)

// Bounds of what is said besides an acknowledgement.
const (
	backgroundLength  = 256
	backgroundWorkers = 2
	backgroundGrace   = 2 * time.Second // for those that wait when it is to stop
)

// Errands are what nobody waits for: private words that follow a form. Each is
// run once, and lost with the process; what must not be lost is owed work.
type BackgroundQueue struct {
	queue chan func(context.Context)
	log   zerolog.Logger
}

// NewErrands makes a queue; Run works on it.
func NewBackgroundQueue(log zerolog.Logger) *BackgroundQueue {
	return &BackgroundQueue{queue: make(chan func(context.Context), backgroundLength), log: log}
}

// Add queues an errand, or drops it if too many wait.
func (e *BackgroundQueue) Add(errand func(context.Context)) {
	select {
	case e.queue <- errand:
	default:
		e.log.Warn().Msg("too many private words wait to be said; one was dropped")
	}
}

// Run works until ctx ends, and then for a moment on those that wait.
func (e *BackgroundQueue) Run(ctx context.Context) {
	hands := make(chan struct{}, backgroundWorkers)
	for range backgroundWorkers {
		go func() {
			e.runQueued(ctx)
			hands <- struct{}{}
		}()
	}
	for range backgroundWorkers {
		<-hands
	}
}

func (e *BackgroundQueue) runQueued(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case errand := <-e.queue:
			e.runTask(context.WithoutCancel(ctx), callLimit, errand)
		case <-ctx.Done():
		}
	}
	last := time.Now().Add(backgroundGrace)
	for {
		select {
		case errand := <-e.queue:
			e.runTask(context.WithoutCancel(ctx), time.Until(last), errand)
		default:
			return
		}
	}
}

func (e *BackgroundQueue) runTask(ctx context.Context, limit time.Duration, errand func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			e.log.Error().Str("panic", fmt.Sprint(cause)).Bytes("stack", debug.Stack()).Msg("an errand failed")
		}
	}()
	errand(ctx)
}
