package main

import (
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/internal/metrics"
)

// TestOneLineForEachEnd: a request has one line when it ends, with its id, its result
// and how long it took, and none for any other step.
func TestOneLineForEachEnd(t *testing.T) {
	filed := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	log := new(bottest.Log)
	observe := observeTransitions(metrics.New("v1"), zerolog.New(log))
	for _, before := range approvals.States() {
		for _, after := range approvals.States() {
			lines := strings.Count(log.String(), "\n")
			observe(approvals.Transition{
				Before: approvals.Request{ID: "R-1", State: before},
				After:  approvals.Request{ID: "R-1", State: after, FiledAt: filed, ClosedAt: filed.Add(time.Minute)},
			})
			want := 0
			if before.Open() && !after.Open() {
				want = 1
			}
			if n := strings.Count(log.String(), "\n") - lines; n != want {
				t.Errorf("%s to %s: %d lines", before, after, n)
			}
		}
	}
	if want := `{"level":"info","request":"R-1","result":"done","duration":60000,"message":"request ended"}`; !strings.Contains(log.String(), want) {
		t.Errorf("no %s in\n%s", want, log)
	}
}

// TestPoliciesHaveHashes: two policies have different ones, and one has the same each time.
func TestPoliciesHaveHashes(t *testing.T) {
	one := approvals.SimplePolicy([]string{"U1"}, 1, time.Hour)
	two := approvals.SimplePolicy([]string{"U1"}, 2, time.Hour)
	same := approvals.SimplePolicy([]string{"U1"}, 1, time.Hour)
	if hashPolicy(one) != hashPolicy(same) || hashPolicy(one) == hashPolicy(two) || len(hashPolicy(one)) != 12 {
		t.Error(hashPolicy(one), hashPolicy(two))
	}
}
