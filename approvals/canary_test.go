package approvals

import (
	"testing"
	"time"
)

func TestCanariesAreJudged(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	at := now.Add(-30 * time.Second)
	for name, c := range map[string]struct {
		canary Canary
		want   CanaryResult
	}{
		"no round yet":          {Canary{}, CanaryNone},
		"it came back":          {Canary{Number: 1, At: at, ArrivedAt: at.Add(time.Second)}, CanaryArrived},
		"it came as a retry":    {Canary{Number: 1, At: at, ArrivedAt: at.Add(9 * time.Second), Retried: true}, CanaryRetried},
		"it did not come":       {Canary{Number: 1, At: at}, CanaryLost},
		"Slack refused it":      {Canary{Number: 1, At: at, Unable: true}, CanaryUnable},
		"the bot was down":      {Canary{Number: 1, At: now.Add(-time.Hour)}, CanaryNone},
		"it came, then a pause": {Canary{Number: 1, At: now.Add(-time.Hour), ArrivedAt: now.Add(-time.Hour)}, CanaryArrived},
	} {
		if got := c.canary.Judge(now, 30*time.Second); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
