package store

import (
	"os"
	"testing"
	"time"

	"licensebot/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestPostgresConforms(t *testing.T) {
	conform(t, func(t *testing.T, now func() time.Time) Conformant {
		return openURL(t, pgtest.URL(t), now)
	})
}

func openURL(t *testing.T, url string, now func() time.Time) underTest {
	t.Helper()
	s, err := Open(t.Context(), url, Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return underTest{s}
}
