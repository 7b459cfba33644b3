package approvals

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// What each class of error means for the effect of a write, the next attempt, and
// what people are told. Wrapping changes nothing.
func TestClassesOfErrors(t *testing.T) {
	signIn := OperatorError{Cause: "UiPath refuses the bot's sign-in", Code: "invalid_client", Variable: "UIPATH_CLIENT_SECRET"}
	left := signIn
	left.EffectUnknown = true
	for name, c := range map[string]struct {
		err           error
		effectUnknown bool
		notFound      bool
		wait          time.Duration // after a back-off of a minute
		told          string
	}{
		"other":          {errors.New("x"), true, false, time.Minute, "no clear answer came back"},
		"delay":          {&DelayError{Reason: "slow down"}, false, false, time.Minute, "slow down"},
		"long delay":     {&DelayError{After: time.Hour, Reason: "slow down"}, false, false, time.Hour, "slow down"},
		"refused":        {&RefusedError{Answer: "409: no"}, true, false, time.Minute, "409: no"},
		"not found":      {&RefusedError{Answer: "404: no", NotFound: true}, true, true, time.Minute, "404: no"},
		"unknown":        {&UnknownEffectError{Reason: "it answered 500"}, true, false, time.Minute, "it answered 500"},
		"unknown, later": {&UnknownEffectError{After: time.Hour, Reason: "it answered 429"}, true, false, time.Hour, "it answered 429"},
		"never left":     {&signIn, false, false, 30 * time.Second, "an operator has to act: UiPath refuses the bot's sign-in (invalid_client)"},
		"left":           {&left, true, false, 30 * time.Second, "an operator has to act: UiPath refuses the bot's sign-in (invalid_client)"},
		"without a code": {&OperatorError{Cause: "a page"}, false, false, 30 * time.Second, "an operator has to act: a page"},
		"late read": {
			&DelayError{Reason: "UiPath lags", Err: ErrReadIsLate}, false, false, 10 * time.Second, "UiPath lags",
		},
		"a write of another": {
			&DelayError{Reason: "not yet", Err: ErrBeingChanged}, false, false, 30 * time.Second, "not yet",
		},
		"limits unknown": {errQuotasUnknown, false, false, time.Minute, QuotasUnknownReason},
	} {
		for _, err := range []error{c.err, fmt.Errorf("wrapped: %w", c.err), errors.Join(c.err, errors.New("besides"))} {
			if got := EffectIsUnknown(err); got != c.effectUnknown {
				t.Errorf("%s: effect unknown %v", name, got)
			}
			if got := IsNotFound(err); got != c.notFound {
				t.Errorf("%s: not found %v", name, got)
			}
			if got := RetryAfter(err, time.Minute); got != c.wait {
				t.Errorf("%s: waits %s", name, got)
			}
			if got := DelayReason(err); got != c.told {
				t.Errorf("%s: told %q", name, got)
			}
		}
	}
	if EffectIsUnknown(nil) {
		t.Error("a write that went well is unknown")
	}
	if RetryAfter(&signIn, time.Second) != time.Second {
		t.Error("an early attempt is put off")
	}
}

// No fault of an operator's ends a request, however often it is met.
func TestOperatorErrorsEndNothing(t *testing.T) {
	for _, unknown := range []bool{false, true} {
		err := &OperatorError{Cause: "x", EffectUnknown: unknown}
		if _, rejected := RejectUnreadable(err); rejected || IsRefused(err) {
			t.Errorf("effect unknown %v: ends a request", unknown)
		}
	}
	if remedy := (&RefusedError{Variable: "UIPATH_ACCOUNT_ID"}).Remedy(); !strings.HasPrefix(remedy, "UIPATH_ACCOUNT_ID: check that") {
		t.Errorf("got %s", remedy)
	}
	if ConcernsOperator(&RefusedError{}) || !ConcernsOperator(&RefusedError{Variable: "UIPATH_ACCOUNT_ID"}) {
		t.Error("which refusals concern the operator is wrong")
	}
}

// A write that people have agreed to is tried again soon, whatever kept it before.
func TestBackoff(t *testing.T) {
	tried := time.Unix(1780000000, 0)
	for _, c := range []struct {
		job       LeasedJob
		unsettled bool
		want      time.Duration
	}{
		{LeasedJob{Job: Job{Kind: JobApply}}, false, 30 * time.Second},
		{LeasedJob{Job: Job{Kind: JobApply}}, true, 10 * time.Second},
		{LeasedJob{Job: Job{Kind: JobRevoke}, TriedAt: tried}, false, 10 * time.Second},
		{LeasedJob{Job: Job{Kind: JobPrepare}, TriedAt: tried}, true, time.Minute},
	} {
		if got := c.job.Backoff(time.Minute, c.unsettled); got != c.want {
			t.Errorf("%s waits for %v, want %v", c.job.Kind, got, c.want)
		}
		if got := c.job.Backoff(time.Second, c.unsettled); got != time.Second {
			t.Errorf("%s waits for %v at first", c.job.Kind, got)
		}
	}
}

// Private words are said five times: more often only where the clock hurried them or delays came
// between, and never less.
func TestRepeatNotice(t *testing.T) {
	for _, c := range []struct {
		attempt       int
		passed, after time.Duration
		again         bool
	}{
		{9, -time.Hour, time.Minute, true},
		{9, 0, time.Minute, true},
		{9, 3 * time.Second, time.Minute, true},
		{9, time.Minute, 10 * time.Minute, true},
		{9, 10 * time.Minute, time.Hour, true},
		{9, time.Hour, 4 * time.Hour, true},
		{5, 4 * time.Hour, 0, false},
		{1, 24 * time.Hour, time.Minute, true}, // the bot was down, or the clock was put ahead
		{2, 24 * time.Hour, 10 * time.Minute, true},
		{3, 24 * time.Hour, time.Hour, true},
		{4, 24 * time.Hour, 4 * time.Hour, true},
	} {
		if after, again := RepeatNotice(c.attempt, c.passed); after != c.after || again != c.again {
			t.Errorf("attempt %d, after %v: %v, %t", c.attempt, c.passed, after, again)
		}
	}
}
