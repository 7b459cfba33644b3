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
