package bot

import (
	"context"
	"strings"
	"testing"

	"licensebot/internal/fakeslack"
)

// TestBackgroundTasksEndWithTheBot: what waits at the end is still said.
func TestBackgroundTasksEndWithTheBot(t *testing.T) {
	t.Parallel()
	r := newRig(t, fakeslack.Config{})
	q := newBackgroundQueue(r.logger())
	ctx, cancel := context.WithCancel(r.ctx)
	said := make(chan int, backgroundLength)
	q.add(func(context.Context) { panic("of a task") })
	for n := range 5 {
		q.add(func(ctx context.Context) {
			if ctx.Err() == nil {
				said <- n
			}
		})
	}
	cancel()
	q.run(ctx)
	if len(said) != 5 {
		t.Errorf("%d of 5 tasks were run", len(said))
	}
	for range backgroundLength + 5 {
		q.add(func(context.Context) {}) // never blocks
	}
	if !strings.Contains(r.log.String(), "a background task failed") || !strings.Contains(r.log.String(), "was dropped") {
		t.Errorf("%s", r.log)
	}
}
