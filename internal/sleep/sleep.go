// Package sleep waits for a time that a context can cut short.
package sleep

import (
	"context"
	"time"
)

// For waits for d, or until ctx ends. It reports whether the whole time has
// passed:
//
//	for sleep.For(ctx, time.Minute) {
//		check()
//	}
func For(ctx context.Context, d time.Duration) bool {
	return UntilWoken[struct{}](ctx, d, nil)
}

// UntilWoken is [For] with an alarm: a value of wake, or its end, also ends the
// wait. It returns false if ctx ended the wait.
func UntilWoken[T any](ctx context.Context, d time.Duration, wake <-chan T) bool {
	_, goesOn := AwaitAlarm(ctx, d, wake)
	return goesOn
}

// AwaitAlarm is [UntilWoken], and also reports whether the alarm ended the wait.
func AwaitAlarm[T any](ctx context.Context, d time.Duration, wake <-chan T) (alarmed, goesOn bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, false
	case <-wake:
		return true, true
	case <-timer.C:
		return false, true
	}
}
