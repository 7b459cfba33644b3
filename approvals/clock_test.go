package approvals_test

import (
	"testing"
	"time"

	. "licensebot/approvals"
)

// A read that lacks what was confirmed a moment ago is late, also if the clock was put back
// or forward by minutes since. After a larger step the confirmation is old.
func TestReadsAfterAConfirmation(t *testing.T) {
	t.Parallel()
	at := time.Unix(1780000000, 0)
	c := Confirmation{Codes: []string{"A", "B"}, At: at}
	for after, late := range map[time.Duration]bool{
		-24 * time.Hour: false, -11 * time.Minute: false, -5 * time.Minute: true, -time.Second: true, 0: true,
		ReadLag - time.Second: true, ReadLag: false, time.Hour: false,
	} {
		if err := c.CheckRead(Allocation{Codes: []string{"A"}}, at.Add(after)); IsDelay(err) != late {
			t.Errorf("%v after the confirmation: %v", after, err)
		}
		if err := c.CheckRead(Allocation{Codes: []string{"A", "B"}}, at.Add(after)); err != nil {
			t.Errorf("%v after the confirmation, a read that shows it: %v", after, err)
		}
		if wait := AwaitShown(at, at.Add(after)); (wait > 0) != late || wait > ReadLag {
			t.Errorf("%v after the answer the write is read for another %v", after, wait)
		}
	}
}

// A late look that fails is repeated soon for an hour, however short the request's life is.
func TestPauseOfLateLooks(t *testing.T) {
	t.Parallel()
	closed := time.Unix(1780000000, 0)
	for life, eager := range map[time.Duration]time.Duration{time.Minute: time.Hour, 5 * time.Hour: 5 * time.Hour} {
		r := Request{ClosedAt: closed, Terms: Terms{TTL: life}}
		if r.LateLookPause(closed.Add(eager-time.Second)) != 0 || r.LateLookPause(closed.Add(eager)) == 0 {
			t.Errorf("with a life of %v the looks do not slow down after %v", life, eager)
		}
	}
}
