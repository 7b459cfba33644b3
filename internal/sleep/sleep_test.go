package sleep_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"licensebot/internal/sleep"
)

func TestForWaitsTheWholeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if !sleep.For(t.Context(), time.Hour) {
			t.Error("For reports that its context ended")
		}
		if waited := time.Since(begin); waited != time.Hour {
			t.Errorf("For waited %v, want 1h", waited)
		}
	})
}

func TestForEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if sleep.For(ctx, time.Hour) {
			t.Error("For reports that the whole time has passed")
		}
		if waited := time.Since(begin); waited != time.Minute {
			t.Errorf("For waited %v, want 1m", waited)
		}
	})
}

func TestUntilWokenEndsWithTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for what, row := range map[string]struct {
			wakeAfter, endAfter, want time.Duration
			goesOn                    bool
		}{
			"the time":    {2 * time.Hour, 2 * time.Hour, time.Hour, true},
			"a wake-up":   {time.Minute, 2 * time.Hour, time.Minute, true},
			"the context": {2 * time.Hour, time.Minute, time.Minute, false},
		} {
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), row.endAfter)
			defer cancel()
			goesOn := sleep.UntilWoken(ctx, time.Hour, time.After(row.wakeAfter))
			if waited := time.Since(begin); waited != row.want || goesOn != row.goesOn {
				t.Errorf("%s: waited %v, %t; want %v, %t", what, waited, goesOn, row.want, row.goesOn)
			}
		}
	})
}
