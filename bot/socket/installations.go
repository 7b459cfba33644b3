package socket

import (
	"context"
	"time"

	"licensebot/internal/sleep"
)

// countPause is the time between two counts of the replicas: one that starts, or that
// lost its database for a moment, is counted by one of them.
const countPause = 5 * time.Second

// noteCount passes on how many connections the app has, without waiting.
func (s *Socket) noteCount(ofApp int) {
	select {
	case s.counts <- ofApp:
	default: // another count is being looked at
	}
}

// watchCounts looks for other installations until ctx ends.
func (s *Socket) watchCounts(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case ofApp := <-s.counts:
			s.checkCount(ctx, ofApp)
		}
	}
}

// checkCount warns of another installation: each takes a part of what Slack delivers.
func (s *Socket) checkCount(ctx context.Context, ofApp int) {
	if s.cfg.Replicas == nil {
		return
	}
	most, err := s.cfg.Replicas(ctx)
	if err != nil || ofApp <= Connections*max(most, 1) || !sleep.For(ctx, s.countPause) {
		return
	}
	again, err := s.cfg.Replicas(ctx)
	own := Connections * max(most, again, 1)
	if err == nil && ofApp > own {
		s.log.Warn().Int("of_app", ofApp).Int("own", own).
			Msg("another installation uses the same SLACK_APP_TOKEN and takes a part of what people type and react: " +
				"stop it, or give it an app of its own (a process that was just killed passes by itself)")
	}
}
