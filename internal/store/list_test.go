package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/pgtest"
)

// lister is what the questions of people need of a store.
type lister interface {
	ListByRequester(ctx context.Context, requester string, limit, offset int) ([]approvals.Request, int, error)
	ListPending(ctx context.Context, limit, offset int) ([]approvals.Request, int, error)
	ListByGroup(ctx context.Context, groupID string, limit int) ([]approvals.Request, error)
	CountOpen(ctx context.Context) (map[approvals.State]int, error)
}

func TestSQLiteLists(t *testing.T) {
	lists(t, func(t *testing.T, now func() time.Time) underTest {
		return openFile(t, filepath.Join(t.TempDir(), "licensebot.db"), now)
	})
}

func TestPostgresLists(t *testing.T) {
	lists(t, func(t *testing.T, now func() time.Time) underTest { return openURL(t, pgtest.URL(t), now) })
}

// lists holds a store to what it tells people who ask.
func lists(t *testing.T, open func(t *testing.T, now func() time.Time) underTest) {
	clock := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	s := open(t, clock.now)
	b := &bench{T: t, clock: clock, Conformant: s}
	var l lister = s

	t.Run("nothing is there", func(t *testing.T) {
		mine, all, err := l.ListByRequester(t.Context(), "U-REQUESTER", 10, 0)
		waiting, waits, err2 := l.ListPending(t.Context(), 10, 0)
		of, err3 := l.ListByGroup(t.Context(), group, 10)
		open, err4 := l.CountOpen(t.Context())
		if err != nil || err2 != nil || err3 != nil || err4 != nil || len(mine)+len(waiting)+len(of)+len(open)+all+waits != 0 {
			t.Errorf("%v %v %v %v: %d %d %v %v", err, err2, err3, err4, all, waits, of, open)
		}
	})

	// 1 to 7 are cards, of which 2 was denied and 3 approved; 8 and 9 are
	// filed; 10 is somebody else's.
	for n := 1; n <= 7; n++ {
		clock.advance(time.Minute)
		b.card(n, map[bool]string{true: "group-02", false: group}[n == 5])
	}
	b.step(ask(2), approvals.VotesCounted{Ballots: []approvals.Ballot{{User: "U-ANNA", Deny: true, Eligibility: approvals.Counts}}})
	b.approve(ask(3))
	for n := 8; n <= 9; n++ {
		b.file(n) // in one and the same moment
	}
	clock.advance(time.Minute)
	other := ask(10)
	other.Requester = "U-OTHER"
	_, _, err := b.FileRequest(b.ctx(), other)
	b.must(err)

	ids := func(all []approvals.Request) string {
		var numbers []string
		for _, r := range all {
			numbers = append(numbers, strings.TrimLeft(strings.TrimPrefix(r.ID, "R-"), "0"))
		}
		return strings.Join(numbers, " ")
	}
	for _, c := range []struct {
		limit, offset int
		mine, waiting string
	}{
		{10, 0, "9 8 7 6 5 4 3 2 1", "1 4 5 6 7"},
		{3, 0, "9 8 7", "1 4 5"},
		{3, 3, "6 5 4", "6 7"},
		{3, 9, "", ""},
	} {
		mine, all, err := l.ListByRequester(t.Context(), "U-REQUESTER", c.limit, c.offset)
		if err != nil || ids(mine) != c.mine || all != 9 {
			t.Errorf("mine, %d from %d: %s of %d, %v", c.limit, c.offset, ids(mine), all, err)
		}
		waiting, all, err := l.ListPending(t.Context(), c.limit, c.offset)
		if err != nil || ids(waiting) != c.waiting || all != 5 {
			t.Errorf("waiting, %d from %d: %s of %d, %v", c.limit, c.offset, ids(waiting), all, err)
		}
	}
	of, err := l.ListByGroup(t.Context(), group, 4)
	if err != nil || ids(of) != "1 3 4 6" {
		t.Errorf("of the group: %s, %v", ids(of), err)
	}
	if read, err := b.Request(b.ctx(), of[0].ID); err != nil || asJSON(t, read) != asJSON(t, of[0]) {
		t.Errorf("a list tells %s, the request itself %s (%v)", asJSON(t, of[0]), asJSON(t, read), err)
	}
	counts, err := l.CountOpen(t.Context())
	if want := "map[approved:1 filed:3 pending:5]"; err != nil || fmt.Sprint(counts) != want {
		t.Errorf("open: %v, %v; want %s", counts, err, want)
	}
}

// A list's cost does not grow with what is not on it.
func TestListsUseIndexes(t *testing.T) {
	forEachPlanner(t, func(t *testing.T, plans planner) {
		for _, c := range []struct {
			name, query string
			values      []any
			index       string
			alone       bool // without a look at the table
		}{
			{"mine", mineQuery, []any{"U-7", 10, 20}, "requests_requester", false},
			{"mine, counted", mineCount, []any{"U-7"}, "requests_requester", true},
			{"waiting", waitingQuery, []any{10, 20}, "requests_open", false},
			{"waiting, counted", waitingCount, nil, "requests_open", true},
			{"of a group", groupQuery, []any{"group-7", 10}, "requests_group", false},
			{"open", openCounts, nil, "requests_open", true},
		} {
			t.Run(c.name, func(t *testing.T) {
				for _, plan := range plans(t, c.query, c.values...) {
					alone := strings.Contains(plan.text, "COVERING INDEX "+c.index) || strings.Contains(plan.text, "Index Only Scan using "+c.index)
					if !strings.Contains(plan.text, c.index) || c.alone && !alone {
						t.Errorf("%s is not used, or not alone:\n%s", c.index, plan.text)
					}
					if plan.walks || plan.sorts {
						t.Errorf("walks or sorts:\n%s", plan.text)
					}
				}
			})
		}
	})
}

// BenchmarkLists reads the last pages of ten thousand requests.
func BenchmarkLists(b *testing.B) {
	s, err := Open(b.Context(), "sqlite://"+filepath.Join(b.TempDir(), "licensebot.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	_, err = s.write.ExecContext(b.Context(), `INSERT INTO requests (id, envelope_id, state, requester, channel, group_id, filed_at, deadline_at, body)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		SELECT 'R-' || i, i, 'pending', 'U-REQUESTER', 'C', 'group-01', i, i + 1, '{}' FROM n`)
	if err != nil {
		b.Fatal(err)
	}
	for name, list := range map[string]func() error{
		"mine":    func() error { _, _, err := s.ListByRequester(b.Context(), "U-REQUESTER", 10, 9990); return err },
		"waiting": func() error { _, _, err := s.ListPending(b.Context(), 10, 9990); return err },
		"open":    func() error { _, err := s.CountOpen(b.Context()); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := list(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
