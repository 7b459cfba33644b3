package store

import (
	"path/filepath"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

func TestSQLiteStats(t *testing.T) {
	checkStats(t, "sqlite://"+filepath.Join(t.TempDir(), "licensebot.db"))
}

func TestPostgresStats(t *testing.T) { checkStats(t, pgtest.URL(t)) }

// checkStats checks what a store counts, and that it tells each transition once, after
// its commit.
func checkStats(t *testing.T, url string) {
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	var told []approvals.Transition
	s, err := Open(t.Context(), url, Options{Now: clock.now, Observe: func(step approvals.Transition) { told = append(told, step) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if stats, err := s.ReadStats(t.Context()); err != nil || len(stats.Jobs)+len(stats.Open)+stats.RunningGrants != 0 {
		t.Errorf("%+v %v", stats, err)
	}
	request, _, err := s.FileRequest(t.Context(), sampleRequest(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.FileRequest(t.Context(), sampleRequest(1)); err != nil { // delivered again
		t.Fatal(err)
	}
	clock.advance(3 * time.Minute)
	stats, err := s.ReadStats(t.Context())
	if err != nil || stats.Open[approvals.Filed] != 1 {
		t.Errorf("%+v %v", stats, err)
	}
	overdue := map[approvals.JobKind]time.Duration{}
	for _, j := range stats.Jobs {
		overdue[j.Kind] = j.Overdue
	}
	if overdue[approvals.JobPrepare] != 3*time.Minute || overdue[approvals.JobExpire] != 0 {
		t.Errorf("%+v", stats.Jobs)
	}
	if _, err := s.ApplyEvent(t.Context(), request.ID, approvals.Cancel{By: request.Requester}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ApplyEvent(t.Context(), request.ID, approvals.Cancel{By: request.Requester}, nil); err == nil {
		t.Error("cancelled twice")
	}
	if len(told) != 2 || told[1].Before.State != approvals.Filed || told[1].After.State != approvals.Cancelled {
		t.Errorf("%+v", told)
	}
}
