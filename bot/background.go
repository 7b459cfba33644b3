package bot

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"licensebot/internal/guard"
)

// Bounds of what the bot says after an acknowledgment.
const (
	backgroundLength  = 256
	backgroundWorkers = 2
	backgroundLimit   = 12 * time.Second // for one task
	backgroundGrace   = 2 * time.Second  // for all that wait when the bot stops
)

// A backgroundQueue runs tasks after an acknowledgment, such as the receipt of a
// form. Each runs once and is lost with the process. What must survive is a job
// instead.
type backgroundQueue struct {
	tasks chan func(context.Context)
	log   zerolog.Logger
}

func newBackgroundQueue(log zerolog.Logger) *backgroundQueue {
	return &backgroundQueue{tasks: make(chan func(context.Context), backgroundLength), log: log}
}

// add queues a task, or drops it if too many wait. It never blocks.
func (q *backgroundQueue) add(task func(context.Context)) {
	select {
	case q.tasks <- task:
	default:
		q.log.Warn().Msg("too many private words wait to be said; one was dropped")
	}
}

// run runs tasks until ctx ends, and then for a moment those that wait.
func (q *backgroundQueue) run(ctx context.Context) {
	var working sync.WaitGroup
	for range backgroundWorkers {
		working.Go(func() { q.runQueued(ctx) })
	}
	working.Wait()
}

func (q *backgroundQueue) runQueued(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case task := <-q.tasks:
			q.runTask(context.WithoutCancel(ctx), backgroundLimit, task)
		case <-ctx.Done():
		}
	}
	last := time.Now().Add(backgroundGrace)
	for {
		select {
		case task := <-q.tasks:
			q.runTask(context.WithoutCancel(ctx), time.Until(last), task)
		default:
			return
		}
	}
}

func (q *backgroundQueue) runTask(ctx context.Context, limit time.Duration, task func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer guard.Catch(logPanic(q.log, "a background task failed", nil))
	task(ctx)
}
