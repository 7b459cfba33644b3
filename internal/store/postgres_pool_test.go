package store

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"licensebot/internal/pgtest"
)

// TestASmallPoolIsNamedAtOnce gives a role fewer connections than a replica needs.
func TestASmallPoolIsNamedAtOnce(t *testing.T) {
	for limit := range DefaultConnections {
		if limit == 0 {
			continue // then the server refuses the first one in its own words
		}
		address := pgtest.URL(t)
		role := fmt.Sprintf("small_%d_%d", limit, time.Now().UnixNano())
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		pgtest.Exec(t, address, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'hunter2' CONNECTION LIMIT %d", role, limit))
		t.Cleanup(func() { pgtest.Exec(t, address, "DROP ROLE "+role) })
		u.User = url.UserPassword(role, "hunter2")
		start := time.Now()
		_, err = Open(t.Context(), u.String(), Options{})
		want := fmt.Sprintf("only %d of the 4 connections", limit)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "CONNECTION LIMIT") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("limit %d: %v, want %q", limit, err, want)
		}
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("limit %d: named after %v", limit, took)
		}
	}
}

func TestSharedServerProcessesAreNoticed(t *testing.T) {
	for _, c := range []struct {
		rounds [][]int
		want   bool
	}{
		{[][]int{{1, 2, 3}, {1, 2, 3}}, false},
		{[][]int{{7, 7, 7}, {7, 7, 7}}, true},
		{[][]int{{1, 2, 1}, {1, 2, 1}}, true},
		{[][]int{{1, 2, 3}, {2, 3, 1}}, true}, // a pooler that takes turns
		{[][]int{{1, 2}, {1, 3}}, true},
	} {
		if got := shareProcess(c.rounds); got != c.want {
			t.Errorf("%v: %v", c.rounds, got)
		}
	}
}

// TestReplicasAreCounted has replicas come, go and lose their connections, beside those
// of another schema.
func TestReplicasAreCounted(t *testing.T) {
	address, beside := pgtest.URL(t), pgtest.URL(t)
	open := func(address string) *Store {
		s, err := Open(t.Context(), address, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	open(beside)
	first := open(address)
	expect := func(want int) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; {
			got, err := first.CountReplicas(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%d replicas are counted, want %d", got, want)
			}
		}
	}
	expect(1)
	second, third := open(address), open(address)
	expect(3)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	expect(2)
	pgtest.Exec(t, address, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted`)
	expect(2)
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	expect(1)
}
