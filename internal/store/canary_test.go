package store

import (
	"path/filepath"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

func TestSQLiteCanary(t *testing.T) {
	checkCanary(t, "sqlite://"+filepath.Join(t.TempDir(), "licensebot.db"))
}

func TestPostgresCanary(t *testing.T) { checkCanary(t, pgtest.URL(t)) }

// checkCanary checks that one of many callers begins a round, and that only the first
// event of the running round counts.
func checkCanary(t *testing.T, url string) {
	const every = 30 * time.Second
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s, err := Open(t.Context(), url, Options{Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	begin := func(channel string) (last, next approvals.Canary) {
		t.Helper()
		wins := countWins(6, func(int) bool {
			l, n, begun, err := s.BeginCanary(t.Context(), channel, every)
			if err != nil {
				t.Error(err)
			}
			if begun {
				last, next = l, n
			}
			return begun
		})
		if wins != 1 {
			t.Errorf("%d began the round", wins)
		}
		return last, next
	}
	note := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, first := begin("C1")
	note(s.SetCanaryMessage(t.Context(), first.Number, "1.0"))
	event := approvals.Canary{Channel: "C1", TS: "1.0", Present: true, By: "a/0"}
	for _, other := range []approvals.Canary{
		{Channel: "C2", TS: "1.0", Present: true}, {Channel: "C1", TS: "2.0", Present: true}, {Channel: "C1", TS: "1.0"},
	} {
		note(s.RecordCanary(t.Context(), other))
	}
	clock.advance(time.Second)
	note(s.RecordCanary(t.Context(), event))
	event.By, event.Retried = "b/1", true
	note(s.RecordCanary(t.Context(), event))
	clock.advance(every)
	last, next := begin("C1")
	if last.By != "a/0" || last.Retried || last.ArrivedAt.Sub(last.At) != time.Second || next.Present || next.TS != "1.0" {
		t.Errorf("%+v %+v", last, next)
	}
	note(s.FailCanary(t.Context(), first.Number, time.Hour)) // of a round that is over
	clock.advance(every)
	if last, _ = begin("C1"); last.Unable || !last.ArrivedAt.IsZero() {
		t.Errorf("%+v", last)
	}
	clock.advance(every)
	if _, next = begin("C2"); next.TS != "" || !next.Present {
		t.Errorf("%+v", next)
	}
}
