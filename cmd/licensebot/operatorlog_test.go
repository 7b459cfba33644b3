package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
)

// A fault is logged when it begins and at growing intervals while it lasts, and
// from the start once it has been away.
func TestOperatorLog(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	l := newOperatorLog(zerolog.New(&out), func() time.Time { return now })
	secretExpired := &approvals.OperatorError{
		Cause: "UiPath refuses the bot's sign-in", Code: "invalid_client", Variable: "UIPATH_CLIENT_SECRET", Err: errors.New("400"),
	}
	var at []time.Duration
	meetFor := func(d time.Duration) {
		at = nil
		for met := time.Duration(0); met < d; met += 30 * time.Second {
			before := out.Len()
			if !l.report(errors.Join(errors.New("other"), secretExpired)) {
				t.Fatal("not taken for a fault")
			}
			if out.Len() > before {
				at = append(at, met)
			}
			now = now.Add(30 * time.Second)
		}
	}
	meetFor(5 * time.Hour)
	want := []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183, 243}
	for i, minutes := range want {
		if len(at) != len(want) || at[i] != minutes*time.Minute {
			t.Fatalf("logged at %v", at)
		}
	}
	for _, part := range []string{
		`"level":"error"`, `"variable":"UIPATH_CLIENT_SECRET"`, `"remedy":"UIPATH_CLIENT_SECRET: give the bot`,
		`"error":"UiPath refuses the bot's sign-in (invalid_client)"`, `"since":"2026-03-04T05:06:07Z"`,
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %s in %s", part, out.String())
		}
	}
	now = now.Add(faultOver)
	if meetFor(2 * time.Minute); len(at) != 2 || at[0] != 0 || at[1] != time.Minute {
		t.Errorf("a new fault is logged at %v", at)
	}
	for _, other := range []error{nil, errors.New("x"), &approvals.DelayError{Reason: "later"}, &approvals.RefusedError{}} {
		if before := out.Len(); l.report(other) || out.Len() != before {
			t.Errorf("%v is taken for a fault", other)
		}
	}
}
