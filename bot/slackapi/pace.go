package slackapi

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"licensebot/approvals"
	"licensebot/internal/sleep"
)

// Rates are how often the bot calls Slack, by the kind of call.
type Rates struct {
	Posts      rate.Limit
	Updates    rate.Limit
	Reactions  rate.Limit // cards, with two calls each
	Ephemerals rate.Limit
	Burst      int
}

// DefaultRates keep within the limits that Slack documents: about one message a
// second in a channel, with short bursts, and per minute fifty calls of a tier 3
// method and a hundred of a tier 4 one.
var DefaultRates = Rates{
	Posts:      1,
	Updates:    rate.Every(time.Minute / 50),
	Reactions:  rate.Every(time.Minute / 25),
	Ephemerals: rate.Every(time.Minute / 100),
	Burst:      5,
}

// newPacers makes the pacer of each kind of call.
func newPacers(r Rates) map[approvals.Pace]*pacer {
	return map[approvals.Pace]*pacer{
		approvals.PacePosts:   newPacer(r.Posts, r.Burst),
		approvals.PaceUpdates: newPacer(r.Updates, r.Burst),
		approvals.PaceEmoji:   newPacer(r.Reactions, r.Burst),
		approvals.PacePrivate: newPacer(r.Ephemerals, r.Burst),
	}
}

// A pacer lets calls through at a rate. While Slack asks for a pause, it lets
// none through.
type pacer struct {
	limit *rate.Limiter

	mu        sync.Mutex
	notBefore time.Time
}

func newPacer(limit rate.Limit, burst int) *pacer {
	return &pacer{limit: rate.NewLimiter(limit, burst)}
}

// awaitTurn returns when one more call may be made. It waits for the rate first,
// because Slack may ask for a pause meanwhile.
func (p *pacer) awaitTurn(ctx context.Context) error {
	if err := p.limit.Wait(ctx); err != nil {
		return err
	}
	for {
		pause := p.remainingPause()
		if pause <= 0 {
			return nil
		}
		if !sleep.For(ctx, pause) {
			return ctx.Err()
		}
	}
}

// takeTurn reports whether one more call may be made now.
func (p *pacer) takeTurn() bool { return p.remainingPause() <= 0 && p.limit.Allow() }

// remainingPause is how much is left of the pause that Slack asked for.
func (p *pacer) remainingPause() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.notBefore)
}

// heedDelay holds back every further call for as long as Slack asked. A shorter
// pause never ends a longer one.
func (p *pacer) heedDelay(err error) {
	pause := approvals.RetryAfter(err, 0)
	if pause <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(pause); until.After(p.notBefore) {
		p.notBefore = until
	}
}
