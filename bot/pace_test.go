package bot

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

// TestPace counts what gets through in a minute.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewMessenger(nil, nil, Identity{}, testWords(), nil, DefaultPace, testLogger(&rig{log: new(logBuffer)}))
		for kind, most := range map[approvals.JobKind]int{
			approvals.JobPostCard: 60 + 5, approvals.JobPostOutcome: 60 + 5, approvals.JobPostDelay: 60 + 5,
			approvals.JobUpdateCard: 50 + 5, approvals.JobAddReactions: 25 + 5, approvals.JobTellVoter: 100 + 5, approvals.JobTellRequester: 100 + 5,
		} {
			time.Sleep(time.Hour) // in the bubble: nothing waits
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			n := 0
			for s.AwaitPace(ctx, kind) == nil {
				n++
			}
			cancel()
			if n > most || n < most-2 {
				t.Errorf("%s: %d in the first minute instead of %d", kind, n, most)
			}
		}
	})
}

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
		p.heedDelay(fmt.Errorf("post: %w", &approvals.DelayError{After: time.Hour}))
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

// TestReceipts are good for half an hour and five posts.
func TestReceipts(t *testing.T) {
	at := func(d time.Duration) time.Time { return testTime.Add(d) }
	var r ResponseURLs
	if url := r.Take("R-1", testTime); url != "" {
		t.Errorf("nothing was kept but %s", url)
	}
	r.Keep("R-1", "https://one.example", testTime)
	r.Keep("R-2", "", testTime)
	r.Keep("R-3", "https://three.example", at(10*time.Minute))
	for range responseURLPosts {
		if url := r.Take("R-1", at(responseURLLife-1)); url != "https://one.example" {
			t.Errorf("%q", url)
		}
	}
	for id, now := range map[string]time.Time{"R-1": testTime, "R-2": testTime, "R-3": at(40 * time.Minute)} {
		if url := r.Take(id, now); url != "" {
			t.Errorf("%s: %s is used once more", id, url)
		}
	}
	r.Keep("R-4", "https://four.example", at(40*time.Minute))
	if n := len(r.all); n != 1 {
		t.Errorf("%d receipts are remembered", n)
	}
}
