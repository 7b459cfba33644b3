package approvals

import (
	"fmt"
	"testing"
	"time"
)

// TestTheDeadlineByTwoClocks has a store with a clock that is off Slack's. What Slack dates is
// in time for as long as the card's life by Slack's own clock.
func TestTheDeadlineByTwoClocks(t *testing.T) {
	const life = 5 * time.Minute
	posted := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	stamp := func(at time.Time) string { return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000) }
	voter := Voter{Person: Person{ID: "U1"}, Stages: []int{0}}
	for _, off := range []time.Duration{0, time.Minute, -time.Minute, 10 * time.Minute, -10 * time.Minute, 24 * time.Hour, -24 * time.Hour} {
		r := Request{
			Requester: "U0", State: Pending, CardTS: stamp(posted), Deadline: posted.Add(off + life),
			Terms: Terms{TTL: life, Stages: []Stage{{Approvers: []string{"U1"}, Quorum: 1}}},
		}
		for after, want := range map[time.Duration]Eligibility{
			time.Second: Counts, life - time.Second: Counts, life: IsLate, life + time.Second: IsLate,
		} {
			reaction := Reaction{User: "U1", Name: "white_check_mark", EventTS: stamp(posted.Add(after)), SeenAt: posted.Add(off + after)}
			if got := NewBallot(r, reaction, voter).Eligibility; got != want {
				t.Errorf("clock off by %v, %v after the card: %s, want %s", off, after, got, want)
			}
			reaction.EventTS = "" // then the store's clock says when it was seen
			if want == IsLate {
				want = IsUndated
			}
			if got := NewBallot(r, reaction, voter).Eligibility; got != want {
				t.Errorf("clock off by %v, seen %v after the card: %s, want %s", off, after, got, want)
			}
		}
	}
}

// Only time that was seen to pass has surely passed, except where no clock is that wrong.
func TestSurelyNow(t *testing.T) {
	since := time.Unix(1780000000, 0)
	for _, c := range []struct{ passed, steady, want time.Duration }{
		{passed: time.Minute, steady: time.Hour, want: time.Minute},
		{passed: time.Minute, steady: time.Second, want: time.Second},
		{passed: -time.Minute, steady: time.Hour, want: -time.Minute},
		{passed: time.Hour, steady: time.Second, want: time.Hour},
	} {
		if got := SurelyNow(since, since.Add(c.passed), c.steady).Sub(since); got != c.want {
			t.Errorf("%v by a clock that is steady for %v: %v, want %v", c.passed, c.steady, got, c.want)
		}
	}
}
