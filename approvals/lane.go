package approvals

import "time"

// A write that was tried holds up all others of its group until it is settled. One that
// fails again and again would hold them up for ever. So after some attempts it takes its
// time, and lets others go first once no lag can hide its effect any more.
const (
	eagerAttempts = 8
	// YieldPause is how long a write that lets others go first waits itself.
	YieldPause = 5 * time.Second
)

// YieldsLane reports whether a write lets others go first, at the start of an attempt.
// The last attempt is long enough ago for reads to show what it did, and each write
// reads the allocation itself.
func (t LeasedJob) YieldsLane(now time.Time) bool {
	return t.Attempt > eagerAttempts && t.WasTried() && now.Sub(t.TriedAt) >= ReadLag
}

// RestsUntilYield is how long a write that failed often waits before it lets others go
// first; zero: it is tried at once.
func (t LeasedJob) RestsUntilYield(now time.Time) time.Duration {
	if age := now.Sub(t.TriedAt); t.Attempt > eagerAttempts && t.WasTried() && age < ReadLag {
		return ReadLag - age
	}
	return 0
}
