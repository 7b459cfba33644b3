package bot

import (
	"context"
	"strings"
	"testing"

	"licensebot/internal/sandbox"
)

// TestErrandsEndWithTheBot: what waits at the end is still said.
func TestErrandsEndWithTheBot(t *testing.T) {
	r := newRig(t, sandbox.SlackConfig{})
	e := NewBackgroundQueue(testLogger(r))
	ctx, cancel := context.WithCancel(r.ctx)
	said := make(chan int, backgroundLength)
	e.Add(func(context.Context) { panic("of an errand") })
	for n := range 5 {
		e.Add(func(ctx context.Context) {
			if ctx.Err() == nil {
				said <- n
			}
		})
	}
	cancel()
	e.Run(ctx)
	if len(said) != 5 {
		t.Errorf("%d of 5 errands were run", len(said))
	}
	for range backgroundLength + 5 {
		e.Add(func(context.Context) {}) // never blocks
	}
	if !strings.Contains(r.log.String(), "an errand failed") || !strings.Contains(r.log.String(), "was dropped") {
		t.Errorf("%s", r.log)
	}
}
