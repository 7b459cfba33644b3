package bot

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"licensebot/approvals"
)

// A Pace is how fast the bot speaks. DefaultPace is what Slack documents:
// about one message a second in a channel with short bursts, and per minute
// fifty calls of a tier 3 method and a hundred of a tier 4 one.
type Pace struct {
	Posts      rate.Limit // chat.postMessage in the approvals channel
	Updates    rate.Limit // chat.update
	Reactions  rate.Limit // cards seeded; each takes two calls of reactions.add
	Ephemerals rate.Limit // chat.postEphemeral and response_url
	Burst      int
}

// DefaultPace keeps within docs.slack.dev's rate limits.
var DefaultPace = Pace{
	Posts:      1,
	Updates:    rate.Every(time.Minute / 50),
	Reactions:  rate.Every(time.Minute / 25),
	Ephemerals: rate.Every(time.Minute / 100),
	Burst:      5,
}

// A pacer lets calls through at a rate, and not at all while Slack asked to be
// left alone.
type pacer struct {
	limit *rate.Limiter

	mu        sync.Mutex
	notBefore time.Time
}

func newPacer(limit rate.Limit, burst int) *pacer {
	return &pacer{limit: rate.NewLimiter(limit, burst)}
}

// wait returns when one more call may be made. The rate comes first: whoever
// waits for it may be asked to wait longer meanwhile.
func (p *pacer) awaitTurn(ctx context.Context) error {
	if err := p.limit.Wait(ctx); err != nil {
		return err
	}
	for {
		p.mu.Lock()
		pause := time.Until(p.notBefore)
		p.mu.Unlock()
		if pause <= 0 {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// heed holds every further call back for as long as Slack asked.
func (p *pacer) heedDelay(err error) {
	var delay *approvals.DelayError
	if !errors.As(err, &delay) || delay.After <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(delay.After); until.After(p.notBefore) {
		p.notBefore = until
	}
}
