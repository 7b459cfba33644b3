package slackapi

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"licensebot/approvals"
)

// TestSlackAsksToBeLeftAlone holds back its kind of work, also what already
// waits for its turn, and no other kind.
func TestSlackAsksToBeLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, other := newPacer(rate.Every(time.Minute), 1), newPacer(rate.Inf, 1)
		start := time.Now()
		after := func(p *pacer) time.Duration {
			if err := p.awaitTurn(t.Context()); err != nil {
				t.Error(err)
			}
			return time.Since(start)
		}
		if d := after(p); d != 0 {
			t.Errorf("the first call waits %v", d)
		}
		waiting := make(chan time.Duration)
		go func() { waiting <- after(p) }()
		synctest.Wait()
		p.heedDelay(fmt.Errorf("post: %w", &approvals.UnknownEffectError{After: time.Hour}))
		p.heedDelay(&approvals.DelayError{After: time.Second}) // a shorter wish takes nothing back
		p.heedDelay(&approvals.DelayError{After: -1})
		p.heedDelay(errors.New("something else"))
		if d := after(other); d != 0 {
			t.Errorf("another kind of work waits %v", d)
		}
		if d := <-waiting; d != time.Hour {
			t.Errorf("a call is made after %v", d)
		}
		p.heedDelay(&approvals.DelayError{After: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute*2)
		defer cancel()
		if err := p.awaitTurn(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}
